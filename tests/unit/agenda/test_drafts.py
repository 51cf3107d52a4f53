"""A draft: the template, dense positions, outstanding actions once each."""

from dataclasses import replace
from itertools import count
from uuid import UUID

import pytest

from services.agenda.domain.draft import Draft, start_draft
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
    numbers = count(1)
    return start_draft(
        id=UUID(int=1_000),
        meeting_id=UUID(int=2_000),
        series=SERIES,
        party="UK",
        outstanding=outstanding,
        new_item_id=lambda: UUID(int=next(numbers)),
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
        draft.without_item(UUID(int=1))
    with pytest.raises(StandingItemKept):
        draft.with_content(UUID(int=1), CONTENT, None, None)
    with pytest.raises(UnknownItem):
        draft.without_item(UUID(int=99))
    assert len(draft.without_item(UUID(int=4)).items) == 10
