"""ConflictService over gRPC."""

from typing import Any

from entente.threatfeed.v1 import conflict_service_pb2, conflict_service_pb2_grpc

from services.chassis.clock import Clock
from services.chassis.database import Database
from services.chassis.etags import etag, parse_etag
from services.chassis.rpc.requests import run_once
from services.chassis.rpc.server import Service
from services.kernel.parties import Role
from services.kernel.policy import Policy
from services.kernel.refusals import InvalidValue
from services.threatfeed.domain.assessment import Withdrawal
from services.threatfeed.domain.conflicts import Conflict, ConflictChoice, ConflictState
from services.threatfeed.domain.paging import page_size, page_token, read_page_token
from services.threatfeed.events import encode_marking
from services.threatfeed.rpc.arguments import read_uuid, reader_of_call
from services.threatfeed.usecases.read_conflicts import (
    READERS,
    ConflictView,
    Side,
    list_conflicts,
    read_conflict,
)
from services.threatfeed.usecases.resolve_conflict import resolve_conflict

NAME = "entente.threatfeed.v1.ConflictService"
ACCESS = {
    "ListConflicts": READERS,
    "GetConflict": READERS,
    "ResolveConflict": frozenset({Role.SECRETARIAT}),
}
_STATES = {
    conflict_service_pb2.CONFLICT_STATE_UNSPECIFIED: ConflictState.OPEN,
    conflict_service_pb2.CONFLICT_STATE_OPEN: ConflictState.OPEN,
    conflict_service_pb2.CONFLICT_STATE_RESOLVED: ConflictState.RESOLVED,
}


class ConflictServicer(conflict_service_pb2_grpc.ConflictServiceServicer):
    """Maps messages to use cases and back."""

    def __init__(self, database: Database, policy: Policy, clock: Clock) -> None:
        self._database = database
        self._policy = policy
        self._clock = clock

    async def ListConflicts(  # noqa: N802 the name is the contract's
        self, request: conflict_service_pb2.ListConflictsRequest, _: Any
    ) -> conflict_service_pb2.ListConflictsResponse:
        reader, state = reader_of_call(), _STATES.get(request.state)
        if state is None:
            raise InvalidValue("no state of a conflict", pointer="/state")
        asked = f"{reader.subject}|conflicts|{state.value}"
        page, position = await list_conflicts(
            self._database,
            reader,
            state,
            after=read_page_token(request.page_token, asked),
            size=page_size(request.page_size),
            policy=self._policy,
        )
        return conflict_service_pb2.ListConflictsResponse(
            conflicts=[_conflict(one) for one in page],
            next_page_token=page_token(position, asked),
        )

    async def GetConflict(  # noqa: N802 the name is the contract's
        self, request: conflict_service_pb2.GetConflictRequest, _: Any
    ) -> conflict_service_pb2.GetConflictResponse:
        view = await read_conflict(
            self._database,
            reader_of_call(),
            read_uuid(request.conflict_id, "/conflict_id"),
            policy=self._policy,
            at=self._clock(),
        )
        return conflict_service_pb2.GetConflictResponse(
            conflict=_conflict(view.conflict), alternatives=map(_alternative, view.sides)
        )

    async def ResolveConflict(  # noqa: N802 the name is the contract's
        self, request: conflict_service_pb2.ResolveConflictRequest, _: Any
    ) -> conflict_service_pb2.ResolveConflictResponse:
        reader, conflict_id = reader_of_call(), read_uuid(request.conflict_id, "/conflict_id")
        choice = ConflictChoice(request.choice, request.reason, parse_etag(request.etag, "/etag"))
        return await run_once(
            lambda once: resolve_conflict(
                once, reader, conflict_id, choice, policy=self._policy, clock=self._clock
            ),
            _resolved,
            conflict_service_pb2.ResolveConflictResponse,
            request=request,
            request_id=request.request_id,
            database=self._database,
            clock=self._clock,
        )


def conflict_service(servicer: ConflictServicer) -> Service:
    methods = conflict_service_pb2.DESCRIPTOR.services_by_name["ConflictService"].methods
    return Service(
        name=NAME,
        add=lambda server: conflict_service_pb2_grpc.add_ConflictServiceServicer_to_server(servicer, server),
        access=ACCESS,
        methods=[method.name for method in methods],
    )


def _resolved(view: ConflictView) -> conflict_service_pb2.ResolveConflictResponse:
    return conflict_service_pb2.ResolveConflictResponse(
        conflict=_conflict(view.conflict), alternatives=map(_alternative, view.sides)
    )


def _conflict(conflict: Conflict) -> conflict_service_pb2.RevisionConflict:
    message = conflict_service_pb2.RevisionConflict(
        conflict_id=str(conflict.id),
        assessment_id=str(conflict.assessment_id),
        agency=conflict.agency,
        party=conflict.party,
        source_object_id=conflict.object_id,
        source_version=conflict.version.text,
        cause=conflict_service_pb2.ConflictCause.Value(f"CONFLICT_CAUSE_{conflict.cause.value}"),
        state=conflict_service_pb2.ConflictState.Value(f"CONFLICT_STATE_{conflict.state.value}"),
        chosen=conflict.chosen or "",
        chosen_among=conflict.among,
        resolution_reason=conflict.reason or "",
        resolved_by=conflict.resolved_by or "",
        etag=etag(conflict.aggregate_version),
    )
    message.opened_time.FromDatetime(conflict.opened_at)
    if conflict.resolved_at is not None:
        message.resolved_time.FromDatetime(conflict.resolved_at)
    return message


def _alternative(side: Side) -> conflict_service_pb2.ConflictAlternative:
    content = side.alternative.content
    message = conflict_service_pb2.ConflictAlternative(
        choice=side.choice,
        content_sha256=side.alternative.sha256,
        source_version=content.source.version.text,
        withdrawal=isinstance(content, Withdrawal),
        withdrawal_reason=side.withdrawal_reason or "",
    )
    message.received_time.FromDatetime(side.alternative.received_at)
    if side.text is not None:
        message.title, message.text = side.text.title, side.text.text
        message.marking.CopyFrom(encode_marking(side.text.whole_marking()))
        message.published_time.FromDatetime(side.text.published)
    return message
