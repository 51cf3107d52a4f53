"""What a reader of one rendition of an assessment gets, and nothing more."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from services.kernel.policy import Policy
from services.kernel.release_terms import Rendition
from services.threatfeed.domain.assessment import Assessment
from services.threatfeed.domain.cves import cves_in
from services.threatfeed.domain.subjects import distinct_terms

LONGEST_INDEXED = 200_000
"""Characters of a text that can be searched: PostgreSQL refuses a search vector of over a megabyte."""
UNTITLED = "Untitled assessment"


class ViewState(StrEnum):
    """How an assessment stands in the view of one party."""

    ACTIVE = "ACTIVE"
    EXPIRED = "EXPIRED"
    WITHDRAWN = "WITHDRAWN"
    NOT_RELEASED = "NOT_RELEASED"
    """It is no longer the party's to read."""


@dataclass(frozen=True, slots=True)
class View:
    """What one party may read of one assessment now; without content it may read nothing any more."""

    party: str
    origin: str
    """The party of the agency that published it."""
    assessment_id: UUID
    revision: int
    state: ViewState
    rendition: Rendition | None
    content: Assessment | None


def in_rendition(content: Assessment, rendition: Rendition) -> Assessment:
    """The assessment as readers of a rendition have it.

    A tear line stands alone: it gets nothing of its parent but its origin and dates.
    """
    if rendition is Rendition.FULL:
        return content
    line, source = content.tear_lines[0], content.source
    title = line.title or UNTITLED
    return Assessment(
        assessment_id=content.assessment_id,
        originator=content.originator,
        source=replace(source, content_sha256=""),
        title=title,
        text=line.text,
        marking=line.marking,
        marking_rule_id=None,
        published=content.published,
        valid_until=content.valid_until,
        vulnerabilities=tuple(dict.fromkeys(cves_in(title, line.text))),
        themes=line.themes,
    )


def facts_of(content: Assessment, party: str) -> list[str]:
    """What a search can be narrowed to, each as `kind:value` in lower case."""
    marking = content.whole_marking()
    levels = [f"{national.system.value} {national.level}" for national in marking.national]
    return sorted(
        {
            f"party:{party}".casefold(),
            f"agency:{content.originator}".casefold(),
            *_facts("theme", [item.theme for item in content.themes]),
            *_facts("actor", [actor.name_as_reported for actor in content.actors]),
            *_facts("technique", [technique.id for technique in content.techniques]),
            *_facts("cve", content.vulnerabilities),
            *_facts("reference", () if content.uri is None else (content.uri,)),
            *_facts("sector", distinct_terms(content.sectors)),
            *_facts("sector", [f"{item.scheme} {item.code}" for item in content.sectors if item.code]),
            *_facts("marking", [*([str(marking.tlp)] if marking.tlp else []), *levels]),
        }
    )


def _facts(kind: str, values: "list[str] | tuple[str, ...]") -> Iterator[str]:
    return (f"{kind}:{value}".casefold() for value in values)


def next_change(content: Assessment, now: datetime) -> datetime | None:
    """When time alone next changes who may read the texts of an assessment; None where it never does."""
    embargoes = [
        national.embargo_until
        for marking in content.markings()
        for national in marking.national
        if national.embargo_until is not None and national.embargo_until > now
    ]
    return min(embargoes, default=None)


def basis_of(policy: Policy, at: datetime) -> str:
    """Names what views are decided upon besides the texts: the policy, and the agreements in force."""
    standing = sorted(agreement.id for agreement in policy.agreements if agreement.in_force(at))
    return f"{policy.version}|{','.join(standing)}"
