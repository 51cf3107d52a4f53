"""Routes of reporting rounds, of what was reported, and of what the ratings mean."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response
from pydantic import Field

from services.actions.domain.states import RULES, Move
from services.actions.domain.texts import LONGEST_NARRATIVE
from services.actions.http import models, round_models
from services.actions.http.bodies import Progress
from services.actions.http.parts import Change, ReadingDependency, change_by
from services.actions.usecases.correct_report import correct_report
from services.actions.usecases.read_rounds import list_rounds, list_updates, read_round
from services.chassis.http.requests import Encoded

ByOwner = Annotated[Change, Depends(change_by(*RULES[Move.REPORT].roles))]


class Correction(Progress):
    reason: str = Field(min_length=1, max_length=LONGEST_NARRATIVE)


async def list_(
    reading: ReadingDependency,
    series: Annotated[str, Query(max_length=100)],
    before: Annotated[date | None, Query(description="Only rounds planned for a day before it")] = None,
) -> Response:
    """The reporting rounds of a series, the latest first, at most 100; and the next one to come."""
    listed = await list_rounds(
        reading.database, reading.reader, series, before, policy=reading.policy, now=reading.now
    )
    return Encoded(round_models.show_rounds(listed)).response()


async def get(
    round_id: UUID,
    reading: ReadingDependency,
) -> Response:
    """One reporting round: what the reader's party owes, and the counts of what is joint."""
    view = await read_round(
        reading.database, reading.reader, round_id, policy=reading.policy, now=reading.now
    )
    return Encoded(round_models.show_report(view)).response()


async def updates(
    action_id: UUID,
    reading: ReadingDependency,
    before: Annotated[UUID | None, Query(description="Only updates before this one")] = None,
) -> Response:
    """What was reported on an action, the latest first; at most 100."""
    found = await list_updates(
        reading.database, reading.reader, action_id, before, policy=reading.policy, now=reading.now
    )
    shown = round_models.ProgressUpdates(updates=[round_models.show_update(one) for one in found])
    return Encoded(shown).response()


async def correct(action_id: UUID, body: Correction, change: ByOwner) -> Response:
    """A party corrects what it reported in the round that still runs, and says why."""
    return await change.run(
        correct_report, action_id, body.rag, body.narrative, body.reason, changing=change.changing
    )


async def define(_: ReadingDependency) -> Response:
    """What the ratings mean."""
    return Encoded(round_models.show_definitions()).response()


def routes() -> APIRouter:
    router = APIRouter(prefix="/v1", tags=["reporting"])
    router.get("/report-rounds", response_model=round_models.RoundList)(list_)
    router.get("/report-rounds/{round_id}", response_model=round_models.RoundReport)(get)
    router.get("/actions/{action_id}/progress", response_model=round_models.ProgressUpdates)(updates)
    router.post("/actions/{action_id}/progress/corrections", response_model=models.Action)(correct)
    router.get("/rating-definitions", response_model=round_models.RatingDefinitions)(define)
    return router
