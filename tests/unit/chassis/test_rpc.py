"""gRPC: who calls and may, how long, and how a refusal reaches the caller as the refusal it was."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
import psycopg
import pytest
from entente.agenda.v1 import agenda_service_pb2, agenda_service_pb2_grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from services.chassis.health import Health
from services.chassis.identity import Principal, current_principal
from services.chassis.lifecycle import Component
from services.chassis.rpc.client import call, open_channel
from services.chassis.rpc.server import RpcServer, Service
from services.chassis.settings import ListenerSettings
from services.kernel.refusals import InvalidValue, NoAccess, Refusal, RefusalKind
from tests.support.processes import Traces, running
from tests.support.tokens import Issuer
from tests.support.waiting import eventually

NAME = "entente.agenda.v1.AgendaService"
ACCESS = {"GetMeeting": frozenset({"secretariat"}), "GetAgenda": frozenset({"chair"})}
Meeting = agenda_service_pb2.Meeting
GetMeetingRequest = agenda_service_pb2.GetMeetingRequest
GetMeetingResponse = agenda_service_pb2.GetMeetingResponse
Answer = Callable[[GetMeetingRequest], Awaitable[GetMeetingResponse]]


class Servicer(agenda_service_pb2_grpc.AgendaServiceServicer):
    """Answers as its test says."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    async def GetMeeting(self, request: GetMeetingRequest, context: Any) -> GetMeetingResponse:  # noqa: N802 ARG002
        return await self._answer(request)

    async def GetAgenda(self, request: Any, context: Any) -> Any:  # noqa: N802
        raise NotImplementedError


def service(answer: Answer, access: dict[str, frozenset[str]] | None = None) -> Service:
    return Service(
        name=NAME,
        add=lambda server: agenda_service_pb2_grpc.add_AgendaServiceServicer_to_server(
            Servicer(answer), server
        ),
        access=ACCESS if access is None else access,
        methods=["GetMeeting", "GetAgenda"],
    )


@dataclass(slots=True)
class Peer:
    """A running server and a channel to it."""

    port: int
    channel: grpc.aio.Channel
    health: Health
    traces: Traces
    issuer: Issuer
    stub: Any = field(init=False)

    def __post_init__(self) -> None:
        self.stub = agenda_service_pb2_grpc.AgendaServiceStub(self.channel)

    async def meeting(self, token: str | None = None, deadline: float = 10.0) -> GetMeetingResponse:
        """Calls as the holder of the token."""
        bearer = self.issuer.token("secretariat") if token is None else token
        caller = current_principal.set(Principal("caller", frozenset(), {}, bearer))
        try:
            request = GetMeetingRequest(meeting_id="7")
            response: GetMeetingResponse = await call(self.stub.GetMeeting, request, deadline=deadline)
            return response
        finally:
            current_principal.reset(caller)

    async def refused(self, token: str | None = None, deadline: float = 10.0) -> Refusal:
        with pytest.raises(Refusal) as refusal:
            await self.meeting(token, deadline)
        return refusal.value


@pytest.fixture
def issuer(tmp_path: Path) -> Issuer:
    return Issuer.at(tmp_path / "issuer")


@asynccontextmanager
async def serving(issuer: Issuer, answer: Answer) -> AsyncIterator[Peer]:
    health, traces = Health(), Traces.kept_in_memory()
    server = RpcServer(
        [service(answer)],
        ListenerSettings(port=0),
        verifier=issuer.verifier(),
        health=health,
        telemetry=traces.telemetry,
        grace=1.0,
    )
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(running(Component("rpc", server.run)))
        channel = await stack.enter_async_context(open_channel(f"127.0.0.1:{server.port}", traces.telemetry))
        yield Peer(server.port, channel, health, traces, issuer)


async def say_who_calls(request: GetMeetingRequest) -> GetMeetingResponse:
    caller = current_principal.get()
    return GetMeetingResponse(meeting=Meeting(meeting_id=request.meeting_id, venue=caller.subject))


def raising(error: Exception) -> Answer:
    async def answer(_: GetMeetingRequest) -> GetMeetingResponse:
        raise error

    return answer


@pytest.mark.parametrize(
    "access",
    [{"GetMeeting": frozenset({"chair"})}, {**ACCESS, "DropAgenda": frozenset({"operator"})}],
    ids=["a method without rule", "a rule without method"],
)
def test_a_server_whose_methods_do_not_all_say_who_may_call_them_does_not_start(
    issuer: Issuer, access: dict[str, frozenset[str]]
) -> None:
    with pytest.raises(ValueError, match="methods and access rules differ"):
        RpcServer(
            [service(say_who_calls, access)],
            ListenerSettings(port=0),
            verifier=issuer.verifier(),
            health=Health(),
            telemetry=Traces.kept_in_memory().telemetry,
        )


async def test_a_lost_database_is_an_outage_and_no_defect(issuer: Issuer) -> None:
    async def cut_off(_: GetMeetingRequest) -> GetMeetingResponse:
        raise psycopg.errors.AdminShutdown("terminating connection")

    async with serving(issuer, cut_off) as peer:
        refusal = await peer.refused()
    assert (refusal.kind, refusal.reason) == (RefusalKind.UNAVAILABLE, "DATABASE_UNAVAILABLE")
    assert "terminating" not in refusal.detail


async def test_a_call_carries_its_caller(issuer: Issuer) -> None:
    async with serving(issuer, say_who_calls) as peer:
        token = issuer.token("secretariat", subject="eeas-secretariat", party="EU")
        response = await peer.meeting(token)
        assert (response.meeting.meeting_id, response.meeting.venue) == ("7", "eeas-secretariat")


