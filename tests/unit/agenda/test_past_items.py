"""When a commitment was last discussed, and which items come back."""

from datetime import date
from typing import Any

from services.agenda.domain.outcome_kinds import OutcomeKind
from services.agenda.domain.ranking.past import PastItem, last_discussed, returning


def item(edition: int, outcome: OutcomeKind | None = None, **changes: Any) -> PastItem:
    members: dict[str, Any] = {
        "id": f"{edition}.1",
        "title": "Quantum",
        "theme": "",
        "commitments": ("C5",),
        **changes,
    }
    return PastItem(edition=edition, held_on=date(edition, 12, 9), outcome=outcome, **members)


def test_a_commitment_was_discussed_where_its_item_got_its_turn() -> None:
    past = [
        item(2023, OutcomeKind.CONCLUDED, commitments=("C1", "C5")),
        item(2025, OutcomeKind.NOT_REACHED),
        item(2024),
        item(2024, OutcomeKind.WITHDRAWN, commitments=("C6",)),
    ]
    assert last_discussed(past) == {"C1": date(2023, 12, 9), "C5": date(2024, 12, 9)}
    assert last_discussed(reversed(past)) == last_discussed(past)


def test_what_did_not_get_its_turn_comes_back_at_the_next_edition_only() -> None:
    past = [item(2025, OutcomeKind.NOT_REACHED), item(2024, OutcomeKind.DEFERRED, title="Earlier")]
    (back,) = returning(past, 2026)
    assert (back.id, back.edition, back.not_reached, back.times) == ("2025.1", 2025, True, 1)
    assert returning([*past, item(2026, OutcomeKind.CONCLUDED)], 2027) == ()
    assert returning(past, 2025)[0].title == "Earlier"


def test_what_was_put_off_to_a_named_edition_waits_for_it() -> None:
    past = [
        item(2024, OutcomeKind.DEFERRED, deferred_to=2027),
        item(2025, OutcomeKind.CONCLUDED, title="Other"),
    ]
    assert returning(past, 2026) == ()
    assert [back.edition for back in returning(past, 2027)] == [2024]
    held = [*past, item(2027, OutcomeKind.CONCLUDED)]
    assert returning(held, 2028) == ()


def test_times_in_a_row_are_counted_by_title() -> None:
    past = [
        item(2022, OutcomeKind.DEFERRED),
        item(2023, OutcomeKind.CONCLUDED),
        item(2024, OutcomeKind.DEFERRED, title="  quantum "),
        item(2025, OutcomeKind.NOT_REACHED),
    ]
    (back,) = returning(past, 2026)
    assert back.times == 2
