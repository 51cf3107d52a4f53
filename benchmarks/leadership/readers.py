"""Many readers of one feed in one process: `python -m benchmarks.leadership.readers`, told what by a file.

Each notes when which sequence reached it. Prints `ready` when every snapshot is complete; a line with a
sequence on its input says where the feed ends, and is answered with `done` when all that read are there or
the time is up. What they saw is then in the file that was asked for.
"""

import asyncio
import json
import pickle
import re
import socket
import sys
import time
from array import array
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, cast

import grpc
from entente.actions.v1 import action_service_pb2 as api
from entente.actions.v1.action_service_pb2_grpc import ActionServiceStub

_STATUS: Final = re.compile(
    rb'(: coalesced\n)?id: [^\n]*:(\d+)\nevent: status\ndata: \{"actionId":"([0-9a-f-]+)"[^\n]*\n\n'
)
_SNAPSHOT: Final = b"event: snapshot-complete\n"
_TOGETHER: Final = 50
_SMALL_WINDOW: Final = 4_096
_CAUGHT_UP_WITHIN: Final = 20.0


@dataclass(frozen=True, slots=True)
class Plan:
    """Who reads what: so many over SSE, so many over gRPC, so many that never take anything."""

    http_port: int
    rpc: str
    token: str
    audience: str
    sse: int
    grpc: int
    stalled: int
    within: float
    result: str


@dataclass(slots=True)
class Seen:
    """What reached one reader: sequences, when, and how many of them stood for older ones as well."""

    channel: str
    sequences: "array[int]" = field(default_factory=lambda: array("q"))
    times: "array[float]" = field(default_factory=lambda: array("d"))
    coalesced: int = 0
    newest: dict[str, int] = field(default_factory=dict)
    ended: str = ""
    ready: asyncio.Event = field(default_factory=asyncio.Event)

    def take(self, sequence: int, action: str, at: float, *, coalesced: bool) -> None:
        self.sequences.append(sequence)
        self.times.append(at)
        self.coalesced += coalesced
        self.newest[action] = sequence

    @property
    def last(self) -> int:
        return self.sequences[-1] if self.sequences else 0


class SseReader(asyncio.Protocol):
    """As little as a reader can be: what it costs is not the server's."""

    def __init__(self, plan: Plan, seen: Seen, *, stalls: bool) -> None:
        self._plan = plan
        self.seen = seen
        self._stalls = stalls
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        stream = cast("asyncio.Transport", transport)
        stream.write(
            f"GET /v1/audiences/{self._plan.audience}/status HTTP/1.1\r\nHost: localhost\r\n"
            f"Authorization: Bearer {self._plan.token}\r\n\r\n".encode()
        )
        if self._stalls:
            stream.pause_reading()
        self.resume = stream.resume_reading

    def data_received(self, data: bytes) -> None:
        at = time.monotonic()
        data = self._rest + data
        seen, end = self.seen, 0
        for found in _STATUS.finditer(data):
            seen.take(int(found[2]), found[3].decode(), at, coalesced=found[1] is not None)
            end = found.end()
        if not seen.ready.is_set() and _SNAPSHOT in data:
            seen.ready.set()
        # A frame may have come in part; what is no frame is short.
        self._rest = data[end:] if end else data[-65_536:]

    def connection_lost(self, exc: Exception | None) -> None:
        self.seen.ended = repr(exc) if exc else "closed"
        self.seen.ready.set()


async def connect(plan: Plan, *, stalls: bool) -> SseReader:
    seen = Seen("stalled" if stalls else "SSE")
    plug = socket.socket()
    if stalls:
        plug.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _SMALL_WINDOW)
    plug.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(plug, ("127.0.0.1", plan.http_port))
    _, reader = await loop.create_connection(lambda: SseReader(plan, seen, stalls=stalls), sock=plug)
    return reader


async def watch(channel: grpc.aio.Channel, plan: Plan, seen: Seen) -> None:
    request = api.WatchActionStatusRequest(audience=plan.audience)
    metadata = (("authorization", f"Bearer {plan.token}"),)
    async for response in ActionServiceStub(channel).WatchActionStatus(request, metadata=metadata):
        if response.HasField("status"):
            status = response.status.status
            seen.take(
                status.sequence, status.action_id, time.monotonic(), coalesced=response.status.coalesced
            )
        elif response.HasField("snapshot_complete"):
            seen.ready.set()


async def main(plan: Plan) -> None:
    readers: list[Seen] = []
    async with grpc.aio.insecure_channel(plan.rpc) as channel, asyncio.TaskGroup() as group:
        stalled = [await connect(plan, stalls=True) for _ in range(plan.stalled)]
        for first in range(0, plan.sse, _TOGETHER):
            few = min(_TOGETHER, plan.sse - first)
            together = [await connect(plan, stalls=False) for _ in range(few)]
            readers += [one.seen for one in together]
            await asyncio.gather(*(one.seen.ready.wait() for one in together))
        calls = []
        for _ in range(plan.grpc):
            seen = Seen("gRPC")
            readers.append(seen)
            calls.append(group.create_task(watch(channel, plan, seen)))
        await asyncio.gather(*(one.ready.wait() for one in readers))
        print("ready", flush=True)
        end = int(await asyncio.to_thread(sys.stdin.readline))
        until = time.monotonic() + plan.within
        while time.monotonic() < until and any(one.last < end for one in readers):  # noqa: ASYNC110 polled
            await asyncio.sleep(0.02)
        for call in calls:
            call.cancel()
        # Those that took nothing are let loose now: they were closed meanwhile, or catch up by the newest.
        for one in stalled:
            if not one.seen.ended:
                one.resume()
        until = time.monotonic() + _CAUGHT_UP_WITHIN
        while time.monotonic() < until and any(one.seen.last < end and not one.seen.ended for one in stalled):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    everyone = [*readers, *(one.seen for one in stalled)]
    told = [(one.channel, one.sequences, one.times, one.coalesced, one.newest, one.ended) for one in everyone]
    await asyncio.to_thread(Path(plan.result).write_bytes, pickle.dumps(told))
    print("done", flush=True)


if __name__ == "__main__":
    described: dict[str, Any] = json.loads(Path(sys.argv[1]).read_text())
    asyncio.run(main(Plan(**described)))
