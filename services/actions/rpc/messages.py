"""Actions as messages, and messages as arguments of use cases."""

from datetime import UTC
from uuid import UUID

from entente.actions.v1 import action_service_pb2
from entente.exchange.v1 import action_status_pb2
from google.protobuf.timestamp_pb2 import Timestamp

from services.actions.domain.action import Action, Evidence, Rag, Signature
from services.actions.events import encode_snapshot, encode_state
from services.actions.usecases.claim_completion import GivenEvidence
from services.chassis.etags import etag
from services.kernel.refusals import InvalidValue


def encode_action(action: Action) -> action_service_pb2.Action:
    return action_service_pb2.Action(
        snapshot=encode_snapshot(action),
        etag=etag(action.version),
        evidence=[_evidence(item) for item in action.evidence],
        confirmations=[_confirmation(entry) for entry in action.confirmations],
        narrative=action.narrative,
    )


def encode_trace(action: Action) -> action_service_pb2.TraceActionResponse:
    response = action_service_pb2.TraceActionResponse(
        outcome_id=action.outcome_id,
        action_id=str(action.id),
        reference=action.reference,
        series=action.series,
        state=encode_state(action),
        text=action.text,
        evidence=[_evidence(item) for item in action.evidence],
        confirmations=[_confirmation(entry) for entry in action.confirmations],
        closure_id="" if action.closure_id is None else str(action.closure_id),
    )
    if action.closed_at is not None:
        response.closed_at.FromDatetime(action.closed_at.astimezone(UTC))
    return response


def read_id(text: str) -> UUID:
    """Raises `InvalidValue`."""
    try:
        return UUID(text)
    except ValueError as error:
        raise InvalidValue("action_id is no UUID", pointer="/action_id") from error


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


def read_evidence(item: action_service_pb2.Evidence) -> GivenEvidence:
    """What a claimant may give; who submitted it and when is ours to say."""
    return GivenEvidence(item.title, item.description, item.uri, item.digest, item.marking)


def _evidence(item: Evidence) -> action_service_pb2.Evidence:
    submitted_at = Timestamp()
    submitted_at.FromDatetime(item.submitted_at.astimezone(UTC))
    return action_service_pb2.Evidence(
        evidence_id=str(item.id),
        title=item.title,
        description=item.description,
        uri=item.uri,
        digest=item.digest,
        submitted_by=item.submitted_by,
        submitted_at=submitted_at,
        marking=item.marking,
    )


def _confirmation(entry: Signature) -> action_service_pb2.Confirmation:
    confirmed_at = Timestamp()
    confirmed_at.FromDatetime(entry.at.astimezone(UTC))
    return action_service_pb2.Confirmation(
        party=entry.party,
        organisation=entry.organisation,
        official=entry.official,
        confirmed_at=confirmed_at,
    )
