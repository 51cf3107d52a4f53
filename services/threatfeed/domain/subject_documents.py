"""What an assessment is about, and its ratings, as JSON documents.

Revisions stored before sectors, techniques, actors and places were classified hold them as plain words, and
older ratings are bare values: both are read as what was said then, and nothing is looked up again.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from services.kernel.scales import (
    Confidence,
    InformationCredibility,
    Likelihood,
    SourceReliability,
    likelihood,
)
from services.threatfeed.domain.ratings import Rated, Ratings, Scale
from services.threatfeed.domain.sectors import unclassified
from services.threatfeed.domain.subjects import (
    Actor,
    ActorCandidate,
    AttackDomain,
    Location,
    LocationScheme,
    NameNote,
    Sector,
    SectorScheme,
    Tactic,
    Technique,
)

_T = TypeVar("_T")

Document = dict[str, object]


def sector_to_document(sector: Sector) -> Document:
    return {
        "scheme": sector.scheme.value,
        "version": sector.version,
        "code": sector.code,
        "as_reported": sector.as_reported,
    }


def sector_from_document(document: str | Mapping[str, Any]) -> Sector:
    if isinstance(document, str):
        return unclassified(document)
    scheme = SectorScheme(document["scheme"])
    return Sector(scheme, document["version"], document["code"], document["as_reported"])


def technique_to_document(technique: Technique) -> Document:
    return {
        "id": technique.id,
        "attack_version": technique.attack_version,
        "entry_version": technique.entry_version,
        "domains": [domain.value for domain in technique.domains],
    }


def technique_from_document(document: str | Mapping[str, Any]) -> Technique:
    if isinstance(document, str):
        return Technique(document)
    domains = tuple(map(AttackDomain, document["domains"]))
    return Technique(document["id"], document["attack_version"], document["entry_version"], domains)


def tactic_to_document(tactic: Tactic) -> Document:
    return {
        "id": tactic.id,
        "name": tactic.name,
        "attack_version": tactic.attack_version,
        "domain": None if tactic.domain is None else tactic.domain.value,
    }


def tactic_from_document(document: Mapping[str, Any]) -> Tactic:
    domain = document["domain"]
    return Tactic(
        id=document["id"],
        name=document["name"],
        attack_version=document["attack_version"],
        domain=None if domain is None else AttackDomain(domain),
    )


def actor_to_document(actor: Actor) -> Document:
    return {
        "name_as_reported": actor.name_as_reported,
        "candidates": [
            {
                "taxonomy": candidate.taxonomy,
                "version": candidate.version,
                "uuid": candidate.uuid,
                "name": candidate.name,
                "matched_alias": candidate.matched_alias,
            }
            for candidate in actor.candidates
        ],
        "note": None if actor.note is None else actor.note.value,
    }


def actor_from_document(document: str | Mapping[str, Any]) -> Actor:
    if isinstance(document, str):
        return Actor(document)
    note = document["note"]
    return Actor(
        name_as_reported=document["name_as_reported"],
        candidates=tuple(ActorCandidate(**candidate) for candidate in document["candidates"]),
        note=None if note is None else NameNote(note),
    )


def location_to_document(location: Location) -> Document:
    return {
        "as_reported": location.as_reported,
        "scheme": location.scheme.value,
        "code": location.code,
    }


def location_from_document(document: str | Mapping[str, Any]) -> Location:
    if isinstance(document, str):
        return Location(document)
    return Location(document["as_reported"], LocationScheme(document["scheme"]), document["code"])


def ratings_to_document(ratings: Ratings) -> Document:
    """Only what was rated."""
    axes: dict[str, Rated[Any] | None] = {
        "likelihood": ratings.likelihood,
        "analytic_confidence": ratings.analytic_confidence,
        "source_reliability": ratings.source_reliability,
        "info_credibility": ratings.info_credibility,
        "stix_confidence": ratings.stix_confidence,
    }
    return {
        name: {
            "scale": rated.scale.value,
            "value": _plain(rated.value),
            "as_reported": rated.as_reported,
        }
        for name, rated in axes.items()
        if rated is not None
    }


def ratings_from_document(document: Mapping[str, Any]) -> Ratings:
    """What `ratings_to_document` wrote, today or in an older form."""
    return Ratings(
        likelihood=_likelihood(document.get("likelihood")),
        analytic_confidence=_read(
            document.get("analytic_confidence", document.get("confidence")), Scale.UNSTATED, Confidence
        ),
        source_reliability=_read(
            document.get("source_reliability"), Scale.ADMIRALTY_RELIABILITY, SourceReliability
        ),
        info_credibility=_read(
            document.get("info_credibility", document.get("information_credibility")),
            Scale.ADMIRALTY_CREDIBILITY,
            InformationCredibility,
        ),
        stix_confidence=_read(document.get("stix_confidence"), Scale.STIX_CONFIDENCE, int),
    )


def _plain(value: Likelihood | str | int) -> str | int:
    match value:
        case Likelihood():
            return value.term
        case int():
            return value
        case _:
            return str(value)


def _likelihood(document: Mapping[str, Any] | None) -> Rated[Likelihood] | None:
    if document is None:
        return None
    if "term" in document:
        term, scheme = document["term"], document["scheme"]
        return Rated(Scale(scheme), likelihood(term, scheme), term)
    scale = Scale(document["scale"])
    return Rated(scale, likelihood(document["value"], scale.value), document["as_reported"])


def _read(document: Any, scale: Scale, value_of: Callable[[Any], _T]) -> Rated[_T] | None:
    match document:
        case None:
            return None
        case {"scale": stated, "value": value, "as_reported": words}:
            return Rated(Scale(stated), value_of(value), words)
        case _:
            return Rated(scale, value_of(document), str(document))
