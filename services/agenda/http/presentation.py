"""The route of the screen in the room."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from services.agenda.domain.permissions import Command
from services.agenda.http.parts import Parts, permit_command, reader_of
from services.agenda.http.time_budgets import OverRunModel, over_run_models
from services.agenda.usecases.present_meeting import present_meeting
from services.chassis.identity import Principal

router = APIRouter(prefix="/v1/meetings/{meeting_id}/presentation", tags=["run"])

Viewer = Annotated[Principal, Depends(permit_command(Command.READ_RUN))]


class CurrentItemModel(BaseModel):
    """The item under way, also in a break that interrupts it. Minutes are decimal."""

    number: int
    title: str
    planned_minutes: int
    elapsed_minutes: float
    left_minutes: float
    over_by: float


class ComingItemModel(BaseModel):
    """`minutes` and `starts_at` are by a new plan of the rest; null where no time would be left for it."""

    number: int
    title: str
    planned_minutes: int
    minutes: int | None
    starts_at: datetime | None


class PresentationModel(BaseModel):
    """For everybody in the room, so the same for every reader: agreed titles and no more. Reserved items are
    not on it, and `current` is null while one runs. `predicted_end` is where nothing gives way,
    `replanned_end` by the new plan."""

    meeting_id: UUID
    series: str
    title: str
    edition: int
    as_of: datetime
    time_zone: str
    state: str
    current: CurrentItemModel | None
    coming: list[ComingItemModel]
    remaining_minutes: float
    break_minutes: float
    planned_end: datetime
    predicted_end: datetime
    late_by: float
    over_runs: list[OverRunModel]
    replanned_end: datetime


@router.get("")
async def presentation(principal: Viewer, meeting_id: UUID, parts: Parts) -> PresentationModel:
    found = await present_meeting(
        parts.database, reader_of(principal), meeting_id, policy=parts.policy, clock=parts.clock
    )
    meeting, screen, clock = found.meeting, found.screen, found.clock
    current = screen.current
    return PresentationModel(
        meeting_id=meeting.id,
        series=meeting.series,
        title=found.title,
        edition=meeting.edition,
        as_of=found.as_of,
        time_zone=meeting.time_zone,
        state=screen.state.value,
        current=None
        if current is None
        else CurrentItemModel(
            number=current.number,
            title=current.title,
            planned_minutes=current.planned_minutes,
            elapsed_minutes=current.elapsed_minutes,
            left_minutes=current.left_minutes,
            over_by=current.over_by,
        ),
        coming=[
            ComingItemModel(
                number=one.number,
                title=one.title,
                planned_minutes=one.planned_minutes,
                minutes=one.minutes,
                starts_at=one.starts_at,
            )
            for one in screen.coming
        ],
        remaining_minutes=clock.remaining_minutes,
        break_minutes=clock.break_minutes,
        planned_end=meeting.ends_at,
        predicted_end=clock.predicted_end,
        late_by=clock.late_by,
        over_runs=over_run_models(found.over_runs),
        replanned_end=found.replanned_end,
    )
