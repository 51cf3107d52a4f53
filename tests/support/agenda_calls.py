"""The gRPC face of the agenda, called by accounts, and its answers held against those of REST."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Any, TypeVar
from uuid import uuid4

import grpc
import pytest
from entente.agenda.v1 import agenda_service_pb2_grpc
from entente.exchange.v1 import item_answer_pb2
from google.protobuf import descriptor_pool, message_factory, struct_pb2
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from grpc_status import rpc_status

from services.agenda.app import rpc_services
from services.chassis.rpc.server import RpcServer
from services.chassis.rpc.statuses import refusal_of
from services.chassis.settings import ListenerSettings
from tests.support.dialogue import (
    Account,
    Dialogue,
)
from tests.support.sides.asking import means

M = TypeVar("M", bound=Message)
ACCEPTED = item_answer_pb2.ITEM_ANSWER_KIND_ACCEPTED
AMENDED = item_answer_pb2.ITEM_ANSWER_KIND_AMENDED
NAMED_OTHERWISE = {
    "needed": "organisations_needed",
    "agreed": "organisations_agreed",
    "answer": "kind",
    "deferred_to": "deferred_to_edition",
    "put_by": "put_by_party",
    "parent": "parent_meeting_id",
}
"""Members of REST that have another name in the messages."""
IN_THE_DOCUMENT = frozenset({"id", "meeting_id", "version", "document"})


class Calls:
    """Calls as an account makes them."""

    def __init__(self, dialogue: Dialogue, channel: grpc.aio.Channel) -> None:
        self.stub = agenda_service_pb2_grpc.AgendaServiceStub(channel)
        self.methods = {
            method.name: method
            for service in rpc_services(dialogue.parts)
            for method in descriptor_pool.Default().FindServiceByName(service.name).methods
        }
        self._channel = channel
        self._dialogue = dialogue

    async def __call__(self, who: Account, method: str, **fields: Any) -> Any:
        request = message_factory.GetMessageClass(self.methods[method].input_type)(**fields)
        return await self.send(who, method, request.SerializeToString())

    async def send(self, who: Account, method: str, content: bytes) -> Any:
        """The answer to these very bytes."""
        path, _, read = means(self.methods[method])
        metadata = (("authorization", f"Bearer {self._dialogue.token(who)}"),)
        return await self._channel.unary_unary(path, bytes, read)(content, metadata=metadata)

    async def refused(self, who: Account, method: str, **fields: Any) -> tuple[grpc.StatusCode, str, str]:
        """Status, reason and details of a call that must fail."""
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await self(who, method, **fields)
        assert rpc_status.from_call(caught.value) is not None  # type: ignore[arg-type]
        return caught.value.code(), refusal_of(caught.value).reason, caught.value.details() or ""

    async def stale(self, who: Account, method: str, **fields: Any) -> dict[str, Any]:
        """What a call is told that comes too late, beside the strings."""
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await self(who, method, **fields)
        status = rpc_status.from_call(caught.value)  # type: ignore[arg-type]
        told = struct_pb2.Struct()
        assert any(detail.Unpack(told) for detail in status.details)
        return MessageToDict(told)


@pytest.fixture
async def call(dialogue: Dialogue) -> AsyncIterator[Calls]:
    process = dialogue.process
    server = RpcServer(
        rpc_services(dialogue.parts),
        ListenerSettings(port=0),
        verifier=process.verifier,
        health=process.health,
        telemetry=process.telemetry,
    )
    stop = asyncio.Event()
    task = asyncio.create_task(server.run(stop))
    async with grpc.aio.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        yield Calls(dialogue, channel)
    stop.set()
    await task


def told(message: Message) -> Any:
    return MessageToDict(message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True)


def alike(rest: Any, rpc: Any, path: str = "") -> None:
    """Every member of an answer over REST is in the message, under the same or the known name."""
    if isinstance(rest, dict):
        for name, value in rest.items():
            alike(value, rpc.get(NAMED_OTHERWISE.get(name, name)), f"{path}/{name}")
    elif isinstance(rest, list):
        assert len(rest) == len(rpc), path
        for place, (one, other) in enumerate(zip(rest, rpc, strict=True)):
            alike(one, other, f"{path}/{place}")
    elif rest is None or rest == "":
        assert rpc in (None, "") or str(rpc).endswith("_UNSPECIFIED"), path
    elif rest != rpc and isinstance(rpc, str) and rpc[:2] == rest[:2] == "20":
        assert datetime.fromisoformat(rpc) == datetime.fromisoformat(rest), path
    else:
        assert rest == rpc or (rest.isupper() and rpc.endswith(f"_{rest}")), path


def without(rest: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in rest.items() if name not in names}


def same_agenda(rest: Mapping[str, Any], rpc: Any) -> None:
    alike(without(rest, *IN_THE_DOCUMENT), told(rpc))
    assert MessageToDict(rpc.agenda) == rest["document"]


def same_outcome(rest: Mapping[str, Any], rpc: Any) -> None:
    alike({name: rest[name] for name in ("content_hash", "state", "decision_reference")}, told(rpc))
    alike(rest["agreements"], told(rpc)["agreements"])
    assert MessageToDict(rpc.outcome) == rest["document"]


async def sign(dialogue: Dialogue, call: Calls, who: Account, **subject: str) -> dict[str, str]:
    """The content hash and the signature with which an official agrees."""
    found = await call(who, "GetStatement", **subject)
    return {"content_hash": found.content_hash, "jws": dialogue.signature(who, found.payload.decode())}


async def all_pages(call: Calls, who: Any, method: str, member: str, **fields: Any) -> list[Any]:
    """Entry by entry; tokens that nobody gave out are refused."""
    found: list[Any] = []
    token = ""
    while not found or token:
        page = await call(who, method, **fields, page_size=1, page_token=token)
        found.extend(getattr(page, member))
        token = page.next_page_token
    for wrong in ("e30=", "é", "x" * 513):
        assert (await call.refused(who, method, **fields, page_token=wrong))[:2] == (
            grpc.StatusCode.INVALID_ARGUMENT,
            "INVALID_VALUE",
        )
    return found


def key() -> dict[str, str]:
    return {"request_id": str(uuid4())}


def seen(one: Any) -> dict[str, str]:
    return {"etag": one.etag, **key()}


def same_proposal(rest: Mapping[str, Any], rpc: Any) -> None:
    alike(without(rest, "id", "version", "leads"), told(rpc))
    assert (rest["id"], f'"{rest["version"]}"') == (rpc.proposal_id, rpc.etag)
    assert rest["leads"] == {one.party: one.organisation for one in rpc.leads}
