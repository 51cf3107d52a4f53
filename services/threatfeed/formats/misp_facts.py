"""What a MISP event holds beside its own words: actors, techniques, sectors, places, CVEs, times, texts.

Whatever is taken from an attribute or a report brings its marking with it: an event is never marked lower
than a fact that it is given. What is deleted gives nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from services.kernel.markings.marking import Marking
from services.threatfeed.domain import limits
from services.threatfeed.domain.assessment import Period
from services.threatfeed.domain.cves import cves_in
from services.threatfeed.domain.refusals import FieldInvalid, FieldTooLong
from services.threatfeed.domain.sectors import sector_in
from services.threatfeed.domain.subjects import Sector, SectorScheme, Tactic, Technique
from services.threatfeed.formats.instants import read_instant
from services.threatfeed.formats.misp_event import (
    Distribution,
    MispAttribute,
    MispEvent,
    MispMarked,
    MispObject,
)
from services.threatfeed.formats.misp_galaxies import GalaxyEntry, attached_entries, entry, tagged_entries
from services.threatfeed.formats.misp_tags import handling_of, machine_tags, marking_of

ALL_COMMUNITIES: Final = "3"

_REACH: Final = {
    "0": "your organisation only",
    "1": "this community only",
    "2": "connected communities",
    "4": "a sharing group",
}


@dataclass(slots=True)
class MispFacts:
    """What was taken, in the order met. `markings` are those of the parts it was taken from."""

    actors: list[str] = field(default_factory=list)
    techniques: list[Technique] = field(default_factory=list)
    tactics: list[Tactic] = field(default_factory=list)
    sectors: list[Sector] = field(default_factory=list)
    locations: list[str] = field(default_factory=list)
    vulnerabilities: list[str] = field(default_factory=list)
    reports: list[str] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    starts: list[datetime] = field(default_factory=list)
    ends: list[datetime] = field(default_factory=list)
    markings: list[Marking] = field(default_factory=list)
    handling: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The reports of the event, else the comments that analyse it."""
        return "\n\n".join(self.reports or self.comments)

    @property
    def period(self) -> Period | None:
        """From the first to the last time seen; None where the producer's times contradict each other."""
        start = min(self.starts).date() if self.starts else None
        end = max(self.ends).date() if self.ends else None
        if (start is None and end is None) or (start and end and end < start):
            return None
        return Period(start, end)


def facts_of(event: MispEvent, pointer: str) -> MispFacts:
    """The facts of an event. Raises a refusal with a pointer where what is taken is malformed."""
    facts = MispFacts()
    tags = list(machine_tags(event.tags, pointer))
    _take_galaxies(facts, tagged_entries(tags))
    _take_galaxies(facts, attached_entries(event))
    for tag in tags:
        if tag.namespace == "nis2" and tag.predicate == "impact-sectors-impacted":
            facts.sectors.append(sector_in(SectorScheme.NIS2, tag.value[: limits.NAME_LENGTH]))
    for position, report in enumerate(event.reports):
        if not report.deleted and report.content:
            facts.reports.append(report.content)
            _take_marking(facts, report, f"{pointer}/EventReport/{position}")
    _take_attributes(facts, event.attributes, pointer)
    for position, group in enumerate(event.objects):
        if not group.deleted:
            place = f"{pointer}/Object/{position}"
            taken = _take_times(facts, group, place)
            if _take_attributes(facts, group.attributes, place) or taken:
                _take_marking(facts, group, place)
    if len(facts.text) > limits.TEXT_LENGTH:
        raise FieldTooLong("the texts of the event are too long together", pointer=pointer)
    return facts


def reach_of(distribution: Distribution, group: str | None) -> str | None:
    """What a distribution restricts an event to, in words; None for all communities and for none stated."""
    if distribution not in _REACH:
        return None
    named = f" {group}" if distribution == "4" and group else ""
    return f"MISP distribution: {_REACH[distribution]}{named}"


def _take_galaxies(facts: MispFacts, entries: Iterable[GalaxyEntry]) -> bool:
    """Takes what the entries give; False where that is nothing."""
    taken = False
    for item in entries:
        technique, actor, sector, place = item.technique, item.actor, item.sector, item.place
        tactics = list(item.tactics)
        if technique is not None:
            facts.techniques.append(technique)
        if actor:
            facts.actors.append(actor)
        if sector is not None and item.value:
            facts.sectors.append(sector)
        if place:
            facts.locations.append(place)
        facts.tactics += tactics
        taken = taken or bool(item.value and (technique or actor or sector or place or tactics))
    return taken


def _take_attributes(facts: MispFacts, attributes: Iterable[MispAttribute], pointer: str) -> bool:
    taken = False
    for position, attribute in enumerate(attributes):
        if attribute.deleted:
            continue
        place = f"{pointer}/Attribute/{position}"
        tagged = tagged_entries(machine_tags(attribute.tags, place)) if attribute.tags else ()
        gives = [
            _take_value(facts, attribute, place),
            _take_times(facts, attribute, place),
            _take_galaxies(facts, tagged),
        ]
        if any(gives):
            _take_marking(facts, attribute, place)
            taken = True
    return taken


def _take_value(facts: MispFacts, attribute: MispAttribute, pointer: str) -> bool:
    match attribute.type, attribute.category:
        case "vulnerability", _:
            found = cves_in(_text(attribute, pointer).upper())
            facts.vulnerabilities += found
            return bool(found)
        case "threat-actor", _:
            return _take_galaxies(facts, [entry("threat-actor", _text(attribute, pointer))])
        case "target-location", _:
            return _take_galaxies(facts, [entry("country", _text(attribute, pointer))])
        case "comment", "External analysis":
            facts.comments.append(_text(attribute, pointer))
            return True
        case "link", "External analysis":
            link = _text(attribute, pointer)
            if link.startswith(("https://", "http://")) and len(link) <= limits.URI_LENGTH:
                facts.links.append(link)
                return True
    return False


def _text(attribute: MispAttribute, pointer: str) -> str:
    if not isinstance(attribute.value, str):
        raise FieldInvalid("the value is not a text", pointer=f"{pointer}/value")
    return attribute.value


def _take_times(facts: MispFacts, part: MispAttribute | MispObject, pointer: str) -> bool:
    if part.first_seen:
        facts.starts.append(read_instant(part.first_seen, f"{pointer}/first_seen"))
    if part.last_seen:
        facts.ends.append(read_instant(part.last_seen, f"{pointer}/last_seen"))
    return bool(part.first_seen or part.last_seen)


def _take_marking(facts: MispFacts, part: MispMarked, pointer: str) -> None:
    tags = list(machine_tags(part.tags, pointer))
    marking = marking_of(tags)
    if marking is not None:
        facts.markings.append(marking)
    facts.handling += handling_of(tags)
    reach = reach_of(part.distribution, None)
    if reach is not None:
        facts.handling.append(f"{reach}, for a part")
