"""Routes of a party's planning of its draft, and of the agenda that follows from it."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from pydantic import AwareDatetime, BaseModel, Field, StrictBool, StrictInt

from services.agenda.domain.assembly.planning import (
    PlannedBreak,
    PlannedItem,
    Planning,
    Stretched,
)
from services.agenda.domain.permissions import Command
from services.agenda.domain.ranking.run import RankingRun
from services.agenda.domain.wording import (
    LEAST_PLANNED,
    LONGEST_GAP,
    MOST_BREAKS,
    MOST_COVERED,
    MOST_ITEMS,
    MOST_LEADING,
    MOST_LISTED,
    MOST_ORDERS,
    MOST_PLANNED,
    MOST_WORTH,
)
from services.agenda.http.fields import Body, Code, Line, OptionalCode
from services.agenda.http.parts import Parts, permit_command, reader_of
from services.agenda.http.time_budgets import TimeBudgetModel, time_model
from services.agenda.usecases.assemble_agenda import (
    PlanningView,
    Proposal,
    plan_draft,
    read_planning,
    solve_draft,
)
from services.agenda.usecases.rank_draft import rank_draft
from services.chassis.http.requests import Encoded, ExpectedVersion, RehearsableMutation
from services.chassis.identity import Principal

router = APIRouter(prefix="/v1/drafts", tags=["planning"])

Viewer = Annotated[Principal, Depends(permit_command(Command.READ_DRAFT))]
Editor = Annotated[Principal, Depends(permit_command(Command.EDIT_DRAFT))]
Ranker = Annotated[Principal, Depends(permit_command(Command.READ_RANKING))]
Minutes = Annotated[StrictInt, Field(ge=LEAST_PLANNED, le=MOST_PLANNED)]
Worth = Annotated[StrictInt, Field(ge=0, le=MOST_WORTH)]


class TimeBody(Body):
    id: Line
    starts_at: AwareDatetime
    ends_at: AwareDatetime

    def stretched(self) -> Stretched:
        return Stretched(self.id, self.starts_at, self.ends_at)


class MovableBody(Body):
    id: Line
    minutes: Minutes
    earliest: AwareDatetime
    latest: AwareDatetime


class PresenceBody(Body):
    starts_at: AwareDatetime
    ends_at: AwareDatetime


class OrderBody(Body):
    before: UUID
    after: UUID


class PlannedItemBody(Body):
    item_id: UUID
    least: Minutes | None = None
    most: Minutes | None = None
    optional: StrictBool = False
    worth: Worth | None = None
    section: OptionalCode = ""
    first: StrictBool = False
    last: StrictBool = False
    present: Annotated[list[PresenceBody], Field(default_factory=list, max_length=MOST_LISTED)]
    position: StrictInt | None = None
    starts_at: AwareDatetime | None = None
    window: Line | None = None
    minutes: Minutes | None = None
    excluded: StrictBool = False

    def planned(self) -> PlannedItem:
        return PlannedItem(
            item=self.item_id,
            least=self.least,
            most=self.most,
            optional=self.optional,
            worth=self.worth,
            section=self.section,
            first=self.first,
            last=self.last,
            present=tuple((entry.starts_at, entry.ends_at) for entry in self.present),
            position=self.position,
            starts_at=self.starts_at,
            window=self.window,
            minutes=self.minutes,
            excluded=self.excluded,
        )


class PlanningBody(Body):
    windows: Annotated[list[TimeBody], Field(default_factory=list, max_length=MOST_LISTED)]
    breaks: Annotated[list[TimeBody], Field(default_factory=list, max_length=MOST_BREAKS)]
    movable_breaks: Annotated[list[MovableBody], Field(default_factory=list, max_length=MOST_LISTED)]
    sections: Annotated[list[Code], Field(default_factory=list, max_length=MOST_LISTED)]
    orders: Annotated[list[OrderBody], Field(default_factory=list, max_length=MOST_ORDERS)]
    lead_minutes: Minutes | None = None
    lead_count: Annotated[StrictInt, Field(ge=0, le=MOST_LEADING)] | None = None
    commitments: Annotated[list[Code], Field(default_factory=list, max_length=MOST_COVERED)]
    gap: Annotated[StrictInt, Field(ge=0, le=LONGEST_GAP)] = 0
    items: Annotated[list[PlannedItemBody], Field(default_factory=list, max_length=MOST_ITEMS)]

    def planning(self) -> Planning:
        return Planning(
            version=0,
            windows=tuple(entry.stretched() for entry in self.windows),
            breaks=tuple(entry.stretched() for entry in self.breaks),
            movable_breaks=tuple(
                PlannedBreak(entry.id, entry.minutes, entry.earliest, entry.latest)
                for entry in self.movable_breaks
            ),
            sections=tuple(self.sections),
            orders=tuple((entry.before, entry.after) for entry in self.orders),
            lead_minutes=self.lead_minutes,
            lead_count=self.lead_count,
            commitments=tuple(self.commitments),
            gap=self.gap,
            items=tuple(entry.planned() for entry in self.items),
        )


class TimeModel(BaseModel):
    id: str
    starts_at: datetime
    ends_at: datetime


class MovableModel(BaseModel):
    id: str
    minutes: int
    earliest: datetime
    latest: datetime


class PresenceModel(BaseModel):
    starts_at: datetime
    ends_at: datetime


class OrderModel(BaseModel):
    before: UUID
    after: UUID


class PlannedItemModel(BaseModel):
    item_id: UUID
    least: int | None
    most: int | None
    optional: bool
    worth: int | None
    section: str
    first: bool
    last: bool
    present: list[PresenceModel]
    position: int | None
    starts_at: datetime | None
    window: str | None
    minutes: int | None
    excluded: bool


class ParkedModel(BaseModel):
    item_id: UUID
    title: str


class RankingRunModel(BaseModel):
    """What a ranking of the draft was made from; `number` counts the runs of the draft."""

    number: int
    as_of: date
    weights_version: str
    picture_as_of: str
    complete: bool
    ranked_at: datetime


class PlanningModel(BaseModel):
    """`ranking_run` gives the worth of items of which none is planned."""

    version: int
    windows: list[TimeModel]
    breaks: list[TimeModel]
    movable_breaks: list[MovableModel]
    sections: list[str]
    orders: list[OrderModel]
    lead_minutes: int | None
    lead_count: int | None
    commitments: list[str]
    gap: int
    items: list[PlannedItemModel]
    parked: list[ParkedModel]
    ranking_run: RankingRunModel | None


class SolveBody(Body):
    """`validate_only` leaves the draft as it is."""

    validate_only: StrictBool = False


class TimedModel(BaseModel):
    item_id: UUID
    position: int
    starts_at: datetime
    minutes: int


class ProposalModel(BaseModel):
    feasible: bool
    applied: bool
    draft_version: int
    items: list[TimedModel]
    left_out: list[UUID]
    value: int
    gap: float
    conflict: list[str]
    ranking_run: int
    time: TimeBudgetModel | None


def _times(entries: tuple[Stretched, ...]) -> list[TimeModel]:
    return [TimeModel(id=entry.id, starts_at=entry.starts_at, ends_at=entry.ends_at) for entry in entries]


def _item(entry: PlannedItem) -> PlannedItemModel:
    return PlannedItemModel(
        item_id=entry.item,
        least=entry.least,
        most=entry.most,
        optional=entry.optional,
        worth=entry.worth,
        section=entry.section,
        first=entry.first,
        last=entry.last,
        present=[PresenceModel(starts_at=start, ends_at=end) for start, end in entry.present],
        position=entry.position,
        starts_at=entry.starts_at,
        window=entry.window,
        minutes=entry.minutes,
        excluded=entry.excluded,
    )


def _run(run: RankingRun) -> RankingRunModel:
    return RankingRunModel(
        number=run.number,
        as_of=run.as_of,
        weights_version=run.weights_version,
        picture_as_of=run.picture_as_of,
        complete=run.complete,
        ranked_at=run.ranked_at,
    )


def _encoded(view: PlanningView) -> Encoded:
    planning = view.planning
    model = PlanningModel(
        version=planning.version,
        windows=_times(planning.windows),
        breaks=_times(planning.breaks),
        movable_breaks=[
            MovableModel(id=entry.id, minutes=entry.minutes, earliest=entry.earliest, latest=entry.latest)
            for entry in planning.movable_breaks
        ],
        sections=list(planning.sections),
        orders=[OrderModel(before=one, after=other) for one, other in planning.orders],
        lead_minutes=planning.lead_minutes,
        lead_count=planning.lead_count,
        commitments=list(planning.commitments),
        gap=planning.gap,
        items=[_item(entry) for entry in planning.items],
        parked=[ParkedModel(item_id=item.id, title=item.content.title) for item in view.parked],
        ranking_run=None if view.run is None else _run(view.run),
    )
    return Encoded(model, version=planning.version)


def _proposed(proposal: Proposal) -> Encoded:
    model = ProposalModel(
        feasible=not proposal.conflict,
        applied=proposal.applied,
        draft_version=proposal.draft_version,
        items=[
            TimedModel(
                item_id=entry.item,
                position=entry.position,
                starts_at=entry.starts_at,
                minutes=entry.minutes,
            )
            for entry in proposal.items
        ],
        left_out=list(proposal.left_out),
        value=proposal.value,
        gap=proposal.gap,
        conflict=list(proposal.conflict),
        ranking_run=proposal.ranking_run,
        time=None if proposal.time is None else time_model(proposal.time),
    )
    return Encoded(model, version=proposal.draft_version)


@router.get("/{draft_id}/planning", responses={200: {"model": PlanningModel}})
async def read(principal: Viewer, draft_id: UUID, parts: Parts) -> Response:
    found = await read_planning(parts.database, reader_of(principal), draft_id, policy=parts.policy)
    return _encoded(found).response()


@router.put("/{draft_id}/planning", responses={200: {"model": PlanningModel}})
async def plan(
    principal: Editor,
    draft_id: UUID,
    body: PlanningBody,
    expected: ExpectedVersion,
    mutation: RehearsableMutation,
    parts: Parts,
) -> Response:
    reader = reader_of(principal)
    return await mutation.run(
        lambda once: plan_draft(
            once, reader, draft_id, body.planning(), expected, assembling=parts.assembling()
        ),
        _encoded,
    )


@router.post("/{draft_id}/planning/ranking", status_code=201, responses={201: {"model": RankingRunModel}})
async def ranked(principal: Ranker, draft_id: UUID, mutation: RehearsableMutation, parts: Parts) -> Response:
    """The caller's party's own ranking as it is now, kept: items have their worth from it."""
    reader = reader_of(principal)
    return await mutation.run(
        lambda once: rank_draft(once, reader, draft_id, parts=parts.ranking()),
        lambda run: Encoded(_run(run), status=201),
    )


@router.post("/{draft_id}/assembly", responses={200: {"model": ProposalModel}})
async def solve(
    principal: Editor,
    draft_id: UUID,
    body: SolveBody,
    expected: ExpectedVersion,
    mutation: RehearsableMutation,
    parts: Parts,
) -> Response:
    reader = reader_of(principal)
    return await mutation.run(
        lambda once: solve_draft(
            once,
            reader,
            draft_id,
            expected,
            validate_only=body.validate_only,
            assembling=parts.assembling(),
        ),
        _proposed,
    )
