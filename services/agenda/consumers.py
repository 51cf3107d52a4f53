"""What the agenda listens to: changes of assessments, and of actions."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from uuid import UUID

from entente.actions.v1 import action_event_pb2
from entente.exchange.v1 import action_status_pb2, release_pb2
from entente.threatfeed.v1 import assessment_event_pb2, policy_event_pb2
from google.protobuf.descriptor import EnumDescriptor
from google.protobuf.message import DecodeError

from services.agenda.domain.matters_arising import ActionTelling, BasisTelling, DueDateMove
from services.agenda.domain.references import (
    AssessmentStanding,
    AssessmentState,
    Reference,
    ReferenceState,
    ReleaseStanding,
)
from services.agenda.usecases.note_news import note_actions, note_assessments, note_releases
from services.chassis.clock import Clock
from services.chassis.consumer.records import Delivery, Quarantined, Record, Subscription
from services.chassis.database import Transaction
from services.chassis.envelope import Event, header, read_event
from services.kernel.refusals import Refusal, RefusalKind
from services.kernel.release_terms import Mode, Rendition

ASSESSMENT_TOPIC = "threatfeed.assessment.v1"
ACTION_TOPIC = "actions.action.v1"
POLICY_TOPIC = "threatfeed.policy.v1"

_ASSESSMENT = assessment_event_pb2.AssessmentChanged.DESCRIPTOR.full_name
_POLICY = policy_event_pb2.PolicyEvent.DESCRIPTOR.full_name
_ACTION = action_event_pb2.ActionSnapshot.DESCRIPTOR.full_name
_CLOSED = frozenset({"CLOSED", "SUPERSEDED", "WITHDRAWN", "CLOSED_NOT_IMPLEMENTED"})


class EventMalformed(Refusal):
    """The event is not what its topic carries."""

    kind = RefusalKind.INVALID
    reason = "EVENT_MALFORMED"


def read_assessment(record: Record) -> AssessmentStanding:
    """Raises `NotACloudEvent` or `EventMalformed`."""
    event = _event(record, _ASSESSMENT)
    message = assessment_event_pb2.AssessmentChanged()
    _parse(message, event)
    state = _name(assessment_event_pb2.AssessmentState.DESCRIPTOR, message.state, "ASSESSMENT_STATE_")
    if state not in set(AssessmentState) or message.aggregate_version < 1:
        raise EventMalformed("the state or the version is missing or not known")
    return AssessmentStanding(
        assessment_id=_identity(message.assessment_id),
        state=AssessmentState(state),
        revision=message.revision,
        aggregate_version=message.aggregate_version,
        traceparent=event.traceparent,
    )


def read_action(record: Record) -> ActionTelling:
    """Raises `NotACloudEvent` or `EventMalformed`."""
    event = _event(record, _ACTION)
    message = action_event_pb2.ActionSnapshot()
    _parse(message, event)
    state = _name(action_status_pb2.ActionState.DESCRIPTOR, message.state, "ACTION_STATE_")
    if state in ("", "UNSPECIFIED") or message.aggregate_version < 1 or not message.series:
        raise EventMalformed("the state, the series or the version is missing or not known")
    return ActionTelling(
        action_id=_identity(message.action_id),
        version=message.aggregate_version,
        series=message.series,
        reference=message.reference,
        state=state,
        open=state not in _CLOSED,
        due_date=_day(message.due_date),
        moves=tuple(_move(change) for change in message.due_date_changes),
        text=message.text,
        marking=message.marking,
        commitment=message.commitment,
        basis=_basis(message),
        changed_at=_instant(message.changed_at) or event.time,
        rests_on=_rests_on(message),
    )


def _move(change: action_event_pb2.DueDateChange) -> DueDateMove:
    from_date, to_date = _day(change.from_date), _day(change.to_date)
    if from_date is None or to_date is None:
        raise EventMalformed("a due date moved from nowhere or to nowhere")
    return DueDateMove(from_date, to_date, change.reason)


def _basis(message: action_event_pb2.ActionSnapshot) -> str:
    """The worst of what the action rests on; empty where it rests on nothing."""
    states = [_basis_state(one) for one in message.basis]
    return next((state for state in ("WITHDRAWN", "STALE", "CURRENT") if state in states), "")


def _basis_state(one: action_event_pb2.BasisReference) -> str:
    return _name(action_status_pb2.BasisState.DESCRIPTOR, one.state, "BASIS_STATE_")


def _rests_on(message: action_event_pb2.ActionSnapshot) -> tuple[BasisTelling, ...]:
    return tuple(
        BasisTelling(_identity(one.assessment_id), one.revision, ReferenceState(state))
        for one in message.basis
        if (state := _basis_state(one)) in set(ReferenceState)
    )


def _instant(text: str) -> datetime | None:
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise EventMalformed("the time of the change is none") from error
    if found.tzinfo is None:
        raise EventMalformed("the time of the change has no zone")
    return found


def read_release(record: Record) -> ReleaseStanding | None:
    """None for the other facts of the topic, and for what removes one from it.

    Raises `NotACloudEvent` or `EventMalformed`.
    """
    if record.value is None and header(record.headers, "ce_type") == _POLICY:
        return None
    event = _event(record, _POLICY)
    message = policy_event_pb2.PolicyEvent()
    _parse(message, event)
    if not message.HasField("release_changed"):
        return None
    fact = message.release_changed
    rendition = _name(release_pb2.Rendition.DESCRIPTOR, fact.rendition, "RENDITION_")
    mode = _name(release_pb2.ReleaseMode.DESCRIPTOR, fact.mode, "RELEASE_MODE_")
    if rendition not in set(Rendition) or mode not in set(Mode) or not fact.HasField("evaluated_time"):
        raise EventMalformed("the rendition, the mode or the time is missing or not known")
    try:
        evaluated_at = fact.evaluated_time.ToDatetime(UTC)
    except (ValueError, OverflowError) as error:
        raise EventMalformed("the time is none") from error
    text = Reference(_identity(fact.assessment_id), fact.revision, Rendition(rendition), Mode(mode))
    return ReleaseStanding(_identity(fact.meeting_id), text, fact.allowed, evaluated_at)


def assessments(clock: Clock, group: str = "agenda.assessments") -> Subscription[AssessmentStanding]:
    async def apply(
        tx: Transaction, deliveries: Sequence[Delivery[AssessmentStanding]]
    ) -> Sequence[Quarantined]:
        news = [entry.content for entry in deliveries if not isinstance(entry.content, Refusal)]
        await note_assessments(tx, news, clock())
        return ()

    return Subscription(group, (ASSESSMENT_TOPIC,), read_assessment, apply)


def releases(clock: Clock, group: str = "agenda.releases") -> Subscription[ReleaseStanding | None]:
    async def apply(
        tx: Transaction, deliveries: Sequence[Delivery[ReleaseStanding | None]]
    ) -> Sequence[Quarantined]:
        news = [entry.content for entry in deliveries if isinstance(entry.content, ReleaseStanding)]
        await note_releases(tx, news, clock())
        return ()

    return Subscription(group, (POLICY_TOPIC,), read_release, apply)


def actions(clock: Clock, group: str = "agenda.actions") -> Subscription[ActionTelling]:
    async def apply(tx: Transaction, deliveries: Sequence[Delivery[ActionTelling]]) -> Sequence[Quarantined]:
        news = [entry.content for entry in deliveries if not isinstance(entry.content, Refusal)]
        await note_actions(tx, news, clock())
        return ()

    return Subscription(group, (ACTION_TOPIC,), read_action, apply)


def _event(record: Record, kind: str) -> Event:
    event = read_event(record.headers, record.value)
    if event.type != kind:
        raise EventMalformed(f"the topic carries {kind}", pointer="/ce_type")
    return event


def _parse(
    message: assessment_event_pb2.AssessmentChanged
    | action_event_pb2.ActionSnapshot
    | policy_event_pb2.PolicyEvent,
    event: Event,
) -> None:
    try:
        message.ParseFromString(event.data)
    except DecodeError as error:
        raise EventMalformed("the value is not the message of its type") from error


def _name(enumeration: EnumDescriptor, number: int, prefix: str) -> str:
    """The name without its prefix; empty for a number that this version does not know."""
    found = enumeration.values_by_number.get(number)
    return found.name.removeprefix(prefix) if found is not None else ""


def _identity(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise EventMalformed("the id is no UUID") from error


def _day(text: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise EventMalformed("the due date is no date") from error
