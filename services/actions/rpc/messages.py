"""Actions as messages, and messages as arguments of use cases."""

from datetime import UTC, date, datetime
from uuid import UUID

from entente.actions.v1 import action_service_pb2
from entente.exchange.v1 import action_status_pb2
from google.protobuf.timestamp_pb2 import Timestamp

from services.actions.domain.action import Action, Rag
from services.actions.domain.evidence import Attestation, Evidence, evidence_digest
from services.actions.domain.expected_evidence import Expectation, ExpectedEvidence
from services.actions.domain.planning import Milestone
from services.actions.domain.proposals import Proposal, ProposalKind, Terms
from services.actions.domain.rating import Rating
from services.actions.domain.reviews import ClosureReview
from services.actions.events import encode_computed, encode_snapshot, encode_state, encode_timeliness
from services.actions.usecases.given_evidence import GivenEvidence
from services.chassis.etags import etag
from services.kernel.evidence import EvidenceKind
from services.kernel.refusals import InvalidValue

_KINDS = frozenset(action_service_pb2.ProposalKind.values()) - {0}


def encode_action(action: Action, rating: Rating) -> action_service_pb2.Action:
    return action_service_pb2.Action(
        snapshot=encode_snapshot(action),
        etag=etag(action.version),
        evidence=[encode_evidence(item) for item in action.evidence],
        confirmations=[_confirmation(entry) for entry in action.confirmations],
        narrative=action.narrative,
        milestones=[_milestone(milestone) for milestone in action.plan],
        proposals=[_proposal(proposal) for proposal in action.proposals],
        timeliness=encode_timeliness(rating.timeliness),
        computed_rag=encode_computed(rating),
        computed_because=rating.because,
        contradicted=rating.contradicted,
        rag_is_stale=rating.stale,
        dormant=rating.dormant,
        beneficiaries=action.beneficiaries,
        review_on="" if action.review_on is None else action.review_on.isoformat(),
        closure_reviews=[_closure_review(review) for review in action.closure_reviews],
        expected_evidence=[_expectation(one) for one in rating.expected],
    )


def encode_trace(action: Action) -> action_service_pb2.TraceActionResponse:
    return action_service_pb2.TraceActionResponse(
        outcome_id=action.outcome_id,
        action_id=str(action.id),
        reference=action.reference,
        series=action.series,
        state=encode_state(action),
        text=action.text,
        evidence=[encode_evidence(item) for item in action.evidence],
        confirmations=[_confirmation(entry) for entry in action.confirmations],
        closure_id="" if action.closure_id is None else str(action.closure_id),
        closed_at=None if action.closed_at is None else encode_instant(action.closed_at),
    )


def encode_instant(at: datetime) -> Timestamp:
    instant = Timestamp()
    instant.FromDatetime(at.astimezone(UTC))
    return instant


def read_id(text: str, pointer: str = "/action_id") -> UUID:
    """Raises `InvalidValue`."""
    try:
        return UUID(text)
    except ValueError as error:
        raise InvalidValue("an id is a UUID", pointer=pointer) from error


