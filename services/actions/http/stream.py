"""The status feed of an audience as server-sent events (WHATWG HTML, section 9.2)."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from functools import lru_cache
from typing import Annotated, assert_never

import orjson
from fastapi import APIRouter, Depends, Header, Query, Request

from services.actions.domain.visibility import WATCHERS
from services.actions.events import notice_bytes
from services.actions.usecases.watch_status import Gallery, watch_status
from services.chassis.feed import (
    Beat,
    Entry,
    Notice,
    ReaderTooSlow,
    Reset,
    ResumeTokenMalformed,
    SnapshotEnd,
    Step,
    Token,
)
from services.chassis.http.description import EVENT_STREAM
from services.chassis.http.events import EventStream
from services.chassis.http.requests import permit
from services.chassis.identity import Principal
from services.kernel.refusals import Refusal

HEARTBEAT = 15.0
"""Seconds of silence after which a sign of life is sent."""
_RECONNECT = b"retry: 3000\n"
_FRAMES_KEPT = 2_048


async def status(
    request: Request,
    audience: str,
    principal: Annotated[Principal, Depends(permit(*WATCHERS))],
    last_event_id: Annotated[str | None, Header(max_length=200)] = None,
    resume_token: Annotated[str | None, Query(max_length=200)] = None,
) -> EventStream:
    """A snapshot, or what follows the resume token; then live.

    The token of Last-Event-ID wins: a browser that reconnects sends it beside its first address. Rights
    that end close the stream with an event that names the reason.
    """
    gallery: Gallery = request.app.state.gallery
    watch = watch_status(principal, audience, gallery)
    if len(set(request.headers.getlist("last-event-id"))) > 1:
        raise ResumeTokenMalformed("Last-Event-ID is given twice and differs")
    resume = Token.parse(last_event_id or resume_token or "")
    return EventStream(encode_events(watch.view.follow(resume, HEARTBEAT, watch.allowed)))


async def encode_events(batches: AsyncGenerator[Sequence[Step], None]) -> AsyncGenerator[bytes, None]:
    """A reader that is too slow, or whose rights have ended, is told so before its stream ends."""
    first = _RECONNECT
    try:
        async with aclosing(batches):
            async for steps in batches:
                yield first + b"".join(map(encode_event, steps))
                first = b""
    except ReaderTooSlow as refusal:
        yield _event(b"overflow", _json({"reason": refusal.reason}))
    except Refusal as refusal:
        yield _event(b"ended", _json({"reason": refusal.reason}))


def encode_event(step: Step) -> bytes:
    match step:
        case Entry():
            return _encode_entry(step)
        case Reset():
            return _event(b"reset", _json({"epoch": step.epoch}))
        case SnapshotEnd():
            return _event(b"snapshot-complete", _json({"resumeToken": str(step.token)}), step.token)
        case Beat():
            return _event(b"heartbeat", _json({"resumeToken": str(step.token)}), step.token)
        case Notice():
            return _event(b"notice", notice_bytes(step))
        case _:
            assert_never(step)


@lru_cache(maxsize=_FRAMES_KEPT)
def _encode_entry(entry: Entry) -> bytes:
    """Made once for all who read it. The value is canonical JSON and has no line breaks of its own."""
    mark = b": coalesced\n" if entry.coalesced else b""
    return mark + _event(b"status", entry.value, entry.token)


def _event(name: bytes, data: bytes, token: Token | None = None) -> bytes:
    identity = b"" if token is None else b"id: %b\n" % str(token).encode()
    return b"%bevent: %b\ndata: %b\n\n" % (identity, name, data)


def _json(document: Mapping[str, str]) -> bytes:
    return orjson.dumps(document)


def routes() -> APIRouter:
    router = APIRouter(prefix="/v1/audiences", tags=["status"])
    router.get("/{audience}/status", response_class=EventStream, responses=EVENT_STREAM)(status)
    return router
