"""What agenda keeps of an action as its owner tells of it."""

from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from entente.exchange.v1 import action_status_pb2

from services.agenda.consumers import EventMalformed, read_action
from services.agenda.domain.matters_arising import DueDateMove
from tests.support.outcomes import AT, action_told, record_of

ACTION = UUID(int=7)


def test_a_telling_holds_state_dates_moves_words_and_the_worst_of_its_basis() -> None:
    message = action_told(ACTION, "uk-eu", "UKEU-2026-A01", version=3, due_date="2027-09-30")
    message.due_date_changes.add(from_date="2027-06-30", to_date="2027-09-30", reason="Testing.")
    message.basis.add(assessment_id=str(UUID(int=8)), state=action_status_pb2.BASIS_STATE_CURRENT)
    message.basis.add(assessment_id=str(UUID(int=9)), state=action_status_pb2.BASIS_STATE_STALE)
    telling = read_action(record_of(message))
    assert (telling.action_id, telling.version, telling.open) == (ACTION, 3, True)
    assert telling.moves == (DueDateMove(date(2027, 6, 30), date(2027, 9, 30), "Testing."),)
    assert telling.moves[0].days == 92
    assert (telling.basis, telling.changed_at) == ("STALE", AT)


def test_a_telling_without_a_time_of_change_has_that_of_its_event() -> None:
    message = action_told(ACTION, "uk-eu", "UKEU-2026-A01")
    message.changed_at = ""
    assert read_action(record_of(message)).changed_at == AT
    message.changed_at = "2026-12-01T10:00:00+01:00"
    assert read_action(record_of(message)).changed_at == datetime(2026, 12, 1, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("changed_at", "from_date", "to_date"),
    [
        ("yesterday", "2027-06-30", "2027-09-30"),
        ("2026-12-01T10:00:00", "2027-06-30", "2027-09-30"),
        ("", "", "2027-09-30"),
        ("", "2027-06-30", ""),
        ("", "2027-06-31", "2027-09-30"),
    ],
)
def test_a_telling_that_cannot_be_read_is_refused(changed_at: str, from_date: str, to_date: str) -> None:
    message = action_told(ACTION, "uk-eu", "UKEU-2026-A01")
    message.changed_at = changed_at
    message.due_date_changes.add(from_date=from_date, to_date=to_date)
    with pytest.raises(EventMalformed):
        read_action(record_of(message))
