"""Routes by which a party's items go to another body of its own."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from pydantic import Field

from services.agenda.domain.forwarding import Forwarding, OriginKind
from services.agenda.domain.permissions import Command
from services.agenda.domain.references import Reference
from services.agenda.http.drafts import ReferenceBody
from services.agenda.http.fields import Banner, Body, Code, Line, OptionalProse
from services.agenda.http.parts import Parts, permit_command, reader_of
from services.agenda.http.proposals import ProposalModel, encoded_proposal
from services.agenda.usecases.forward_item import ItemSource, forward_item
from services.chassis.http.requests import Mutation, RehearsableMutation
from services.chassis.identity import Principal

router = APIRouter(prefix="/v1", tags=["proposals"])

Proposer = Annotated[Principal, Depends(permit_command(Command.PROPOSE))]


class ForwardItemBody(Body):
    """What is left out is as it was; commitments and leads of another series have to be given. `references`
    may name the tear line instead of the whole, or no text at all. `rationale` is for the own side only.
    """

    meeting_id: UUID
    rationale: OptionalProse = ""
    title: Line | None = None
    marking: Banner | None = None
    commitments: Annotated[list[Code], Field(max_length=20)] | None = None
    leads: Annotated[dict[Code, Code], Field(max_length=20)] | None = None
    references: Annotated[list[ReferenceBody], Field(max_length=20)] | None = None

    def forwarding(self) -> Forwarding:
        return Forwarding(
            rationale=self.rationale,
            title=self.title,
            marking=self.marking,
            commitments=None if self.commitments is None else tuple(self.commitments),
            leads=self.leads,
            references=None
            if self.references is None
            else tuple(
                Reference(one.assessment_id, one.revision, one.rendition, one.mode) for one in self.references
            ),
        )


@router.post(
    "/drafts/{draft_id}/items/{item_id}/forward", status_code=201, responses={201: {"model": ProposalModel}}
)
async def forward_draft_item(
    principal: Proposer,
    draft_id: UUID,
    item_id: UUID,
    body: ForwardItemBody,
    mutation: RehearsableMutation,
    parts: Parts,
) -> Response:
    """Proposes an item of the own draft for another meeting; it stays in the draft."""
    source = ItemSource(OriginKind.DRAFT_ITEM, draft_id, item_id)
    return await _forward(principal, source, body, mutation, parts)


@router.post(
    "/agendas/{agenda_id}/items/{item_id}/forward",
    status_code=201,
    responses={201: {"model": ProposalModel}},
)
async def forward_agenda_item(
    principal: Proposer,
    agenda_id: UUID,
    item_id: UUID,
    body: ForwardItemBody,
    mutation: RehearsableMutation,
    parts: Parts,
) -> Response:
    """Proposes an item for another meeting that by an agreed outcome was deferred or not reached."""
    source = ItemSource(OriginKind.AGENDA_ITEM, agenda_id, item_id)
    return await _forward(principal, source, body, mutation, parts)


async def _forward(
    principal: Principal, source: ItemSource, body: ForwardItemBody, mutation: Mutation, parts: Parts
) -> Response:
    reader = reader_of(principal)
    return await mutation.run(
        lambda once: forward_item(
            once, reader, source, body.meeting_id, body.forwarding(), proposing=parts.proposing()
        ),
        lambda view: encoded_proposal(view, 201),
    )
