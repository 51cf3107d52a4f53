"""Routes of what a side may put before the others: the check of its draft before it tables."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from services.agenda.domain.permissions import Command
from services.agenda.domain.references import Reference
from services.agenda.domain.remedies import Advice
from services.agenda.http.parts import Parts, permit_command, reader_of
from services.agenda.usecases.check_draft import CheckedReference, check_draft
from services.chassis.identity import Principal

router = APIRouter(prefix="/v1", tags=["drafts"])

Tabler = Annotated[Principal, Depends(permit_command(Command.TABLE_AGENDA))]


class TextModel(BaseModel):
    assessment_id: UUID
    revision: int
    rendition: str
    mode: str


class PartyDecisionModel(BaseModel):
    decision_id: str
    party: str
    allowed: bool
    rule_id: str
    explanation: str


class AdviceModel(BaseModel):
    """`text` is what to refer to instead, where the remedy is another text."""

    remedy: str
    words: str
    text: TextModel | None


class CheckedReferenceModel(BaseModel):
    item_id: UUID
    text: TextModel
    allowed: bool
    state: str
    decisions: list[PartyDecisionModel]
    what_to_do: list[AdviceModel]


class CheckModel(BaseModel):
    """`tableable` says that every text may be had by every party; clearances are asked for by themselves."""

    tableable: bool
    references: list[CheckedReferenceModel]


def _text(reference: Reference) -> TextModel:
    return TextModel(
        assessment_id=reference.assessment_id,
        revision=reference.revision,
        rendition=reference.rendition.value,
        mode=reference.mode.value,
    )


def _advice(advice: Advice) -> AdviceModel:
    return AdviceModel(
        remedy=advice.remedy.value,
        words=advice.words,
        text=_text(advice.reference) if advice.reference is not None else None,
    )


def _checked(checked: CheckedReference) -> CheckedReferenceModel:
    answer = checked.answer
    return CheckedReferenceModel(
        item_id=checked.item_id,
        text=_text(checked.reference),
        allowed=answer is not None and answer.allowed,
        state=answer.state.value if answer is not None else "",
        decisions=[
            PartyDecisionModel(
                decision_id=one.decision_id,
                party=one.party,
                allowed=one.allowed,
                rule_id=one.rule_id,
                explanation=one.explanation,
            )
            for one in (answer.decisions if answer is not None else ())
        ],
        what_to_do=[_advice(one) for one in checked.advice],
    )


@router.get("/drafts/{draft_id}/releasability")
async def check(principal: Tabler, draft_id: UUID, parts: Parts) -> CheckModel:
    """Whether the draft's texts may go to every party, and what to do about those that may not."""
    found = await check_draft(
        parts.database,
        reader_of(principal),
        draft_id,
        policy=parts.policy,
        threatfeed=parts.threatfeed,
    )
    references = [_checked(one) for one in found]
    return CheckModel(tableable=all(one.allowed for one in references), references=references)
