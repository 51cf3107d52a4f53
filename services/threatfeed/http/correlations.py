"""Which assessments overlap and because of what, and which ones people hold to be of one matter."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field

from services.chassis.http.requests import Encoded, MutationDependency, permit
from services.chassis.identity import Principal
from services.kernel.parties import Reader, Role
from services.threatfeed.domain.correlation import WEIGHTS_VERSION, Ground, Reason
from services.threatfeed.domain.links import Link
from services.threatfeed.domain.paging import page_size
from services.threatfeed.http.assessments import AssessmentView
from services.threatfeed.http.fields import Body, Code, Prose, SeriesQuery, SizeQuery
from services.threatfeed.usecases.find_overlaps import find_overlaps
from services.threatfeed.usecases.link_assessments import Pair, link_assessments, list_links, undo_link

Secretariat = Annotated[Principal, Depends(permit(Role.SECRETARIAT))]


class ReasonView(BaseModel):
    ground: Ground
    value: str
    weight: int

    @classmethod
    def of(cls, reason: Reason) -> "ReasonView":
        return cls(ground=reason.ground, value=reason.value, weight=reason.weight)


class OverlapView(BaseModel):
    assessment: AssessmentView
    weight: int
    reasons: list[ReasonView] = Field(description="Every fact that both state")


class OverlapsView(BaseModel):
    weights_version: str
    overlaps: list[OverlapView] = Field(description="The heaviest first")


class LinkView(BaseModel):
    """Two assessments that the audience holds to be of one matter."""

    id: UUID
    series: str
    party: str
    assessments: list[UUID]
    reason: str
    official: str
    linked_at: datetime
    shared: list[ReasonView] = Field(description="What the two shared when they were linked")
    weights_version: str

    @classmethod
    def of(cls, link: Link) -> "LinkView":
        return cls(
            id=link.link_id,
            series=link.audience.series,
            party=link.audience.party,
            assessments=[link.one, link.other],
            reason=link.reason,
            official=link.official,
            linked_at=link.linked_at,
            shared=[ReasonView.of(reason) for reason in link.shared],
            weights_version=link.weights_version,
        )


class LinksView(BaseModel):
    links: list[LinkView]


class LinkBody(Body):
    series: Code
    one: UUID
    other: UUID
    reason: Prose


class UndoBody(Body):
    reason: Prose


def routes() -> APIRouter:
    router = APIRouter(prefix="/v1", tags=["correlations"])

    @router.get("/assessments/{assessment_id}/overlaps")
    async def overlaps(
        request: Request, assessment_id: UUID, caller: Secretariat, series: SeriesQuery, size: SizeQuery = 0
    ) -> OverlapsView:
        state, reader = request.app.state, Reader.from_claims(caller.subject, caller.claims)
        found = await find_overlaps(
            state.database,
            reader,
            series,
            assessment_id,
            size=page_size(size),
            policy=state.policy,
            at=state.clock(),
        )
        return OverlapsView(
            weights_version=WEIGHTS_VERSION,
            overlaps=[
                OverlapView(
                    assessment=AssessmentView.of(one.rendered),
                    weight=one.weight,
                    reasons=[ReasonView.of(reason) for reason in one.reasons],
                )
                for one in found
            ],
        )

    @router.get("/assessments/{assessment_id}/links")
    async def links(
        request: Request, assessment_id: UUID, caller: Secretariat, series: SeriesQuery
    ) -> LinksView:
        state, reader = request.app.state, Reader.from_claims(caller.subject, caller.claims)
        found = await list_links(
            state.database, reader, series, assessment_id, policy=state.policy, at=state.clock()
        )
        return LinksView(links=[LinkView.of(link) for link in found])

    @router.post("/links", status_code=201, responses={201: {"model": LinkView}})
    async def link(
        request: Request, body: LinkBody, caller: Secretariat, mutation: MutationDependency
    ) -> Response:
        state, reader = request.app.state, Reader.from_claims(caller.subject, caller.claims)
        pair = Pair(body.one, body.other, body.reason)
        return await mutation.run(
            lambda once: link_assessments(
                once, reader, body.series, pair, policy=state.policy, clock=state.clock, ids=state.ids
            ),
            lambda made: Encoded(LinkView.of(made), status=201),
        )

    @router.post("/links/{link_id}/undo", response_model=LinkView)
    async def undo(
        request: Request, link_id: UUID, body: UndoBody, caller: Secretariat, mutation: MutationDependency
    ) -> Response:
        state, reader = request.app.state, Reader.from_claims(caller.subject, caller.claims)
        return await mutation.run(
            lambda once: undo_link(
                once, reader, link_id, body.reason, policy=state.policy, clock=state.clock
            ),
            lambda undone: Encoded(LinkView.of(undone)),
        )

    return router
