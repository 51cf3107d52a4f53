"""Which version of the theme rules is applied, what the deployed one would change, and its application."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field

from services.chassis.http.requests import Encoded, MutationDependency, permit
from services.chassis.identity import Principal
from services.kernel.parties import Reader, Role
from services.kernel.themes import ThemeAssignment
from services.threatfeed.domain.paging import page_size, page_token, read_page_token
from services.threatfeed.http.fields import Body, Code, SizeQuery, TokenQuery
from services.threatfeed.store.theme_rules import RulesRun, RunState
from services.threatfeed.usecases.apply_theme_rules import Applying, ask_to_apply, read_rules
from services.threatfeed.usecases.report_theme_rules import WouldChange, list_rule_changes, report_rules

ReportReader = Annotated[Principal, Depends(permit(Role.SECRETARIAT, Role.OPERATOR))]
Operator = Annotated[Principal, Depends(permit(Role.OPERATOR))]


class RunView(BaseModel):
    """How many assessments a run has been through is not told: some of them its reader may not see."""

    id: UUID
    version: str
    replaces: str
    state: RunState
    requested_by: str
    requested_at: datetime
    finished_at: datetime | None

    @classmethod
    def of(cls, run: RulesRun) -> "RunView":
        return cls(
            id=run.run_id,
            version=run.version,
            replaces=run.replaces,
            state=run.state,
            requested_by=run.requested_by,
            requested_at=run.requested_at,
            finished_at=run.finished_at,
        )


class RulesView(BaseModel):
    applied_version: str | None = Field(description="Null before anything was taken in")
    deployed_version: str
    run: RunView | None = Field(description="The last application that was asked for")


class RuleCountView(BaseModel):
    rule_id: str
    theme: str
    added: int
    removed: int


class ReportView(BaseModel):
    applied_version: str | None
    deployed_version: str
    examined: int = Field(description="Assessments that the caller may see")
    changed: int
    rules: list[RuleCountView]


class RuleThemeView(BaseModel):
    theme: str
    rule_id: str

    @classmethod
    def of(cls, assignment: ThemeAssignment) -> "RuleThemeView":
        return cls(theme=assignment.theme, rule_id=assignment.rule_id)


class ReassignedView(BaseModel):
    theme: str
    rule_id_before: str
    rule_id_after: str


class ChangeView(BaseModel):
    assessment_id: UUID
    title: str = Field(description="Empty for an operator")
    added: list[RuleThemeView]
    removed: list[RuleThemeView]
    reassigned: list[ReassignedView]

    @classmethod
    def of(cls, one: WouldChange) -> "ChangeView":
        change = one.change
        return cls(
            assessment_id=one.rendered.held.content.assessment_id,
            title=one.title,
            added=[RuleThemeView.of(entry) for entry in change.added],
            removed=[RuleThemeView.of(entry) for entry in change.removed],
            reassigned=[
                ReassignedView(
                    theme=entry.after.theme,
                    rule_id_before=entry.before.rule_id,
                    rule_id_after=entry.after.rule_id,
                )
                for entry in change.reassigned
            ],
        )


class ChangesPage(BaseModel):
    changes: list[ChangeView]
    next_page_token: str = Field(description="Empty where there is no more")


class ApplyBody(Body):
    """What the report was about."""

    version: Code
    replaces: Code


def routes() -> APIRouter:
    router = APIRouter(prefix="/v1/theme-rules", tags=["theme rules"])

    @router.get("")
    async def get_rules(request: Request, caller: ReportReader) -> RulesView:
        state, reader = request.app.state, Reader.from_claims(caller.subject, caller.claims)
        standing = await read_rules(state.database, reader, policy=state.policy)
        return RulesView(
            applied_version=standing.applied,
            deployed_version=standing.deployed,
            run=None if standing.run is None else RunView.of(standing.run),
        )

    @router.get("/report")
    async def get_report(request: Request, caller: ReportReader) -> ReportView:
        state, reader = request.app.state, Reader.from_claims(caller.subject, caller.claims)
        report = await report_rules(state.database, reader, policy=state.policy, at=state.clock())
        return ReportView(
            applied_version=report.applied,
            deployed_version=report.deployed,
            examined=report.examined,
            changed=report.changed,
            rules=[
                RuleCountView(rule_id=one.rule_id, theme=one.theme, added=one.added, removed=one.removed)
                for one in report.by_rule
            ],
        )

    @router.get("/report/changes")
    async def list_changes(
        request: Request, caller: ReportReader, size: SizeQuery = 0, token: TokenQuery = ""
    ) -> ChangesPage:
        state, reader = request.app.state, Reader.from_claims(caller.subject, caller.claims)
        asked = f"{reader.subject}|theme-changes|{state.policy.themes.version}"
        page, position = await list_rule_changes(
            state.database,
            reader,
            after=read_page_token(token, asked),
            size=page_size(size),
            policy=state.policy,
            at=state.clock(),
        )
        return ChangesPage(
            changes=[ChangeView.of(one) for one in page],
            next_page_token=page_token(position, asked),
        )

    @router.post("/applications", status_code=202, responses={202: {"model": RunView}})
    async def apply(
        request: Request, body: ApplyBody, caller: Operator, mutation: MutationDependency
    ) -> Response:
        state, reader = request.app.state, Reader.from_claims(caller.subject, caller.claims)
        applying = Applying(body.version, body.replaces)
        return await mutation.run(
            lambda once: ask_to_apply(
                once, reader, applying, policy=state.policy, clock=state.clock, ids=state.ids
            ),
            lambda run: Encoded(RunView.of(run), status=202),
        )

    return router
