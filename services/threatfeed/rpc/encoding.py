"""Assessments, and the steps of their stream, as messages; what is looked for, from its message."""

from typing import assert_never

import orjson
from entente.exchange.v1 import release_pb2
from entente.threatfeed.v1 import assessment_event_pb2, assessment_service_pb2

from services.kernel.identifiers import revision_id
from services.kernel.release_terms import Rendition, RevisionState
from services.threatfeed.domain.search import Kind, Search
from services.threatfeed.domain.views import ViewState
from services.threatfeed.events import encode_cause, encode_marking, encode_state
from services.threatfeed.rpc.arguments import read_time
from services.threatfeed.rpc.contents import encode_judgement, encode_ratings, encode_subjects
from services.threatfeed.usecases.read_assessment import Rendered
from services.threatfeed.usecases.read_history import Step as RevisionStep
from services.threatfeed.usecases.watch_assessments import Beat, Complete, Gone, Restart, Shown, Step

_GONE = {
    ViewState.WITHDRAWN: assessment_service_pb2.GONE_REASON_WITHDRAWN,
    ViewState.NOT_RELEASED: assessment_service_pb2.GONE_REASON_NOT_RELEASED,
    None: assessment_service_pb2.GONE_REASON_NOT_ASKED_FOR,
}


def search_of(asked: assessment_service_pb2.AssessmentFilter) -> Search:
    """Raises `InvalidValue`."""
    since, before = (
        read_time(getattr(asked, name), f"/filter/{name}") if asked.HasField(name) else None
        for name in ("published_since", "published_before")
    )
    values = {
        Kind.PARTY: asked.parties,
        Kind.AGENCY: asked.agencies,
        Kind.THEME: asked.themes,
        Kind.ACTOR: asked.actors,
        Kind.TECHNIQUE: asked.techniques,
        Kind.CVE: asked.vulnerabilities,
        Kind.SECTOR: asked.sectors,
        Kind.MARKING: asked.markings,
    }
    return Search.of(asked.words, values, since, before)


def encode_revision_step(step: RevisionStep) -> assessment_service_pb2.RevisionStep:
    return assessment_service_pb2.RevisionStep(
        assessment=encode_rendered(step.rendered),
        patch=orjson.dumps(step.patch).decode(),
        reverse_patch=orjson.dumps(step.reverse).decode(),
    )


def encode_step(step: Step) -> assessment_service_pb2.WatchAssessmentsResponse:
    response = assessment_service_pb2.WatchAssessmentsResponse()
    if not isinstance(step, Restart) and step.token is not None:
        response.resume_token = str(step.token)
    match step:
        case Shown():
            response.assessment.CopyFrom(encode_rendered(step.rendered))
        case Gone():
            response.gone.assessment_id = str(step.assessment_id)
            response.gone.reason = _GONE[step.state]
        case Restart():
            response.reset.SetInParent()
        case Complete():
            response.snapshot_complete.SetInParent()
        case Beat():
            response.heartbeat.SetInParent()
        case _:
            assert_never(step)
    return response


def encode_standing(state: RevisionState) -> assessment_event_pb2.AssessmentState.ValueType:
    return encode_state("ACTIVE" if state is RevisionState.CURRENT else state.value)


def encode_rendered(rendered: Rendered) -> assessment_service_pb2.RenderedAssessment:
    held, content = rendered.held, rendered.content
    full = rendered.rendition is Rendition.FULL
    message = assessment_service_pb2.RenderedAssessment(
        assessment_id=str(content.assessment_id),
        revision=held.revision,
        state=encode_standing(held.state),
        cause=encode_cause(held.cause),
        revision_id=str(revision_id(content.assessment_id, content.source.content_sha256)),
        rendition=release_pb2.Rendition.Value(f"RENDITION_{rendered.rendition.value}"),
        title=content.title,
        text=content.text,
        marking=encode_marking(content.whole_marking()),
        agency=content.originator,
        party=held.party,
        current_revision=held.current_revision,
        signing_key=content.source.signing_key or "",
    )
    message.published_time.FromDatetime(content.published)
    for assigned in rendered.themes:
        message.themes.add(
            theme=assigned.theme,
            rule_id="" if assigned.rule is None else assigned.rule.rule_id,
            assigned_by=assigned.assigned_by,
        )
    if full:
        message.judgements.extend(map(encode_judgement, content.judgements))
        message.subjects.CopyFrom(encode_subjects(content))
        message.ratings.CopyFrom(encode_ratings(content.ratings))
    return message
