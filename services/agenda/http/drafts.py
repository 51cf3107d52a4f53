"""Routes of a party's own drafts."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from pydantic import BaseModel, Field, StrictInt

from services.agenda.domain.items import DraftItem, ItemContent
from services.agenda.domain.permissions import Command
from services.agenda.domain.references import Reference
from services.agenda.domain.wording import LAST_REVISION, MOST_LISTED, MOST_MINUTES
from services.agenda.http.fields import Banner, Body, Code, Line, OptionalCode, SizeQuery, TokenQuery
from services.agenda.http.lateness import MissedDeadlineModel, missed_model
from services.agenda.http.parts import Parts, permit_command, reader_of
from services.agenda.http.time_budgets import TimeBudgetModel, time_model
from services.agenda.usecases.drafting import (
    DraftView,
    add_item,
    page_of_drafts,
    read_draft,
    rewrite_item,
    start,
    take_in_returning,
    take_over,
)
from services.agenda.usecases.remove_item import remove_item
from services.chassis.http.requests import Encoded, ExpectedVersion, RehearsableMutation
from services.chassis.identity import Principal
from services.kernel.release_terms import Mode, Rendition
from services.kernel.series import ItemKind, ItemPurpose

router = APIRouter(prefix="/v1", tags=["drafts"])

Starter = Annotated[Principal, Depends(permit_command(Command.START_DRAFT))]
Viewer = Annotated[Principal, Depends(permit_command(Command.READ_DRAFT))]
Editor = Annotated[Principal, Depends(permit_command(Command.EDIT_DRAFT))]


class StartBody(Body):
    """Nothing is asked for: a draft comes from its series' template."""


class TakeOverBody(Body):
    agenda_id: UUID


class ReferenceBody(Body):
    assessment_id: UUID
    revision: Annotated[StrictInt, Field(ge=1, le=LAST_REVISION)]
    rendition: Rendition
    mode: Mode


