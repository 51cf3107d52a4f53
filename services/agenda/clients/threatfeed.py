"""Calls to threatfeed, each for the current caller."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import grpc
from entente.exchange.v1 import release_pb2
from entente.threatfeed.v1 import (
    assessment_event_pb2,
    assessment_service_pb2,
    assessment_service_pb2_grpc,
    picture_pb2,
    picture_service_pb2,
    picture_service_pb2_grpc,
)
from google.protobuf import json_format

from services.agenda.clients.markings import decode_marking
from services.agenda.domain.meeting import Meeting
from services.agenda.domain.ranking.facts import TempoFact
from services.agenda.domain.references import AssessmentState, Reference
from services.agenda.domain.releases import (
    Candidate,
    ReleaseDecision,
    SeenAssessment,
    StatedJudgement,
    TextAnswer,
)
from services.chassis.rpc.client import call
from services.kernel.parties import Audience
from services.kernel.refusals import Refusal
from services.kernel.release_terms import Mode, Rendition
from services.kernel.scales import confidence, likelihood

_RENDITION = "RENDITION_"
_MODE = "RELEASE_MODE_"
_STATE = "ASSESSMENT_STATE_"


_NO_PICTURE = "PICTURE_MISSING"


@dataclass(frozen=True, slots=True)
class TempoPicture:
    """What an audience's picture says of the themes, in one window, as of a day."""

    as_of: str
    tempos: tuple[TempoFact, ...]


class Threatfeed:
    """Raises the peer's refusals, or one of kind UNAVAILABLE when it does not answer."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stub = assessment_service_pb2_grpc.AssessmentServiceStub(channel)
        self._pictures = picture_service_pb2_grpc.PictureServiceStub(channel)

    async def assessment(self, assessment_id: UUID, revision: int) -> SeenAssessment:
        """One revision, or with 0 the current one, as the caller may see it."""
        response = await call(
            self._stub.GetAssessment,
            assessment_service_pb2.GetAssessmentRequest(assessment_id=str(assessment_id), revision=revision),
        )
        found = response.assessment
        return SeenAssessment(
            assessment_id=found.assessment_id,
            title=found.title,
            state=assessment_event_pb2.AssessmentState.Name(found.state).removeprefix(_STATE),
            published_at=(found.published_time.ToDatetime(UTC) if found.HasField("published_time") else None),
            revision=found.revision,
        )

    async def candidates(
        self, meeting: Meeting, *, theme: str, page_size: int, page_token: str
    ) -> tuple[tuple[Candidate, ...], str]:
        """A page of what the caller's side may propose, and the token of the next page."""
        response = await call(
            self._stub.ListCandidates,
            assessment_service_pb2.ListCandidatesRequest(
                page_size=page_size,
                page_token=page_token,
                occasion=_occasion(meeting),
                theme=theme,
            ),
        )
        return tuple(_candidate(entry) for entry in response.candidates), response.next_page_token

    async def tempos(self, audience: Audience, days: int) -> TempoPicture | None:
        """The tempo of every theme in the window of so many days; None where there is no picture yet."""
        try:
            response = await call(
                self._pictures.GetPicture, picture_service_pb2.GetPictureRequest(audience=audience.id)
            )
        except Refusal as refusal:
            if refusal.reason != _NO_PICTURE:
                raise
            return None
        picture = response.picture
        return TempoPicture(
            as_of=picture.as_of,
            tempos=tuple(
                TempoFact(
                    theme=subject.subject,
                    days=window.days,
                    count=window.count,
                    before=window.before,
                    rising=window.trend == picture_pb2.TREND_RISING,
                )
                for subject in picture.themes
                for window in subject.windows
                if window.days == days
            ),
        )

    async def decide(self, meeting: Meeting, texts: Sequence[Reference]) -> dict[Reference, TextAnswer]:
        """Stored decisions on exact texts for every party of the meeting."""
        if not texts:
            return {}
        response = await call(
            self._stub.DecideReleasability,
            assessment_service_pb2.DecideReleasabilityRequest(
                texts=[_text(reference) for reference in texts], occasion=_occasion(meeting)
            ),
        )
        return {
            reference: TextAnswer(
                reference=reference,
                allowed=answer.allowed,
                decisions=tuple(_decision(decision) for decision in answer.decisions),
                title=answer.title,
                state=_state(answer.state),
            )
            for reference, answer in zip(texts, response.texts, strict=True)
        }


def _occasion(meeting: Meeting) -> assessment_service_pb2.Occasion:
    occasion = assessment_service_pb2.Occasion(series=meeting.series, meeting_id=str(meeting.id))
    occasion.used_at.FromDatetime(meeting.starts_at)
    return occasion


def _text(reference: Reference) -> assessment_service_pb2.TextReference:
    return assessment_service_pb2.TextReference(
        assessment_id=str(reference.assessment_id),
        revision=reference.revision,
        rendition=release_pb2.Rendition.Value(_RENDITION + reference.rendition.value),
        mode=release_pb2.ReleaseMode.Value(_MODE + reference.mode.value),
    )


def _state(state: "assessment_event_pb2.AssessmentState.ValueType") -> AssessmentState:
    return AssessmentState(assessment_event_pb2.AssessmentState.Name(state).removeprefix(_STATE))


def _decision(decision: release_pb2.ReleasabilityDecision) -> ReleaseDecision:
    rendition = release_pb2.Rendition.Name(decision.rendition).removeprefix(_RENDITION)
    mode = release_pb2.ReleaseMode.Name(decision.mode).removeprefix(_MODE)
    return ReleaseDecision(
        decision_id=decision.decision_id,
        party=decision.party,
        allowed=decision.allowed,
        rule_id=decision.rule_id,
        explanation=decision.explanation,
        reference=Reference(
            assessment_id=UUID(decision.assessment_id),
            revision=decision.revision,
            rendition=Rendition(rendition),
            mode=Mode(mode),
        ),
        marking=decode_marking(decision.marking),
        evaluated_at=decision.evaluated_at.ToDatetime(UTC),
        document=json_format.MessageToDict(decision),
    )


def _candidate(entry: assessment_service_pb2.Candidate) -> Candidate:
    found = entry.assessment
    published: datetime | None = None
    if found.HasField("published_time"):
        published = found.published_time.ToDatetime(UTC)
    joint = release_pb2.Rendition.Name(entry.joint_rendition).removeprefix(_RENDITION)
    return Candidate(
        assessment_id=found.assessment_id,
        revision=found.revision,
        title=found.title,
        joint_title=entry.joint_title,
        joint_rendition="" if joint == "UNSPECIFIED" else joint,
        themes=tuple((assigned.theme, assigned.rule_id) for assigned in found.themes),
        agency=found.agency,
        published_at=published,
        decisions=tuple(_decision(decision) for decision in entry.decisions),
        judgements=tuple(_judgement(judgement) for judgement in found.judgements),
    )


def _judgement(stated: assessment_service_pb2.Judgement) -> StatedJudgement:
    """Raises `TermUnknown` for a word that this version does not know."""
    scheme, rating = stated.likelihood_scheme, stated.analytic_confidence
    term = likelihood(stated.likelihood_term, scheme).term if scheme else ""
    return StatedJudgement(
        id=stated.judgement_id,
        likelihood=(scheme, term) if scheme else None,
        confidence=confidence(rating) if rating else "",
    )
