"""AssessmentService over gRPC."""

from collections.abc import AsyncIterator
from typing import Any

from entente.exchange.v1 import release_pb2
from entente.threatfeed.v1 import (
    assessment_service_pb2,
    assessment_service_pb2_grpc,
)

from services.chassis.clock import Clock
from services.chassis.database import Database
from services.chassis.feed import Token
from services.chassis.rpc.server import Service
from services.chassis.telemetry import link_current_span
from services.kernel.parties import Role
from services.kernel.policy import Policy
from services.kernel.refusals import InvalidValue
from services.kernel.release_terms import Decision, Mode, Rendition
from services.threatfeed.domain.exports import ExportFormat, export_size
from services.threatfeed.domain.paging import page_size, page_token, read_page_token
from services.threatfeed.events import encode_marking
from services.threatfeed.rpc.arguments import read_number, read_time, read_uuid, reader_of_call
from services.threatfeed.rpc.encoding import (
    encode_rendered,
    encode_revision_step,
    encode_standing,
    encode_step,
    search_of,
)
from services.threatfeed.usecases.decide_releasability import (
    TextDecision,
    TextReference,
    Use,
    decide_releasability,
)
from services.threatfeed.usecases.export_assessments import export_assessments
from services.threatfeed.usecases.list_assessments import list_assessments
from services.threatfeed.usecases.list_candidates import Candidate, list_candidates
from services.threatfeed.usecases.read_assessment import read_assessment
from services.threatfeed.usecases.read_history import compare_revisions, read_history
from services.threatfeed.usecases.watch_assessments import FeedSignal, Watch

NAME = "entente.threatfeed.v1.AssessmentService"
_READERS = frozenset({Role.SECRETARIAT, Role.CHAIR, Role.OWNER, Role.LEADERSHIP, Role.AUDITOR})
_FORMATS = {
    assessment_service_pb2.EXPORT_FORMAT_STIX: ExportFormat.STIX,
    assessment_service_pb2.EXPORT_FORMAT_CSV: ExportFormat.CSV,
    assessment_service_pb2.EXPORT_FORMAT_JSONL: ExportFormat.JSONL,
}
_CHUNK = 256 * 1024
"""Bytes of a message, which may have 4 MiB."""
ACCESS = {
    "GetAssessment": _READERS,
    "ListAssessments": _READERS,
    "GetAssessmentHistory": _READERS,
    "CompareRevisions": _READERS,
    "WatchAssessments": _READERS,
    "ExportAssessments": _READERS,
    "ListCandidates": frozenset({Role.SECRETARIAT}),
    "DecideReleasability": frozenset({Role.SECRETARIAT}),
}