def read_day(text: str, pointer: str) -> date:
    """Raises `InvalidValue`."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise InvalidValue("a date is an RFC 3339 full-date", pointer=pointer) from error


def read_milestones(request: action_service_pb2.PlanMilestonesRequest) -> list[Milestone]:
    """Raises `InvalidValue`."""
    return [
        Milestone(
            read_id(entry.milestone_id, f"/milestones/{place}/milestone_id"),
            entry.title,
            entry.weight,
            read_day(entry.due, f"/milestones/{place}/due"),
        )
        for place, entry in enumerate(request.milestones)
    ]


def read_terms(request: action_service_pb2.ProposeChangeRequest) -> Terms:
    """Raises `InvalidValue`."""
    name = action_service_pb2.ProposalKind.Name(request.kind) if request.kind in _KINDS else ""
    if not name:
        raise InvalidValue("the kind of the change is missing", pointer="/kind")
    due = read_day(request.due_date, "/due_date") if request.due_date else None
    kind = ProposalKind(name.removeprefix("PROPOSAL_KIND_"))
    expected = tuple(
        _read_expected(one, f"/expected_evidence/{place}")
        for place, one in enumerate(request.expected_evidence)
    )
    return Terms(kind, request.reason, due, request.successor, request.meeting_id, expected)


def _read_expected(one: action_service_pb2.ExpectedEvidence, here: str) -> ExpectedEvidence:
    return ExpectedEvidence(
        read_id(one.expected_id, f"{here}/expected_id"),
        _read_kind(one.kind, f"{here}/kind"),
        one.wording,
        one.party,
        read_day(one.due, f"{here}/due"),
    )


def _read_kind(value: action_service_pb2.EvidenceKind.ValueType, pointer: str) -> EvidenceKind:
    if value not in action_service_pb2.EvidenceKind.values():
        raise InvalidValue("no such kind of evidence is known", pointer=pointer)
    name = action_service_pb2.EvidenceKind.Name(value).removeprefix("EVIDENCE_KIND_")
    return EvidenceKind(name) if value else EvidenceKind.DOCUMENTARY


def read_rag(value: action_status_pb2.Rag.ValueType) -> Rag:
    """Raises `InvalidValue` for none, and for one that this version does not know."""
    known = {
        action_status_pb2.RAG_GREEN: Rag.GREEN,
        action_status_pb2.RAG_AMBER: Rag.AMBER,
        action_status_pb2.RAG_RED: Rag.RED,
    }
    if value not in known:
        raise InvalidValue("a rating is green, amber or red", pointer="/rag")
    return known[value]


def read_evidence(item: action_service_pb2.Evidence, here: str = "/evidence") -> GivenEvidence:
    """What a provider may give; who submitted it and when is ours to say. Raises `InvalidValue`."""
    return GivenEvidence(
        item.title,
        item.description,
        item.uri,
        item.digest,
        item.marking,
        _read_kind(item.kind, f"{here}/kind"),
        item.text,
        read_day(item.expires_on, f"{here}/expires_on") if item.expires_on else None,
        tuple(read_id(one, f"{here}/answers/{place}") for place, one in enumerate(item.answers)),
    )


def encode_evidence(item: Evidence) -> action_service_pb2.Evidence:
    return action_service_pb2.Evidence(
        evidence_id=str(item.id),
        title=item.title,
        description=item.description,
        uri=item.uri,
        digest=item.digest,
        submitted_by=item.submitted_by,
        submitted_at=encode_instant(item.submitted_at),
        marking=item.marking,
        kind=_kind(item.kind),
        text=item.text,
        expires_on="" if item.expires_on is None else item.expires_on.isoformat(),
        revision=item.revision,
        party=item.party,
        organisation=item.organisation,
        withdrawn_reason="" if item.withdrawn is None else item.withdrawn.reason,
        answers=[str(one) for one in item.answers],
    )


def _kind(kind: EvidenceKind) -> action_service_pb2.EvidenceKind.ValueType:
    return action_service_pb2.EvidenceKind.Value(f"EVIDENCE_KIND_{kind.value}")


def _expected(one: ExpectedEvidence) -> action_service_pb2.ExpectedEvidence:
    return action_service_pb2.ExpectedEvidence(
        expected_id=str(one.id),
        kind=_kind(one.kind),
        wording=one.wording,
        party=one.party,
        due=one.due.isoformat(),
    )


def _expectation(found: Expectation) -> action_service_pb2.ExpectedEvidence:
    message = _expected(found.expected)
    message.first_due = found.expected.promised.isoformat()
    message.presence, message.late = found.presence.value, found.late
    message.evidence_ids.extend(str(one) for one in found.shown)
    return message


def _closure_review(review: ClosureReview) -> action_service_pb2.ClosureReview:
    return action_service_pb2.ClosureReview(
        organisation=review.by.organisation,
        official=review.by.official,
        due=review.due.isoformat(),
        finding=review.finding,
        sustained=review.sustained,
        reviewed_at=encode_instant(review.by.at),
    )


def _confirmation(entry: Attestation) -> action_service_pb2.Confirmation:
    return action_service_pb2.Confirmation(
        party=entry.party,
        organisation=entry.organisation,
        official=entry.official,
        confirmed_at=encode_instant(entry.at),
        evidence_digest=evidence_digest(entry.evidence),
        holds=entry.holds,
        changes=[
            action_service_pb2.EvidenceChange(evidence_id=str(one.id), change=one.change.value)
            for one in entry.changes
        ],
    )


def _milestone(milestone: Milestone) -> action_service_pb2.Milestone:
    return action_service_pb2.Milestone(
        milestone_id=str(milestone.id),
        title=milestone.title,
        weight=milestone.weight,
        due=milestone.due.isoformat(),
        reached_at=None if milestone.reached_at is None else encode_instant(milestone.reached_at),
    )


def _proposal(proposal: Proposal) -> action_service_pb2.Proposal:
    terms = proposal.terms
    return action_service_pb2.Proposal(
        proposal_id=str(proposal.id),
        kind=action_service_pb2.ProposalKind.Value(f"PROPOSAL_KIND_{terms.kind.value}"),
        reason=terms.reason,
        due_date="" if terms.due_date is None else terms.due_date.isoformat(),
        successor=terms.successor,
        meeting_id=terms.meeting_id,
        expected_evidence=[_expected(one) for one in terms.expected],
        party=proposal.by.party,
        organisation=proposal.by.organisation,
        accepted_by=[signature.party for signature in proposal.accepted],
        proposed_at=encode_instant(proposal.by.at),
    )
