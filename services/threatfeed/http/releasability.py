"""Whether every party of a meeting may have exact texts, decided and kept."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from pydantic import AwareDatetime, BaseModel, Field

from services.chassis.http.requests import Encoded, MutationDependency, permit
from services.chassis.identity import Principal
from services.kernel.parties import Reader, Role
from services.kernel.release_terms import Decision, Mode, Rendition
from services.threatfeed.http.fields import Body, Code
from services.threatfeed.usecases.decide_releasability import (
    MOST_TEXTS,
    TextDecision,
    TextReference,
    Use,
    decide_releasability_once,
)

Secretariat = Annotated[Principal, Depends(permit(Role.SECRETARIAT))]


class TextBody(Body):
    assessment_id: UUID
    revision: Annotated[int, Field(ge=0, le=1_000_000, description="0 for the current one")] = 0
    rendition: Rendition
    mode: Mode


class ReleasabilityBody(Body):
    series: Code
    meeting_id: UUID | None = None
    used_at: AwareDatetime
    texts: Annotated[list[TextBody], Field(min_length=1, max_length=MOST_TEXTS)]


class PartyDecisionView(BaseModel):
    decision_id: UUID
    party: str
    allowed: bool
    rule_id: str
    explanation: str
    policy_version: str
    marking: str | None
    evaluated_at: datetime

    @classmethod
    def of(cls, decision: Decision) -> "PartyDecisionView":
        return cls(
            decision_id=decision.id,
            party=decision.party,
            allowed=decision.allowed,
            rule_id=decision.rule_id.value,
            explanation=decision.explanation,
            policy_version=decision.policy_version,
            marking=None if decision.marking is None else str(decision.marking),
            evaluated_at=decision.evaluated_at,
        )


class TextDecisionView(BaseModel):
    assessment_id: UUID
    revision: int
    rendition: Rendition
    mode: Mode
    state: str
    allowed: bool = Field(description="Every party may have it, and the revision is current")
    title: str | None = Field(description="Where every party may have it")
    decisions: list[PartyDecisionView]

    @classmethod
    def of(cls, answer: TextDecision) -> "TextDecisionView":
        text = answer.text
        return cls(
            assessment_id=text.assessment_id,
            revision=text.revision,
            rendition=text.rendition,
            mode=text.mode,
            state=answer.state.value,
            allowed=answer.allowed,
            title=answer.title,
            decisions=[PartyDecisionView.of(decision) for decision in answer.decisions],
        )


class ReleasabilityView(BaseModel):
    texts: list[TextDecisionView] = Field(description="In the order asked")


def routes() -> APIRouter:
    router = APIRouter(prefix="/v1", tags=["releasability"])

    @router.post("/releasability", response_model=ReleasabilityView)
    async def decide(
        request: Request, body: ReleasabilityBody, caller: Secretariat, mutation: MutationDependency
    ) -> Response:
        state, reader = request.app.state, Reader.from_claims(caller.subject, caller.claims)
        texts = [
            TextReference(text.assessment_id, text.revision, text.rendition, text.mode) for text in body.texts
        ]
        use = Use(body.series, body.meeting_id, body.used_at)
        return await mutation.run(
            lambda once: decide_releasability_once(
                once, reader, texts, use, policy=state.policy, clock=state.clock
            ),
            lambda answers: Encoded(ReleasabilityView(texts=[TextDecisionView.of(one) for one in answers])),
        )

    return router
