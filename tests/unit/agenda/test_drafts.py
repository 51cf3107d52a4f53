"""A draft: the template, dense positions, outstanding actions once each."""

from dataclasses import replace
from uuid import UUID

import pytest

from services.agenda.domain.draft import Draft, changes_between, start_draft
from services.agenda.domain.items import DraftItem, ItemContent
from services.agenda.domain.refusals import PositionOutOfRange, StandingItemKept, UnknownItem
from services.kernel.series import ItemKind, ItemPurpose
from tests.support.agenda import AT, POLICY

SERIES = POLICY.get_series("uk-eu")
CONTENT = ItemContent(
    title="Attacks on water utilities",
    kind=ItemKind.SUBSTANTIVE,
    purpose=ItemPurpose.DISCUSS,
    minutes=20,
    leads={"UK": "DSIT"},
    commitments=("C3",),
    theme="CNI_PRIVATE_SECTOR",
    marking="TLP:GREEN",
    references=(),
)


def started(*outstanding: UUID) -> Draft:
    return start_draft(
        id=UUID(int=1_000),
        meeting_id=UUID(int=2_000),
        series=SERIES,
        party="UK",
        outstanding=outstanding,
        now=AT,
        traceparent=None,
    )


def item(number: int) -> DraftItem:
    return DraftItem(UUID(int=number), CONTENT, (), AT, None)


def test_outstanding_actions_are_taken_up_once_each_under_their_item() -> None:
    draft = started(UUID(int=7), UUID(int=8), UUID(int=7))
    taken = [entry for entry in draft.items if entry.action_ids]
    assert [entry.content.title for entry in taken] == ["Outstanding actions from the previous dialogue"]
    assert taken[0].action_ids == (UUID(int=7), UUID(int=8))


def test_an_item_is_put_at_its_position_or_last() -> None:
    draft = started().with_item(item(50), 1).with_item(item(51), None)
    assert draft.items[0].id == UUID(int=50)
    assert draft.items[-1].id == UUID(int=51)
    assert draft.version == 3
    with pytest.raises(PositionOutOfRange):
        draft.with_item(item(52), 15)


def test_a_rewritten_item_keeps_its_place_or_moves() -> None:
    draft = started().with_item(item(50), 4)
    changed = draft.with_content(UUID(int=50), replace(CONTENT, minutes=5), None, "trace")
    assert changed.items[3].content.minutes == 5
    assert changed.items[3].traceparent == "trace"
    moved = changed.with_content(UUID(int=50), CONTENT, 12, None)
    assert moved.items[11].id == UUID(int=50)
    assert len(moved.items) == 12
    with pytest.raises(PositionOutOfRange):
        moved.with_content(UUID(int=50), CONTENT, 13, None)


def test_standing_items_stay_and_unknown_ones_are_refused() -> None:
    draft = started()
    with pytest.raises(StandingItemKept):
        draft.without_item(draft.items[0].id)
    with pytest.raises(StandingItemKept):
        draft.with_content(draft.items[0].id, CONTENT, None, None)
    with pytest.raises(UnknownItem):
        draft.without_item(UUID(int=99))
    assert len(draft.without_item(draft.items[3].id).items) == 10


def test_a_line_of_the_template_is_one_item_in_every_partys_draft() -> None:
    theirs = replace(started(), party="EU")
    assert [one.id for one in theirs.items] == [one.id for one in started().items]
    assert len({one.id for one in theirs.items}) == len(theirs.items)


def test_taking_over_puts_the_tabled_items_first_and_keeps_what_only_the_draft_holds() -> None:
    draft = started().with_item(item(50), 1)
    tabled = [replace(draft.items[2], content=replace(CONTENT, title="Theirs")), item(60)]
    taken = draft.taking_over(tabled)
    assert [one.id for one in taken.items[:3]] == [draft.items[2].id, UUID(int=60), UUID(int=50)]
    assert taken.items[0].content.title == "Theirs"
    assert len(taken.items) == len(draft.items) + 1
    assert taken.version == draft.version + 1


def test_what_changed_between_two_drafts_is_said_item_by_item() -> None:
    before = started().with_item(item(50), None)
    after = (
        before.with_content(before.items[3].id, replace(CONTENT, minutes=5), 1, None)
        .without_item(UUID(int=50))
        .with_item(item(51), 2)
    )
    found = changes_between(before.items, after.items)
    assert {(one.kind, one.item_id) for one in found} == {
        ("removed", UUID(int=50)),
        ("added", UUID(int=51)),
        ("moved", before.items[3].id),
        ("rewritten", before.items[3].id),
    }
    (rewritten,) = [one for one in found if one.kind == "rewritten"]
    assert set(rewritten.fields) == {"title", "minutes", "leads", "commitments", "marking"}
    assert changes_between(before.items, before.items) == ()


def test_what_comes_back_takes_the_place_of_its_title_or_stands_before_the_close() -> None:
    draft = started()
    first, same = draft.items[0], draft.items[3]
    back = replace(same, id=UUID(int=91), content=replace(same.content, title=same.content.title.upper()))
    other = replace(same, id=UUID(int=92), content=replace(same.content, title="Put off last year"))
    taken = draft.taking_in([first, back, other])
    assert taken.items[3] == replace(same, id=back.id)
    place = [item.id for item in taken.items].index(other.id)
    assert taken.items[place + 1].content.kind is ItemKind.AOB
    assert len(taken.items) == len(draft.items) + 1
    assert taken.taking_in([first, back, other]).items == taken.items
