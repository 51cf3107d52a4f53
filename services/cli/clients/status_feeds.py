"""The status of actions as one audience follows it: over Kafka, gRPC and server-sent events."""

import asyncio
import json
import random
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import grpc
import httpx
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError
from entente.actions.v1.action_service_pb2 import (
    FeedNotice,
    WatchActionStatusRequest,
    WatchActionStatusResponse,
)
from entente.actions.v1.action_service_pb2_grpc import ActionServiceStub
from entente.exchange.v1.action_status_pb2 import ActionStatus
from google.protobuf import json_format

from deploy.local.access import KafkaLogin
from services.chassis.feed import ResumeTokenMalformed, Token
from services.chassis.rpc.statuses import refusal_of
from services.cli.failures import CommandFailed, Refused
from services.kernel.refusals import RefusalKind

_SILENCE: Final = 45.0
"""Seconds without a sign of life, which comes every fifteen, after which a stream is given up."""
_SHORTEST_PAUSE: Final = 0.1
_LONGEST_PAUSE: Final = 5.0
_NOTICES: Final = b"notice:"
"""What the key of a topic's record begins with that is no status but about the feed itself."""
_RENEWABLE: Final = frozenset({"TOKEN_EXPIRED", "ACCOUNT_CHANGED"})
"""Reasons that a fresh bearer token may mend."""


class Kind(StrEnum):
    STATUS = "status"
    RESET = "reset"
    SNAPSHOT_COMPLETE = "snapshot-complete"
    HEARTBEAT = "heartbeat"
    NOTICE = "notice"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a feed, the same on every channel. `status` stands only with Kind.STATUS; `text` with
    Kind.NOTICE, and with Kind.LOST, which is this client's own word for a connection that broke.
    """

    kind: Kind
    token: str
    status: ActionStatus | None = None
    text: str = ""
    coalesced: bool = False
    """Older records of the same action were left out before this one."""


Feed = AsyncGenerator[Step, None]
Channel = Callable[[str], Feed]
"""Opens a feed after a resume token; empty for a reader that holds nothing."""


class ConnectionLost(CommandFailed):
    """The stream broke, or was ended for now: it resumes with the last token."""


async def follow_for_good(connect: Channel, resume: str = "") -> Feed:
    """The steps of a feed whatever becomes of its connection: each new one resumes where the last got to.

    `connect` opens a feed after a token, with a fresh bearer token. Raises `Refused` for what another try
    does not mend.
    """
    token, renewed, pause = resume, False, _SHORTEST_PAUSE
    while True:
        try:
            async with aclosing(connect(token)) as steps:
                async for step in steps:
                    renewed, pause = False, _SHORTEST_PAUSE
                    # The epoch of a reset is no place to resume at: a snapshot follows it.
                    token = "" if step.kind is Kind.RESET else step.token or token
                    yield step
            why = "the stream ended"
        except Refused as refused:
            if refused.reason not in _RENEWABLE or renewed:
                raise
            renewed, why = True, refused.reason
        except (ConnectionLost, httpx.TransportError, KafkaError) as error:
            why = str(error) or type(error).__name__
        yield Step(Kind.LOST, token, text=why)
        await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311
        pause = min(pause * 2, _LONGEST_PAUSE)


def _status(status: ActionStatus) -> Step:
    return Step(Kind.STATUS, f"{status.epoch}:{status.sequence}", status)


def _parse(value: bytes | str) -> ActionStatus:
    return json_format.Parse(value, ActionStatus(), ignore_unknown_fields=True)


def _notice(notice: FeedNotice) -> Step:
    return Step(Kind.NOTICE, "", text=f"{notice.name} {notice.state} since {notice.at}")


def _parse_notice(value: bytes | str) -> FeedNotice:
    return json_format.Parse(value, FeedNotice(), ignore_unknown_fields=True)


Told = ActionStatus | FeedNotice
"""What a record of an audience's topic holds."""


