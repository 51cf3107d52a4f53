"""What waits for a theme, and the themes of one assessment in the view of the caller's audience."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field

from services.chassis.etags import etag
from services.chassis.http.requests import Encoded, ExpectedVersion, MutationDependency, permit
from services.chassis.identity import Principal
from services.kernel.parties import Reader, Role
from services.threatfeed.domain.paging import page_size, page_token, read_page_token
from services.threatfeed.domain.theme_decisions import AssignedTheme, ThemeDecision, Verdict
from services.threatfeed.http.assessments import AssessmentView
from services.threatfeed.http.fields import Body, Code, Prose, SeriesQuery, SizeQuery, TokenQuery
from services.threatfeed.usecases.decide_theme import Ask, ThemesView, decide_theme, read_themes
from services.threatfeed.usecases.list_unthemed import count_unthemed, list_unthemed

Secretariat = Annotated[Principal, Depends(permit(Role.SECRETARIAT))]


class DecisionView(BaseModel):
    theme: str
    verdict: Verdict
    reason: str
    official: str
    decided_at: datetime

    @classmethod
    def of(cls, decision: ThemeDecision) -> "DecisionView":
        return cls(
            theme=decision.theme,
            verdict=decision.verdict,
            reason=decision.reason,
            official=decision.official,
            decided_at=decision.decided_at,
        )


class AssignedThemeView(BaseModel):
    theme: str
    assigned_by: str = Field(description="person where people have decided, else rule")
    rule_id: str | None
    rules_version: str | None
    decision: DecisionView | None

    @classmethod
    def of(cls, assigned: AssignedTheme) -> "AssignedThemeView":
        rule, decision = assigned.rule, assigned.decision
        return cls(
            theme=assigned.theme,
            assigned_by=assigned.assigned_by,
            rule_id=None if rule is None else rule.rule_id,
            rules_version=None if rule is None else rule.rules_version,
            decision=None if decision is None else DecisionView.of(decision),
        )


class AssessmentThemesView(BaseModel):
    assessment_id: UUID
    series: str
    party: str
    themes: list[AssignedThemeView]
    removed: list[DecisionView] = Field(description="Removed by hand, whether or not a rule gives them now")


class UnthemedView(BaseModel):
    assessment: AssessmentView
    etag: str = Field(description="Of its themes, for a decision")


class UnthemedPage(BaseModel):
    assessments: list[UnthemedView]
    next_page_token: str = Field(description="Empty where there is no more")


class WaitingView(BaseModel):
    count: int
    oldest_published_at: datetime | None


class DecisionBody(Body):
    series: Code
    theme: Code
    verdict: Literal["ASSIGNED", "REMOVED", "LEFT_TO_RULES"]
    reason: Prose


def _encoded(view: ThemesView) -> Encoded:
    return Encoded(
        AssessmentThemesView(
            assessment_id=view.assessment_id,
            series=view.audience.series,
            party=view.audience.party,
            themes=[AssignedThemeView.of(one) for one in view.themes],
            removed=[
                DecisionView.of(one) for one in view.by_hand.decisions if one.verdict is Verdict.REMOVED
            ],
        ),
        version=view.by_hand.version,
    )


def routes() -> APIRouter:
    router = APIRouter(prefix="/v1", tags=["triage"])

    @router.get("/triage")
    async def list_waiting(
        request: Request,
        caller: Secretariat,
        series: SeriesQuery,
        size: SizeQuery = 0,
        token: TokenQuery = "",
    ) -> UnthemedPage:
        state, reader = request.app.state, Reader.from_claims(caller.subject, caller.claims)
        asked = f"{reader.subject}|unthemed|{series}"
        page, position = await list_unthemed(
            state.database,
            reader,
            series,
            after=read_page_token(token, asked),
            size=page_size(size),
            policy=state.policy,
            at=state.clock(),
        )
        return UnthemedPage(
            assessments=[
                UnthemedView(assessment=AssessmentView.of(one.rendered), etag=etag(one.version))
                for one in page
            ],
            next_page_token=page_token(position, asked),
        )

    @router.get("/triage/count")
    async def count_waiting(request: Request, caller: Secretariat, series: SeriesQuery) -> WaitingView:
        state = request.app.state
        reader = Reader.from_claims(caller.subject, caller.claims)
        waiting = await count_unthemed(state.database, reader, series, policy=state.policy, at=state.clock())
        return WaitingView(count=waiting.count, oldest_published_at=waiting.oldest)

    @router.get("/assessments/{assessment_id}/themes", response_model=AssessmentThemesView)
    async def get_themes(
        request: Request, assessment_id: UUID, caller: Secretariat, series: SeriesQuery
    ) -> Response:
        state = request.app.state
        reader = Reader.from_claims(caller.subject, caller.claims)
        view = await read_themes(
            state.database, reader, series, assessment_id, policy=state.policy, at=state.clock()
        )
        return _encoded(view).response()

    @router.post("/assessments/{assessment_id}/theme-decisions", response_model=AssessmentThemesView)
    async def decide(
        request: Request,
        assessment_id: UUID,
        body: DecisionBody,
        caller: Secretariat,
        expected: ExpectedVersion,
        mutation: MutationDependency,
    ) -> Response:
        state = request.app.state
        reader = Reader.from_claims(caller.subject, caller.claims)
        verdict = None if body.verdict == "LEFT_TO_RULES" else Verdict(body.verdict)
        ask = Ask(body.theme, verdict, body.reason, expected)
        return await mutation.run(
            lambda once: decide_theme(
                once, reader, body.series, assessment_id, ask, policy=state.policy, clock=state.clock
            ),
            _encoded,
        )

    return router
