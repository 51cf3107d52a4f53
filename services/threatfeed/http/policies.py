"""The policies in force and what their changes have decided anew, over REST."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel

from services.chassis.http.requests import permit
from services.chassis.identity import Principal
from services.kernel.parties import Reader, Role
from services.kernel.release_terms import Mode, Rendition
from services.threatfeed.domain.decided_texts import ChangeCause
from services.threatfeed.domain.paging import (
    moment_token,
    number_token,
    page_size,
    read_moment_token,
    read_number_token,
)
from services.threatfeed.http.consents import PageSize, PageToken
from services.threatfeed.store.decided_texts import DecisionChange
from services.threatfeed.usecases.read_policy_changes import list_decision_changes, list_policies

Viewer = Annotated[
    Principal,
    Depends(permit(Role.SECRETARIAT, Role.RELEASE_OFFICER, Role.OPERATOR, Role.AUDITOR)),
]
Reporter = Annotated[Principal, Depends(permit(Role.SECRETARIAT, Role.AUDITOR))]


class PolicyView(BaseModel):
    number: int
    version: str
    digest: str
    since_time: datetime


class PoliciesView(BaseModel):
    policies: list[PolicyView]
    next_page_token: str


class DecisionChangeView(BaseModel):
    """One party for which a text was decided otherwise; a rule is null where it took no part."""

    cause: ChangeCause
    series: str
    meeting_id: UUID
    assessment_id: UUID
    revision: int
    rendition: Rendition
    mode: Mode
    party: str
    allowed_before: bool
    allowed_after: bool
    rule_before: str | None
    rule_after: str | None
    policy_before: str
    policy_after: str
    change_time: datetime

    @classmethod
    def of(cls, entry: DecisionChange) -> "DecisionChangeView":
        change = entry.change
        return cls(
            cause=entry.cause,
            series=entry.series,
            meeting_id=entry.meeting_id,
            assessment_id=entry.assessment_id,
            revision=entry.revision,
            rendition=entry.rendition,
            mode=entry.mode,
            party=change.party,
            allowed_before=change.allowed_before,
            allowed_after=change.allowed_after,
            rule_before=change.before and change.before.rule_id,
            rule_after=change.after and change.after.rule_id,
            policy_before=entry.policy_before,
            policy_after=entry.policy_after,
            change_time=entry.changed_at,
        )


class DecisionChangesView(BaseModel):
    changes: list[DecisionChangeView]
    next_page_token: str


def routes() -> APIRouter:
    router = APIRouter(prefix="/v1", tags=["policy"])

    @router.get("/policies")
    async def policies(
        request: Request,
        caller: Viewer,
        size: Annotated[PageSize, Query(alias="page_size")] = 0,
        token: Annotated[PageToken, Query(alias="page_token")] = "",
    ) -> PoliciesView:
        """The policies that decisions were made under, the latest first."""
        state, reader = request.app.state, Reader.from_claims(caller.subject, caller.claims)
        page, last = await list_policies(
            state.database,
            reader,
            before=read_number_token(token, reader.subject),
            size=page_size(size),
            policy=state.policy,
        )
        return PoliciesView(
            policies=[
                PolicyView(number=one.number, version=one.version, digest=one.digest, since_time=one.since)
                for one in page
            ],
            next_page_token=number_token(last, reader.subject),
        )

    @router.get("/decision-changes")
    async def decision_changes(
        request: Request,
        caller: Reporter,
        series: Annotated[str, Query(min_length=1, max_length=60)],
        size: Annotated[PageSize, Query(alias="page_size")] = 0,
        token: Annotated[PageToken, Query(alias="page_token")] = "",
    ) -> DecisionChangesView:
        """The decisions of a series that fell otherwise when they were made anew, the latest first."""
        state, reader = request.app.state, Reader.from_claims(caller.subject, caller.claims)
        asked = f"{reader.subject}|{series}"
        page, last = await list_decision_changes(
            state.database,
            reader,
            series,
            after=read_moment_token(token, asked),
            size=page_size(size),
            policy=state.policy,
            clock=state.clock,
        )
        return DecisionChangesView(
            changes=[DecisionChangeView.of(one) for one in page], next_page_token=moment_token(last, asked)
        )

    return router