def read_told(key: bytes, value: bytes) -> Told:
    return _parse_notice(value) if key.startswith(_NOTICES) else _parse(value)


async def watch_rpc(target: str, token: str, audience: str, resume: str = "") -> Feed:
    """Follows entente.actions.v1.ActionService/WatchActionStatus. Raises `Refused` or `ConnectionLost`."""
    async with grpc.aio.insecure_channel(target) as channel:
        call = ActionServiceStub(channel).WatchActionStatus(
            WatchActionStatusRequest(audience=audience, resume_token=resume),
            metadata=(("authorization", f"Bearer {token}"),),
        )
        responses = aiter(call)
        try:
            while True:
                async with asyncio.timeout(_SILENCE):
                    response = await anext(responses)
                yield _step(response)
        except StopAsyncIteration:
            return
        except TimeoutError:
            raise ConnectionLost("no sign of life") from None
        except grpc.aio.AioRpcError as error:
            raise _failure(error) from error
        finally:
            call.cancel()


def _failure(error: grpc.aio.AioRpcError) -> CommandFailed:
    refusal = refusal_of(error)
    if refusal.kind in {RefusalKind.UNAVAILABLE, RefusalKind.EXHAUSTED}:
        return ConnectionLost(refusal.detail or error.code().name)
    return Refused(0, refusal.reason, refusal.detail, "WatchActionStatus")


def _step(response: WatchActionStatusResponse) -> Step:
    match response.WhichOneof("step"):
        case "status":
            record = response.status
            return Step(Kind.STATUS, record.resume_token, record.status, coalesced=record.coalesced)
        case "reset":
            return Step(Kind.RESET, response.reset.epoch)
        case "snapshot_complete":
            return Step(Kind.SNAPSHOT_COMPLETE, response.snapshot_complete.resume_token)
        case "heartbeat":
            return Step(Kind.HEARTBEAT, response.heartbeat.resume_token)
        case "notice":
            return _notice(response.notice)
        case other:
            raise CommandFailed(f"the stream has a step that is not known here: {other}")


async def watch_sse(address: str, token: str, audience: str, resume: str = "") -> Feed:
    """Follows /v1/audiences/{audience}/status. Raises `Refused` or `ConnectionLost`."""
    headers = {"Authorization": f"Bearer {token}", "Accept": "text/event-stream"}
    if resume:
        headers["Last-Event-ID"] = resume
    path = f"/v1/audiences/{audience}/status"
    patience = httpx.Timeout(_SILENCE, connect=5)
    async with (
        httpx.AsyncClient(base_url=address, timeout=patience, trust_env=False) as client,
        client.stream("GET", path, headers=headers) as response,
    ):
        if response.status_code == httpx.codes.SERVICE_UNAVAILABLE:
            raise ConnectionLost("the service is not available")
        if not response.is_success:
            raise _refused(response.status_code, await response.aread(), path)
        async with aclosing(_fields(response)) as events:
            async for event in events:
                yield _event(event, path)


def _refused(status: int, body: bytes, path: str) -> Refused:
    try:
        problem = json.loads(body)
        return Refused(status, str(problem["reason"]), str(problem.get("detail", "")), path)
    except (ValueError, LookupError, TypeError):
        return Refused(status, "NOT_STREAMED", body[:500].decode(errors="replace"), path)


async def _fields(response: httpx.Response) -> AsyncGenerator[dict[str, str], None]:
    fields: dict[str, str] = {}
    async for line in response.aiter_lines():
        if line:
            name, _, value = line.partition(":")
            fields[name] = value.removeprefix(" ")
        elif fields.get("event"):
            yield fields
            fields = {}


