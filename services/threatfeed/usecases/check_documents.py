"""The JSON form of what a check found in a file: the members of `docs/reference/check.md`."""

from collections.abc import Iterator
from dataclasses import fields
from datetime import datetime

from services.kernel.markings.marking import Marking
from services.threatfeed.domain.assessment import Assessment, Judgement, Revision, Withdrawal
from services.threatfeed.domain.ratings import Ratings
from services.threatfeed.domain.subject_documents import (
    actor_to_document,
    location_to_document,
    ratings_to_document,
    sector_to_document,
    tactic_to_document,
    technique_to_document,
)
from services.threatfeed.domain.submission import Rejection


def revision_to_document(revision: Revision) -> dict[str, object]:
    """One assessment as it was understood; of a withdrawal, that it is one and why."""
    source = revision.source
    document: dict[str, object] = {
        "source_object_id": source.object_id,
        "version_key": source.version.text,
        "originator": revision.originator,
        "assessment_id": str(revision.assessment_id),
        "revoked": isinstance(revision, Withdrawal),
        "published": _instant(revision.published),
    }
    return document | (_withdrawal(revision) if isinstance(revision, Withdrawal) else _content(revision))


def rejection_to_document(rejection: Rejection) -> Iterator[dict[str, object]]:
    """One entry for each refusal. The pointer of a fault of the whole file is the empty one (RFC 6901)."""
    for refusal in rejection.refusals:
        yield {
            "code": refusal.reason,
            "pointer": refusal.pointer or "",
            "message": refusal.detail,
            "source_object_id": rejection.object_id,
            "version_key": rejection.version,
            **refusal.metadata,
        }


def _withdrawal(notice: Withdrawal) -> dict[str, object]:
    """A notice says nothing of the rest."""
    nothing: dict[str, object] = dict.fromkeys(
        ("title", "modified", "language", "marking", "confidence", "reported_by")
    )
    empty: dict[str, object] = {
        name: []
        for name in (
            *("handling", "actors", "actor_candidates", "techniques", "tactics", "vulnerabilities"),
            *("sectors", "locations", "themes", "judgements", "severity", "tear_lines"),
        )
    }
    return nothing | empty | {"cause": notice.cause, "reason": notice.reason}


def _content(assessment: Assessment) -> dict[str, object]:
    return {
        "cause": None,
        "reason": None,
        "title": assessment.title,
        "modified": _instant(assessment.modified),
        "language": assessment.language,
        "marking": {
            **_marking(assessment.whole_marking()),
            "rule": assessment.marking_rule_id,
        },
        "handling": list(assessment.handling),
        "actors": [actor.name_as_reported for actor in assessment.actors],
        "actor_candidates": [actor_to_document(actor) for actor in assessment.actors],
        "techniques": [technique_to_document(technique) for technique in assessment.techniques],
        "tactics": [tactic_to_document(tactic) for tactic in assessment.tactics],
        "vulnerabilities": list(assessment.vulnerabilities),
        "sectors": [sector_to_document(sector) for sector in assessment.sectors],
        "locations": [location_to_document(location) for location in assessment.locations],
        "themes": [{"theme": theme.theme, "rule_id": theme.rule_id} for theme in assessment.themes],
        "judgements": [_judgement(judgement) for judgement in assessment.judgements],
        "severity": [
            {"scheme": severity.scheme, "original": severity.original} for severity in assessment.severities
        ],
        "confidence": _ratings(assessment.ratings),
        "tear_lines": [
            {"title": line.title, "marking": _marking(line.marking)} for line in assessment.tear_lines
        ],
        "reported_by": assessment.reported_by,
    }


def _marking(marking: Marking) -> dict[str, object]:
    return {
        "tlp": None if marking.tlp is None else str(marking.tlp),
        "national": "; ".join(str(national) for national in marking.national) or None,
    }


def _judgement(judgement: Judgement) -> dict[str, object]:
    return {
        "id": judgement.judgement_id,
        "statement": judgement.statement,
        **_ratings(judgement.ratings),
        "confidence_grounds": judgement.confidence_grounds,
        "marking": None if judgement.marking is None else _marking(judgement.marking),
    }


def _ratings(ratings: Ratings) -> dict[str, object]:
    """All five axes: what is unspecified is null."""
    return {field.name: None for field in fields(ratings)} | ratings_to_document(ratings)


def _instant(instant: datetime | None) -> str | None:
    return None if instant is None else instant.isoformat()
