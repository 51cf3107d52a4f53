"""Amendments of other parties put into an own draft: what is applied, and precisely what is not."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

from services.agenda.domain.amending import Amended, NotAmended, Obstacle, amend
from services.agenda.domain.answers import Answer, ItemAnswer, Proposal
from services.agenda.domain.draft import Draft
from services.agenda.domain.items import DraftItem, ItemContent
from services.kernel.series import ItemKind, ItemPurpose

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def item(number: int, kind: ItemKind = ItemKind.SUBSTANTIVE) -> DraftItem:
    content = ItemContent(f"Item {number}", kind, ItemPurpose.INFORM, 20, {}, (), "", "TLP:CLEAR", ())
    return DraftItem(UUID(int=number), content, action_ids=(), proposed_at=NOW, traceparent=None)


DRAFT = Draft(UUID(int=90), UUID(int=91), "uk-eu", "UK", 7, tuple(item(number) for number in (1, 2, 3)))


def amended(number: int, party: str = "EU", **proposal: object) -> ItemAnswer:
    return ItemAnswer(
        item_id=UUID(int=number),
        party=party,
        answer=Answer.AMENDED,
        comment="",
        proposal=Proposal(**proposal),  # type: ignore[arg-type]
        marking="TLP:GREEN",
        item_hash="",
        organisation="CNECT",
        official="somebody",
        since_version=1,
        given_at=NOW,
        aggregate_version=2,
    )


def test_every_field_that_was_proposed_is_applied_and_a_second_time_nothing_is() -> None:
    answers = [amended(3, title="Better", minutes=45, position=1), amended(2, party="UK", minutes=5)]
    found = amend(DRAFT, answers, None)
    assert [(one.id.int, one.content.title, one.content.minutes) for one in found.draft.items] == [
        (3, "Better", 45),
        (1, "Item 1", 20),
        (2, "Item 2", 20),
    ]
    assert found.applied == (
        Amended(UUID(int=3), "EU", "title", "Item 3", "Better"),
        Amended(UUID(int=3), "EU", "minutes", 20, 45),
        Amended(UUID(int=3), "EU", "position", 3, 1),
    )
    assert (found.left, found.draft.version) == ((), 8)
    assert found.draft.items[0].content.marking == "TLP:GREEN"
    again = amend(found.draft, answers, None)
    assert (again.draft, again.applied) == (found.draft, ())
    assert {one.obstacle for one in again.left} == {Obstacle.ALREADY_SO}


def test_what_cannot_be_applied_is_said_by_item_party_and_field() -> None:
    reserved = replace(DRAFT, items=(item(1, ItemKind.RESERVED), item(2), item(3)))
    answers = [
        amended(1, title="Words"),
        amended(2, minutes=30),
        amended(2, party="US", minutes=40),
        amended(3, position=4),
        amended(4, minutes=30),
    ]
    found = amend(reserved, answers, None)
    assert found.applied == ()
    assert found.draft == reserved
    assert set(found.left) == {
        NotAmended(UUID(int=1), "EU", "title", Obstacle.PLACEHOLDER_KEPT),
        NotAmended(UUID(int=2), "EU", "minutes", Obstacle.DISPUTED),
        NotAmended(UUID(int=2), "US", "minutes", Obstacle.DISPUTED),
        NotAmended(UUID(int=3), "EU", "position", Obstacle.POSITION_OUT_OF_RANGE),
        NotAmended(UUID(int=4), "EU", "minutes", Obstacle.NOT_IN_DRAFT),
    }


def test_of_chosen_items_the_others_stay_as_they_are() -> None:
    answers = [amended(1, minutes=5), amended(2, minutes=5)]
    found = amend(DRAFT, answers, {UUID(int=2), UUID(int=3)})
    assert [one.content.minutes for one in found.draft.items] == [20, 5, 20]
    assert found.left == (NotAmended(UUID(int=3), "", "", Obstacle.NOT_AMENDED),)
