"""Routes of a meeting's conclusions as a whole."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from pydantic import BaseModel

from services.agenda.domain.conclusions import Conclusions
from services.agenda.domain.permissions import Command
from services.agenda.http.agreements import (
    AgreementBody,
    PartyAgreementModel,
    StatementModel,
    agreement_models,
    statement_model,
)
from services.agenda.http.fields import Body
from services.agenda.http.parts import Parts, permit_command, reader_of
from services.agenda.statements import document_of
from services.agenda.usecases.conclude_meeting import (
    agree_conclusions,
    put_to_parties,
    read_conclusions,
    statement_on_conclusions,
)
from services.chassis.http.requests import Encoded, RehearsableMutation
from services.chassis.identity import Principal
from services.kernel.policy import Policy

router = APIRouter(prefix="/v1/meetings/{meeting_id}/conclusions", tags=["conclusions"])

Proposer = Annotated[Principal, Depends(permit_command(Command.PROPOSE_OUTCOME))]
Viewer = Annotated[Principal, Depends(permit_command(Command.READ_OUTCOME))]
Chair = Annotated[Principal, Depends(permit_command(Command.AGREE_OUTCOME))]


class PutBody(Body):
    """Nothing is asked for: the set is of every outcome and the accepted minutes."""


class ConclusionsModel(BaseModel):
    """`document` is the set in proto JSON; `content_hash` is over its canonical form."""

    id: UUID
    meeting_id: UUID
    version: int
    state: str
    put_by: str
    put_at: datetime
    agreed_at: datetime | None
    content_hash: str
    document: dict[str, Any]
    agreements: list[PartyAgreementModel]


def _encoded(conclusions: Conclusions, policy: Policy, status: int = 200) -> Encoded:
    document = document_of(conclusions.payload)
    quorum = policy.get_series(document["series"]).quorum
    model = ConclusionsModel(
        id=conclusions.id,
        meeting_id=conclusions.meeting_id,
        version=conclusions.version,
        state=conclusions.state.value,
        put_by=conclusions.put_by,
        put_at=conclusions.put_at,
        agreed_at=conclusions.agreed_at,
        content_hash=conclusions.content_hash,
        document=document,
        agreements=agreement_models(quorum, conclusions.agreed),
    )
    return Encoded(model, status=status, version=conclusions.aggregate_version)


@router.post("", status_code=201, responses={201: {"model": ConclusionsModel}})
async def put(
    principal: Proposer,
    meeting_id: UUID,
    _: PutBody,
    mutation: RehearsableMutation,
    parts: Parts,
) -> Response:
    reader = reader_of(principal)
    return await mutation.run(
        lambda once: put_to_parties(
            once, reader, meeting_id, policy=parts.policy, clock=parts.clock, ids=parts.ids
        ),
        lambda conclusions: _encoded(conclusions, parts.policy, 201),
    )


@router.get("", responses={200: {"model": ConclusionsModel}})
async def read(principal: Viewer, meeting_id: UUID, parts: Parts) -> Response:
    found = await read_conclusions(parts.database, reader_of(principal), meeting_id, policy=parts.policy)
    return _encoded(found, parts.policy).response()


@router.get("/agreement")
async def statement(principal: Chair, meeting_id: UUID, parts: Parts) -> StatementModel:
    return statement_model(
        await statement_on_conclusions(parts.database, reader_of(principal), meeting_id, policy=parts.policy)
    )


@router.post("/agreements", responses={200: {"model": ConclusionsModel}})
async def agree(
    principal: Chair,
    meeting_id: UUID,
    body: AgreementBody,
    mutation: RehearsableMutation,
    parts: Parts,
) -> Response:
    reader = reader_of(principal)
    return await mutation.run(
        lambda once: agree_conclusions(
            once, reader, meeting_id, body.content_hash, body.jws, agreeing=parts.agreeing()
        ),
        lambda conclusions: _encoded(conclusions, parts.policy),
    )