def _event(fields: dict[str, str], path: str) -> Step:
    kind = fields["event"]
    data = fields.get("data", "")
    if kind == "status":
        marked = fields.get("") == "coalesced"
        return Step(Kind.STATUS, fields["id"], _parse(data), coalesced=marked)
    if kind in {Kind.SNAPSHOT_COMPLETE, Kind.HEARTBEAT}:
        return Step(Kind(kind), fields.get("id", ""))
    document = json.loads(data)
    if kind == "reset":
        return Step(Kind.RESET, str(document["epoch"]))
    if kind == "notice":
        return _notice(_parse_notice(data))
    if kind == "overflow":
        raise ConnectionLost(str(document["reason"]))
    if kind == "ended":
        raise Refused(200, str(document["reason"]), "the stream was ended", path)
    raise CommandFailed(f"the stream has an event that is not known here: {kind}")


async def watch_kafka(login: KafkaLogin, audience: str, resume: str = "") -> Feed:
    """Follows the audience's topic with the audience's own login, from its beginning.

    A relay may send twice: records up to the last sequence of the epoch, and all of an epoch that is over,
    are dropped. A token that the topic does not know resets, as the services do. Raises `Refused` for one
    that is malformed.
    """
    log = TopicLog(resume)
    consumer = AIOKafkaConsumer(
        **login.aiokafka(), group_id=None, enable_auto_commit=False, fetch_max_wait_ms=100
    )
    await consumer.start()
    try:
        place = TopicPartition(f"actions.status.{audience}.v1", 0)
        consumer.assign([place])
        held = await _held(consumer, place)
        for step in log.catch_up(held):
            yield step
        async for record in consumer:
            for step in log.take(read_told(record.key, record.value)):
                yield step
    finally:
        await consumer.stop()


async def _held(consumer: AIOKafkaConsumer, place: TopicPartition) -> list[Told]:
    """What the topic holds up to the end that it has now."""
    await consumer.seek_to_beginning(place)
    end = (await consumer.end_offsets([place]))[place]
    held: list[Told] = []
    while await consumer.position(place) < end:
        batch = await consumer.getmany(place, timeout_ms=500)
        held.extend(read_told(record.key, record.value) for records in batch.values() for record in records)
    return held


class TopicLog:
    """What a reader of a topic makes of its records: the steps that the services would give it."""

    def __init__(self, resume: str) -> None:
        """Raises `Refused` for a token that no service gave out."""
        try:
            token = Token.parse(resume)
        except ResumeTokenMalformed as malformed:
            raise Refused(0, malformed.reason, malformed.detail, "the topic") from malformed
        self._epoch, self._last = ("", 0) if token is None else (token.epoch, token.sequence)
        self._past: set[str] = set()

    def catch_up(self, held: list[Told]) -> list[Step]:
        """The records after the token, or all of the present epoch where the token is none of it; then the
        newest notice of each name.
        """
        statuses = [told for told in held if isinstance(told, ActionStatus)]
        place: dict[str, int] = {}
        for status in statuses:
            place[status.epoch] = max(place.get(status.epoch, 0), status.sequence)
        present = next(reversed(place), "")
        self._past = set(place) - {present}
        known = self._epoch != "" and self._epoch == present and self._last <= place.get(present, 0)
        steps: list[Step] = []
        if not known:
            if self._epoch:
                steps.append(Step(Kind.RESET, present))
            self._epoch, self._last = present, 0
        for status in statuses:
            steps += self.take(status)
        if not known:
            steps.append(Step(Kind.SNAPSHOT_COMPLETE, str(Token(self._epoch, self._last))))
        newest = {told.name: told for told in held if isinstance(told, FeedNotice)}
        return [*steps, *map(_notice, newest.values())]

    def take(self, told: Told) -> list[Step]:
        if isinstance(told, FeedNotice):
            return [_notice(told)]
        status = told
        if status.epoch in self._past:
            return []
        steps: list[Step] = []
        if status.epoch != self._epoch:
            self._past.add(self._epoch)
            self._epoch, self._last = status.epoch, 0
            steps.append(Step(Kind.RESET, status.epoch))
        if status.sequence > self._last:
            self._last = status.sequence
            steps.append(_status(status))
        return steps
