"""What an assessment is about and how it is rated, as REST shows it in the full rendition."""

from typing import Any

from pydantic import BaseModel

from services.kernel.scales import Likelihood
from services.threatfeed.domain.assessment import Assessment
from services.threatfeed.domain.ratings import Rated, Ratings


class ActorCandidateView(BaseModel):
    """An entry of a knowledge base that goes by the name; no attribution."""

    taxonomy: str
    version: str
    uuid: str
    name: str
    matched_alias: str


class ActorView(BaseModel):
    name_as_reported: str
    candidates: list[ActorCandidateView]
    note: str | None


class TechniqueView(BaseModel):
    id: str
    attack_version: str | None
    entry_version: str | None
    domains: list[str]


class TacticView(BaseModel):
    id: str | None
    name: str | None
    attack_version: str | None
    domain: str | None


class SectorView(BaseModel):
    scheme: str
    version: str | None
    code: str | None
    as_reported: str


class LocationView(BaseModel):
    as_reported: str
    scheme: str
    code: str | None


class RatingView(BaseModel):
    """A value on one scale, with the words as received."""

    scale: str
    value: str
    as_reported: str

    @classmethod
    def of(cls, rated: Rated[Any] | None) -> "RatingView | None":
        if rated is None:
            return None
        value = rated.value.term if isinstance(rated.value, Likelihood) else str(rated.value)
        return cls(scale=rated.scale.value, value=value, as_reported=rated.as_reported)


class RatingsView(BaseModel):
    """Five axes; null is unspecified."""

    likelihood: RatingView | None
    analytic_confidence: RatingView | None
    source_reliability: RatingView | None
    info_credibility: RatingView | None
    stix_confidence: RatingView | None

    @classmethod
    def of(cls, ratings: Ratings) -> "RatingsView":
        return cls(
            likelihood=RatingView.of(ratings.likelihood),
            analytic_confidence=RatingView.of(ratings.analytic_confidence),
            source_reliability=RatingView.of(ratings.source_reliability),
            info_credibility=RatingView.of(ratings.info_credibility),
            stix_confidence=RatingView.of(ratings.stix_confidence),
        )


class SubjectsView(BaseModel):
    """What the whole text is about, in the terms of published taxonomies."""

    actors: list[ActorView]
    techniques: list[TechniqueView]
    tactics: list[TacticView]
    sectors: list[SectorView]
    vulnerabilities: list[str]
    locations: list[LocationView]
    ratings: RatingsView

    @classmethod
    def of(cls, content: Assessment) -> "SubjectsView":
        return cls(
            actors=[
                ActorView(
                    name_as_reported=actor.name_as_reported,
                    candidates=[
                        ActorCandidateView.model_validate(candidate, from_attributes=True)
                        for candidate in actor.candidates
                    ],
                    note=actor.note,
                )
                for actor in content.actors
            ],
            techniques=[
                TechniqueView(
                    id=technique.id,
                    attack_version=technique.attack_version,
                    entry_version=technique.entry_version,
                    domains=[*technique.domains],
                )
                for technique in content.techniques
            ],
            tactics=[TacticView.model_validate(tactic, from_attributes=True) for tactic in content.tactics],
            sectors=[SectorView.model_validate(sector, from_attributes=True) for sector in content.sectors],
            vulnerabilities=list(content.vulnerabilities),
            locations=[
                LocationView.model_validate(place, from_attributes=True) for place in content.locations
            ],
            ratings=RatingsView.of(content.ratings),
        )
