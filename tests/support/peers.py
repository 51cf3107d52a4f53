"""Peers of the agenda, speaking their contracts over real gRPC, with content that a test sets."""

import base64
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import grpc
from entente.actions.v1 import action_service_pb2
from entente.exchange.v1 import marking_pb2, release_pb2
from entente.threatfeed.v1 import (
    assessment_event_pb2,
    assessment_service_pb2,
    assessment_service_pb2_grpc,
    picture_pb2,
    picture_service_pb2,
    picture_service_pb2_grpc,
)

AT = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
Context = grpc.aio.ServicerContext[Any, Any]
ALLOWED = "ALL_PASSED"
_ACTIONS = action_service_pb2.DESCRIPTOR.services_by_name["ActionService"].full_name


@dataclass(slots=True)
class HeldAssessment:
    """An assessment as threatfeed holds it; `rules` gives the deciding rule of each party, `tear_line` that
    on its tear line where it is another one.
    """

    title: str
    joint_title: str
    id: UUID = field(default_factory=uuid4)
    revision: int = 1
    state: str = "ACTIVE"
    theme: str = "THREAT_LANDSCAPE"
    tlp: str = "GREEN"
    rules: Mapping[str, str] = field(default_factory=lambda: {"UK": ALLOWED, "EU": ALLOWED})
    seen_by: frozenset[str] = frozenset({"UK", "EU"})
    published: datetime = AT
    judgements: tuple[assessment_service_pb2.Judgement, ...] = ()
    tear_line: Mapping[str, str] | None = None

    def rules_on(self, rendition: int) -> Mapping[str, str]:
        whole = self.tear_line is None or rendition != release_pb2.RENDITION_TEAR_LINE
        return self.rules if whole else self.tear_line or {}


def _party_of(token: str) -> str:
    """What the token claims; the api that forwards it has verified it."""
    claims = token.split(".")[1]
    return str(json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["party"])


class FakeThreatfeed(
    assessment_service_pb2_grpc.AssessmentServiceServicer, picture_service_pb2_grpc.PictureServiceServicer
):
    """Decides as a test says; remembers the tokens it was called with. `pictures` are by audience."""

    def __init__(self) -> None:
        self.held: dict[str, HeldAssessment] = {}
        self.tokens: list[str] = []
        self.pictures: dict[str, picture_pb2.Picture] = {}

    def holds(self, assessment: HeldAssessment) -> HeldAssessment:
        self.held[str(assessment.id)] = assessment
        return assessment

    async def _caller(self, context: Context) -> str:
        metadata = dict(context.invocation_metadata() or ())
        token = str(metadata.get("authorization", "")).removeprefix("Bearer ")
        self.tokens.append(token)
        if token.count(".") != 2:
            await context.abort(grpc.StatusCode.UNAUTHENTICATED, "no such caller")
        return _party_of(token)

    async def GetAssessment(  # noqa: N802 the name of the contract
        self, request: assessment_service_pb2.GetAssessmentRequest, context: Any
    ) -> assessment_service_pb2.GetAssessmentResponse:
        party = await self._caller(context)
        found = self.held.get(request.assessment_id)
        if found is None or party not in found.seen_by:
            await context.abort(grpc.StatusCode.PERMISSION_DENIED, "permission denied, or not there")
            raise AssertionError
        return assessment_service_pb2.GetAssessmentResponse(assessment=_rendered(found))

    async def ListCandidates(  # noqa: N802 the name of the contract
        self, request: assessment_service_pb2.ListCandidatesRequest, context: Any
    ) -> assessment_service_pb2.ListCandidatesResponse:
        party = await self._caller(context)
        chosen = [
            one
            for one in self.held.values()
            if request.theme in ("", one.theme) and party in one.seen_by and one.state == "ACTIVE"
        ]
        chosen.sort(key=lambda one: (one.published, one.id), reverse=True)
        return assessment_service_pb2.ListCandidatesResponse(
            candidates=[
                assessment_service_pb2.Candidate(
                    assessment=_rendered(one),
                    joint_rendition=_joint(one),
                    joint_title=one.joint_title if _joint(one) else "",
                    decisions=_decisions(one, _text(one), request.occasion),
                )
                for one in chosen
            ]
        )

    async def GetPicture(  # noqa: N802 the name of the contract
        self, request: picture_service_pb2.GetPictureRequest, context: Any
    ) -> picture_service_pb2.GetPictureResponse:
        party = await self._caller(context)
        if request.audience.rpartition(".")[2] != party.lower():
            await context.abort(grpc.StatusCode.PERMISSION_DENIED, "permission denied, or not there")
        found = self.pictures.get(request.audience, picture_pb2.Picture(audience=request.audience))
        return picture_service_pb2.GetPictureResponse(picture=found)

    async def DecideReleasability(  # noqa: N802 the name of the contract
        self, request: assessment_service_pb2.DecideReleasabilityRequest, context: Any
    ) -> assessment_service_pb2.DecideReleasabilityResponse:
        await self._caller(context)
        answers = []
        for text in request.texts:
            found = self.held[text.assessment_id]
            stands = found.revision == text.revision and found.state == "ACTIVE"
            allowed = all(rule == ALLOWED for rule in found.rules_on(text.rendition).values())
            answers.append(
                assessment_service_pb2.TextDecision(
                    text=text,
                    allowed=allowed and stands,
                    decisions=_decisions(found, text, request.occasion),
                    title=found.joint_title if allowed and stands else "",
                    state=assessment_event_pb2.AssessmentState.Value(f"ASSESSMENT_STATE_{found.state}"),
                )
            )
        return assessment_service_pb2.DecideReleasabilityResponse(texts=answers)


