"""What only a human can settle of revisions: to be looked at, and to be chosen from."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field

from services.chassis.etags import etag
from services.chassis.http.requests import Encoded, ExpectedVersion, MutationDependency, permit
from services.chassis.identity import Principal
from services.kernel.parties import Reader, Role
from services.threatfeed.domain.assessment import Withdrawal
from services.threatfeed.domain.conflicts import Conflict, ConflictChoice, ConflictState
from services.threatfeed.domain.paging import page_size, page_token, read_page_token
from services.threatfeed.domain.status import ConflictCause
from services.threatfeed.http.fields import Body, Code, Prose, SizeQuery, TokenQuery
from services.threatfeed.usecases.read_conflicts import (
    READERS,
    ConflictView,
    Side,
    list_conflicts,
    read_conflict,
)
from services.threatfeed.usecases.resolve_conflict import resolve_conflict

Caller = Annotated[Principal, Depends(permit(*READERS))]
Secretariat = Annotated[Principal, Depends(permit(Role.SECRETARIAT))]
StateQuery = Annotated[ConflictState, Query(description="Which conflicts")]


class ConflictHead(BaseModel):
    id: UUID
    assessment_id: UUID
    agency: str
    party: str
    object_id: str
    version: str
    cause: ConflictCause
    state: ConflictState
    opened_at: datetime
    chosen: str | None
    among: list[str] = Field(description="What was chosen from; empty while nothing was chosen")
    reason: str | None
    resolved_by: str | None
    resolved_at: datetime | None
    etag: str

    @classmethod
    def of(cls, conflict: Conflict) -> "ConflictHead":
        return cls(
            id=conflict.id,
            assessment_id=conflict.assessment_id,
            agency=conflict.agency,
            party=conflict.party,
            object_id=conflict.object_id,
            version=conflict.version.text,
            cause=conflict.cause,
            state=conflict.state,
            opened_at=conflict.opened_at,
            chosen=conflict.chosen,
            among=list(conflict.among),
            reason=conflict.reason,
            resolved_by=conflict.resolved_by,
            resolved_at=conflict.resolved_at,
            etag=etag(conflict.aggregate_version),
        )


class ReadableText(BaseModel):
    title: str
    text: str
    marking: str
    published_at: datetime


class AlternativeView(BaseModel):
    choice: str = Field(description="Names it in a resolution")
    content_sha256: str
    version: str
    received_at: datetime
    withdrawal: bool = Field(description="Whether it is a notice that withdraws the assessment")
    content: ReadableText | None = Field(
        description="null for a notice, and where the caller may not have it"
    )
    withdrawal_reason: str | None

    @classmethod
    def of(cls, side: Side) -> "AlternativeView":
        content, text = side.alternative.content, side.text
        return cls(
            choice=side.choice,
            content_sha256=side.alternative.sha256,
            version=content.source.version.text,
            received_at=side.alternative.received_at,
            withdrawal=isinstance(content, Withdrawal),
            content=None
            if text is None
            else ReadableText(
                title=text.title,
                text=text.text,
                marking=str(text.whole_marking()),
                published_at=text.published,
            ),
            withdrawal_reason=side.withdrawal_reason,
        )


class ConflictWithSides(BaseModel):
    conflict: ConflictHead
    alternatives: list[AlternativeView]


class ConflictsPage(BaseModel):
    conflicts: list[ConflictHead]
    next_page_token: str = Field(description="Empty where there is no more")


class ResolutionBody(Body):
    choice: Code
    reason: Prose


def _encoded(view: ConflictView) -> Encoded:
    return Encoded(
        ConflictWithSides(
            conflict=ConflictHead.of(view.conflict),
            alternatives=[AlternativeView.of(side) for side in view.sides],
        ),
        version=view.conflict.aggregate_version,
    )


def routes() -> APIRouter:
    router = APIRouter(prefix="/v1/conflicts", tags=["conflicts"])

    @router.get("")
    async def list_all(
        request: Request,
        caller: Caller,
        state: StateQuery = ConflictState.OPEN,
        size: SizeQuery = 0,
        token: TokenQuery = "",
    ) -> ConflictsPage:
        parts, reader = request.app.state, Reader.from_claims(caller.subject, caller.claims)
        asked = f"{reader.subject}|conflicts|{state.value}"
        page, position = await list_conflicts(
            parts.database,
            reader,
            state,
            after=read_page_token(token, asked),
            size=page_size(size),
            policy=parts.policy,
        )
        return ConflictsPage(
            conflicts=[ConflictHead.of(one) for one in page],
            next_page_token=page_token(position, asked),
        )

    @router.get("/{conflict_id}", response_model=ConflictWithSides)
    async def get_conflict(request: Request, conflict_id: UUID, caller: Caller) -> Response:
        parts, reader = request.app.state, Reader.from_claims(caller.subject, caller.claims)
        view = await read_conflict(parts.database, reader, conflict_id, policy=parts.policy, at=parts.clock())
        return _encoded(view).response()

    @router.post("/{conflict_id}/resolve", response_model=ConflictWithSides)
    async def resolve(
        request: Request,
        conflict_id: UUID,
        body: ResolutionBody,
        caller: Secretariat,
        expected: ExpectedVersion,
        mutation: MutationDependency,
    ) -> Response:
        parts, reader = request.app.state, Reader.from_claims(caller.subject, caller.claims)
        choice = ConflictChoice(body.choice, body.reason, expected)
        return await mutation.run(
            lambda once: resolve_conflict(
                once, reader, conflict_id, choice, policy=parts.policy, clock=parts.clock
            ),
            _encoded,
        )

    return router
