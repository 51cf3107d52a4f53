"""The deny list over REST: what the host's operators do not take in."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field, StringConstraints

from services.chassis.http.requests import Encoded, MutationDependency, permit
from services.chassis.identity import Principal
from services.kernel.parties import Role
from services.threatfeed.domain.denials import Denial, DeniedKind
from services.threatfeed.domain.paging import page_size, page_token, read_page_token
from services.threatfeed.http.fields import Body, Prose, SizeQuery, TokenQuery
from services.threatfeed.usecases.deny_source import Denying, deny_source, lift_source_denial, list_denials

Operator = Annotated[Principal, Depends(permit(Role.OPERATOR))]
Watcher = Annotated[Principal, Depends(permit(Role.OPERATOR, Role.AUDITOR))]
Name = Annotated[str, StringConstraints(strict=True, max_length=200)]


class Standing(StrEnum):
    IN_FORCE = "IN_FORCE"
    LIFTED = "LIFTED"
    ALL = "ALL"


_LIFTED = {Standing.IN_FORCE: False, Standing.LIFTED: True, Standing.ALL: None}


class DenialView(BaseModel):
    id: UUID
    kind: DeniedKind
    agency: str = Field(description="Empty for a reporter")
    value: str = Field(description="The agency's own id, or the reporter; empty for an agency")
    reason: str
    denied_by: str
    denied_at: datetime
    lifted_by: str | None
    lifted_at: datetime | None
    lift_reason: str | None

    @classmethod
    def of(cls, denial: Denial) -> "DenialView":
        return cls(
            id=denial.denial_id,
            kind=denial.source.kind,
            agency=denial.source.agency,
            value=denial.source.value,
            reason=denial.reason,
            denied_by=denial.denied_by,
            denied_at=denial.denied_at,
            lifted_by=denial.lifted_by,
            lifted_at=denial.lifted_at,
            lift_reason=denial.lift_reason,
        )


class DenialsPage(BaseModel):
    denials: list[DenialView]
    next_page_token: str = Field(description="Empty where there is no more")


class DenialBody(Body):
    kind: DeniedKind
    agency: Name = ""
    value: Name = ""
    reason: Prose


class LiftBody(Body):
    reason: Prose


def routes() -> APIRouter:
    router = APIRouter(prefix="/v1/source-denials", tags=["deny list"])

    @router.get("")
    async def list_all(
        request: Request,
        caller: Watcher,
        standing: Standing = Standing.IN_FORCE,
        size: SizeQuery = 0,
        token: TokenQuery = "",
    ) -> DenialsPage:
        state, asked = request.app.state, f"{caller.subject}|denials|{standing.value}"
        page, position = await list_denials(
            state.database,
            state.sight_of(caller),
            lifted=_LIFTED[standing],
            after=read_page_token(token, asked),
            size=page_size(size),
        )
        return DenialsPage(
            denials=[DenialView.of(denial) for denial in page],
            next_page_token=page_token(position, asked),
        )

    @router.post("", status_code=201, responses={201: {"model": DenialView}})
    async def deny(
        request: Request, body: DenialBody, caller: Operator, mutation: MutationDependency
    ) -> Response:
        """Refuses the source from the next batch on, as SOURCE_DENIED; what is held stays."""
        state = request.app.state
        ask = Denying(body.kind, body.agency, body.value, body.reason)
        return await mutation.run(
            lambda once: deny_source(once, state.sight_of(caller), ask, clock=state.clock, ids=state.ids),
            lambda denial: Encoded(DenialView.of(denial), status=201),
        )

    @router.post("/{denial_id}/lift", response_model=DenialView)
    async def lift(
        request: Request, denial_id: UUID, body: LiftBody, caller: Operator, mutation: MutationDependency
    ) -> Response:
        state = request.app.state
        return await mutation.run(
            lambda once: lift_source_denial(
                once, state.sight_of(caller), denial_id, body.reason, clock=state.clock
            ),
            lambda denial: Encoded(DenialView.of(denial)),
        )

    return router
