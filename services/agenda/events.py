"""Encoders of what the agenda tells others: changes of agendas, and agreed outcomes."""

from datetime import UTC, datetime

from entente.agenda.v1 import agenda_event_pb2, outcome_event_pb2
from google.protobuf.message import Message

from services.agenda.domain.agenda import Agenda
from services.agenda.domain.outcome import Outcome
from services.agenda.statements import read_outcome
from services.chassis.envelope import Event
from services.chassis.outbox import OutboxMessage
from services.kernel.identifiers import event_id

AGENDA_TOPIC = "agenda.agenda.v1"
OUTCOME_TOPIC = "agenda.outcome.v1"
SOURCE = "/entente/agenda"


def agenda_changed(agenda: Agenda, traceparent: str | None, at: datetime) -> OutboxMessage:
    """An agenda was tabled, agreed, superseded, or a text it rests on no longer stands."""
    message = agenda_event_pb2.AgendaChanged(
        agenda_id=str(agenda.id),
        meeting_id=str(agenda.meeting_id),
        series=agenda.series,
        version=agenda.version,
        state=agenda_event_pb2.AgendaState.Value(f"AGENDA_STATE_{agenda.state.value}"),
        content_hash=agenda.content_hash,
        tabled_by_party=agenda.tabled_by,
        item_ids=[str(item_id) for item_id in agenda.item_ids],
        aggregate_version=agenda.aggregate_version,
    )
    return _message(AGENDA_TOPIC, message, str(agenda.id), agenda.aggregate_version, traceparent, at)


def outcome_agreed(outcome: Outcome, traceparent: str | None, at: datetime) -> OutboxMessage:
    """Every party agreed on an outcome."""
    message = outcome_event_pb2.OutcomeAgreed(
        outcome=read_outcome(outcome.payload),
        content_hash=outcome.content_hash,
        aggregate_version=outcome.aggregate_version,
        agreed_at=at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        decision_reference=outcome.decision_reference or "",
    )
    return _message(OUTCOME_TOPIC, message, str(outcome.id), outcome.aggregate_version, traceparent, at)


def _message(
    topic: str, message: Message, subject: str, version: int, traceparent: str | None, at: datetime
) -> OutboxMessage:
    kind = message.DESCRIPTOR.full_name
    event = Event(
        id=event_id(SOURCE, kind, subject, version),
        source=SOURCE,
        type=kind,
        subject=subject,
        time=at,
        data=message.SerializeToString(deterministic=True),
        content_type="application/protobuf",
        traceparent=traceparent,
    )
    return OutboxMessage(topic, subject.encode(), event)
