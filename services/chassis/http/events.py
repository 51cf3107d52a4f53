"""Server-sent events: frames as they come, to readers that leave, stall, or stay."""

import asyncio
import socket
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import structlog
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

STALLED = 30.0
"""Seconds after which a reader that takes nothing is closed."""
_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
_TRANSPORT = "transport"
_SENT_AHEAD = 128 * 1024
"""Bytes that the system may hold for a reader that is slow; left to itself it would hold megabytes."""


class EventStream(Response):
    """Sends frames, each with all its line breaks, until they end or the reader is gone."""

    media_type = "text/event-stream"

    def __init__(self, frames: AsyncGenerator[bytes, None], status_code: int = 200) -> None:
        super().__init__(status_code=status_code, headers=_HEADERS)
        del self.headers["content-length"]
        self._frames = frames

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if (plug := scope["state"][_TRANSPORT].get_extra_info("socket")) is not None:
            plug.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SENT_AHEAD)
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        sending = asyncio.create_task(self._send(scope, send))
        leaving = asyncio.create_task(_left(receive))
        try:
            await asyncio.wait([sending, leaving], return_when=asyncio.FIRST_COMPLETED)
        finally:
            leaving.cancel()
            sending.cancel()
            await asyncio.wait([sending, leaving])
        if not sending.cancelled():
            sending.result()

    async def _send(self, scope: Scope, send: Send) -> None:
        async with aclosing(self._frames) as frames:
            async for frame in frames:
                try:
                    async with asyncio.timeout(STALLED):
                        await send({"type": "http.response.body", "body": frame, "more_body": True})
                except TimeoutError:
                    structlog.get_logger("http").info("a stalled reader is closed", path=scope["path"])
                    # A close would wait for the reader to take what lies in the buffer.
                    scope["state"][_TRANSPORT].abort()
                    return
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        continue


class StreamingProtocol(H11Protocol):
    """HTTP/1.1 whose requests reach their connection: to limit what waits in it, and to drop it with that."""

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self.app_state = {**self.app_state, _TRANSPORT: transport}
