"""What an assessment is about, and how it is rated, as messages of AssessmentService."""

from typing import Any

from entente.threatfeed.v1 import assessment_service_pb2

from services.kernel.scales import Likelihood
from services.threatfeed.domain.assessment import Assessment, Judgement
from services.threatfeed.domain.ratings import Rated, Ratings
from services.threatfeed.domain.subjects import Actor


def encode_subjects(content: Assessment) -> assessment_service_pb2.AssessmentSubjects:
    message = assessment_service_pb2.AssessmentSubjects(
        actors=map(_actor, content.actors), vulnerabilities=content.vulnerabilities
    )
    for technique in content.techniques:
        message.techniques.add(
            id=technique.id,
            attack_version=technique.attack_version or "",
            entry_version=technique.entry_version or "",
            domains=[domain.value for domain in technique.domains],
        )
    for tactic in content.tactics:
        message.tactics.add(
            id=tactic.id or "",
            name=tactic.name or "",
            attack_version=tactic.attack_version or "",
            domain="" if tactic.domain is None else tactic.domain.value,
        )
    for sector in content.sectors:
        message.sectors.add(
            scheme=sector.scheme.value,
            version=sector.version or "",
            code=sector.code or "",
            as_reported=sector.as_reported,
        )
    for place in content.locations:
        message.locations.add(as_reported=place.as_reported, scheme=place.scheme.value, code=place.code or "")
    return message


def encode_judgement(judgement: Judgement) -> assessment_service_pb2.Judgement:
    likelihood, confidence = judgement.ratings.likelihood, judgement.ratings.analytic_confidence
    return assessment_service_pb2.Judgement(
        judgement_id=judgement.judgement_id,
        statement=judgement.statement,
        likelihood_scheme=likelihood.scale.value if likelihood else "",
        likelihood_term=likelihood.value.term if likelihood else "",
        analytic_confidence=confidence.value.value if confidence else "",
        confidence_grounds=judgement.confidence_grounds or "",
        ratings=encode_ratings(judgement.ratings),
    )


def encode_ratings(ratings: Ratings) -> assessment_service_pb2.Ratings:
    return assessment_service_pb2.Ratings(
        likelihood=_rating(ratings.likelihood),
        analytic_confidence=_rating(ratings.analytic_confidence),
        source_reliability=_rating(ratings.source_reliability),
        info_credibility=_rating(ratings.info_credibility),
        stix_confidence=_rating(ratings.stix_confidence),
    )


def _rating(rated: Rated[Any] | None) -> assessment_service_pb2.Rating | None:
    if rated is None:
        return None
    value = rated.value.term if isinstance(rated.value, Likelihood) else str(rated.value)
    return assessment_service_pb2.Rating(scale=rated.scale.value, value=value, as_reported=rated.as_reported)


def _actor(actor: Actor) -> assessment_service_pb2.Actor:
    message = assessment_service_pb2.Actor(
        name_as_reported=actor.name_as_reported, note="" if actor.note is None else actor.note.value
    )
    for candidate in actor.candidates:
        message.candidates.add(
            taxonomy=candidate.taxonomy,
            version=candidate.version,
            uuid=candidate.uuid,
            name=candidate.name,
            matched_alias=candidate.matched_alias,
        )
    return message
