"""Encoders of what the agenda tells others: changes of agendas, moved meetings, and agreed outcomes."""

from collections.abc import Iterable
from datetime import UTC, datetime

from entente.agenda.v1 import agenda_event_pb2, outcome_event_pb2
from google.protobuf.message import Message

from services.agenda.domain.agenda import Agenda
from services.agenda.domain.meeting import Meeting, MeetingCommand
from services.agenda.domain.moves import Move
from services.agenda.domain.outcome import Outcome
from services.agenda.statements import read_outcome
from services.chassis.envelope import Event
from services.chassis.outbox import OutboxMessage
from services.kernel.identifiers import event_id

AGENDA_TOPIC = "agenda.agenda.v1"
OUTCOME_TOPIC = "agenda.outcome.v1"
SOURCE = "/entente/agenda"

_MOVES = {
    MeetingCommand.RESCHEDULE: agenda_event_pb2.MEETING_MOVE_RESCHEDULED,
    MeetingCommand.POSTPONE: agenda_event_pb2.MEETING_MOVE_POSTPONED,
    MeetingCommand.CANCEL: agenda_event_pb2.MEETING_MOVE_CANCELLED,
}


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


def meeting_moved(
    former: Meeting,
    meeting: Meeting,
    move: Move,
    parties: Iterable[str],
    traceparent: str | None,
    at: datetime,
) -> OutboxMessage:
    """A meeting was rescheduled, postponed or cancelled; `former` is as it was."""
    dated = move.command == MeetingCommand.RESCHEDULE
    message = agenda_event_pb2.MeetingMoved(
        meeting_id=str(meeting.id),
        series=meeting.series,
        edition=meeting.edition,
        move=_MOVES[MeetingCommand(move.command)],
        number=move.number,
        former_starts_at=_instant(former.starts_at),
        former_ends_at=_instant(former.ends_at),
        starts_at=_instant(meeting.starts_at) if dated else "",
        ends_at=_instant(meeting.ends_at) if dated else "",
        time_zone=meeting.time_zone,
        venue=meeting.venue,
        reason=move.reason,
        moved_by_party=move.moved_by,
        parties=parties,
        aggregate_version=meeting.version,
    )
    return _message(AGENDA_TOPIC, message, str(meeting.id), meeting.version, traceparent, at)


def outcome_agreed(outcome: Outcome, traceparent: str | None, at: datetime) -> OutboxMessage:
    """Every party agreed on an outcome."""
    message = outcome_event_pb2.OutcomeAgreed(
        outcome=read_outcome(outcome.payload),
        content_hash=outcome.content_hash,
        aggregate_version=outcome.aggregate_version,
        agreed_at=_instant(at),
        decision_reference=outcome.decision_reference or "",
    )
    return _message(OUTCOME_TOPIC, message, str(outcome.id), outcome.aggregate_version, traceparent, at)


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


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
