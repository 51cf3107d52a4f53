"""Routes of what belongs to one side, and no other sees: comments, internal clearances, briefs."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from pydantic import AwareDatetime, BaseModel, StrictBool

from services.agenda.domain.internal_clearances import ClearanceCommand, InternalClearance
from services.agenda.domain.own_side import Brief, Comment
from services.agenda.domain.permissions import Command
from services.agenda.http.fields import Banner, Body, Code, OptionalProse, Prose
from services.agenda.http.parts import Parts, permit_command, reader_of
from services.agenda.usecases.briefing import (
    BriefText,
    brief_item,
    comment_on_item,
    list_briefs,
    list_comments,
)
from services.agenda.usecases.clearing_items import (
    ClearanceQuestion,
    answer_clearance,
    ask_clearance,
    list_clearances,
    read_clearance,
)
from services.chassis.http.requests import Encoded, ExpectedVersion, RehearsableMutation, etag
from services.chassis.identity import Principal

router = APIRouter(prefix="/v1", tags=["own side"])

Reading = Annotated[Principal, Depends(permit_command(Command.READ_DRAFT))]
Commenter = Annotated[Principal, Depends(permit_command(Command.COMMENT_DRAFT))]
Asker = Annotated[Principal, Depends(permit_command(Command.ASK_CLEARANCE))]
Answerer = Annotated[Principal, Depends(permit_command(Command.ANSWER_CLEARANCE))]
Briefer = Annotated[Principal, Depends(permit_command(Command.WRITE_BRIEF))]
Briefed = Annotated[Principal, Depends(permit_command(Command.READ_BRIEF))]


class CommentBody(Body):
    text: Prose


class CommentModel(BaseModel):
    id: UUID
    item_id: UUID
    text: str
    organisation: str
    official: str
    at: datetime


class CommentsModel(BaseModel):
    comments: list[CommentModel]


class ClearanceBody(Body):
    """`required`: the draft is not tabled without it."""

    organisation: Code
    question: Prose
    due_at: AwareDatetime
    required: StrictBool = True


class ClearanceAnswer(StrEnum):
    GRANTED = "GRANTED"
    GRANTED_WITH_REMARKS = "GRANTED_WITH_REMARKS"
    REFUSED = "REFUSED"


class ClearanceAnswerBody(Body):
    answer: ClearanceAnswer
    remarks: OptionalProse = ""


class WithdrawalBody(Body):
    """Nothing more is said."""


class ClearanceModel(BaseModel):
    """`words` is the item as the organisation was asked about it."""

    id: UUID
    draft_id: UUID
    item_id: UUID
    organisation: str
    question: str
    required: bool
    due_at: datetime
    words: dict[str, Any]
    state: str
    remarks: str
    asked_by: str
    asked_at: datetime
    answered_by: str
    answered_at: datetime | None
    etag: str


class ClearancesModel(BaseModel):
    clearances: list[ClearanceModel]


class BriefBody(Body):
    brief: OptionalProse
    speaking_notes: OptionalProse
    marking: Banner


class BriefModel(BaseModel):
    item_id: UUID
    brief: str
    speaking_notes: str
    marking: str
    official: str
    at: datetime
    etag: str


class BriefsModel(BaseModel):
    briefs: list[BriefModel]


_COMMANDS = {
    ClearanceAnswer.GRANTED: ClearanceCommand.GRANT,
    ClearanceAnswer.GRANTED_WITH_REMARKS: ClearanceCommand.GRANT_WITH_REMARKS,
    ClearanceAnswer.REFUSED: ClearanceCommand.REFUSE,
}


def _comment(comment: Comment) -> CommentModel:
    return CommentModel(
        id=comment.id,
        item_id=comment.item_id,
        text=comment.text,
        organisation=comment.organisation,
        official=comment.official,
        at=comment.at,
    )


def _clearance(clearance: InternalClearance) -> ClearanceModel:
    return ClearanceModel(
        id=clearance.id,
        draft_id=clearance.draft_id,
        item_id=clearance.item_id,
        organisation=clearance.organisation,
        question=clearance.question,
        required=clearance.required,
        due_at=clearance.due_at,
        words=dict(clearance.words),
        state=clearance.state.value,
        remarks=clearance.remarks,
        asked_by=clearance.asked_by,
        asked_at=clearance.asked_at,
        answered_by=clearance.answered_by,
        answered_at=clearance.answered_at,
        etag=etag(clearance.version),
    )


def _brief(brief: Brief) -> BriefModel:
    return BriefModel(
        item_id=brief.item_id,
        brief=brief.brief,
        speaking_notes=brief.speaking_notes,
        marking=brief.marking,
        official=brief.official,
        at=brief.at,
        etag=etag(brief.version),
    )


def _encoded(clearance: InternalClearance, status: int = 200) -> Encoded:
    location = f"/v1/internal-clearances/{clearance.id}" if status == 201 else ""
    return Encoded(_clearance(clearance), status=status, version=clearance.version, location=location)


@router.post(
    "/drafts/{draft_id}/items/{item_id}/comments", status_code=201, responses={201: {"model": CommentModel}}
)
async def comment(
    principal: Commenter,
    draft_id: UUID,
    item_id: UUID,
    body: CommentBody,
    mutation: RehearsableMutation,
    parts: Parts,
) -> Response:
    reader = reader_of(principal)
    return await mutation.run(
        lambda once: comment_on_item(
            once,
            reader,
            draft_id,
            item_id,
            body.text,
            policy=parts.policy,
            clock=parts.clock,
            ids=parts.ids,
        ),
        lambda made: Encoded(_comment(made), status=201),
    )


@router.get("/drafts/{draft_id}/comments")
async def comments(principal: Reading, draft_id: UUID, parts: Parts) -> CommentsModel:
    found = await list_comments(parts.database, reader_of(principal), draft_id, policy=parts.policy)
    return CommentsModel(comments=[_comment(one) for one in found])


@router.post(
    "/drafts/{draft_id}/items/{item_id}/clearances",
    status_code=201,
    responses={201: {"model": ClearanceModel}},
)
async def ask(
    principal: Asker,
    draft_id: UUID,
    item_id: UUID,
    body: ClearanceBody,
    mutation: RehearsableMutation,
    parts: Parts,
) -> Response:
    reader = reader_of(principal)
    question = ClearanceQuestion(body.organisation, body.question, body.due_at, body.required)
    return await mutation.run(
        lambda once: ask_clearance(
            once,
            reader,
            draft_id,
            item_id,
            question,
            policy=parts.policy,
            clock=parts.clock,
            ids=parts.ids,
        ),
        lambda clearance: _encoded(clearance, 201),
    )


@router.get("/drafts/{draft_id}/clearances")
async def clearances(principal: Reading, draft_id: UUID, parts: Parts) -> ClearancesModel:
    found = await list_clearances(parts.database, reader_of(principal), draft_id, policy=parts.policy)
    return ClearancesModel(clearances=[_clearance(one) for one in found])


@router.get("/internal-clearances/{clearance_id}", responses={200: {"model": ClearanceModel}})
async def read(principal: Answerer, clearance_id: UUID, parts: Parts) -> Response:
    found = await read_clearance(parts.database, reader_of(principal), clearance_id, policy=parts.policy)
    return _encoded(found).response()


@router.post("/internal-clearances/{clearance_id}/answers", responses={200: {"model": ClearanceModel}})
async def answer(
    principal: Answerer,
    clearance_id: UUID,
    body: ClearanceAnswerBody,
    expected: ExpectedVersion,
    mutation: RehearsableMutation,
    parts: Parts,
) -> Response:
    reader = reader_of(principal)
    return await mutation.run(
        lambda once: answer_clearance(
            once,
            reader,
            clearance_id,
            _COMMANDS[body.answer],
            body.remarks,
            expected,
            policy=parts.policy,
            clock=parts.clock,
        ),
        _encoded,
    )


@router.post("/internal-clearances/{clearance_id}/withdrawal", responses={200: {"model": ClearanceModel}})
async def withdraw(
    principal: Asker,
    clearance_id: UUID,
    _: WithdrawalBody,
    expected: ExpectedVersion,
    mutation: RehearsableMutation,
    parts: Parts,
) -> Response:
    reader = reader_of(principal)
    return await mutation.run(
        lambda once: answer_clearance(
            once,
            reader,
            clearance_id,
            ClearanceCommand.WITHDRAW,
            "",
            expected,
            policy=parts.policy,
            clock=parts.clock,
        ),
        _encoded,
    )


@router.put("/meetings/{meeting_id}/briefs/{item_id}", responses={200: {"model": BriefModel}})
async def write(
    principal: Briefer,
    meeting_id: UUID,
    item_id: UUID,
    body: BriefBody,
    expected: ExpectedVersion,
    mutation: RehearsableMutation,
    parts: Parts,
) -> Response:
    """If-Match "0" writes a brief that is not there yet."""
    reader = reader_of(principal)
    text = BriefText(body.brief, body.speaking_notes, body.marking)
    return await mutation.run(
        lambda once: brief_item(
            once, reader, meeting_id, item_id, text, expected, policy=parts.policy, clock=parts.clock
        ),
        lambda brief: Encoded(_brief(brief), version=brief.version),
    )


@router.get("/meetings/{meeting_id}/briefs")
async def briefs(principal: Briefed, meeting_id: UUID, parts: Parts) -> BriefsModel:
    found = await list_briefs(parts.database, reader_of(principal), meeting_id, policy=parts.policy)
    return BriefsModel(briefs=[_brief(one) for one in found])
