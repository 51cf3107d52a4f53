"""The status of actions as one audience follows it: over Kafka, gRPC and server-sent events."""

import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from enum import StrEnum

import grpc
import httpx
from aiokafka import AIOKafkaConsumer, TopicPartition
from entente.actions.v1.action_service_pb2 import WatchActionStatusRequest, WatchActionStatusResponse
from entente.actions.v1.action_service_pb2_grpc import ActionServiceStub
from entente.exchange.v1.action_status_pb2 import ActionStatus
from google.protobuf import json_format

from deploy.local.access import KafkaLogin
from services.cli.failures import CommandFailed, Refused


class Kind(StrEnum):
    STATUS = "status"
    RESET = "reset"
    SNAPSHOT_COMPLETE = "snapshot-complete"
    HEARTBEAT = "heartbeat"


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a feed, the same on every channel. `status` stands only with Kind.STATUS."""

    kind: Kind
    token: str
    status: ActionStatus | None = None


def _status(status: ActionStatus) -> Step:
    return Step(Kind.STATUS, f"{status.epoch}:{status.sequence}", status)


def _parse(value: bytes | str) -> ActionStatus:
    return json_format.Parse(value, ActionStatus(), ignore_unknown_fields=True)


async def watch_rpc(target: str, token: str, audience: str, resume: str = "") -> AsyncGenerator[Step, None]:
    """Follows entente.actions.v1.ActionService/WatchActionStatus. Raises `Refused`."""
    async with grpc.aio.insecure_channel(target) as channel:
        call = ActionServiceStub(channel).WatchActionStatus(
            WatchActionStatusRequest(audience=audience, resume_token=resume),
            metadata=(("authorization", f"Bearer {token}"),),
            wait_for_ready=True,
        )
        try:
            async for response in call:
                yield _step(response)
        except grpc.aio.AioRpcError as error:
            raise Refused(0, error.code().name, error.details() or "", "WatchActionStatus") from error
        finally:
            call.cancel()


def _step(response: WatchActionStatusResponse) -> Step:
    match response.WhichOneof("step"):
        case "status":
            return Step(Kind.STATUS, response.status.resume_token, response.status.status)
        case "reset":
            return Step(Kind.RESET, response.reset.epoch)
        case "snapshot_complete":
            return Step(Kind.SNAPSHOT_COMPLETE, response.snapshot_complete.resume_token)
        case "heartbeat":
            return Step(Kind.HEARTBEAT, response.heartbeat.resume_token)
        case other:
            raise CommandFailed(f"the stream has a step that is not known here: {other}")


async def watch_sse(address: str, token: str, audience: str, resume: str = "") -> AsyncGenerator[Step, None]:
    """Follows /v1/audiences/{audience}/status. Raises `Refused`."""
    headers = {"Authorization": f"Bearer {token}", "Accept": "text/event-stream"}
    if resume:
        headers["Last-Event-ID"] = resume
    path = f"/v1/audiences/{audience}/status"
    async with (
        httpx.AsyncClient(base_url=address, timeout=httpx.Timeout(30, read=None), trust_env=False) as client,
        client.stream("GET", path, headers=headers) as response,
    ):
        if not response.is_success:
            await response.aread()
            raise Refused(response.status_code, "NOT_STREAMED", response.text[:500], path)
        async with aclosing(_fields(response)) as events:
            async for event in events:
                yield _event(event)


async def _fields(response: httpx.Response) -> AsyncGenerator[dict[str, str], None]:
    fields: dict[str, str] = {}
    async for line in response.aiter_lines():
        if line:
            name, _, value = line.partition(":")
            fields[name] = value.removeprefix(" ")
        elif fields.get("event"):
            yield fields
            fields = {}


def _event(fields: dict[str, str]) -> Step:
    kind = fields["event"]
    if kind == "status":
        return Step(Kind.STATUS, fields["id"], _parse(fields["data"]))
    if kind == "reset":
        return Step(Kind.RESET, str(json.loads(fields["data"])["epoch"]))
    if kind in {Kind.SNAPSHOT_COMPLETE, Kind.HEARTBEAT}:
        return Step(Kind(kind), fields["id"])
    raise CommandFailed(f"the stream ended: {kind} {fields.get('data', '')}")


async def watch_kafka(login: KafkaLogin, audience: str, resume: str = "") -> AsyncGenerator[Step, None]:
    """Follows the audience's topic with the audience's own login, from its beginning.

    A relay may send twice: records up to the last sequence of the epoch are dropped.
    """
    consumer = AIOKafkaConsumer(
        **login.aiokafka(), group_id=None, enable_auto_commit=False, fetch_max_wait_ms=100
    )
    await consumer.start()
    try:
        place = TopicPartition(f"actions.status.{audience}.v1", 0)
        consumer.assign([place])
        await consumer.seek_to_beginning(place)
        epoch, _, digits = resume.rpartition(":")
        last = int(digits or 0)
        async for record in consumer:
            status = _parse(record.value)
            if status.epoch != epoch:
                epoch, last = status.epoch, 0
            if status.sequence > last:
                last = status.sequence
                yield _status(status)
    finally:
        await consumer.stop()