async def test_who_cannot_be_known_or_may_not_is_refused(issuer: Issuer, tmp_path: Path) -> None:
    async with serving(issuer, say_who_calls) as peer:
        foreign = await peer.refused(Issuer.at(tmp_path / "foreign").token("secretariat"))
        assert (foreign.kind, foreign.reason) == (RefusalKind.UNAUTHENTICATED, "TOKEN_INVALID")
        role = await peer.refused(issuer.token("chair"))
        assert (role.kind, role.reason) == (RefusalKind.FORBIDDEN, "ROLE_MISSING")
        with pytest.raises(grpc.aio.AioRpcError) as bare:
            await peer.stub.GetMeeting(GetMeetingRequest(), timeout=5)
        assert bare.value.code() is grpc.StatusCode.UNAUTHENTICATED


async def test_a_refusal_arrives_as_the_refusal_it_was(issuer: Issuer) -> None:
    sent = InvalidValue("not so, élève", pointer="/items/0", agenda="7")
    async with serving(issuer, raising(sent)) as peer:
        refusal = await peer.refused()
    assert (refusal.kind, refusal.reason, refusal.detail) == (sent.kind, sent.reason, sent.detail)
    assert (refusal.pointer, refusal.metadata) == ("/items/0", {"agenda": "7"})


async def test_what_a_refusal_says_is_for_the_caller_and_no_span(issuer: Issuer) -> None:
    async with serving(issuer, raising(InvalidValue("a secret"))) as peer:
        await peer.refused()
    spans = peer.traces.exporter.get_finished_spans()
    assert {span.status.status_code.name for span in spans} >= {"ERROR"}
    assert not [span for span in spans if "secret" in span.to_json()]


async def test_what_may_not_be_seen_is_refused_alike_whether_or_not_it_is(issuer: Issuer) -> None:
    async with serving(issuer, raising(NoAccess("meeting 7"))) as peer:
        refusal = await peer.refused()
    assert (refusal.kind, refusal.reason) == (RefusalKind.FORBIDDEN, "NO_ACCESS")


async def test_a_defect_is_told_as_one_and_nothing_of_it(issuer: Issuer) -> None:
    async with serving(issuer, raising(KeyError("a secret"))) as peer:
        with pytest.raises(grpc.aio.AioRpcError) as failed:
            await peer.meeting()
        assert failed.value.code() is grpc.StatusCode.INTERNAL
        assert failed.value.details() == "the call could not be served"
    for span in peer.traces.exporter.get_finished_spans():
        assert "secret" not in span.to_json()


async def test_a_method_that_is_not_served_is_unsupported(issuer: Issuer) -> None:
    async with serving(issuer, say_who_calls) as peer:
        unknown: Callable[..., Awaitable[bytes]] = peer.channel.unary_unary(
            "/entente.agenda.v1.AgendaService/Unheard"
        )
        with pytest.raises(grpc.aio.AioRpcError) as failed:
            await unknown(b"", timeout=5)
    assert failed.value.code() is grpc.StatusCode.UNIMPLEMENTED


async def test_a_call_ends_with_its_deadline_on_both_sides(issuer: Issuer) -> None:
    ended = asyncio.Event()

    async def answer(_: GetMeetingRequest) -> GetMeetingResponse:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        raise AssertionError

    async with serving(issuer, answer) as peer:
        refusal = await peer.refused(deadline=0.3)
        assert refusal.kind is RefusalKind.UNAVAILABLE
        await asyncio.wait_for(ended.wait(), 10)


async def test_a_peer_that_is_away_is_an_outage(issuer: Issuer) -> None:
    traces = Traces.kept_in_memory()
    async with open_channel("127.0.0.1:9", traces.telemetry) as channel:
        peer = Peer(9, channel, Health(), traces, issuer)
        refusal = await peer.refused(deadline=5.0)
    assert (refusal.kind, refusal.reason) == (RefusalKind.UNAVAILABLE, "PEER_UNAVAILABLE")


async def test_a_peer_that_is_briefly_unavailable_is_asked_again(issuer: Issuer) -> None:
    calls: list[int] = []

    class Briefly(Refusal):
        kind = RefusalKind.UNAVAILABLE
        reason = "BRIEFLY"

    async def answer(request: GetMeetingRequest) -> GetMeetingResponse:
        calls.append(1)
        if len(calls) < 3:
            raise Briefly("not now")
        return await say_who_calls(request)

    async with serving(issuer, answer) as peer:
        assert (await peer.meeting()).meeting.meeting_id == "7"
    assert len(calls) == 3


async def test_health_is_told_to_anybody_and_follows_readiness(issuer: Issuer) -> None:
    async with serving(issuer, say_who_calls) as peer:
        stub: Any = health_pb2_grpc.HealthStub(peer.channel)

        async def status() -> int:
            response = await stub.Check(health_pb2.HealthCheckRequest(), timeout=5)
            return int(response.status)

        async def is_serving() -> bool:
            return await status() == health_pb2.HealthCheckResponse.SERVING

        async def is_not_serving() -> bool:
            return await status() == health_pb2.HealthCheckResponse.NOT_SERVING

        await eventually(is_serving)
        peer.health.set_problem("feed", "is catching up")
        await eventually(is_not_serving)


async def test_the_span_of_a_call_continues_that_of_its_caller(issuer: Issuer) -> None:
    async with serving(issuer, say_who_calls) as peer:
        with peer.traces.telemetry.span("asking"):
            await peer.meeting()
        spans = peer.traces.exporter.get_finished_spans()
    assert len({span.context.trace_id for span in spans if span.context}) == 1
    assert {span.kind.name for span in spans} == {"CLIENT", "SERVER", "INTERNAL"}
