"""Revisions as JSON documents, the form in which they are stored.

`revision_from_document` is the inverse of `revision_to_document`. A document that this module did not
write is a defect, not a refusal: it raises whatever Python raises.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from services.kernel.markings.marking import Marking
from services.kernel.themes import ThemeAssignment
from services.threatfeed.domain.assessment import (
    Assessment,
    Derivation,
    Judgement,
    MarkedPart,
    Period,
    Revision,
    Severity,
    Source,
    SourceFormat,
    TearLine,
    VersionKey,
    VersionScheme,
    Withdrawal,
    WithdrawalCause,
)
from services.threatfeed.domain.subject_documents import (
    actor_from_document,
    actor_to_document,
    location_from_document,
    location_to_document,
    ratings_from_document,
    ratings_to_document,
    sector_from_document,
    sector_to_document,
    tactic_from_document,
    tactic_to_document,
    technique_from_document,
    technique_to_document,
)


def revision_to_document(revision: Revision) -> dict[str, object]:
    """The JSON form of a revision; `kind` tells content from a withdrawal notice."""
    document: dict[str, object] = {
        "assessment_id": str(revision.assessment_id),
        "originator": revision.originator,
        "source": _source_to_document(revision.source),
        "published": None if revision.published is None else revision.published.isoformat(),
    }
    if isinstance(revision, Withdrawal):
        return document | {"kind": "WITHDRAWAL", "reason": revision.reason, "cause": revision.cause.value}
    return document | _content_to_document(revision)


def revision_from_document(document: Mapping[str, Any]) -> Revision:
    """The revision that `revision_to_document` wrote."""
    assessment_id = UUID(document["assessment_id"])
    source = _source_from_document(document["source"])
    published = _instant(document["published"])
    match document["kind"]:
        case "WITHDRAWAL":
            # Notices stored before there were causes have none.
            cause = WithdrawalCause(document.get("cause", WithdrawalCause.WITHDRAWN))
            originator, reason = document["originator"], document["reason"]
            return Withdrawal(assessment_id, originator, source, reason, published, cause)
        case "ASSESSMENT" if published is not None:
            return _content_from_document(document, assessment_id, source, published)
        case kind:
            raise ValueError(f"no revision is stored as {kind!r}")


def _content_to_document(assessment: Assessment) -> dict[str, object]:
    period = assessment.period
    return {
        "kind": "ASSESSMENT",
        "title": assessment.title,
        "text": assessment.text,
        "marking": _marking_to_document(assessment.marking),
        "marking_rule_id": assessment.marking_rule_id,
        "judgements": [_judgement_to_document(judgement) for judgement in assessment.judgements],
        "tear_lines": [
            {
                "title": line.title,
                "text": line.text,
                "marking": _marking_to_document(line.marking),
                "themes": _themes_to_document(line.themes),
            }
            for line in assessment.tear_lines
        ],
        "report_types": list(assessment.report_types),
        "sectors": [sector_to_document(sector) for sector in assessment.sectors],
        "techniques": [technique_to_document(technique) for technique in assessment.techniques],
        "tactics": [tactic_to_document(tactic) for tactic in assessment.tactics],
        "vulnerabilities": list(assessment.vulnerabilities),
        "actors": [actor_to_document(actor) for actor in assessment.actors],
        "locations": [location_to_document(location) for location in assessment.locations],
        "period": None if period is None else {"start": _day(period.start), "end": _day(period.end)},
        "valid_until": None if assessment.valid_until is None else assessment.valid_until.isoformat(),
        "derived_from": [
            {"originator": source.originator, "object_id": source.object_id, "version": source.version}
            for source in assessment.derived_from
        ],
        "reported_by": assessment.reported_by,
        "uri": assessment.uri,
        "themes": _themes_to_document(assessment.themes),
        "severities": [
            {"scheme": severity.scheme, "original": severity.original} for severity in assessment.severities
        ],
        "ratings": ratings_to_document(assessment.ratings),
        "handling": list(assessment.handling),
        "marked_parts": [
            {"selector": part.selector, "marking": part.marking.to_document()}
            for part in assessment.marked_parts
        ],
        "modified": None if assessment.modified is None else assessment.modified.isoformat(),
        "language": assessment.language,
    }


def _themes_to_document(themes: Sequence[ThemeAssignment]) -> list[dict[str, str]]:
    return [
        {"theme": theme.theme, "rule_id": theme.rule_id, "rules_version": theme.rules_version}
        for theme in themes
    ]


def _themes_from_document(entries: Sequence[Mapping[str, str]]) -> tuple[ThemeAssignment, ...]:
    # Revisions stored before rules were kept do not say of which version theirs were.
    return tuple(
        ThemeAssignment(entry["theme"], entry["rule_id"], entry.get("rules_version", "")) for entry in entries
    )


def _content_from_document(
    document: Mapping[str, Any], assessment_id: UUID, source: Source, published: datetime
) -> Assessment:
    period = document["period"]
    return Assessment(
        assessment_id=assessment_id,
        originator=document["originator"],
        source=source,
        title=document["title"],
        text=document["text"],
        marking=Marking.from_document(document["marking"]),
        marking_rule_id=document["marking_rule_id"],
        published=published,
        judgements=tuple(_judgement_from_document(entry) for entry in document["judgements"]),
        tear_lines=tuple(
            TearLine(
                line["title"],
                line["text"],
                Marking.from_document(line["marking"]),
                # Tear lines stored before they had themes of their own have none.
                _themes_from_document(line.get("themes", ())),
            )
            for line in document["tear_lines"]
        ),
        period=None if period is None else Period(_date(period["start"]), _date(period["end"])),
        valid_until=_instant(document["valid_until"]),
        derived_from=tuple(
            Derivation(entry["originator"], entry["object_id"], entry["version"])
            for entry in document["derived_from"]
        ),
        reported_by=document["reported_by"],
        uri=document["uri"],
        themes=_themes_from_document(document["themes"]),
        report_types=tuple(document["report_types"]),
        sectors=tuple(map(sector_from_document, document["sectors"])),
        techniques=tuple(map(technique_from_document, document["techniques"])),
        vulnerabilities=tuple(document["vulnerabilities"]),
        actors=tuple(map(actor_from_document, document["actors"])),
        locations=tuple(map(location_from_document, document["locations"])),
        # Revisions stored before these were read have none of them.
        tactics=tuple(map(tactic_from_document, document.get("tactics", ()))),
        severities=tuple(
            Severity(entry["scheme"], entry["original"]) for entry in document.get("severities", ())
        ),
        ratings=ratings_from_document(document.get("ratings", {})),
        handling=tuple(document.get("handling", ())),
        marked_parts=tuple(
            MarkedPart(part["selector"], Marking.from_document(part["marking"]))
            for part in document.get("marked_parts", ())
        ),
        modified=_instant(document.get("modified")),
        language=document.get("language"),
    )


def _marking_to_document(marking: Marking) -> Mapping[str, object]:
    return _written_marking(marking, marking.original_text)


@lru_cache(maxsize=1024)
def _written_marking(marking: Marking, _: str | None) -> Mapping[str, object]:
    # The banner as received takes no part in the equality of markings, but it is written too.
    return marking.to_document()


def _source_to_document(source: Source) -> dict[str, object]:
    return {
        "format": source.format.value,
        "object_id": source.object_id,
        "version": {
            "scheme": source.version.scheme.value,
            "ordinal": source.version.ordinal,
            "text": source.version.text,
        },
        "content_sha256": source.content_sha256,
        **({} if source.signing_key is None else {"signing_key": source.signing_key}),
    }


def _source_from_document(document: Mapping[str, Any]) -> Source:
    version = document["version"]
    return Source(
        format=SourceFormat(document["format"]),
        object_id=document["object_id"],
        version=VersionKey(VersionScheme(version["scheme"]), version["ordinal"], version["text"]),
        content_sha256=document["content_sha256"],
        signing_key=document.get("signing_key"),
    )


def _judgement_to_document(judgement: Judgement) -> dict[str, object]:
    marking = judgement.marking
    return {
        "judgement_id": judgement.judgement_id,
        "statement": judgement.statement,
        "ratings": ratings_to_document(judgement.ratings),
        "confidence_grounds": judgement.confidence_grounds,
        "marking": None if marking is None else _marking_to_document(marking),
    }


def _judgement_from_document(document: Mapping[str, Any]) -> Judgement:
    marking = document["marking"]
    return Judgement(
        judgement_id=document["judgement_id"],
        statement=document["statement"],
        # Judgements stored before there were five axes hold likelihood and confidence beside the statement.
        ratings=ratings_from_document(document.get("ratings", document)),
        confidence_grounds=document["confidence_grounds"],
        marking=None if marking is None else Marking.from_document(marking),
    )


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _date(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
