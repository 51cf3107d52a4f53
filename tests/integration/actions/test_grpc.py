"""Actions over gRPC: the same use cases, the same refusals as statuses."""

from collections.abc import Awaitable
from typing import Any
from uuid import uuid4

import grpc
import pytest
from entente.actions.v1 import action_service_pb2 as api
from entente.exchange.v1 import action_status_pb2
from google.protobuf.json_format import ParseDict

from tests.support.rpc import refusal
from tests.support.tracking import EVIDENCE, Tracker


@pytest.fixture
def tracker(shared_tracker: Tracker) -> Tracker:
    return shared_tracker


async def test_an_action_is_worked_and_traced_to_its_closure(tracker: Tracker) -> None:
    identity = await tracker.open()
    owner = tracker.metadata("DSIT", "UK", "owner")
    eu = tracker.metadata("CNECT", "EU", "owner")
    got = await tracker.rpc.GetAction(api.GetActionRequest(action_id=identity), metadata=owner)
    accepted = await tracker.rpc.AcceptAction(
        api.AcceptActionRequest(action_id=identity, etag=got.action.etag, request_id=str(uuid4())),
        metadata=owner,
    )
    reported = await tracker.rpc.ReportProgress(
        api.ReportProgressRequest(
            action_id=identity,
            etag=accepted.action.etag,
            request_id=str(uuid4()),
            rag=action_status_pb2.RAG_GREEN,
        ),
        metadata=owner,
    )
    claimed = await tracker.rpc.ClaimCompletion(
        api.ClaimCompletionRequest(
            action_id=identity,
            etag=reported.action.etag,
            request_id=str(uuid4()),
            evidence=[ParseDict({**EVIDENCE, "submittedBy": "somebody-else"}, api.Evidence())],
            narrative="Published.",
        ),
        metadata=owner,
    )
    assert claimed.action.evidence[0].submitted_by == "dsit-owner"
    request = api.ConfirmCompletionRequest(
        action_id=identity, etag=claimed.action.etag, request_id=str(uuid4())
    )
    closed = await tracker.rpc.ConfirmCompletion(request, metadata=eu)
    assert closed.action.snapshot.state == action_status_pb2.ACTION_STATE_CLOSED
    assert await tracker.rpc.ConfirmCompletion(request, metadata=eu) == closed
    trace = await tracker.rpc.TraceAction(api.TraceActionRequest(id=identity), metadata=eu)
    ids = [
        trace.outcome_id,
        trace.action_id,
        trace.reference,
        trace.evidence[0].evidence_id,
        trace.closure_id,
    ]
    for one in ids:
        assert await tracker.rpc.TraceAction(api.TraceActionRequest(id=one), metadata=eu) == trace
    assert trace.closed_at.seconds > 0


async def test_refusals_are_statuses_with_their_reason(tracker: Tracker) -> None:
    identity = await tracker.open()
    owner = tracker.metadata("DSIT", "UK", "owner")

    def accept(**changes: str) -> Awaitable[Any]:
        members = {"action_id": identity, "etag": '"1"', "request_id": str(uuid4()), **changes}
        return tracker.rpc.AcceptAction(api.AcceptActionRequest(**members), metadata=owner)

    code = grpc.StatusCode
    assert await refusal(accept(etag='"7"')) == (code.ABORTED, "ACTION_CHANGED")
    assert await refusal(accept(etag="")) == (code.INVALID_ARGUMENT, "ETAG_MISSING")
    assert await refusal(accept(request_id="one")) == (code.INVALID_ARGUMENT, "REQUEST_ID_MISSING")
    assert await refusal(accept(action_id="one")) == (code.INVALID_ARGUMENT, "INVALID_VALUE")
    assert await refusal(accept(action_id=str(uuid4()))) == (code.PERMISSION_DENIED, "NO_ACCESS")
    key = str(uuid4())
    tried = api.AcceptActionRequest(action_id=identity, etag='"1"', request_id=key, validate_only=True)
    would = await tracker.rpc.AcceptAction(tried, metadata=owner)
    assert would.action.etag == '"2"'
    got = await tracker.rpc.GetAction(api.GetActionRequest(action_id=identity), metadata=owner)
    assert got.action.etag == '"1"', "a trial leaves the action as it was, and its id is not used up"
    stale = api.AcceptActionRequest(action_id=identity, etag='"7"', request_id=key, validate_only=True)
    trial = tracker.rpc.AcceptAction(stale, metadata=owner)
    assert await refusal(trial) == (code.ABORTED, "ACTION_CHANGED")
    await accept(request_id=key)
    assert await refusal(accept(request_id=key, etag='"2"')) == (code.INVALID_ARGUMENT, "REQUEST_KEY_REUSED")
    assert await refusal(accept(etag='"2"')) == (code.FAILED_PRECONDITION, "ILLEGAL_MOVE")


async def test_who_may_not_is_refused(tracker: Tracker) -> None:
    identity = await tracker.open(marking="UK OFFICIAL")
    request = api.GetActionRequest(action_id=identity)
    code = grpc.StatusCode
    eu = tracker.metadata("CNECT", "EU", "owner")
    assert await refusal(tracker.rpc.GetAction(request, metadata=eu)) == (code.PERMISSION_DENIED, "NO_ACCESS")
    assert await refusal(tracker.rpc.GetAction(request)) == (code.UNAUTHENTICATED, "TOKEN_MISSING")
    trace = api.TraceActionRequest(id=f"outcome-{identity}")
    assert await refusal(tracker.rpc.TraceAction(trace, metadata=eu)) == (code.PERMISSION_DENIED, "NO_ACCESS")
    agency = tracker.metadata("NCSC", "UK", "agency")
    assert await refusal(tracker.rpc.GetAction(request, metadata=agency)) == (
        code.PERMISSION_DENIED,
        "ROLE_MISSING",
    )


async def test_evidence_that_a_reader_may_not_see_leads_nowhere(tracker: Tracker) -> None:
    identity = await tracker.open()
    owner = tracker.headers("DSIT", "UK", "owner")
    await tracker.post(f"/v1/actions/{identity}/accept", {}, owner, 1)
    await tracker.post(f"/v1/actions/{identity}/progress", {"rag": "GREEN"}, owner, 2)
    items = [EVIDENCE, {**EVIDENCE, "digest": "", "marking": "UK OFFICIAL"}]
    response = await tracker.post(f"/v1/actions/{identity}/completion-claim", {"evidence": items}, owner, 3)
    hidden = response.json()["evidence"][1]["evidence_id"]
    eu, uk = tracker.metadata("CNECT", "EU", "owner"), tracker.metadata("FCDO", "UK", "secretariat")
    request = api.TraceActionRequest(id=hidden)
    assert len((await tracker.rpc.TraceAction(request, metadata=uk)).evidence) == 2
    denied = await refusal(tracker.rpc.TraceAction(request, metadata=eu))
    assert denied == (grpc.StatusCode.PERMISSION_DENIED, "NO_ACCESS")
    seen = await tracker.rpc.GetAction(api.GetActionRequest(action_id=identity), metadata=eu)
    assert len(seen.action.evidence) == len(seen.action.snapshot.evidence_ids) == 1