def _joint(held: HeldAssessment) -> "release_pb2.Rendition.ValueType":
    allowed = all(rule == ALLOWED for rule in held.rules.values())
    return release_pb2.RENDITION_TEAR_LINE if allowed else release_pb2.RENDITION_UNSPECIFIED


def _text(held: HeldAssessment) -> assessment_service_pb2.TextReference:
    return assessment_service_pb2.TextReference(
        assessment_id=str(held.id),
        revision=held.revision,
        rendition=release_pb2.RENDITION_TEAR_LINE,
        mode=release_pb2.RELEASE_MODE_RELEASE,
    )


def _marking(held: HeldAssessment) -> marking_pb2.Marking:
    return marking_pb2.Marking(tlp=marking_pb2.TlpMarking(version="2.0", label=held.tlp))


def _rendered(held: HeldAssessment) -> assessment_service_pb2.RenderedAssessment:
    rendered = assessment_service_pb2.RenderedAssessment(
        assessment_id=str(held.id),
        revision=held.revision,
        state=assessment_event_pb2.AssessmentState.Value(f"ASSESSMENT_STATE_{held.state}"),
        rendition=release_pb2.RENDITION_FULL,
        title=held.title,
        marking=_marking(held),
        agency="ncsc",
        party="UK",
    )
    rendered.themes.add(theme=held.theme, rule_id="THREAT-1", assigned_by="rule")
    rendered.judgements.extend(held.judgements)
    rendered.published_time.FromDatetime(held.published)
    return rendered


def _decisions(
    held: HeldAssessment,
    text: assessment_service_pb2.TextReference,
    occasion: assessment_service_pb2.Occasion,
) -> list[release_pb2.ReleasabilityDecision]:
    decisions = []
    for party, rule in held.rules_on(text.rendition).items():
        decision = release_pb2.ReleasabilityDecision(
            decision_id=f"{held.id}-{text.revision}-{party}",
            assessment_id=text.assessment_id,
            revision=text.revision,
            rendition=text.rendition,
            mode=text.mode,
            party=party,
            allowed=rule == ALLOWED,
            rule_id=rule,
            explanation="every rule passed" if rule == ALLOWED else "a rule denies it",
            marking=_marking(held),
            policy_version="2026.1",
        )
        decision.used_at.CopyFrom(occasion.used_at)
        decision.evaluated_at.FromDatetime(AT)
        decisions.append(decision)
    return decisions


class FakeActions:
    """Knows the threads that a test gives it, under every id in them."""

    def __init__(self) -> None:
        self.threads: dict[str, action_service_pb2.TraceActionResponse] = {}

    def knows(self, thread: action_service_pb2.TraceActionResponse) -> None:
        evidence = [entry.evidence_id for entry in thread.evidence]
        for name in (thread.outcome_id, thread.action_id, thread.closure_id, *evidence):
            self.threads[name] = thread

    async def TraceAction(  # noqa: N802 the name of the contract
        self, request: action_service_pb2.TraceActionRequest, context: Any
    ) -> action_service_pb2.TraceActionResponse:
        found = self.threads.get(request.id)
        if found is None:
            await context.abort(grpc.StatusCode.PERMISSION_DENIED, "permission denied, or not there")
            raise AssertionError
        return found


@asynccontextmanager
async def serving(threatfeed: FakeThreatfeed, actions: FakeActions) -> AsyncIterator[str]:
    """Both peers on one server; gives its address."""
    server = grpc.aio.server()
    assessment_service_pb2_grpc.add_AssessmentServiceServicer_to_server(threatfeed, server)
    picture_service_pb2_grpc.add_PictureServiceServicer_to_server(threatfeed, server)
    trace = grpc.unary_unary_rpc_method_handler(
        actions.TraceAction,
        request_deserializer=action_service_pb2.TraceActionRequest.FromString,
        response_serializer=action_service_pb2.TraceActionResponse.SerializeToString,
    )
    methods = grpc.method_handlers_generic_handler(_ACTIONS, {"TraceAction": trace})
    server.add_generic_rpc_handlers((methods,))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        await server.stop(None)
