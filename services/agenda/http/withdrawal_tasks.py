"""Routes of a secretariat's tasks about texts that no longer stand."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from pydantic import BaseModel

from services.agenda.domain.permissions import Command
from services.agenda.domain.withdrawal_tasks import TaskSelection, to_do
from services.agenda.http.fields import Body, Prose, SizeQuery, TokenQuery
from services.agenda.http.parts import Parts, permit_command, reader_of
from services.agenda.store.withdrawal_tasks import ListedTask
from services.agenda.usecases.treat_withdrawals import close_task, page_of_tasks
from services.chassis.http.requests import Encoded, RehearsableMutation
from services.chassis.identity import Principal

router = APIRouter(prefix="/v1/withdrawal-tasks", tags=["withdrawals"])

Viewer = Annotated[Principal, Depends(permit_command(Command.READ_WITHDRAWAL_TASKS))]
Closer = Annotated[Principal, Depends(permit_command(Command.CLOSE_WITHDRAWAL_TASK))]


class ClosingBody(Body):
    note: Prose


class TaskModel(BaseModel):
    """`subject_id` is the agenda, draft, proposal or action that rests on the text. Whether another side has
    closed the same task is not told.
    """

    id: UUID
    kind: str
    series: str
    meeting_id: UUID | None
    subject_id: UUID
    item_id: UUID | None
    assessment_id: UUID
    revision: int
    cause: str
    what_to_do: str
    state: str
    opened_at: datetime
    note: str | None
    closed_by: str | None
    closed_at: datetime | None


class TasksModel(BaseModel):
    tasks: list[TaskModel]
    next_page_token: str


def _model(found: ListedTask) -> TaskModel:
    task = found.task
    subject, fallen, closing = task.subject, task.fallen, task.closing
    return TaskModel(
        id=task.id,
        kind=subject.kind.value,
        series=subject.series,
        meeting_id=subject.meeting_id,
        subject_id=subject.id,
        item_id=fallen.item_id,
        assessment_id=fallen.assessment_id,
        revision=fallen.revision,
        cause=fallen.cause.value,
        what_to_do=to_do(subject.kind, fallen.cause, agreed=found.agreed),
        state=task.state.value,
        opened_at=task.opened_at,
        note=closing and closing.note,
        closed_by=closing and closing.official,
        closed_at=closing and closing.at,
    )


@router.get("")
async def read(
    principal: Viewer,
    parts: Parts,
    selection: TaskSelection = TaskSelection.OPEN,
    page_size: SizeQuery = 50,
    page_token: TokenQuery = "",
) -> TasksModel:
    """The latest first."""
    found, following = await page_of_tasks(
        parts.database,
        reader_of(principal),
        selection,
        page_size=page_size,
        page_token=page_token,
        policy=parts.policy,
        now=parts.clock(),
    )
    return TasksModel(tasks=[_model(one) for one in found], next_page_token=following)


@router.post("/{task_id}/close", responses={200: {"model": TaskModel}})
async def close(
    principal: Closer, task_id: UUID, body: ClosingBody, mutation: RehearsableMutation, parts: Parts
) -> Response:
    """Says what was done, once, for the caller's side."""
    reader = reader_of(principal)
    return await mutation.run(
        lambda once: close_task(once, reader, task_id, body.note, policy=parts.policy, clock=parts.clock),
        lambda found: Encoded(_model(found)),
    )
