"""Routes of outcomes and of the agreements to them."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from pydantic import BaseModel, Field, StrictBool

from services.agenda.domain.outcome import ActionText, Outcome, Owner
from services.agenda.domain.permissions import Command
from services.agenda.http.agreements import (
    AgreementBody,
    PartyAgreementModel,
    StatementModel,
    agreement_models,
    statement_model,
)
from services.agenda.http.fields import Banner, Body, Code, OptionalCode, OptionalProse, Prose
from services.agenda.http.parts import Parts, permit_command, reader_of
from services.agenda.statements import document_of
from services.agenda.usecases.agreeing import agree_outcome, statement_on_outcome
from services.agenda.usecases.record_outcome import OutcomeText, read_outcome, record_outcome
from services.chassis.http.requests import Encoded, MutationDependency
from services.chassis.identity import Principal
from services.kernel.policy import Policy

router = APIRouter(prefix="/v1", tags=["outcomes"])

Proposer = Annotated[Principal, Depends(permit_command(Command.PROPOSE_OUTCOME))]
Viewer = Annotated[Principal, Depends(permit_command(Command.READ_OUTCOME))]
Chair = Annotated[Principal, Depends(permit_command(Command.AGREE_OUTCOME))]


class OwnerBody(Body):
    party: Code
    organisation: Code
    accountable: StrictBool


class ActionBody(Body):
    text: Prose
    guidance: OptionalProse = ""
    owners: Annotated[list[OwnerBody], Field(min_length=1, max_length=20)]
    due_date: date
    commitment: OptionalCode = ""

    def content(self) -> ActionText:
        return ActionText(
            text=self.text,
            guidance=self.guidance,
            owners=tuple(Owner(owner.party, owner.organisation, owner.accountable) for owner in self.owners),
            due_date=self.due_date,
            commitment=self.commitment,
        )


class OutcomeBody(Body):
    item_id: UUID
    conclusion: Prose
    marking: Banner
    action: ActionBody | None = None

    def text(self) -> OutcomeText:
        action = self.action.content() if self.action is not None else None
        return OutcomeText(self.item_id, self.conclusion, self.marking, action)


class ActionModel(BaseModel):
    id: UUID
    reference: str
    text: str
    guidance: str
    owners: list[OwnerBody]
    due_date: date
    commitment: str


class OutcomeModel(BaseModel):
    """`document` is the outcome in proto JSON; `content_hash` is over its canonical form."""

    id: UUID
    meeting_id: UUID
    item_id: UUID
    version: int
    conclusion: str
    action: ActionModel | None
    content_hash: str
    document: dict[str, Any]
    state: str
    agreements: list[PartyAgreementModel]


def _action(document: dict[str, Any]) -> ActionModel | None:
    action = document.get("action")
    if action is None:
        return None
    return ActionModel(
        id=UUID(action["actionId"]),
        reference=action["reference"],
        text=action["text"],
        guidance=action.get("guidance", ""),
        owners=[OwnerBody(**{"accountable": False, **owner}) for owner in action["owners"]],
        due_date=date.fromisoformat(action["dueDate"]),
        commitment=action.get("commitment", ""),
    )


def _encoded(outcome: Outcome, policy: Policy, status: int = 200) -> Encoded:
    document = document_of(outcome.payload)
    model = OutcomeModel(
        id=outcome.id,
        meeting_id=outcome.meeting_id,
        item_id=outcome.item_id,
        version=outcome.version,
        conclusion=outcome.conclusion,
        action=_action(document),
        content_hash=outcome.content_hash,
        document=document,
        state=outcome.state.value,
        agreements=agreement_models(policy.get_series(outcome.series).quorum, outcome.agreed),
    )
    location = f"/v1/outcomes/{outcome.id}" if status == 201 else ""
    return Encoded(model, status=status, version=outcome.aggregate_version, location=location)


@router.post("/meetings/{meeting_id}/outcomes", status_code=201, responses={201: {"model": OutcomeModel}})
async def record(
    principal: Proposer,
    meeting_id: UUID,
    body: OutcomeBody,
    mutation: MutationDependency,
    parts: Parts,
) -> Response:
    reader = reader_of(principal)
    return await mutation.run(
        lambda once: record_outcome(
            once,
            reader,
            meeting_id,
            body.text(),
            policy=parts.policy,
            clock=parts.clock,
            ids=parts.ids,
        ),
        lambda outcome: _encoded(outcome, parts.policy, 201),
    )


@router.get("/outcomes/{outcome_id}", responses={200: {"model": OutcomeModel}})
async def read(principal: Viewer, outcome_id: UUID, parts: Parts) -> Response:
    found = await read_outcome(parts.database, reader_of(principal), outcome_id, policy=parts.policy)
    return _encoded(found, parts.policy).response()


@router.get("/outcomes/{outcome_id}/agreement")
async def statement(principal: Chair, outcome_id: UUID, parts: Parts) -> StatementModel:
    return statement_model(
        await statement_on_outcome(parts.database, reader_of(principal), outcome_id, policy=parts.policy)
    )


@router.post("/outcomes/{outcome_id}/agreements", responses={200: {"model": OutcomeModel}})
async def agree(
    principal: Chair,
    outcome_id: UUID,
    body: AgreementBody,
    mutation: MutationDependency,
    parts: Parts,
) -> Response:
    reader = reader_of(principal)
    return await mutation.run(
        lambda once: agree_outcome(
            once, reader, outcome_id, body.content_hash, body.jws, agreeing=parts.agreeing()
        ),
        lambda outcome: _encoded(outcome, parts.policy),
    )
