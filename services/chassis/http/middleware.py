"""Around every request: an id, security headers, a size limit, an access log, and no silent crash."""

import time
from uuid import UUID

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.chassis.http.problems import crashed, problem
from services.chassis.ids import IdSource

SECURITY_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=63072000",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
LARGEST_BODY = 1024 * 1024


class RequestFrame:
    """Pure ASGI, so that streams are passed on and not collected."""

    def __init__(self, app: ASGIApp, ids: IdSource) -> None:
        self._app = app
        self._ids = ids
        self._log = structlog.get_logger("http")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _given_id(Headers(scope=scope)) or str(self._ids())
        scope.setdefault("state", {})["request_id"] = request_id
        structlog.contextvars.bind_contextvars(request_id=request_id)
        started = time.monotonic()
        status = 0

        async def send_framed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-Id"] = request_id
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            await self._guarded(scope, receive, send_framed)
        except Exception as error:
            if status:
                raise
            response = await crashed(Request(scope), error)
            await response(scope, receive, send_framed)
        finally:
            self._log.info(
                "request",
                method=scope["method"],
                path=scope["path"],
                status=status,
                milliseconds=round((time.monotonic() - started) * 1000),
            )

    async def _guarded(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuses a body over the limit, whether or not its length is told beforehand."""
        length = Headers(scope=scope).get("content-length", "0")
        if not length.isdigit() or int(length) > LARGEST_BODY:
            await self._too_large(scope, receive, send)
            return
        size = 0
        overrun = False

        async def receive_limited() -> Message:
            nonlocal size, overrun
            message = await receive()
            if message["type"] == "http.request":
                size += len(message.get("body", b""))
                if size > LARGEST_BODY:
                    overrun = True
                    return {"type": "http.disconnect"}
            return message

        async def send_unless_overrun(message: Message) -> None:
            if not overrun:
                await send(message)

        try:
            await self._app(scope, receive_limited, send_unless_overrun)
        except ClientDisconnect:
            if not overrun:
                raise
        if overrun:
            await self._too_large(scope, receive, send)

    async def _too_large(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = problem(Request(scope), 413, "BODY_TOO_LARGE", "the body is over 1 MiB")
        await response(scope, receive, send)


def _given_id(headers: Headers) -> str | None:
    given = headers.get("x-request-id")
    if given is None:
        return None
    try:
        return str(UUID(given))
    except ValueError:
        return None
