"""Routes of what comes back to a meeting by itself."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from services.agenda.domain.permissions import Command
from services.agenda.http.fields import SizeQuery, TokenQuery
from services.agenda.http.parts import Parts, permit_command, reader_of
from services.agenda.usecases.carrying_over import page_of_carry_over, page_of_matters
from services.chassis.identity import Principal

router = APIRouter(prefix="/v1/meetings/{meeting_id}", tags=["carry-over"])

Viewer = Annotated[Principal, Depends(permit_command(Command.READ_AGENDA))]


class PastModel(BaseModel):
    outcome_id: UUID
    meeting_id: UUID
    edition: int
    kind: str
    deferred_to: int | None
    reason: str


class ReturningModel(BaseModel):
    """`times` is how often the item has been put off; `history` holds what became of it, oldest first."""

    item_id: UUID
    title: str
    times: int
    in_template: bool
    from_meeting_id: UUID
    from_edition: int
    history: list[PastModel]


class GuidanceModel(BaseModel):
    outcome_id: UUID
    decision_reference: str
    conclusion: str
    marking: str
    review_edition: int


class CarryOverModel(BaseModel):
    items: list[ReturningModel]
    guidance: list[GuidanceModel]
    next_page_token: str


class MoveModel(BaseModel):
    from_date: date
    to_date: date
    reason: str
    days: int


class MatterModel(BaseModel):
    """`moves` are those since the last meeting; `slips` and `slipped_days` are of the action's whole life."""

    action_id: UUID
    reference: str
    text: str
    marking: str
    commitment: str
    state_before: str | None
    state: str
    due_before: date | None
    due_date: date | None
    changed: bool
    moves: list[MoveModel]
    slips: int
    slipped_days: int
    carried: int
    overdue: bool
    ended: bool
    basis: str


class MattersModel(BaseModel):
    since: datetime | None
    until: datetime
    matters: list[MatterModel]
    next_page_token: str


@router.get("/carry-over")
async def carry_over(
    principal: Viewer,
    meeting_id: UUID,
    parts: Parts,
    page_size: SizeQuery = 50,
    page_token: TokenQuery = "",
) -> CarryOverModel:
    """Items first, then guidance: a page may hold the end of the one and the beginning of the other."""
    found, following = await page_of_carry_over(
        parts.database,
        reader_of(principal),
        meeting_id,
        page_size=page_size,
        page_token=page_token,
        policy=parts.policy,
    )
    return CarryOverModel(
        items=[
            ReturningModel(
                item_id=item.item_id,
                title=found.titles[item.item_id],
                times=item.times,
                in_template=item.in_template,
                from_meeting_id=item.last.meeting_id,
                from_edition=item.last.edition,
                history=[
                    PastModel(
                        outcome_id=one.outcome_id,
                        meeting_id=one.meeting_id,
                        edition=one.edition,
                        kind=one.kind.value,
                        deferred_to=one.deferred_to,
                        reason=one.reason,
                    )
                    for one in item.history
                ],
            )
            for item in found.items
        ],
        guidance=[
            GuidanceModel(
                outcome_id=one.outcome_id,
                decision_reference=one.decision_reference,
                conclusion=one.conclusion,
                marking=one.marking,
                review_edition=one.review_edition,
            )
            for one in found.guidance
        ],
        next_page_token=following,
    )


@router.get("/matters-arising")
async def matters(
    principal: Viewer,
    meeting_id: UUID,
    parts: Parts,
    page_size: SizeQuery = 50,
    page_token: TokenQuery = "",
) -> MattersModel:
    """Those whose words may go to the own party, by reference."""
    section, following = await page_of_matters(
        parts.database,
        reader_of(principal),
        meeting_id,
        page_size=page_size,
        page_token=page_token,
        policy=parts.policy,
        clock=parts.clock,
    )
    return MattersModel(
        since=section.since,
        until=section.until,
        matters=[
            MatterModel(
                action_id=one.action_id,
                reference=one.reference,
                text=one.text,
                marking=one.marking,
                commitment=one.commitment,
                state_before=one.state_before,
                state=one.state,
                due_before=one.due_before,
                due_date=one.due_date,
                changed=one.changed,
                moves=[
                    MoveModel(
                        from_date=move.from_date, to_date=move.to_date, reason=move.reason, days=move.days
                    )
                    for move in one.moves
                ],
                slips=one.slips,
                slipped_days=one.slipped_days,
                carried=one.carried,
                overdue=one.overdue,
                ended=one.ended,
                basis=one.basis,
            )
            for one in section.matters
        ],
        next_page_token=following,
    )
