"""When a commitment was last discussed."""

from datetime import date

from services.agenda.domain.outcome_kinds import OutcomeKind
from services.agenda.domain.ranking.past import PastItem, last_discussed


def test_a_commitment_was_discussed_where_its_item_got_its_turn() -> None:
    past = [
        PastItem(date(2023, 12, 14), ("C1", "C5"), OutcomeKind.CONCLUDED),
        PastItem(date(2025, 12, 10), ("C5",), OutcomeKind.NOT_REACHED),
        PastItem(date(2025, 12, 10), ("C5",), OutcomeKind.DEFERRED),
        PastItem(date(2024, 12, 6), ("C5",)),
        PastItem(date(2024, 12, 6), ("C6",), OutcomeKind.WITHDRAWN),
    ]
    assert last_discussed(past) == {"C1": date(2023, 12, 14), "C5": date(2024, 12, 6)}
    assert last_discussed(reversed(past)) == last_discussed(past)
