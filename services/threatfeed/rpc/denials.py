"""DenialService over gRPC."""

from collections.abc import Callable
from typing import Any

from entente.threatfeed.v1 import denial_service_pb2, denial_service_pb2_grpc

from services.chassis.clock import Clock
from services.chassis.database import Database
from services.chassis.identity import Principal, current_principal
from services.chassis.ids import IdSource
from services.chassis.rpc.requests import run_once
from services.chassis.rpc.server import Service
from services.kernel.clearance import OperatorSight
from services.kernel.parties import Role
from services.kernel.refusals import InvalidValue
from services.threatfeed.domain.denials import Denial, DeniedKind
from services.threatfeed.domain.paging import page_size, page_token, read_page_token
from services.threatfeed.rpc.arguments import read_uuid
from services.threatfeed.usecases.deny_source import Denying, deny_source, lift_source_denial, list_denials

NAME = "entente.threatfeed.v1.DenialService"
ACCESS = {
    "ListDenials": frozenset({Role.OPERATOR, Role.AUDITOR}),
    "DenySource": frozenset({Role.OPERATOR}),
    "LiftDenial": frozenset({Role.OPERATOR}),
}
_KINDS = {
    denial_service_pb2.DENIED_KIND_OBJECT: DeniedKind.OBJECT,
    denial_service_pb2.DENIED_KIND_AGENCY: DeniedKind.AGENCY,
    denial_service_pb2.DENIED_KIND_REPORTER: DeniedKind.REPORTER,
}


class DenialServicer(denial_service_pb2_grpc.DenialServiceServicer):
    """Maps messages to use cases and back."""

    def __init__(
        self,
        database: Database,
        sight_of: Callable[[Principal], OperatorSight],
        clock: Clock,
        ids: IdSource,
    ) -> None:
        self._database = database
        self._sight_of = sight_of
        self._clock = clock
        self._ids = ids

    async def ListDenials(  # noqa: N802 the name is the contract's
        self, request: denial_service_pb2.ListDenialsRequest, _: Any
    ) -> denial_service_pb2.ListDenialsResponse:
        sight = self._sight_of(current_principal.get())
        asked = f"{sight.reader.subject}|denials|{request.with_lifted}"
        page, position = await list_denials(
            self._database,
            sight,
            lifted=None if request.with_lifted else False,
            after=read_page_token(request.page_token, asked),
            size=page_size(request.page_size),
        )
        return denial_service_pb2.ListDenialsResponse(
            denials=[_denial(denial) for denial in page],
            next_page_token=page_token(position, asked),
        )

    async def DenySource(  # noqa: N802 the name is the contract's
        self, request: denial_service_pb2.DenySourceRequest, _: Any
    ) -> denial_service_pb2.DenySourceResponse:
        sight = self._sight_of(current_principal.get())
        ask = Denying(_kind(request.kind), request.agency, request.value, request.reason)
        return await run_once(
            lambda once: deny_source(once, sight, ask, clock=self._clock, ids=self._ids),
            lambda denial: denial_service_pb2.DenySourceResponse(denial=_denial(denial)),
            denial_service_pb2.DenySourceResponse,
            request=request,
            request_id=request.request_id,
            database=self._database,
            clock=self._clock,
        )

    async def LiftDenial(  # noqa: N802 the name is the contract's
        self, request: denial_service_pb2.LiftDenialRequest, _: Any
    ) -> denial_service_pb2.LiftDenialResponse:
        sight = self._sight_of(current_principal.get())
        denial_id = read_uuid(request.denial_id, "/denial_id")
        return await run_once(
            lambda once: lift_source_denial(once, sight, denial_id, request.reason, clock=self._clock),
            lambda denial: denial_service_pb2.LiftDenialResponse(denial=_denial(denial)),
            denial_service_pb2.LiftDenialResponse,
            request=request,
            request_id=request.request_id,
            database=self._database,
            clock=self._clock,
        )


def denial_service(servicer: DenialServicer) -> Service:
    methods = denial_service_pb2.DESCRIPTOR.services_by_name["DenialService"].methods
    return Service(
        name=NAME,
        add=lambda server: denial_service_pb2_grpc.add_DenialServiceServicer_to_server(servicer, server),
        access=ACCESS,
        methods=[method.name for method in methods],
    )


def _kind(asked: denial_service_pb2.DeniedKind.ValueType) -> DeniedKind:
    found = _KINDS.get(asked)
    if found is None:
        raise InvalidValue("a kind is needed", pointer="/kind")
    return found


def _denial(denial: Denial) -> denial_service_pb2.Denial:
    message = denial_service_pb2.Denial(
        denial_id=str(denial.denial_id),
        kind=denial_service_pb2.DeniedKind.Value(f"DENIED_KIND_{denial.source.kind.value}"),
        agency=denial.source.agency,
        value=denial.source.value,
        reason=denial.reason,
        denied_by=denial.denied_by,
        lifted_by=denial.lifted_by or "",
        lift_reason=denial.lift_reason or "",
    )
    message.denied_time.FromDatetime(denial.denied_at)
    if denial.lifted_at is not None:
        message.lifted_time.FromDatetime(denial.lifted_at)
    return message
