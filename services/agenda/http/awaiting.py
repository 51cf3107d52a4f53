"""The route of what waits for whoever asks."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from services.agenda.domain.permissions import Command
from services.agenda.http.fields import SizeQuery, TokenQuery
from services.agenda.http.parts import Parts, permit_command, reader_of
from services.agenda.usecases.list_awaiting import page_of_awaiting
from services.chassis.identity import Principal

router = APIRouter(prefix="/v1", tags=["awaiting"])

Asker = Annotated[Principal, Depends(permit_command(Command.ANSWER_CLEARANCE))]


class AwaitingModel(BaseModel):
    """`subject_id` is the meeting, draft, agenda, outcome, conclusions, clearance or withdrawal task at which
    it is to be done."""

    matter: str
    what_to_do: str
    series: str
    meeting_id: UUID | None
    subject_id: UUID
    item_ids: list[UUID]
    due_at: datetime | None
    overdue: bool


class AwaitingsModel(BaseModel):
    awaiting: list[AwaitingModel]
    next_page_token: str


@router.get("/awaiting")
async def awaiting(
    principal: Asker,
    parts: Parts,
    page_size: SizeQuery = 50,
    page_token: TokenQuery = "",
) -> AwaitingsModel:
    """By when it is due; what has no date comes last."""
    now = parts.clock()
    found, following = await page_of_awaiting(
        parts.database,
        reader_of(principal),
        page_size=page_size,
        page_token=page_token,
        policy=parts.policy,
        now=now,
    )
    return AwaitingsModel(
        awaiting=[
            AwaitingModel(
                matter=one.matter.value,
                what_to_do=one.what_to_do,
                series=one.series,
                meeting_id=one.meeting_id,
                subject_id=one.subject_id,
                item_ids=list(one.item_ids),
                due_at=one.due_at,
                overdue=one.due_at is not None and one.due_at < now,
            )
            for one in found
        ],
        next_page_token=following,
    )
