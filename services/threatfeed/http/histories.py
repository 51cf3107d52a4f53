"""How an assessment has changed, as far as the reader's party may have its revisions."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field

from services.kernel.parties import Reader
from services.threatfeed.http.assessments import AssessmentView, Caller
from services.threatfeed.usecases.read_history import Step, compare_revisions, read_history

_NUMBER = Query(ge=1, le=1_000_000, description="Of a revision that the caller may have")


class StepView(BaseModel):
    """A revision and what changed since the one before it."""

    assessment: AssessmentView
    patch: list[dict[str, Any]] = Field(description="JSON Patch (RFC 6902) from the revision before")
    reverse_patch: list[dict[str, Any]] = Field(description="The patch that takes it back")

    @classmethod
    def of(cls, step: Step) -> "StepView":
        return cls(
            assessment=AssessmentView.of(step.rendered),
            patch=[dict(change) for change in step.patch],
            reverse_patch=[dict(change) for change in step.reverse],
        )


class HistoryView(BaseModel):
    revisions: list[StepView] = Field(description="Oldest first")


def routes() -> APIRouter:
    router = APIRouter(prefix="/v1/assessments", tags=["assessments"])

    @router.get("/{assessment_id}/history")
    async def history(request: Request, assessment_id: UUID, caller: Caller) -> HistoryView:
        state = request.app.state
        reader = Reader.from_claims(caller.subject, caller.claims)
        steps = await read_history(
            state.database, reader, assessment_id, policy=state.policy, at=state.clock()
        )
        return HistoryView(revisions=[StepView.of(step) for step in steps])

    @router.get("/{assessment_id}/difference")
    async def difference(
        request: Request,
        assessment_id: UUID,
        caller: Caller,
        from_revision: Annotated[int, _NUMBER],
        to_revision: Annotated[int, _NUMBER],
    ) -> StepView:
        state = request.app.state
        step = await compare_revisions(
            state.database,
            Reader.from_claims(caller.subject, caller.claims),
            assessment_id,
            from_revision,
            to_revision,
            policy=state.policy,
            at=state.clock(),
        )
        return StepView.of(step)

    return router
