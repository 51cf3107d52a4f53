"""Readers of the status feed on every channel, which keep what a leadership office would keep."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx
import orjson
from entente.actions.v1 import action_service_pb2 as api
from google.protobuf.json_format import MessageToDict

from services.kernel.canonical import canonical_json
from tests.support.tracking import Tracker

Shown = tuple[str, bytes]
"""A resume token and the bytes of a status."""


@dataclass(slots=True)
class Office:
    """What a reader holds by action, and the token with which it resumes on any channel."""

    held: dict[str, bytes] = field(default_factory=dict)
    token: str = ""

    def take(self, shown: Shown) -> None:
        self.token, value = shown
        self.held[orjson.loads(value)["actionId"]] = value


@dataclass(frozen=True, slots=True)
class SseEvent:
    """One server-sent event."""

    name: str
    id: str | None
    data: str

    @property
    def shown(self) -> Shown:
        assert self.id is not None
        return self.id, self.data.encode()


@asynccontextmanager
async def sse(
    tracker: Tracker, audience: str, headers: dict[str, str], *, token: str = "", as_query: bool = False
) -> AsyncIterator[AsyncIterator[SseEvent]]:
    """The open stream of an audience, as curl would read it."""
    resume = {"Last-Event-ID": token} if token and not as_query else {}
    query = {"resume_token": token} if token and as_query else {}
    async with tracker.http.stream(
        "GET", f"/v1/audiences/{audience}/status", headers={**headers, **resume}, params=query
    ) as response:
        assert response.status_code == 200, await response.aread()
        assert response.headers["content-type"].startswith("text/event-stream")
        assert response.headers["cache-control"] == "no-store"
        assert response.headers["x-accel-buffering"] == "no"
        yield _events(response)


async def _events(response: httpx.Response) -> AsyncIterator[SseEvent]:
    fields: dict[str, str] = {}
    async for line in response.aiter_lines():
        if line:
            name, _, value = line.partition(":")
            fields[name] = value.removeprefix(" ")
        elif fields:
            yield SseEvent(fields.get("event", "message"), fields.get("id"), fields.get("data", ""))
            fields = {}


def watch(
    tracker: Tracker, audience: str, metadata: list[tuple[str, str]], *, token: str = ""
) -> AsyncIterator[api.WatchActionStatusResponse]:
    """The open gRPC stream of an audience."""
    request = api.WatchActionStatusRequest(audience=audience, resume_token=token)
    return tracker.rpc.WatchActionStatus(request, metadata=metadata).__aiter__()


def shown_by(response: api.WatchActionStatusResponse) -> Shown:
    """The token and the canonical bytes of a status that came over gRPC."""
    assert response.WhichOneof("step") == "status", response
    return response.status.resume_token, canonical_json(MessageToDict(response.status.status))
