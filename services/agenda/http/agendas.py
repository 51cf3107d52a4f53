"""Routes of tabled agendas and of the agreements to them."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response
from pydantic import BaseModel

from services.agenda.domain.permissions import Command
from services.agenda.domain.references import ReferenceState
from services.agenda.domain.remedies import what_to_do
from services.agenda.http.agreements import (
    AgreementBody,
    PartyAgreementModel,
    StatementModel,
    agreement_models,
    statement_model,
)
from services.agenda.http.answers import AnsweredItemModel, AnswersBody, answered_items
from services.agenda.http.comparing import ComparisonModel, comparison_model
from services.agenda.http.fields import Banner, Body
from services.agenda.http.parts import Parts, permit_command, reader_of
from services.agenda.http.time_budgets import TimeBudgetModel, time_model
from services.agenda.statements import document_of
from services.agenda.usecases.agreeing import agree_agenda, statement_on_agenda
from services.agenda.usecases.answer_items import answer_items
from services.agenda.usecases.budgeting import time_of_agenda
from services.agenda.usecases.export_agreement import export_agreement
from services.agenda.usecases.lateness import AgendaView
from services.agenda.usecases.read_agendas import compare_agendas, list_agendas, read_agenda
from services.agenda.usecases.table_agenda import table_agenda
from services.chassis.http.requests import Encoded, ExpectedVersion, RehearsableMutation, etag
from services.chassis.identity import Principal
from services.kernel.policy import Policy

router = APIRouter(prefix="/v1", tags=["agendas"])

Tabler = Annotated[Principal, Depends(permit_command(Command.TABLE_AGENDA))]
Viewer = Annotated[Principal, Depends(permit_command(Command.READ_AGENDA))]
Answerer = Annotated[Principal, Depends(permit_command(Command.ANSWER_ITEMS))]
Chair = Annotated[Principal, Depends(permit_command(Command.AGREE_AGENDA))]


class TableBody(Body):
    marking: Banner


class StaleReferenceModel(BaseModel):
    item_id: UUID
    assessment_id: UUID
    state: str
    what_to_do: str


class AgendaModel(BaseModel):
    """`document` is the tabled version in proto JSON; `content_hash` is over its canonical form.

    `items` has what each party said of each, and who has still to accept it.
    """

    id: UUID
    meeting_id: UUID
    version: int
    state: str
    content_hash: str
    document: dict[str, Any]
    items: list[AnsweredItemModel]
    agreements: list[PartyAgreementModel]
    stale_references: list[StaleReferenceModel]
    time: TimeBudgetModel
    etag: str


class AgendasModel(BaseModel):
    agendas: list[AgendaModel]


def agenda_model(view: AgendaView, policy: Policy) -> AgendaModel:
    agenda = view.agenda
    return AgendaModel(
        id=agenda.id,
        meeting_id=agenda.meeting_id,
        version=agenda.version,
        state=agenda.state.value,
        content_hash=agenda.content_hash,
        document=document_of(agenda.payload),
        items=answered_items(view, policy.get_series(agenda.series).parties),
        agreements=agreement_models(policy.get_series(agenda.series).quorum, agenda.agreed),
        stale_references=[
            StaleReferenceModel(
                item_id=held.item_id,
                assessment_id=held.assessment_id,
                state=held.state.value,
                what_to_do=what_to_do(held.state),
            )
            for held in agenda.references
            if held.state is not ReferenceState.CURRENT
        ],
        time=time_model(time_of_agenda(agenda)),
        etag=etag(agenda.aggregate_version),
    )


def _encoded(view: AgendaView, policy: Policy, status: int = 200) -> Encoded:
    location = f"/v1/agendas/{view.agenda.id}" if status == 201 else ""
    return Encoded(
        agenda_model(view, policy),
        status=status,
        version=view.agenda.aggregate_version,
        location=location,
    )


@router.post("/drafts/{draft_id}/table", status_code=201, responses={201: {"model": AgendaModel}})
async def table(
    principal: Tabler,
    draft_id: UUID,
    body: TableBody,
    expected: ExpectedVersion,
    mutation: RehearsableMutation,
    parts: Parts,
) -> Response:
    reader = reader_of(principal)
    return await mutation.run(
        lambda once: table_agenda(once, reader, draft_id, body.marking, expected, tabling=parts.tabling()),
        lambda view: _encoded(view, parts.policy, 201),
    )


@router.get("/meetings/{meeting_id}/agendas")
async def of_meeting(principal: Viewer, meeting_id: UUID, parts: Parts) -> AgendasModel:
    found = await list_agendas(parts.database, reader_of(principal), meeting_id, policy=parts.policy)
    return AgendasModel(agendas=[agenda_model(view, parts.policy) for view in found])


@router.get("/agendas/{agenda_id}", responses={200: {"model": AgendaModel}})
async def read(principal: Viewer, agenda_id: UUID, parts: Parts) -> Response:
    found = await read_agenda(parts.database, reader_of(principal), agenda_id, policy=parts.policy)
    return _encoded(found, parts.policy).response()


@router.get("/agendas/{agenda_id}/difference")
async def difference(
    principal: Viewer, agenda_id: UUID, earlier: Annotated[UUID, Query(alias="from")], parts: Parts
) -> ComparisonModel:
    """What this version changes of an earlier one, or of any other of its meeting."""
    return comparison_model(
        await compare_agendas(parts.database, reader_of(principal), agenda_id, earlier, policy=parts.policy)
    )


@router.post("/agendas/{agenda_id}/answers", responses={200: {"model": AgendaModel}})
async def answer(
    principal: Answerer,
    agenda_id: UUID,
    body: AnswersBody,
    expected: ExpectedVersion,
    mutation: RehearsableMutation,
    parts: Parts,
) -> Response:
    reader = reader_of(principal)
    return await mutation.run(
        lambda once: answer_items(
            once,
            reader,
            agenda_id,
            body.texts(),
            body.marking,
            expected,
            policy=parts.policy,
            clock=parts.clock,
        ),
        lambda view: _encoded(view, parts.policy),
    )


@router.get("/agendas/{agenda_id}/agreement")
async def statement(principal: Chair, agenda_id: UUID, parts: Parts) -> StatementModel:
    return statement_model(
        await statement_on_agenda(parts.database, reader_of(principal), agenda_id, policy=parts.policy)
    )


@router.get(
    "/agendas/{agenda_id}/agreement-file",
    responses={200: {"content": {"application/json": {"schema": {"type": "object"}}}}},
)
async def agreement_file(principal: Viewer, agenda_id: UUID, parts: Parts) -> Response:
    """Agenda, statements, signatures and public keys, to be kept byte for byte: `entente verify agenda`."""
    content = await export_agreement(
        parts.database, reader_of(principal), agenda_id, policy=parts.policy, keys=parts.keys
    )
    name = f'attachment; filename="agenda-{agenda_id}.json"'
    return Response(content, headers={"Content-Disposition": name}, media_type="application/json")


@router.post("/agendas/{agenda_id}/agreements", responses={200: {"model": AgendaModel}})
async def agree(
    principal: Chair,
    agenda_id: UUID,
    body: AgreementBody,
    mutation: RehearsableMutation,
    parts: Parts,
) -> Response:
    reader = reader_of(principal)
    return await mutation.run(
        lambda once: agree_agenda(
            once, reader, agenda_id, body.content_hash, body.jws, agreeing=parts.agreeing()
        ),
        lambda view: _encoded(view, parts.policy),
    )
