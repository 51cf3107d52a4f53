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
    return EventSourceResponse(_events(steps), headers=_HEADERS, ping=0, send_timeout=_STALLED, sep="\n")


async def _events(steps: AsyncIterator[Step]) -> AsyncIterator[ServerSentEvent]:
    try:
        async for step in steps:
            yield _event(step)
    except ReaderTooSlow as refusal:
        yield ServerSentEvent(_json({"reason": refusal.reason}), event="overflow")


def _event(step: Step) -> ServerSentEvent:
    match step:
        case Entry():
            return ServerSentEvent(step.value.decode(), event="status", id=str(step.token))
        case Reset():
            return ServerSentEvent(_json({"epoch": step.epoch}), event="reset")
        case SnapshotEnd():
            return _token_event("snapshot-complete", step.token)
        case Beat():
            return _token_event("heartbeat", step.token)
        case _:
            assert_never(step)


def _token_event(name: str, token: Token) -> ServerSentEvent:
    return ServerSentEvent(_json({"resumeToken": str(token)}), event=name, id=str(token))


def _json(document: Mapping[str, str]) -> str:
    return orjson.dumps(document).decode()


def routes() -> APIRouter:
    router = APIRouter(prefix="/v1/audiences", tags=["status"])
    router.get("/{audience}/status", response_class=EventSourceResponse)(status)
    return router
