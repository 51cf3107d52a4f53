"""Reads MISP events (misp-core-format): every event is an assessment, whatever list or answer holds it.

The identity of an assessment is the event's uuid and its version is `timestamp`. The originator is the
agency of the topic; `Orgc` is kept as reported. An event that is not published is refused, and a deleted
one is a withdrawal. TLP tags mark an event. Its distribution does not: one that reaches fewer than all
communities and carries no TLP tag is refused, and beside a tag the restriction is kept for people.
"""

from datetime import UTC, datetime
from typing import Final

from pydantic import ValidationError

from services.kernel.identifiers import assessment_id
from services.kernel.markings.composition import compose
from services.kernel.markings.marking import Marking
from services.kernel.markings.refusals import MarkingMissing
from services.kernel.parties import Agency
from services.kernel.policy import Policy
from services.kernel.refusals import Refusal
from services.threatfeed.domain import limits
from services.threatfeed.domain.assessment import (
    Assessment,
    Severity,
    Source,
    SourceFormat,
    VersionKey,
    VersionScheme,
    Withdrawal,
    WithdrawalCause,
)
from services.threatfeed.domain.cves import cves_in
from services.threatfeed.domain.refusals import (
    EventsMalformed,
    EventUnpublished,
    NoEvent,
    TooManyAssessments,
)
from services.threatfeed.domain.subjects import (
    Actor,
    Location,
    distinct_sectors,
    distinct_techniques,
    distinct_terms,
)
from services.threatfeed.domain.submission import Reading
from services.threatfeed.domain.themes import ThemeMatcher, ThemeSubject
from services.threatfeed.formats.content import content_sha256, distinct, rejection
from services.threatfeed.formats.instants import microseconds
from services.threatfeed.formats.json_text import Json
from services.threatfeed.formats.misp_event import MispEvent, MispVersion
from services.threatfeed.formats.misp_facts import ALL_COMMUNITIES, MispFacts, facts_of, reach_of
from services.threatfeed.formats.misp_tags import (
    MachineTag,
    handling_of,
    machine_tags,
    marking_of,
    ratings_of,
)
from services.threatfeed.formats.unmarked import marking_of_unmarked
from services.threatfeed.formats.validation import refusals_of

_DELETED: Final = "The event was deleted by its producer."
_THREAT_LEVELS: Final = {"1": "High", "2": "Medium", "3": "Low"}
# What an instance of MISP writes into its copy of an event: two copies of one version differ in these.
_OF_THE_INSTANCE: Final = frozenset(
    {
        *("id", "event_id", "object_id", "org_id", "orgc_id", "tag_id", "galaxy_id", "Org"),
        *("publish_timestamp", "event_creator_email", "attribute_count", "locked"),
        *("proposal_email_lock", "disable_correlation", "RelatedEvent", "ShadowAttribute", "Feed"),
        *("Sighting", "sighting_timestamp"),
    }
)


def read_misp(document: Json, *, agency: Agency, policy: Policy, themes: ThemeMatcher) -> tuple[Reading, ...]:
    """One reading for each event, in their order.

    A submission is one event, a list of them, or the `response` of an instance. Raises `EventsMalformed`
    for anything else, `NoEvent` and `TooManyAssessments`.
    """
    events = _events(document)
    if not events:
        raise NoEvent("the submission holds no event")
    if len(events) > limits.ASSESSMENTS_PER_SUBMISSION:
        raise TooManyAssessments(
            f"{len(events)} events are more than the "
            f"{limits.ASSESSMENTS_PER_SUBMISSION} that one submission may hold"
        )
    return tuple(_read(content, pointer, agency, policy, themes) for pointer, content in events)


def _events(document: Json) -> list[tuple[str, dict[str, Json]]]:
    """Every event with its JSON pointer."""
    pointer = ""
    if isinstance(document, dict) and "Event" not in document:
        document, pointer = document.get("response"), "/response"
    if not isinstance(document, list):
        return [_event(document, pointer)]
    return [_event(entry, f"{pointer}/{position}") for position, entry in enumerate(document)]


def _event(document: Json, pointer: str) -> tuple[str, dict[str, Json]]:
    content = document.get("Event") if isinstance(document, dict) else None
    if not isinstance(content, dict):
        raise EventsMalformed("an event is an object named Event", pointer=f"{pointer}/Event")
    return f"{pointer}/Event", content