class AssessmentServicer(assessment_service_pb2_grpc.AssessmentServiceServicer):
    """Maps messages to use cases and back."""

    def __init__(self, database: Database, policy: Policy, clock: Clock, signal: FeedSignal) -> None:
        self._database = database
        self._policy = policy
        self._clock = clock
        self._signal = signal

    async def GetAssessment(  # noqa: N802 the name is the contract's
        self, request: assessment_service_pb2.GetAssessmentRequest, _: Any
    ) -> assessment_service_pb2.GetAssessmentResponse:
        rendered = await read_assessment(
            self._database,
            reader_of_call(),
            read_uuid(request.assessment_id, "/assessment_id"),
            read_number(request.revision, "/revision"),
            policy=self._policy,
            at=self._clock(),
        )
        link_current_span(rendered.held.traceparent)
        return assessment_service_pb2.GetAssessmentResponse(assessment=encode_rendered(rendered))

    async def ListAssessments(  # noqa: N802 the name is the contract's
        self, request: assessment_service_pb2.ListAssessmentsRequest, _: Any
    ) -> assessment_service_pb2.ListAssessmentsResponse:
        reader, search = reader_of_call(), search_of(request.filter)
        asked = f"{reader.subject}|{search.question()}"
        found, position = await list_assessments(
            self._database,
            reader,
            search,
            after=read_page_token(request.page_token, asked),
            size=page_size(request.page_size),
            policy=self._policy,
            at=self._clock(),
        )
        return assessment_service_pb2.ListAssessmentsResponse(
            assessments=[encode_rendered(rendered) for rendered in found],
            next_page_token=page_token(position, asked),
        )

    async def GetAssessmentHistory(  # noqa: N802 the name is the contract's
        self, request: assessment_service_pb2.GetAssessmentHistoryRequest, _: Any
    ) -> assessment_service_pb2.GetAssessmentHistoryResponse:
        steps = await read_history(
            self._database,
            reader_of_call(),
            read_uuid(request.assessment_id, "/assessment_id"),
            policy=self._policy,
            at=self._clock(),
        )
        return assessment_service_pb2.GetAssessmentHistoryResponse(steps=map(encode_revision_step, steps))

    async def CompareRevisions(  # noqa: N802 the name is the contract's
        self, request: assessment_service_pb2.CompareRevisionsRequest, _: Any
    ) -> assessment_service_pb2.CompareRevisionsResponse:
        step = await compare_revisions(
            self._database,
            reader_of_call(),
            read_uuid(request.assessment_id, "/assessment_id"),
            read_number(request.from_revision, "/from_revision"),
            read_number(request.to_revision, "/to_revision"),
            policy=self._policy,
            at=self._clock(),
        )
        return assessment_service_pb2.CompareRevisionsResponse(step=encode_revision_step(step))

    async def WatchAssessments(  # noqa: N802 the name is the contract's
        self, request: assessment_service_pb2.WatchAssessmentsRequest, _: Any
    ) -> AsyncIterator[assessment_service_pb2.WatchAssessmentsResponse]:
        watch = Watch(
            self._database,
            self._signal,
            self._policy,
            self._clock,
            reader_of_call(),
            search_of(request.filter),
        )
        async for step in watch.steps(Token.parse(request.resume_token)):
            yield encode_step(step)

    async def ExportAssessments(  # noqa: N802 the name is the contract's
        self, request: assessment_service_pb2.ExportAssessmentsRequest, _: Any
    ) -> AsyncIterator[assessment_service_pb2.ExportAssessmentsResponse]:
        reader, search = reader_of_call(), search_of(request.filter)
        asked = f"{reader.subject}|{search.question()}"
        export = await export_assessments(
            self._database,
            reader,
            search,
            _form(request.format),
            after=read_page_token(request.page_token, asked),
            size=export_size(request.page_size),
            policy=self._policy,
            clock=self._clock,
        )
        following = export.following
        head = assessment_service_pb2.ExportHead(
            media_type=export.form.media_type,
            marking=export.manifest.banner,
            assessments=len(export.manifest.members),
            next_page_token=page_token(following, asked),
        )
        yield assessment_service_pb2.ExportAssessmentsResponse(head=head)
        async for chunk in export.chunks():
            for start in range(0, len(chunk), _CHUNK):
                yield assessment_service_pb2.ExportAssessmentsResponse(chunk=chunk[start : start + _CHUNK])

    async def ListCandidates(  # noqa: N802 the name is the contract's
        self, request: assessment_service_pb2.ListCandidatesRequest, _: Any
    ) -> assessment_service_pb2.ListCandidatesResponse:
        reader, use = reader_of_call(), _use(request.occasion)
        asked = f"{reader.subject}|{use.series}|{use.meeting_id}|{request.theme}"
        candidates, position = await list_candidates(
            self._database,
            reader,
            use,
            theme=request.theme or None,
            after=read_page_token(request.page_token, asked),
            size=page_size(request.page_size),
            policy=self._policy,
            at=self._clock(),
        )
        return assessment_service_pb2.ListCandidatesResponse(
            candidates=[_candidate(candidate) for candidate in candidates],
            next_page_token=page_token(position, asked),
        )

    async def DecideReleasability(  # noqa: N802 the name is the contract's
        self, request: assessment_service_pb2.DecideReleasabilityRequest, _: Any
    ) -> assessment_service_pb2.DecideReleasabilityResponse:
        answers = await decide_releasability(
            self._database,
            reader_of_call(),
            [_reference(text) for text in request.texts],
            _use(request.occasion),
            policy=self._policy,
            at=self._clock(),
        )
        return assessment_service_pb2.DecideReleasabilityResponse(
            texts=[_text_decision(answer) for answer in answers]
        )


