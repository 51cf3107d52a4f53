"""The stream of what a reader's party may read, as server-sent events (WHATWG HTML, section 9.2)."""

from collections.abc import AsyncIterator
from typing import Annotated, assert_never

import orjson
from fastapi import APIRouter, Header, Query, Request
from pydantic import Field
from sse_starlette import EventSourceResponse, ServerSentEvent

from services.chassis.feed import Token
from services.chassis.http.description import EVENT_STREAM
from services.kernel.parties import Reader
from services.threatfeed.http.assessments import AssessmentView, Caller, Conditions
from services.threatfeed.usecases.watch_assessments import (
    Beat,
    Complete,
    Gone,
    Restart,
    Shown,
    Step,
    Watch,
    check_may_watch,
)

_STALLED = 30.0
"""Seconds after which a reader that takes nothing is closed."""
_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


class ChangesQuery(Conditions):
    resume_token: Annotated[str, Field(max_length=200)] = ""


def routes() -> APIRouter:
    router = APIRouter(prefix="/v1", tags=["assessments"])

    @router.get("/assessment-changes", response_class=EventSourceResponse, responses=EVENT_STREAM)
    async def watch(
        request: Request,
        caller: Caller,
        query: Annotated[ChangesQuery, Query()],
        last_event_id: Annotated[str | None, Header(max_length=200)] = None,
    ) -> EventSourceResponse:
        """A snapshot, or what follows the resume token; then live.

        The token of Last-Event-ID wins: a browser that reconnects sends it beside its first address.
        """
        state, reader = request.app.state, Reader.from_claims(caller.subject, caller.claims)
        check_may_watch(reader, state.policy)
        resume = Token.parse(last_event_id or query.resume_token)
        watched = Watch(state.database, state.signal, state.policy, state.clock, reader, query.search())
        return EventSourceResponse(
            _events(watched.steps(resume)), headers=_HEADERS, ping=0, send_timeout=_STALLED
        )

    return router


async def _events(steps: AsyncIterator[Step]) -> AsyncIterator[ServerSentEvent]:
    async for step in steps:
        yield encode_event(step)


def encode_event(step: Step) -> ServerSentEvent:
    match step:
        case Shown():
            return _event("assessment", AssessmentView.of(step.rendered).model_dump_json(), step.token)
        case Gone():
            reason = "NOT_ASKED_FOR" if step.state is None else step.state.value
            return _event("gone", _json({"id": str(step.assessment_id), "reason": reason}), step.token)
        case Restart():
            return _event("reset", "{}", None)
        case Complete():
            return _event("snapshot-complete", _json({"resumeToken": _text(step.token)}), step.token)
        case Beat():
            return _event("heartbeat", _json({"resumeToken": _text(step.token)}), step.token)
        case _:
            assert_never(step)


def _text(token: Token | None) -> str:
    return "" if token is None else str(token)


def _event(name: str, data: str, token: Token | None) -> ServerSentEvent:
    return ServerSentEvent(data, event=name, id=None if token is None else str(token), sep="\n")


def _json(document: dict[str, str]) -> str:
    return orjson.dumps(document).decode()
