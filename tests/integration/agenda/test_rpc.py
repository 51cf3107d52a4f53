"""The gRPC face of the agenda: the same rules as over HTTP."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import grpc
import pytest
from entente.agenda.v1 import agenda_event_pb2, agenda_service_pb2, agenda_service_pb2_grpc

from services.agenda.rpc import AgendaServicer, agenda_service
from services.chassis.rpc.server import RpcServer
from services.chassis.settings import ListenerSettings
from tests.support.dialogue import FCDO, NSA, Account, Dialogue


@pytest.fixture
async def stub(
    dialogue: Dialogue,
) -> AsyncIterator["agenda_service_pb2_grpc.AgendaServiceAsyncStub"]:
    process = dialogue.process
    server = RpcServer(
        [agenda_service(AgendaServicer(process.database, dialogue.parts.policy))],
        ListenerSettings(port=0),
        verifier=process.verifier,
        health=process.health,
        telemetry=process.telemetry,
    )
    stop = asyncio.Event()
    task = asyncio.create_task(server.run(stop))
    async with grpc.aio.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        yield agenda_service_pb2_grpc.AgendaServiceStub(channel)
    stop.set()
    await task


def bearer(dialogue: Dialogue, who: Account) -> tuple[tuple[str, str], ...]:
    return (("authorization", f"Bearer {dialogue.token(who)}"),)


async def test_a_meeting_and_its_agenda_are_read(
    dialogue: Dialogue, stub: "agenda_service_pb2_grpc.AgendaServiceAsyncStub"
) -> None:
    meeting, draft, agenda = await dialogue.tabled(dialogue.assessment())
    await dialogue.agree("agendas", agenda["id"], FCDO)
    metadata = bearer(dialogue, FCDO)
    found = await stub.GetMeeting(
        agenda_service_pb2.GetMeetingRequest(meeting_id=meeting["id"]), metadata=metadata
    )
    assert found.meeting.state == agenda_service_pb2.MEETING_STATE_AGENDA_EXCHANGED
    assert found.meeting.etag == '"2"'
    answer = await stub.GetAgenda(
        agenda_service_pb2.GetAgendaRequest(agenda_id=agenda["id"]), metadata=metadata
    )
    assert answer.content_hash == agenda["content_hash"]
    assert answer.state == agenda_event_pb2.AGENDA_STATE_TABLED
    assert list(answer.agreements[0].organisations_agreed) == ["FCDO"]
    assert len(answer.agenda.items) == len(draft["items"])


async def test_what_the_caller_may_not_see_and_what_is_not_there_look_alike(
    dialogue: Dialogue, stub: "agenda_service_pb2_grpc.AgendaServiceAsyncStub"
) -> None:
    _, _, agenda = await dialogue.tabled()
    for identity in (agenda["id"], str(uuid4())):
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await stub.GetAgenda(
                agenda_service_pb2.GetAgendaRequest(agenda_id=identity),
                metadata=bearer(dialogue, NSA),
            )
        assert refused.value.code() is grpc.StatusCode.PERMISSION_DENIED
        assert refused.value.details() == (
            f"permission denied on agenda '{identity}' (or it might not exist)"
        )


async def test_a_call_without_a_token_and_an_id_that_is_none(
    dialogue: Dialogue, stub: "agenda_service_pb2_grpc.AgendaServiceAsyncStub"
) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as missing:
        await stub.GetMeeting(agenda_service_pb2.GetMeetingRequest(meeting_id=str(uuid4())))
    assert missing.value.code() is grpc.StatusCode.UNAUTHENTICATED
    with pytest.raises(grpc.aio.AioRpcError) as malformed:
        await stub.GetMeeting(
            agenda_service_pb2.GetMeetingRequest(meeting_id="1"), metadata=bearer(dialogue, FCDO)
        )
    assert malformed.value.code() is grpc.StatusCode.INVALID_ARGUMENT
