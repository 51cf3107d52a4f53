"""ActionService over gRPC."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from entente.actions.v1 import action_service_pb2, action_service_pb2_grpc
from google.protobuf.message import Message

from services.actions.domain.action import Action
from services.actions.domain.visibility import READERS, WATCHERS
from services.actions.rpc.messages import (
    encode_action,
    encode_trace,
    read_evidence,
    read_id,
    read_rag,
)
from services.actions.rpc.stream import HEARTBEAT, encode_step
from services.actions.usecases.accept_action import accept_action
from services.actions.usecases.claim_completion import Holding, claim_completion
from services.actions.usecases.confirm_completion import CONFIRMERS, confirm_completion
from services.actions.usecases.publication import Publication
from services.actions.usecases.read_actions import (
    Listing,
    list_actions,
    read_action,
    trace_action,
)
from services.actions.usecases.report_progress import report_progress
from services.actions.usecases.watch_status import watch_status
from services.chassis.clock import Clock
from services.chassis.database import Database
from services.chassis.etags import parse_etag
from services.chassis.feed import FeedView, Token
from services.chassis.identity import current_principal
from services.chassis.once import Once
from services.chassis.rpc.requests import run_once
from services.chassis.rpc.server import Service
from services.kernel.parties import Reader, Role

NAME = "entente.actions.v1.ActionService"
ACCESS: Mapping[str, frozenset[str]] = {
    "GetAction": READERS,
    "ListActions": READERS,
    "AcceptAction": frozenset({Role.OWNER}),
    "ReportProgress": frozenset({Role.OWNER}),
    "ClaimCompletion": frozenset({Role.OWNER}),
    "ConfirmCompletion": CONFIRMERS,
    "TraceAction": READERS,
    "WatchActionStatus": WATCHERS,
}

M = TypeVar("M", bound=Message)


@dataclass(frozen=True, slots=True)
class ActionParts:
    """What the methods work with. `closing` is set when streams must end."""

    database: Database
    publication: Publication
    holding: Holding
    clock: Clock
    views: Mapping[str, FeedView]
    closing: asyncio.Event


class ActionServicer(action_service_pb2_grpc.ActionServiceServicer):
    """Maps messages to use cases and back."""

    def __init__(self, parts: ActionParts) -> None:
        self._parts = parts

    async def GetAction(  # noqa: N802 the name is the contract's
        self, request: action_service_pb2.GetActionRequest, _: Any
    ) -> action_service_pb2.GetActionResponse:
        parts = self._parts
        action = await read_action(
            parts.database,
            _reader(),
            read_id(request.action_id),
            policy=parts.publication.policy,
            now=parts.clock(),
        )
        return action_service_pb2.GetActionResponse(action=encode_action(action))

    async def ListActions(  # noqa: N802 the name is the contract's
        self, request: action_service_pb2.ListActionsRequest, _: Any
    ) -> action_service_pb2.ListActionsResponse:
        parts = self._parts
        page = await list_actions(
            parts.database,
            _reader(),
            Listing(request.series, request.open_only, request.page_size, request.page_token),
            policy=parts.publication.policy,
            now=parts.clock(),
        )
        return action_service_pb2.ListActionsResponse(
            actions=[encode_action(action) for action in page.actions],
            next_page_token=page.next_token,
        )

    async def AcceptAction(  # noqa: N802 the name is the contract's
        self, request: action_service_pb2.AcceptActionRequest, _: Any
    ) -> action_service_pb2.AcceptActionResponse:
        parts = self._parts
        reader, action_id = _reader(), read_id(request.action_id)
        version = parse_etag(request.etag, "/etag")
        return await self._change(
            lambda once: accept_action(
                once,
                reader,
                action_id,
                version,
                publication=parts.publication,
                clock=parts.clock,
            ),
            lambda action: action_service_pb2.AcceptActionResponse(action=encode_action(action)),
            action_service_pb2.AcceptActionResponse,
            request,
        )

    async def ReportProgress(  # noqa: N802 the name is the contract's
        self, request: action_service_pb2.ReportProgressRequest, _: Any
    ) -> action_service_pb2.ReportProgressResponse:
        parts = self._parts
        reader, action_id = _reader(), read_id(request.action_id)
        version, rag = parse_etag(request.etag, "/etag"), read_rag(request.rag)
        return await self._change(
            lambda once: report_progress(
                once,
                reader,
                action_id,
                version,
                rag,
                request.narrative,
                publication=parts.publication,
                clock=parts.clock,
            ),
            lambda action: action_service_pb2.ReportProgressResponse(action=encode_action(action)),
            action_service_pb2.ReportProgressResponse,
            request,
        )

    async def ClaimCompletion(  # noqa: N802 the name is the contract's
        self, request: action_service_pb2.ClaimCompletionRequest, _: Any
    ) -> action_service_pb2.ClaimCompletionResponse:
        parts = self._parts
        reader, action_id = _reader(), read_id(request.action_id)
        version = parse_etag(request.etag, "/etag")
        return await self._change(
            lambda once: claim_completion(
                once,
                reader,
                action_id,
                version,
                [read_evidence(item) for item in request.evidence],
                request.narrative,
                holding=parts.holding,
                publication=parts.publication,
                clock=parts.clock,
            ),
            lambda action: action_service_pb2.ClaimCompletionResponse(action=encode_action(action)),
            action_service_pb2.ClaimCompletionResponse,
            request,
        )

    async def ConfirmCompletion(  # noqa: N802 the name is the contract's
        self, request: action_service_pb2.ConfirmCompletionRequest, _: Any
    ) -> action_service_pb2.ConfirmCompletionResponse:
        parts = self._parts
        reader, action_id = _reader(), read_id(request.action_id)
        version = parse_etag(request.etag, "/etag")
        return await self._change(
            lambda once: confirm_completion(
                once,
                reader,
                action_id,
                version,
                publication=parts.publication,
                clock=parts.clock,
            ),
            lambda action: action_service_pb2.ConfirmCompletionResponse(action=encode_action(action)),
            action_service_pb2.ConfirmCompletionResponse,
            request,
        )

    async def TraceAction(  # noqa: N802 the name is the contract's
        self, request: action_service_pb2.TraceActionRequest, _: Any
    ) -> action_service_pb2.TraceActionResponse:
        parts = self._parts
        action = await trace_action(
            parts.database,
            _reader(),
            request.id,
            policy=parts.publication.policy,
            now=parts.clock(),
        )
        return encode_trace(action)

    async def WatchActionStatus(  # noqa: N802 the name is the contract's
        self, request: action_service_pb2.WatchActionStatusRequest, _: Any
    ) -> AsyncIterator[action_service_pb2.WatchActionStatusResponse]:
        parts = self._parts
        view = watch_status(_reader(), request.audience, policy=parts.publication.policy, views=parts.views)
        resume = Token.parse(request.resume_token)
        async for step in view.follow(resume, parts.closing, HEARTBEAT):
            yield encode_step(step)

    async def _change(
        self,
        use_case: Callable[[Once[Action]], Awaitable[Action]],
        encode: Callable[[Action], M],
        response: type[M],
        request: Any,
    ) -> M:
        return await run_once(
            use_case,
            encode,
            response,
            request=request,
            request_id=request.request_id,
            database=self._parts.database,
            clock=self._parts.clock,
        )


def _reader() -> Reader:
    principal = current_principal.get()
    return Reader.from_claims(principal.subject, principal.claims)


def action_service(parts: ActionParts) -> Service:
    servicer = ActionServicer(parts)
    methods = action_service_pb2.DESCRIPTOR.services_by_name["ActionService"].methods
    return Service(
        name=NAME,
        add=lambda server: action_service_pb2_grpc.add_ActionServiceServicer_to_server(servicer, server),
        access=ACCESS,
        methods=[method.name for method in methods],
    )