def assessment_service(servicer: AssessmentServicer) -> Service:
    return Service(
        name=NAME,
        add=lambda server: assessment_service_pb2_grpc.add_AssessmentServiceServicer_to_server(
            servicer, server
        ),
        access=ACCESS,
        methods=[
            method.name
            for method in assessment_service_pb2.DESCRIPTOR.services_by_name["AssessmentService"].methods
        ],
    )


def _form(asked: assessment_service_pb2.ExportFormat.ValueType) -> ExportFormat:
    found = _FORMATS.get(asked)
    if found is None:
        raise InvalidValue("a format is needed", pointer="/format")
    return found


def _use(occasion: assessment_service_pb2.Occasion) -> Use:
    if not occasion.series or not occasion.HasField("used_at"):
        raise InvalidValue("series and time of use are needed", pointer="/occasion")
    return Use(
        series=occasion.series,
        meeting_id=read_uuid(occasion.meeting_id, "/occasion/meeting_id") if occasion.meeting_id else None,
        used_at=read_time(occasion.used_at, "/occasion/used_at"),
    )


def _reference(text: assessment_service_pb2.TextReference) -> TextReference:
    if not text.rendition or not text.mode:
        raise InvalidValue("rendition and mode are needed", pointer="/texts")
    return TextReference(
        assessment_id=read_uuid(text.assessment_id, "/texts/assessment_id"),
        revision=read_number(text.revision, "/texts/revision"),
        rendition=Rendition(release_pb2.Rendition.Name(text.rendition).removeprefix("RENDITION_")),
        mode=Mode(release_pb2.ReleaseMode.Name(text.mode).removeprefix("RELEASE_MODE_")),
    )


def _decision(decision: Decision) -> release_pb2.ReleasabilityDecision:
    message = release_pb2.ReleasabilityDecision(
        decision_id=str(decision.id),
        assessment_id=str(decision.assessment_id),
        revision=decision.revision,
        rendition=release_pb2.Rendition.Value(f"RENDITION_{decision.rendition.value}"),
        mode=release_pb2.ReleaseMode.Value(f"RELEASE_MODE_{decision.mode.value}"),
        party=decision.party,
        allowed=decision.allowed,
        rule_id=decision.rule_id.value,
        explanation=decision.explanation,
        policy_version=decision.policy_version,
    )
    if decision.marking is not None:
        message.marking.CopyFrom(encode_marking(decision.marking))
    message.used_at.FromDatetime(decision.used_at)
    message.evaluated_at.FromDatetime(decision.evaluated_at)
    return message


def _candidate(candidate: Candidate) -> assessment_service_pb2.Candidate:
    message = assessment_service_pb2.Candidate(
        assessment=encode_rendered(candidate.rendered),
        joint_title=candidate.joint_title or "",
        decisions=[_decision(decision) for decision in candidate.decisions],
    )
    if candidate.joint_rendition is not None:
        name = f"RENDITION_{candidate.joint_rendition.value}"
        message.joint_rendition = release_pb2.Rendition.Value(name)
    return message


def _text_decision(answer: TextDecision) -> assessment_service_pb2.TextDecision:
    return assessment_service_pb2.TextDecision(
        text=assessment_service_pb2.TextReference(
            assessment_id=str(answer.text.assessment_id),
            revision=answer.text.revision,
            rendition=release_pb2.Rendition.Value(f"RENDITION_{answer.text.rendition.value}"),
            mode=release_pb2.ReleaseMode.Value(f"RELEASE_MODE_{answer.text.mode.value}"),
        ),
        allowed=answer.allowed,
        decisions=[_decision(decision) for decision in answer.decisions],
        title=answer.title or "",
        state=encode_standing(answer.state),
    )