def _read(
    content: dict[str, Json], pointer: str, agency: Agency, policy: Policy, themes: ThemeMatcher
) -> Reading:
    try:
        if content.get("deleted") in (True, "1"):
            return _withdrawal(content, agency)
        return _assessment(content, pointer, agency, policy, themes)
    except ValidationError as error:
        refusals = refusals_of(error, pointer)
    except Refusal as refusal:
        refusals = (refusal,)
    return rejection(content.get("uuid"), content.get("timestamp"), refusals)


def _assessment(
    content: dict[str, Json], pointer: str, agency: Agency, policy: Policy, themes: ThemeMatcher
) -> Assessment:
    event = MispEvent.model_validate(content)
    if not event.published:
        raise EventUnpublished("the event is not published", pointer=f"{pointer}/published")
    tags = list(machine_tags(event.tags, pointer))
    facts = facts_of(event, pointer)
    marking, rule_id = _marking(event, tags, facts, pointer, agency, policy)
    text = facts.text
    vulnerabilities = distinct([*facts.vulnerabilities, *cves_in(event.info, text)])
    techniques, sectors = distinct_techniques(facts.techniques), distinct_sectors(facts.sectors)
    actors = distinct(facts.actors)
    level = _THREAT_LEVELS.get(event.threat_level_id)
    reach = reach_of(event.distribution, event.sharing_group.name if event.sharing_group else None)
    subject = ThemeSubject(
        texts=(event.info, text),
        sectors=distinct_terms(sectors),
        techniques=[technique.id for technique in techniques],
        vulnerabilities=vulnerabilities,
        actors=actors,
    )
    return Assessment(
        assessment_id=assessment_id(agency.id, event.uuid.lower()),
        originator=agency.id,
        source=_source(event, content),
        title=event.info,
        text=text,
        marking=marking,
        marking_rule_id=rule_id,
        published=_instant(event.publish_timestamp if int(event.publish_timestamp) else event.timestamp),
        modified=_instant(event.timestamp),
        period=facts.period,
        sectors=sectors,
        techniques=techniques,
        tactics=tuple(dict.fromkeys(facts.tactics)),
        vulnerabilities=vulnerabilities,
        actors=tuple(map(Actor, actors)),
        locations=tuple(map(Location, distinct(facts.locations))),
        reported_by=event.creator.name if event.creator else None,
        uri=next(iter(facts.links), None),
        themes=themes.assign(subject),
        severities=() if level is None else (Severity("MISP-threat-level", level),),
        ratings=ratings_of(tags),
        handling=distinct([*([reach] if reach else []), *handling_of(tags), *facts.handling]),
    )


def _withdrawal(content: dict[str, Json], agency: Agency) -> Withdrawal:
    version = MispVersion.model_validate(content)
    return Withdrawal(
        assessment_id=assessment_id(agency.id, version.uuid.lower()),
        originator=agency.id,
        source=_source(version, content),
        reason=_DELETED,
        published=_instant(version.timestamp),
        cause=WithdrawalCause.DELETED,
    )


def _marking(
    event: MispEvent,
    tags: list[MachineTag],
    facts: MispFacts,
    pointer: str,
    agency: Agency,
    policy: Policy,
) -> tuple[Marking, str | None]:
    own, rule_id = marking_of(tags), None
    if own is None:
        if event.distribution not in (None, ALL_COMMUNITIES):
            raise MarkingMissing(
                "the event is restricted by its distribution and carries no TLP tag",
                pointer=f"{pointer}/distribution",
            )
        own, rule_id = marking_of_unmarked(agency, policy, pointer, SourceFormat.MISP)
    return (compose([own, *facts.markings]) if facts.markings else own), rule_id


def _source(version: MispVersion, content: dict[str, Json]) -> Source:
    ordinal = microseconds(_instant(version.timestamp))
    return Source(
        format=SourceFormat.MISP,
        object_id=version.uuid.lower(),
        version=VersionKey(VersionScheme.TIMESTAMP, ordinal, version.timestamp),
        content_sha256=content_sha256(_as_produced(content)),
    )


def _as_produced(value: Json) -> Json:
    """The content without what an instance adds to its copy."""
    if isinstance(value, dict):
        return {name: _as_produced(member) for name, member in value.items() if name not in _OF_THE_INSTANCE}
    if isinstance(value, list):
        return [_as_produced(member) for member in value]
    return value


def _instant(seconds: str) -> datetime:
    # Eleven digits end in the year 5138.
    return datetime.fromtimestamp(int(seconds), UTC)
