"""Events of other services that actions hears, as their producers make them."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID, uuid5

from entente.actions.v1 import action_event_pb2
from entente.agenda.v1 import outcome_event_pb2
from entente.exchange.v1 import action_status_pb2, outcome_pb2
from entente.threatfeed.v1 import assessment_event_pb2
from google.protobuf.message import Message

from services.chassis.consumer.records import Record
from services.chassis.envelope import Event
from services.kernel.canonical import content_hash
from tests.support.actions import ACTION_ID, ASSESSMENT_ID

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
_IDS = UUID("1d4cf6b6-8c3f-4a0e-9f1e-0d1f4f0c2f11")

BOTH = (("UK", "DSIT", True), ("EU", "CNECT", True))


def outcome_agreed(
    *,
    action_id: str = str(ACTION_ID),
    outcome_id: str = "outcome",
    reference: str = "UKEU-2026-A01",
    series: str = "uk-eu",
    text: str = "Publish joint guidance for operators of essential services.",
    owners: Sequence[tuple[str, str, bool]] = BOTH,
    due_date: str = "2027-06-30",
    marking: str = "UK OFFICIAL REL EU",
    assessment_id: str = str(ASSESSMENT_ID),
    revision: int = 1,
) -> outcome_event_pb2.OutcomeAgreed:
    message = outcome_event_pb2.OutcomeAgreed(
        outcome=outcome_pb2.Outcome(
            outcome_id=outcome_id,
            meeting_id="meeting",
            agenda_id="agenda",
            item_id="item",
            series=series,
            version=1,
            conclusion="The parties agreed on joint guidance.",
            marking=marking,
        ),
        content_hash=content_hash([text, reference]),
        aggregate_version=1,
        agreed_at="2026-11-23T09:00:00Z",
    )
    action = message.outcome.action
    action.action_id, action.reference, action.text = action_id, reference, text
    action.guidance = "Build on what both agencies have published."
    action.due_date, action.commitment = due_date, "C3"
    for party, organisation, accountable in owners:
        action.owners.add(party=party, organisation=organisation, accountable=accountable)
    action.basis.add(assessment_id=assessment_id, revision=revision)
    return message


def assessment_changed(
    *,
    assessment_id: str = str(ASSESSMENT_ID),
    state: str = "ASSESSMENT_STATE_ACTIVE",
    revision: int = 1,
    version: int = 1,
) -> assessment_event_pb2.AssessmentChanged:
    return assessment_event_pb2.AssessmentChanged(
        assessment_id=assessment_id,
        state=assessment_event_pb2.AssessmentState.Value(state),
        revision=revision,
        agency="ncsc",
        party="UK",
        aggregate_version=version,
    )


def action_told(
    action_id: UUID,
    series: str,
    reference: str,
    *,
    version: int = 1,
    due_date: str = "2027-06-30",
    text: str = "Publish joint guidance.",
) -> action_event_pb2.ActionSnapshot:
    """An action in hand, as its owner tells of it."""
    return action_event_pb2.ActionSnapshot(
        action_id=str(action_id),
        reference=reference,
        series=series,
        text=text,
        state=action_status_pb2.ACTION_STATE_IN_PROGRESS,
        due_date=due_date,
        aggregate_version=version,
        marking="TLP:GREEN",
        changed_at=AT.isoformat(),
    )


def event_of(message: Message, *, name: str = "first") -> Event:
    """The event that carries a message; the same name and content give the same event."""
    data = message.SerializeToString(deterministic=True)
    return Event(
        id=uuid5(_IDS, f"{name}:{data.hex()}"),
        source="/entente/test",
        type=message.DESCRIPTOR.full_name,
        subject="subject",
        time=AT,
        data=data,
        content_type="application/protobuf",
        traceparent=TRACEPARENT,
    )


def record_of(message: Message) -> Record:
    event = event_of(message)
    return Record(
        topic="topic",
        partition=0,
        offset=0,
        key=b"key",
        value=event.data,
        headers=tuple((name, text.encode()) for name, text in event.headers().items()),
        timestamp=0,
    )
