"""The route of what waits for whoever asks."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from services.agenda.domain.permissions import Command
from services.agenda.http.parts import Parts, permit_command, reader_of
from services.agenda.usecases.list_awaiting import list_awaiting
from services.chassis.identity import Principal

router = APIRouter(prefix="/v1", tags=["awaiting"])

Asker = Annotated[Principal, Depends(permit_command(Command.ANSWER_CLEARANCE))]


class AwaitingModel(BaseModel):
    """`subject_id` is the meeting, draft, agenda, clearance or withdrawal task at which it is to be done."""

    matter: str
    series: str
    meeting_id: UUID | None
    subject_id: UUID
    item_ids: list[UUID]
    due_at: datetime | None
    overdue: bool


class AwaitingsModel(BaseModel):
    awaiting: list[AwaitingModel]


@router.get("/awaiting")
async def awaiting(principal: Asker, parts: Parts) -> AwaitingsModel:
    now = parts.clock()
    found = await list_awaiting(parts.database, reader_of(principal), policy=parts.policy, now=now)
    return AwaitingsModel(
        awaiting=[
            AwaitingModel(
                matter=one.matter.value,
                series=one.series,
                meeting_id=one.meeting_id,
                subject_id=one.subject_id,
                item_ids=list(one.item_ids),
                due_at=one.due_at,
                overdue=one.due_at is not None and one.due_at < now,
            )
            for one in found
        ]
    )