class ItemBody(Body):
    title: Line
    kind: ItemKind
    purpose: ItemPurpose
    minutes: Annotated[StrictInt, Field(ge=1, le=MOST_MINUTES)]
    commitments: Annotated[list[Code], Field(default_factory=list, max_length=MOST_LISTED)]
    theme: OptionalCode = ""
    leads: Annotated[dict[Code, Code], Field(default_factory=dict, max_length=MOST_LISTED)]
    position: StrictInt | None = None
    marking: Banner
    references: Annotated[list[ReferenceBody], Field(default_factory=list, max_length=MOST_LISTED)]

    def content(self) -> ItemContent:
        return ItemContent(
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


class ReferenceModel(BaseModel):
    assessment_id: UUID
    revision: int
    rendition: str
    mode: str
    state: str


class ItemForwardModel(BaseModel):
    """A proposal that was made of the item, and the meeting that it is for."""

    proposal_id: UUID
    series: str
    meeting_id: UUID


class ItemModel(BaseModel):
    """`missed_deadline` is that of an item that came late; null for the lines that every draft has.
    `forwarded` is for those who may read the proposals of the other body.
    """

    id: UUID
    position: int
    title: str
    kind: str
    purpose: str
    minutes: int
    leads: dict[str, str]
    commitments: list[str]
    theme: str
    references: list[ReferenceModel]
    action_ids: list[UUID]
    marking: str
    proposal_id: UUID | None = None
    missed_deadline: MissedDeadlineModel | None
    forwarded: list[ItemForwardModel]


class DraftModel(BaseModel):
    id: UUID
    meeting_id: UUID
    party: str
    version: int
    items: list[ItemModel]
    time: TimeBudgetModel


class DraftsModel(BaseModel):
    """The own party's, which has at most one for a meeting."""

    drafts: list[DraftModel]
    next_page_token: str


def _item(item: DraftItem, position: int, view: DraftView) -> ItemModel:
    content = item.content
    return ItemModel(
        id=item.id,
        position=position,
        title=content.title,
        kind=content.kind.value,
        purpose=content.purpose.value,
        minutes=content.minutes,
        leads=dict(content.leads),
        commitments=list(content.commitments),
        theme=content.theme,
        references=[
            ReferenceModel(
                assessment_id=reference.assessment_id,
                revision=reference.revision,
                rendition=reference.rendition.value,
                mode=reference.mode.value,
                state=view.states[reference].value,
            )
            for reference in content.references
        ],
        action_ids=list(item.action_ids),
        marking=content.marking,
        proposal_id=view.proposals.get(item.id),
        missed_deadline=missed_model(view.late.get(item.id)),
        forwarded=[
            ItemForwardModel(proposal_id=one.proposal_id, series=one.series, meeting_id=one.meeting_id)
            for one in view.forwarded.get(item.id, ())
        ],
    )


def draft_model(view: DraftView) -> DraftModel:
    draft = view.draft
    return DraftModel(
        id=draft.id,
        meeting_id=draft.meeting_id,
        party=draft.party,
        version=draft.version,
        items=[_item(item, position, view) for position, item in enumerate(draft.items, start=1)],
        time=time_model(view.time),
    )


def _encoded(view: DraftView, status: int = 200) -> Encoded:
    location = f"/v1/drafts/{view.draft.id}" if status == 201 else ""
    return Encoded(draft_model(view), status=status, version=view.draft.version, location=location)


def _created(view: DraftView) -> Encoded:
    return _encoded(view, 201)


@router.post("/meetings/{meeting_id}/drafts", status_code=201, responses={201: {"model": DraftModel}})
async def create(
    principal: Starter,
    meeting_id: UUID,
    _: StartBody,
    mutation: RehearsableMutation,
    parts: Parts,
) -> Response:
    reader = reader_of(principal)
    return await mutation.run(
        lambda once: start(once, reader, meeting_id, drafting=parts.drafting()), _created
    )


@router.get("/meetings/{meeting_id}/drafts")
async def of_meeting(
    principal: Viewer,
    meeting_id: UUID,
    parts: Parts,
    page_size: SizeQuery = 50,
    page_token: TokenQuery = "",
) -> DraftsModel:
    found, following = await page_of_drafts(
        parts.database,
        reader_of(principal),
        meeting_id,
        page_size=page_size,
        page_token=page_token,
        policy=parts.policy,
    )
    return DraftsModel(drafts=[draft_model(view) for view in found], next_page_token=following)


@router.get("/drafts/{draft_id}", responses={200: {"model": DraftModel}})
async def read(principal: Viewer, draft_id: UUID, parts: Parts) -> Response:
    found = await read_draft(parts.database, reader_of(principal), draft_id, policy=parts.policy)
    return _encoded(found).response()


@router.post("/drafts/{draft_id}/take-over", responses={200: {"model": DraftModel}})
async def take(
    principal: Editor,
    draft_id: UUID,
    body: TakeOverBody,
    expected: ExpectedVersion,
    mutation: RehearsableMutation,
    parts: Parts,
) -> Response:
    """Puts what lies on the table into the own draft, where it can be changed and tabled again."""
    reader = reader_of(principal)
    return await mutation.run(
        lambda once: take_over(once, reader, draft_id, body.agenda_id, expected, drafting=parts.drafting()),
        _encoded,
    )


@router.post("/drafts/{draft_id}/items", status_code=201, responses={201: {"model": DraftModel}})
async def add(
    principal: Editor,
    draft_id: UUID,
    body: ItemBody,
    expected: ExpectedVersion,
    mutation: RehearsableMutation,
    parts: Parts,
) -> Response:
    reader = reader_of(principal)
    return await mutation.run(
        lambda once: add_item(
            once,
            reader,
            draft_id,
            body.content(),
            body.position,
            expected,
            database=parts.database,
            drafting=parts.drafting(),
        ),
        _created,
    )


@router.put("/drafts/{draft_id}/items/{item_id}", responses={200: {"model": DraftModel}})
async def rewrite(
    principal: Editor,
    draft_id: UUID,
    item_id: UUID,
    body: ItemBody,
    expected: ExpectedVersion,
    mutation: RehearsableMutation,
    parts: Parts,
) -> Response:
    reader = reader_of(principal)
    return await mutation.run(
        lambda once: rewrite_item(
            once,
            reader,
            draft_id,
            item_id,
            body.content(),
            body.position,
            expected,
            database=parts.database,
            drafting=parts.drafting(),
        ),
        _encoded,
    )


@router.delete("/drafts/{draft_id}/items/{item_id}", responses={200: {"model": DraftModel}})
async def remove(
    principal: Editor,
    draft_id: UUID,
    item_id: UUID,
    expected: ExpectedVersion,
    mutation: RehearsableMutation,
    parts: Parts,
) -> Response:
    reader = reader_of(principal)
    return await mutation.run(
        lambda once: remove_item(once, reader, draft_id, item_id, expected, drafting=parts.drafting()),
        _encoded,
    )


class TakeInBody(Body):
    """Nothing is asked for: what comes back follows from the outcomes of earlier editions."""


@router.post("/drafts/{draft_id}/carry-over", responses={200: {"model": DraftModel}})
async def take_in(
    principal: Editor,
    draft_id: UUID,
    _: TakeInBody,
    expected: ExpectedVersion,
    mutation: RehearsableMutation,
    parts: Parts,
) -> Response:
    reader = reader_of(principal)
    return await mutation.run(
        lambda once: take_in_returning(once, reader, draft_id, expected, drafting=parts.drafting()),
        _encoded,
    )
