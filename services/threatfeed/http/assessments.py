"""threatfeed over REST: what officials and tools read of one assessment."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from services.chassis.http.requests import permit
from services.chassis.identity import Principal
from services.chassis.telemetry import link_current_span
from services.kernel.identifiers import revision_id
from services.kernel.parties import Reader, Role
from services.kernel.release_terms import Rendition
from services.threatfeed.domain.paging import page_size, page_token, read_page_token
from services.threatfeed.domain.search import Kind, Search
from services.threatfeed.http.subjects import SubjectsView
from services.threatfeed.usecases.list_assessments import list_assessments
from services.threatfeed.usecases.read_assessment import Rendered, read_assessment

Caller = Annotated[
    Principal,
    Depends(permit(Role.SECRETARIAT, Role.CHAIR, Role.OWNER, Role.LEADERSHIP, Role.AUDITOR)),
]


class ThemeView(BaseModel):
    theme: str
    rule_id: str


class AssessmentView(BaseModel):
    """An assessment in the rendition that the caller's party may have."""

    id: UUID
    revision: int
    revision_id: UUID
    current_revision: int
    state: str
    cause: str | None
    rendition: Rendition
    title: str
    text: str
    marking: str
    themes: list[ThemeView]
    agency: str
    party: str
    published_at: datetime
    subjects: SubjectsView | None
    """Of the full rendition only: a tear line says what is written in it."""
    signing_key: str | None = Field(description="The agency's key whose signature was verified, if it signed")

    @classmethod
    def of(cls, rendered: Rendered) -> "AssessmentView":
        held, content = rendered.held, rendered.content
        full = rendered.rendition is Rendition.FULL
        return cls(
            id=content.assessment_id,
            revision=held.revision,
            revision_id=revision_id(content.assessment_id, content.source.content_sha256),
            current_revision=held.current_revision,
            state=held.state.value,
            cause=held.cause,
            rendition=rendered.rendition,
            title=content.title,
            text=content.text,
            marking=str(content.whole_marking()),
            themes=[ThemeView(theme=item.theme, rule_id=item.rule_id) for item in content.themes],
            agency=content.originator,
            party=held.party,
            published_at=content.published,
            subjects=SubjectsView.of(content) if full else None,
            signing_key=content.source.signing_key,
        )


class AssessmentsPage(BaseModel):
    assessments: list[AssessmentView]
    next_page_token: str = Field(description="Empty where there is no more")


class Conditions(BaseModel):
    """Of one kind of values any will do; every kind that is given must be met."""

    model_config = ConfigDict(extra="forbid")

    words: Annotated[str, Field(description="As for a web search: quotes for a phrase, or, and -")] = ""
    party: list[str] = []
    agency: list[str] = []
    theme: list[str] = []
    actor: list[str] = []
    technique: list[str] = []
    cve: list[str] = []
    sector: list[str] = []
    marking: Annotated[list[str], Field(description="TLP:AMBER, or a level: UK_GSCP OFFICIAL")] = []
    since: Annotated[AwareDatetime | None, Field(description="Published then or later")] = None
    until: Annotated[AwareDatetime | None, Field(description="Published before")] = None

    def search(self) -> Search:
        values = {kind: getattr(self, kind.value) for kind in Kind}
        return Search.of(self.words, values, self.since, self.until)


class SearchQuery(Conditions):
    page_size: Annotated[int, Field(ge=0, description="0 for 50; at most 200 are given")] = 0
    page_token: str = ""


def routes() -> APIRouter:
    router = APIRouter(prefix="/v1", tags=["assessments"])

    @router.get("/assessments")
    async def list_all(
        request: Request, caller: Caller, query: Annotated[SearchQuery, Query()]
    ) -> AssessmentsPage:
        state, search = request.app.state, query.search()
        reader = Reader.from_claims(caller.subject, caller.claims)
        asked = f"{reader.subject}|{search.question()}"
        found, position = await list_assessments(
            state.database,
            reader,
            search,
            after=read_page_token(query.page_token, asked),
            size=page_size(query.page_size),
            policy=state.policy,
            at=state.clock(),
        )
        return AssessmentsPage(
            assessments=[AssessmentView.of(rendered) for rendered in found],
            next_page_token=page_token(position, asked),
        )

    @router.get("/assessments/{assessment_id}")
    async def get_assessment(
        request: Request,
        assessment_id: UUID,
        caller: Caller,
        revision: Annotated[int, Query(ge=0, le=1_000_000, description="0 for the current one")] = 0,
    ) -> AssessmentView:
        state = request.app.state
        rendered = await read_assessment(
            state.database,
            Reader.from_claims(caller.subject, caller.claims),
            assessment_id,
            revision,
            policy=state.policy,
            at=state.clock(),
        )
        link_current_span(rendered.held.traceparent)
        return AssessmentView.of(rendered)

    return router
