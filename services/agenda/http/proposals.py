"""Routes of a party's own proposals."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response
from pydantic import BaseModel, Field, StrictInt

from services.agenda.domain.items import ItemContent
from services.agenda.domain.permissions import Command
from services.agenda.domain.proposal import ProposalState, ProposalText
from services.agenda.domain.references import Reference
from services.agenda.domain.wording import FIRST_EDITION, LAST_EDITION, MOST_LISTED, MOST_MINUTES
from services.agenda.http.drafts import ReferenceBody
from services.agenda.http.fields import (
    Banner,
    Body,
    Code,
    Line,
    OptionalCode,
    OptionalProse,
    SeriesQuery,
    SizeQuery,
    TokenQuery,
)
from services.agenda.http.lateness import MissedDeadlineModel, missed_model
from services.agenda.http.origins import OriginModel, origin_model
from services.agenda.http.parts import Parts, permit_command, reader_of
from services.agenda.usecases.forward_proposal import Destination, forward_proposal
from services.agenda.usecases.paging import read_instant_token, write_token
from services.agenda.usecases.proposing import (
    ProposalView,
    list_proposals,
    park_proposal,
    propose,
    read_proposal,
    resume_proposal,
    rewrite_proposal,
    withdraw_proposal,
)
from services.agenda.usecases.take_proposal import take_proposal
from services.chassis.http.requests import Encoded, ExpectedVersion, RehearsableMutation
from services.chassis.identity import Principal
from services.kernel.series import ItemKind, ItemPurpose

router = APIRouter(prefix="/v1/proposals", tags=["proposals"])

Proposer = Annotated[Principal, Depends(permit_command(Command.PROPOSE))]
Viewer = Annotated[Principal, Depends(permit_command(Command.READ_PROPOSAL))]
Edition = Annotated[StrictInt, Field(ge=FIRST_EDITION, le=LAST_EDITION)]
Commitments = Annotated[list[Code], Field(default_factory=list, max_length=MOST_LISTED)]
Leads = Annotated[dict[Code, Code], Field(default_factory=dict, max_length=MOST_LISTED)]


class ProposalBody(Body):
    """`rationale` is for the own side only; without an edition it is for any."""

    title: Line
    kind: ItemKind
    purpose: ItemPurpose
    minutes: Annotated[StrictInt, Field(ge=1, le=MOST_MINUTES)]
    commitments: Commitments
    theme: OptionalCode = ""
    leads: Leads
    marking: Banner
    references: Annotated[list[ReferenceBody], Field(default_factory=list, max_length=MOST_LISTED)]
    rationale: OptionalProse = ""
    edition: Edition | None = None

    def text(self) -> ProposalText:
        content = ItemContent(
            title=self.title,
            kind=self.kind,
            purpose=self.purpose,
            minutes=self.minutes,
            leads=self.leads,
            commitments=tuple(self.commitments),
            theme=self.theme,
            marking=self.marking,
            references=tuple(
                Reference(entry.assessment_id, entry.revision, entry.rendition, entry.mode)
                for entry in self.references
            ),
        )
        return ProposalText(content, self.rationale, self.edition)


class NewProposalBody(ProposalBody):
    series: Code


class EmptyBody(Body):
    """Nothing is asked for."""


class TakeBody(Body):
    """`draft_version` is the version of the draft that the caller has seen."""

    draft_id: UUID
    draft_version: Annotated[StrictInt, Field(ge=1)]
    position: StrictInt | None = None


class ForwardBody(Body):
    """Commitments, leads and rationale are those of the other series."""

    series: Code
    edition: Edition | None = None
    commitments: Commitments
    leads: Leads
    rationale: OptionalProse = ""


class ProposalReferenceModel(BaseModel):
    assessment_id: UUID
    revision: int
    rendition: str
    mode: str


class ForwardModel(BaseModel):
    proposal_id: UUID
    series: str


class ProposalModel(BaseModel):
    """`meeting_id` is the working-level meeting that it is for, `origin` the item elsewhere that it was made
    of, for those who may read that. `late` says whether it came after `closes_on`, the last day for
    proposals; null where no meeting of its edition is planned.
    """

    id: UUID
    series: str
    party: str
    edition: int | None
    title: str
    kind: str
    purpose: str
    minutes: int
    commitments: list[str]
    theme: str
    leads: dict[str, str]
    marking: str
    references: list[ProposalReferenceModel]
    rationale: str
    state: str
    version: int
    proposed_by: str
    proposed_at: datetime
    closes_on: date | None
    late: bool | None
    missed_deadline: MissedDeadlineModel | None
    draft_id: UUID | None
    item_id: UUID | None
    forwarded: list[ForwardModel]
    meeting_id: UUID | None
    origin: OriginModel | None


class ProposalsModel(BaseModel):
    proposals: list[ProposalModel]
    next_page_token: str


def proposal_model(view: ProposalView) -> ProposalModel:
    proposal = view.proposal
    content = proposal.text.content
    return ProposalModel(
        id=proposal.id,
        series=proposal.series,
        party=proposal.party,
        edition=proposal.text.edition,
        title=content.title,
        kind=content.kind.value,
        purpose=content.purpose.value,
        minutes=content.minutes,
        commitments=list(content.commitments),
        theme=content.theme,
        leads=dict(content.leads),
        marking=content.marking,
        references=[
            ProposalReferenceModel(
                assessment_id=reference.assessment_id,
                revision=reference.revision,
                rendition=reference.rendition.value,
                mode=reference.mode.value,
            )
            for reference in content.references
        ],
        rationale=proposal.text.rationale,
        state=proposal.state.value,
        version=proposal.version,
        proposed_by=proposal.proposed_by,
        proposed_at=proposal.proposed_at,
        closes_on=view.closes,
        late=view.late,
        missed_deadline=missed_model(view.missed),
        draft_id=proposal.draft_id,
        item_id=proposal.item_id,
        forwarded=[ForwardModel(proposal_id=one, series=series) for one, series in view.forwarded],
        meeting_id=proposal.meeting_id,
        origin=None if view.origin is None else origin_model(view.origin),
    )


def encoded_proposal(view: ProposalView, status: int = 200) -> Encoded:
    location = f"/v1/proposals/{view.proposal.id}" if status == 201 else ""
    return Encoded(proposal_model(view), status=status, version=view.proposal.version, location=location)


def _created(view: ProposalView) -> Encoded:
    return encoded_proposal(view, 201)


@router.post("", status_code=201, responses={201: {"model": ProposalModel}})
async def create(
    principal: Proposer, body: NewProposalBody, mutation: RehearsableMutation, parts: Parts
) -> Response:
    reader = reader_of(principal)
    return await mutation.run(
        lambda once: propose(once, reader, body.series, body.text(), proposing=parts.proposing()), _created
    )


@router.get("")
async def of_series(
    principal: Viewer,
    series: SeriesQuery,
    parts: Parts,
    state: Annotated[list[ProposalState] | None, Query(max_length=4)] = None,
    edition: Annotated[int | None, Query(ge=FIRST_EDITION, le=LAST_EDITION)] = None,
    page_size: SizeQuery = 50,
    page_token: TokenQuery = "",
) -> ProposalsModel:
    """The own party's, over all editions, or for one edition together with those for any."""
    reader = reader_of(principal)
    states = tuple(sorted(set(state or ())))
    question = (reader.party, series, states, edition)
    found, following = await list_proposals(
        parts.database,
        reader,
        series,
        states=states,
        edition=edition,
        after=read_instant_token(page_token, *question),
        size=page_size,
        policy=parts.policy,
    )
    return ProposalsModel(
        proposals=[proposal_model(view) for view in found],
        next_page_token=write_token(following, *question),
    )


