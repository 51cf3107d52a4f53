"""Routes of the run clock."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response
from pydantic import AwareDatetime, BaseModel

from services.agenda.domain.permissions import Command
from services.agenda.domain.run_clock import RunCommand
from services.agenda.http.fields import Body
from services.agenda.http.parts import Parts, permit_command, reader_of
from services.agenda.http.time_budgets import TimeBudgetModel, time_model
from services.agenda.usecases.replan_rest import replan_rest
from services.agenda.usecases.run_meeting import RunView, move_clock, read_run, start_item
from services.chassis.http.requests import Encoded, ExpectedVersion, RehearsableMutation
from services.chassis.identity import Principal

router = APIRouter(prefix="/v1/meetings/{meeting_id}/run", tags=["run"])

Viewer = Annotated[Principal, Depends(permit_command(Command.READ_RUN))]
Runner = Annotated[Principal, Depends(permit_command(Command.RUN_MEETING))]


class Move(StrEnum):
    FINISH = "FINISH"
    PAUSE = "PAUSE"
    RESUME = "RESUME"


class StartItemBody(Body):
    item_id: UUID


class MoveBody(Body):
    move: Move


class ItemClockModel(BaseModel):
    """Minutes are decimal; `over_by` is what was used beyond the plan."""

    item_id: UUID
    position: int
    planned_minutes: int
    used_minutes: float
    over_by: float
    started_at: datetime | None
    finished_at: datetime | None


class RunModel(BaseModel):
    """`late_by` is in minutes against the planned end of the meeting; above zero it is a warning."""

    state: str
    current_item_id: UUID | None
    items: list[ItemClockModel]
    break_minutes: float
    remaining_minutes: float
    predicted_end: datetime
    late_by: float
    time: TimeBudgetModel
    version: int


class RestItemModel(BaseModel):
    """`minutes` and `starts_at` are null where there would be no time left for the item; `why` says why it
    has fewer minutes, or none."""

    item_id: UUID
    planned_minutes: int
    minutes: int | None
    starts_at: datetime | None
    why: list[str]


class RestBreakModel(BaseModel):
    id: str
    starts_at: datetime
    minutes: int


class YieldedModel(BaseModel):
    """What cannot be kept, and what cannot hold together with it."""

    constraint: str
    conflict: list[str]


class RestModel(BaseModel):
    """A proposal: nothing is changed by it. `planning` is the version of the own side's planning that it
    keeps to, 0 where there is none."""

    items: list[RestItemModel]
    ends_at: datetime
    planning: int
    breaks: list[RestBreakModel]
    given_up: list[YieldedModel]


def _encoded(view: RunView) -> Encoded:
    shown = view.face
    model = RunModel(
        state=shown.state.value,
        current_item_id=shown.current,
        items=[
            ItemClockModel(
                item_id=one.item_id,
                position=one.position,
                planned_minutes=one.planned_minutes,
                used_minutes=one.used_minutes,
                over_by=one.over_by,
                started_at=one.started_at,
                finished_at=one.finished_at,
            )
            for one in shown.items
        ],
        break_minutes=shown.break_minutes,
        remaining_minutes=shown.remaining_minutes,
        predicted_end=shown.predicted_end,
        late_by=shown.late_by,
        time=time_model(view.time),
        version=view.run.version,
    )
    return Encoded(model, version=view.run.version)


@router.get("", responses={200: {"model": RunModel}})
async def read(principal: Viewer, meeting_id: UUID, parts: Parts) -> Response:
    view = await read_run(
        parts.database, reader_of(principal), meeting_id, policy=parts.policy, clock=parts.clock
    )
    return _encoded(view).response()


@router.get("/rest")
async def rest(
    principal: Viewer,
    meeting_id: UUID,
    parts: Parts,
    until: AwareDatetime | None = None,
    more: Annotated[int | None, Query(ge=0, le=1_440)] = None,
) -> RestModel:
    found = await replan_rest(
        parts.database,
        reader_of(principal),
        meeting_id,
        until=until,
        more=more,
        policy=parts.policy,
        clock=parts.clock,
    )
    return RestModel(
        items=[
            RestItemModel(
                item_id=one.item_id,
                planned_minutes=one.planned_minutes,
                minutes=one.minutes,
                starts_at=one.starts_at,
                why=list(one.why),
            )
            for one in found.items
        ],
        ends_at=found.ends_at,
        planning=found.planning,
        breaks=[
            RestBreakModel(id=one.id, starts_at=one.starts_at, minutes=one.minutes) for one in found.breaks
        ],
        given_up=[
            YieldedModel(constraint=one.constraint, conflict=list(one.conflict)) for one in found.given_up
        ],
    )


@router.post("/items", responses={200: {"model": RunModel}})
async def start(
    principal: Runner,
    meeting_id: UUID,
    body: StartItemBody,
    expected: ExpectedVersion,
    mutation: RehearsableMutation,
    parts: Parts,
) -> Response:
    reader = reader_of(principal)
    return await mutation.run(
        lambda once: start_item(
            once, reader, meeting_id, body.item_id, expected, policy=parts.policy, clock=parts.clock
        ),
        _encoded,
    )


@router.post("/moves", responses={200: {"model": RunModel}})
async def move(
    principal: Runner,
    meeting_id: UUID,
    body: MoveBody,
    expected: ExpectedVersion,
    mutation: RehearsableMutation,
    parts: Parts,
) -> Response:
    reader = reader_of(principal)
    return await mutation.run(
        lambda once: move_clock(
            once,
            reader,
            meeting_id,
            RunCommand(body.move.value),
            expected,
            policy=parts.policy,
            clock=parts.clock,
        ),
        _encoded,
    )
