"""The status feed of an audience as server-sent events (WHATWG HTML, section 9.2)."""

from collections.abc import AsyncIterator, Mapping
from typing import Annotated, assert_never

import orjson
from fastapi import APIRouter, Depends, Header, Query, Request
from sse_starlette import EventSourceResponse, ServerSentEvent

from services.actions.domain.visibility import WATCHERS
from services.actions.usecases.publication import Publication
from services.actions.usecases.watch_status import watch_status
from services.chassis.feed import (
    Beat,
    Entry,
    FeedView,
    ReaderTooSlow,
    Reset,
    SnapshotEnd,
    Step,
    Token,
)
from services.chassis.http.description import EVENT_STREAM
from services.chassis.http.requests import permit
from services.chassis.identity import Principal
from services.kernel.parties import Reader

HEARTBEAT = 15.0
"""Seconds of silence after which a sign of life is sent."""
_STALLED = 30.0
"""Seconds after which a reader that takes nothing is closed."""
_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


async def status(
    request: Request,
    audience: str,
    principal: Annotated[Principal, Depends(permit(*WATCHERS))],
    last_event_id: Annotated[str | None, Header(max_length=200)] = None,
    resume_token: Annotated[str | None, Query(max_length=200)] = None,
) -> EventSourceResponse:
    """A snapshot, or what follows the resume token; then live.

    The token of Last-Event-ID wins: a browser that reconnects sends it beside its first address.
    """
    publication: Publication = request.app.state.publication
    views: Mapping[str, FeedView] = request.app.state.views
    reader = Reader.from_claims(principal.subject, principal.claims)
    view = watch_status(reader, audience, policy=publication.policy, views=views)
    resume = Token.parse(last_event_id or resume_token or "")
    steps = view.follow(resume, request.app.state.closing, HEARTBEAT)
    return EventSourceResponse(encode_events(steps), headers=_HEADERS, ping=0, send_timeout=_STALLED)


async def encode_events(steps: AsyncIterator[Step]) -> AsyncIterator[ServerSentEvent]:
    """A reader that is too slow is told so before its stream ends."""
    try:
        async for step in steps:
            yield encode_event(step)
    except ReaderTooSlow as refusal:
        yield _event("overflow", _json({"reason": refusal.reason}))


def encode_event(step: Step) -> ServerSentEvent:
    match step:
        case Entry():
            return _event("status", step.value.decode(), step.token)
        case Reset():
            return _event("reset", _json({"epoch": step.epoch}))
        case SnapshotEnd():
            return _event("snapshot-complete", _json({"resumeToken": str(step.token)}), step.token)
        case Beat():
            return _event("heartbeat", _json({"resumeToken": str(step.token)}), step.token)
        case _:
            assert_never(step)


def _event(name: str, data: str, token: Token | None = None) -> ServerSentEvent:
    return ServerSentEvent(data, event=name, id=None if token is None else str(token), sep="\n")


def _json(document: Mapping[str, str]) -> str:
    return orjson.dumps(document).decode()


def routes() -> APIRouter:
    router = APIRouter(prefix="/v1/audiences", tags=["status"])
    router.get("/{audience}/status", response_class=EventSourceResponse, responses=EVENT_STREAM)(status)
    return router