@router.get("/{proposal_id}", responses={200: {"model": ProposalModel}})
async def read(principal: Viewer, proposal_id: UUID, parts: Parts) -> Response:
    found = await read_proposal(parts.database, reader_of(principal), proposal_id, policy=parts.policy)
    return encoded_proposal(found).response()


@router.put("/{proposal_id}", responses={200: {"model": ProposalModel}})
async def rewrite(
    principal: Proposer,
    proposal_id: UUID,
    body: ProposalBody,
    expected: ExpectedVersion,
    mutation: RehearsableMutation,
    parts: Parts,
) -> Response:
    reader, proposing = reader_of(principal), parts.proposing()
    return await mutation.run(
        lambda once: rewrite_proposal(once, reader, proposal_id, body.text(), expected, proposing=proposing),
        encoded_proposal,
    )


@router.post("/{proposal_id}/park", responses={200: {"model": ProposalModel}})
async def park(
    principal: Proposer,
    proposal_id: UUID,
    _: EmptyBody,
    expected: ExpectedVersion,
    mutation: RehearsableMutation,
    parts: Parts,
) -> Response:
    reader, proposing = reader_of(principal), parts.proposing()
    return await mutation.run(
        lambda once: park_proposal(once, reader, proposal_id, expected, proposing=proposing),
        encoded_proposal,
    )


@router.post("/{proposal_id}/resume", responses={200: {"model": ProposalModel}})
async def resume(
    principal: Proposer,
    proposal_id: UUID,
    _: EmptyBody,
    expected: ExpectedVersion,
    mutation: RehearsableMutation,
    parts: Parts,
) -> Response:
    reader, proposing = reader_of(principal), parts.proposing()
    return await mutation.run(
        lambda once: resume_proposal(once, reader, proposal_id, expected, proposing=proposing),
        encoded_proposal,
    )


@router.post("/{proposal_id}/withdraw", responses={200: {"model": ProposalModel}})
async def withdraw(
    principal: Proposer,
    proposal_id: UUID,
    _: EmptyBody,
    expected: ExpectedVersion,
    mutation: RehearsableMutation,
    parts: Parts,
) -> Response:
    reader, proposing = reader_of(principal), parts.proposing()
    return await mutation.run(
        lambda once: withdraw_proposal(once, reader, proposal_id, expected, proposing=proposing),
        encoded_proposal,
    )


@router.post("/{proposal_id}/take", responses={200: {"model": ProposalModel}})
async def take(
    principal: Proposer,
    proposal_id: UUID,
    body: TakeBody,
    expected: ExpectedVersion,
    mutation: RehearsableMutation,
    parts: Parts,
) -> Response:
    """Makes an item of the own party's draft of it; both must be as the caller has seen them."""
    reader, proposing = reader_of(principal), parts.proposing()
    return await mutation.run(
        lambda once: take_proposal(
            once,
            reader,
            proposal_id,
            body.draft_id,
            body.position,
            expected,
            body.draft_version,
            proposing=proposing,
        ),
        encoded_proposal,
    )


@router.post("/{proposal_id}/forward", status_code=201, responses={201: {"model": ProposalModel}})
async def forward(
    principal: Proposer,
    proposal_id: UUID,
    body: ForwardBody,
    expected: ExpectedVersion,
    mutation: RehearsableMutation,
    parts: Parts,
) -> Response:
    """Proposes it in another series of the own party: title, kind, purpose, minutes, theme and marking."""
    reader, proposing = reader_of(principal), parts.proposing()
    destination = Destination(body.series, body.edition, tuple(body.commitments), body.leads, body.rationale)
    return await mutation.run(
        lambda once: forward_proposal(once, reader, proposal_id, destination, expected, proposing=proposing),
        _created,
    )
