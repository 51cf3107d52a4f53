"""Routes of a party's own legal clearances of outcomes."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from pydantic import BaseModel

from services.agenda.domain.legal_clearance import LegalClearance
from services.agenda.domain.permissions import Command
from services.agenda.http.fields import Body, ContentHash, Prose, SizeQuery, TokenQuery
from services.agenda.http.parts import Parts, permit_command, reader_of
from services.agenda.usecases.clear_outcome import clear_outcome, page_of_clearances, refuse_clearance
from services.chassis.http.requests import Encoded, RehearsableMutation
from services.chassis.identity import Principal

router = APIRouter(prefix="/v1", tags=["outcomes"])

Adviser = Annotated[Principal, Depends(permit_command(Command.CLEAR_OUTCOME))]
Advised = Annotated[Principal, Depends(permit_command(Command.READ_CLEARANCES))]


class ClearanceBody(Body):
    content_hash: ContentHash


class ClearanceRefusalBody(Body):
    """`reason` is for the own side alone."""

    content_hash: ContentHash
    reason: Prose


class ClearanceModel(BaseModel):
    organisation: str
    content_hash: str


class ClearanceRefusalModel(BaseModel):
    organisation: str
    content_hash: str
    reason: str


class ClearancesModel(BaseModel):
    """The last word of each adviser of the caller's own party on each text of the outcome."""

    clearances: list[ClearanceModel]
    refusals: list[ClearanceRefusalModel]


class ClearancesPageModel(ClearancesModel):
    """A page holds what was cleared and what was refused, together no more than its size."""

    next_page_token: str


def _clearances(given: Sequence[LegalClearance]) -> list[ClearanceModel]:
    return [
        ClearanceModel(organisation=one.organisation, content_hash=one.content_hash)
        for one in given
        if not one.refusal
    ]


def _refusals(given: Sequence[LegalClearance]) -> list[ClearanceRefusalModel]:
    return [
        ClearanceRefusalModel(
            organisation=one.organisation, content_hash=one.content_hash, reason=one.refusal
        )
        for one in given
        if one.refusal
    ]


def _encoded(given: Sequence[LegalClearance]) -> Encoded:
    return Encoded(ClearancesModel(clearances=_clearances(given), refusals=_refusals(given)))


@router.get("/outcomes/{outcome_id}/clearances")
async def clearances(
    principal: Advised,
    outcome_id: UUID,
    parts: Parts,
    page_size: SizeQuery = 50,
    page_token: TokenQuery = "",
) -> ClearancesPageModel:
    found, following = await page_of_clearances(
        parts.database,
        reader_of(principal),
        outcome_id,
        page_size=page_size,
        page_token=page_token,
        policy=parts.policy,
    )
    return ClearancesPageModel(
        clearances=_clearances(found), refusals=_refusals(found), next_page_token=following
    )


@router.post("/outcomes/{outcome_id}/clearances", responses={200: {"model": ClearancesModel}})
async def clear(
    principal: Adviser,
    outcome_id: UUID,
    body: ClearanceBody,
    mutation: RehearsableMutation,
    parts: Parts,
) -> Response:
    reader = reader_of(principal)
    return await mutation.run(
        lambda once: clear_outcome(
            once, reader, outcome_id, body.content_hash, policy=parts.policy, clock=parts.clock
        ),
        _encoded,
    )


@router.post("/outcomes/{outcome_id}/clearance-refusals", responses={200: {"model": ClearancesModel}})
async def refuse(
    principal: Adviser,
    outcome_id: UUID,
    body: ClearanceRefusalBody,
    mutation: RehearsableMutation,
    parts: Parts,
) -> Response:
    """In place of a clearance of the same words; a later clearance, or other words, put an end to it."""
    reader = reader_of(principal)
    return await mutation.run(
        lambda once: refuse_clearance(
            once, reader, outcome_id, body.content_hash, body.reason, policy=parts.policy, clock=parts.clock
        ),
        _encoded,
    )
