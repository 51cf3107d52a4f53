"""Routes of the look at what was closed, and of what is archived."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from services.actions.domain.states import RULES, Move
from services.actions.http import bodies, evidence_models, models
from services.actions.http.parts import Change, ReadingDependency, change_by
from services.actions.usecases.restore_action import RESTORERS, restore_action
from services.actions.usecases.review_closure import list_closure_reviews, review_closure

Reviewing = Annotated[Change, Depends(change_by(*RULES[Move.REVIEW_CLOSURE].roles))]
Restoring = Annotated[Change, Depends(change_by(*RESTORERS))]


class ClosureReviews(evidence_models.Model):
    actions: list[models.Action]


async def due(
    reading: ReadingDependency,
    series: Annotated[str, Query(max_length=100)],
    due_by: date | None = None,
) -> ClosureReviews:
    """Closed actions whose review is due by a day, and those that did not last and nobody reopened."""
    found = await list_closure_reviews(
        reading.database, reading.reader, series, due_by, policy=reading.policy, now=reading.now
    )
    return ClosureReviews(actions=[reading.show(action) for action in found])


async def review(action_id: UUID, body: bodies.ClosureFinding, change: Reviewing) -> Response:
    """An accountable organisation says whether what was done has lasted; the chairs reopen what has not."""
    return await change.run(review_closure, action_id, body.finding, body.sustained, changing=change.changing)


async def restore(action_id: UUID, _body: bodies.Nothing, change: Restoring) -> Response:
    """A secretariat or chair takes an action out of the archive: lists hold it again."""
    return await change.run(restore_action, action_id, changing=change.changing)


def routes() -> APIRouter:
    router = APIRouter(tags=["closure"])
    router.get("/v1/closure-reviews", response_model=ClosureReviews)(due)
    router.post("/v1/actions/{action_id}/closure-review", response_model=models.Action)(review)
    router.post("/v1/actions/{action_id}/restore", response_model=models.Action)(restore)
    return router
