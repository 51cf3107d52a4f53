"""The JSON form of what a check found in a file: the members of `docs/reference/check.md`."""

from collections.abc import Iterator
from datetime import datetime

from services.kernel.markings.marking import Marking
from services.kernel.scales import Likelihood
from services.threatfeed.domain.assessment import Assessment, Judgement, Ratings, Revision, Withdrawal
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
            *("handling", "actors", "actor_candidates", "techniques", "vulnerabilities", "sectors"),
            *("locations", "themes", "judgements", "severity", "tear_lines"),
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
        "actors": list(assessment.actors),
        "actor_candidates": [],
        "techniques": list(assessment.techniques),
        "vulnerabilities": list(assessment.vulnerabilities),
        "sectors": list(assessment.sectors),
        "locations": list(assessment.locations),
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
        "likelihood": _likelihood(judgement.likelihood),
        "confidence": judgement.confidence,
        "confidence_grounds": judgement.confidence_grounds,
        "marking": None if judgement.marking is None else _marking(judgement.marking),
    }


def _ratings(ratings: Ratings) -> dict[str, object]:
    return {
        "likelihood": _likelihood(ratings.likelihood),
        "confidence": ratings.confidence,
        "source_reliability": ratings.source_reliability,
        "information_credibility": ratings.information_credibility,
        "stix_confidence": ratings.stix_confidence,
    }


def _likelihood(likely: Likelihood | None) -> dict[str, object] | None:
    return None if likely is None else {"scheme": likely.scheme, "term": likely.term}


def _instant(instant: datetime | None) -> str | None:
    return None if instant is None else instant.isoformat()
