"""What actions hears from the other services: agreed outcomes, and what becomes of assessments."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Generic, TypeVar
from uuid import UUID

from entente.agenda.v1 import outcome_event_pb2
from entente.exchange.v1 import outcome_pb2
from entente.threatfeed.v1 import assessment_event_pb2
from google.protobuf.message import DecodeError, Message

from services.actions.domain.basis import AssessmentStanding, BasisReference, Standing
from services.actions.domain.expected_evidence import ExpectedEvidence
from services.actions.domain.opening import AgreedOutcome
from services.actions.domain.owners import Owner
from services.actions.usecases.follow_assessments import follow_assessments
from services.actions.usecases.open_actions import Opening, open_actions
from services.actions.usecases.publication import Publication
from services.chassis.clock import Clock
from services.chassis.consumer.records import Delivery, Quarantined, Record, Subscription
from services.chassis.database import Transaction
from services.chassis.envelope import Event, read_event
from services.chassis.inbox import first_deliveries
from services.kernel.evidence import EvidenceKind
from services.kernel.identifiers import EXPECTED_EVIDENCE, derived_id
from services.kernel.refusals import Refusal, RefusalKind

OUTCOMES: Final = "agenda.outcome.v1"
ASSESSMENTS: Final = "threatfeed.assessment.v1"
OUTCOME_GROUP: Final = "actions.outcomes"
ASSESSMENT_GROUP: Final = "actions.assessments"

M = TypeVar("M", bound=Message)
C = TypeVar("C")

_STANDINGS = {
    assessment_event_pb2.ASSESSMENT_STATE_ACTIVE: Standing.IN_FORCE,
    assessment_event_pb2.ASSESSMENT_STATE_EXPIRED: Standing.LAPSED,
    assessment_event_pb2.ASSESSMENT_STATE_CONFLICTED: Standing.LAPSED,
    assessment_event_pb2.ASSESSMENT_STATE_SUPERSEDED: Standing.REPLACED,
    assessment_event_pb2.ASSESSMENT_STATE_WITHDRAWN: Standing.WITHDRAWN,
}


class EventMalformed(Refusal):
    """An event that is not what its topic holds."""

    kind = RefusalKind.INVALID
    reason = "EVENT_MALFORMED"


@dataclass(frozen=True, slots=True)
class Told(Generic[C]):
    """An event with what it says."""

    event: Event
    content: C


def outcomes(
    publication: Publication, clock: Clock, *, topic: str = OUTCOMES, group: str = OUTCOME_GROUP
) -> Subscription[Told[AgreedOutcome | None]]:
    """Opens the action of every agreed outcome that holds one."""

    async def apply(
        tx: Transaction, deliveries: Sequence[Delivery[Told[AgreedOutcome | None]]]
    ) -> Sequence[Quarantined]:
        at = clock()
        told = [
            (delivery.record, delivery.content)
            for delivery in deliveries
            if not isinstance(delivery.content, Refusal)
        ]
        fresh = await first_deliveries(tx, group, [content.event for _, content in told], at)
        records: list[Record] = []
        openings: list[Opening] = []
        for record, content in told:
            key = content.event.source, str(content.event.id)
            if content.content is not None and key in fresh:
                fresh.discard(key)
                records.append(record)
                openings.append(Opening(content.content, content.event.traceparent))
        refusals = await open_actions(tx, openings, publication, at)
        return [
            (record, refusal)
            for record, refusal in zip(records, refusals, strict=True)
            if refusal is not None
        ]

    return Subscription(group=group, topics=(topic,), decode=read_outcome, apply=apply)


def assessments(
    publication: Publication, clock: Clock, *, topic: str = ASSESSMENTS, group: str = ASSESSMENT_GROUP
) -> Subscription[AssessmentStanding]:
    """Marks what rests on a revised or withdrawn assessment. Repeats and stragglers change nothing: the
    version of the assessment guards them.
    """

    async def apply(
        tx: Transaction, deliveries: Sequence[Delivery[AssessmentStanding]]
    ) -> Sequence[Quarantined]:
        told = [
            delivery.content for delivery in deliveries if isinstance(delivery.content, AssessmentStanding)
        ]
        await follow_assessments(tx, told, publication, clock())
        return ()

    return Subscription(group=group, topics=(topic,), decode=read_assessment, apply=apply)


def read_outcome(record: Record) -> Told[AgreedOutcome | None]:
    """Raises `EventMalformed` or `NotACloudEvent`."""
    event, message = _read(record, outcome_event_pb2.OutcomeAgreed)
    outcome, action = message.outcome, message.outcome.action
    if not outcome.HasField("action"):
        return Told(event, None)
    content = AgreedOutcome(
        action_id=_uuid(action.action_id, "/outcome/action/actionId"),
        reference=action.reference,
        series=outcome.series,
        meeting_id=outcome.meeting_id,
        item_id=outcome.item_id,
        outcome_id=outcome.outcome_id,
        content_hash=message.content_hash,
        text=action.text,
        guidance=action.guidance,
        owners=tuple(Owner(owner.party, owner.organisation, owner.accountable) for owner in action.owners),
        due_date=_date(action.due_date or action.review_date, "/outcome/action/dueDate"),
        commitment=action.commitment,
        marking=outcome.marking,
        basis=_basis(message),
        expected=_expected(action),
    )
    return Told(event, content)


def _basis(message: outcome_event_pb2.OutcomeAgreed) -> tuple[BasisReference, ...]:
    references = (
        BasisReference(_uuid(reference.assessment_id, "/outcome/action/basis"), reference.revision)
        for reference in message.outcome.action.basis
    )
    return tuple(dict.fromkeys(references))


def _expected(action: outcome_pb2.AgreedAction) -> tuple[ExpectedEvidence, ...]:
    """Whoever reads the outcome again derives the same ids."""
    found = []
    for place, one in enumerate(action.expected_evidence):
        here = f"/outcome/action/expectedEvidence/{place}"
        if one.kind not in set(EvidenceKind):
            raise EventMalformed("no such kind of evidence is known", pointer=f"{here}/kind")
        identity = derived_id(EXPECTED_EVIDENCE, action.action_id, place)
        kind, due = EvidenceKind(one.kind), _date(one.due, f"{here}/due")
        found.append(ExpectedEvidence(identity, kind, one.wording, one.party, due))
    return tuple(found)


def read_assessment(record: Record) -> AssessmentStanding:
    """Raises `EventMalformed` or `NotACloudEvent`."""
    _, message = _read(record, assessment_event_pb2.AssessmentChanged)
    standing = _STANDINGS.get(message.state)
    if standing is None:
        raise EventMalformed("the state of the assessment is not known", pointer="/state")
    if message.aggregate_version < 1:
        raise EventMalformed("the event carries no version", pointer="/aggregateVersion")
    return AssessmentStanding(
        _uuid(message.assessment_id, "/assessmentId"),
        standing,
        message.revision,
        message.aggregate_version,
    )


def _read(record: Record, kind: type[M]) -> tuple[Event, M]:
    event = read_event(record.headers, record.value)
    if event.type != kind.DESCRIPTOR.full_name:
        raise EventMalformed("the topic holds no such events", pointer="/ce_type")
    try:
        return event, kind.FromString(event.data)
    except DecodeError as error:
        raise EventMalformed("the value is not such a message") from error


def _uuid(text: str, pointer: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise EventMalformed("an id is no UUID", pointer=pointer) from error


def _date(text: str, pointer: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise EventMalformed("a date is no RFC 3339 full-date", pointer=pointer) from error
