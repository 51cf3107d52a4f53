"""What the objects that a STIX report refers to add to it: techniques, CVEs, actors, sectors, places.

Only what is understood is taken, and other members of those objects are never read. Whatever is taken
brings its marking with it: a report is never marked lower than a fact that it is given.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Final, TypeAlias, TypeVar

from pydantic import TypeAdapter, ValidationError

from services.kernel.markings.marking import Marking
from services.kernel.markings.stix_granular import StixMarkings
from services.kernel.refusals import Refusal
from services.threatfeed.domain.assessment import Period
from services.threatfeed.domain.refusals import (
    BundleMalformed,
    TimestampInvalid,
)
from services.threatfeed.domain.sectors import sector_in
from services.threatfeed.domain.subjects import Sector, SectorScheme, Tactic, Technique
from services.threatfeed.formats.instants import read_instant, read_instant_or_day
from services.threatfeed.formats.json_text import Json
from services.threatfeed.formats.stix_attack import (
    Releases,
    releases_of,
    tactic_in,
    tactics_in,
    techniques_in,
)
from services.threatfeed.formats.stix_report import Line, StixExternalReference, StixMarked
from services.threatfeed.formats.validation import at, refusals_of

_T = TypeVar("_T")

StixObject: TypeAlias = dict[str, Json]

_CVE: Final = re.compile(r"CVE-[0-9]{4}-[0-9]{4,19}")
_BEFORE_ALL: Final = datetime.min.replace(tzinfo=UTC)
_LINE: Final = TypeAdapter[str](Line)
_LINES: Final = TypeAdapter[list[str]](list[Line])
_REFERENCES: Final = TypeAdapter(list[StixExternalReference])
# Producers copy objects of ATT&CK without this statement, which MITRE publishes with them.
_STATED_ELSEWHERE: Final[Mapping[str, StixObject]] = {
    "marking-definition--fa42a846-8d90-4e51-bc29-71d5b4802168": {
        "definition_type": "statement",
        "definition": {"statement": "Copyright The MITRE Corporation."},
    }
}
_COLLECTION: Final = "x-mitre-collection"
_STARTS: Final = ("first_seen", "start_time")
_ENDS: Final = ("last_seen", "stop_time")


@dataclass(frozen=True, slots=True)
class Placed:
    """An object and its JSON pointer in the submission."""

    pointer: str
    content: StixObject

    @property
    def type(self) -> str:
        """The STIX type."""
        return str(self.content["type"])


@dataclass(frozen=True, slots=True)
class Bundle:
    """The objects of a bundle: the reports, and the newest version of every other object by its id.

    What shares a bundle is not related by that, and the bundle's own id means nothing.
    """

    reports: tuple[Placed, ...]
    others: Mapping[str, Placed]
    definitions: Mapping[str, StixObject]
    releases: Releases

    @classmethod
    def of(cls, objects: Json) -> "Bundle":
        """Raises `BundleMalformed` for what is no list of STIX objects."""
        if not isinstance(objects, list):
            raise BundleMalformed("a bundle holds a list of objects", pointer="/objects")
        reports: list[Placed] = []
        others: dict[str, Placed] = {}
        definitions: dict[str, StixObject] = {}
        for position, content in enumerate(objects):
            placed = _placed(content, f"/objects/{position}")
            object_id = str(placed.content["id"])
            if placed.type == "report":
                reports.append(placed)
            elif placed.type == "marking-definition":
                # Two contents under one id agree with nothing: the empty one is refused where it is used.
                same = definitions.get(object_id, placed.content) == placed.content
                definitions[object_id] = placed.content if same else {}
            elif object_id not in others or _modified(others[object_id]) <= _modified(placed):
                others[object_id] = placed
        collections = (placed.content for placed in others.values() if placed.type == _COLLECTION)
        return cls(tuple(reports), others, {**_STATED_ELSEWHERE, **definitions}, releases_of(collections))

    def markings_of(self, placed: Placed) -> StixMarkings:
        """The markings of an object and of its parts.

        Raises the refusals of `StixMarkings.read`, with a pointer into the submission.
        """
        try:
            return StixMarkings.read(placed.content, self.definitions)
        except Refusal as refusal:
            raise at(
                refusal, placed.pointer + ("" if refusal.pointer else "/object_marking_refs")
            ) from refusal


@dataclass(slots=True)
class Facts:
    """What was taken, in the order met. `markings` are those of the objects it was taken from."""

    techniques: list[Technique] = field(default_factory=list)
    tactics: list[Tactic] = field(default_factory=list)
    vulnerabilities: list[str] = field(default_factory=list)
    actors: list[str] = field(default_factory=list)
    sectors: list[Sector] = field(default_factory=list)
    locations: list[str] = field(default_factory=list)
    starts: list[datetime] = field(default_factory=list)
    ends: list[datetime] = field(default_factory=list)
    markings: list[Marking] = field(default_factory=list)
    reported_by: str | None = None

    @property
    def period(self) -> Period | None:
        """From the first to the last time seen; None where the producer's times contradict each other."""
        start: date | None = min(self.starts).date() if self.starts else None
        end: date | None = max(self.ends).date() if self.ends else None
        if (start is None and end is None) or (start and end and end < start):
            return None
        return Period(start, end)


def facts_of(references: Sequence[str], created_by: str | None, bundle: Bundle, stix_version: str) -> Facts:
    """The facts that the referred objects give; `stix_version` is the edition whose vocabularies hold.

    Raises a refusal with a pointer where what is taken is malformed, or comes from an object whose marking
    is not understood.
    """
    facts = Facts()
    for placed in _present(references, bundle):
        if _take(facts, placed, bundle, stix_version):
            _take_marking(facts, placed, bundle)
    author = bundle.others.get(created_by) if created_by is not None else None
    if author is not None and author.type == "identity" and "name" in author.content:
        facts.reported_by = _read(_LINE.validate_python, author, "name")
        _take_marking(facts, author, bundle)
    return facts


def _present(references: Iterable[str], bundle: Bundle) -> Iterator[Placed]:
    for reference in dict.fromkeys(references):
        placed = bundle.others.get(reference)
        if placed is not None and placed.content.get("revoked") is not True:
            yield placed


def _take(facts: Facts, placed: Placed, bundle: Bundle, stix_version: str) -> bool:
    """Takes what the object gives; False where that is nothing."""
    taken = _take_period(facts, placed)
    match placed.type:
        case "attack-pattern" | "x-mitre-tactic":
            return _take_attack(facts, placed, bundle) or taken
        case "vulnerability":
            found = _external_ids(placed, "cve", _CVE)
            facts.vulnerabilities += found
        case "threat-actor" | "intrusion-set" if "name" in placed.content:
            found = [_read(_LINE.validate_python, placed, "name")]
            facts.actors += found
        case "identity" if placed.content.get("identity_class") == "class" and "sectors" in placed.content:
            found = _read(_LINES.validate_python, placed, "sectors")
            facts.sectors += [sector_in(SectorScheme.STIX, word, stix_version) for word in found]
        case "location":
            members = [name for name in ("country", "region", "name") if name in placed.content][:1]
            found = [_read(_LINE.validate_python, placed, name) for name in members]
            facts.locations += found
        case _:
            found = []
    return taken or bool(found)


def _take_attack(facts: Facts, placed: Placed, bundle: Bundle) -> bool:
    given = (placed.content, _references(placed), bundle.releases)
    is_technique = placed.type == "attack-pattern"
    techniques = techniques_in(*given) if is_technique else []
    tactics = tactics_in(*given) if is_technique else tactic_in(*given)
    facts.techniques += techniques
    facts.tactics += tactics
    return bool(techniques or tactics)


def _take_period(facts: Facts, placed: Placed) -> bool:
    starts = _times(placed, _STARTS)
    ends = _times(placed, _ENDS)
    facts.starts += starts
    facts.ends += ends
    return bool(starts or ends)


def _take_marking(facts: Facts, placed: Placed, bundle: Bundle) -> None:
    try:
        StixMarked.model_validate(placed.content)
    except ValidationError as error:
        raise refusals_of(error, placed.pointer)[0] from error
    marking = bundle.markings_of(placed).stated_anywhere
    if marking is not None:
        facts.markings.append(marking)


def _external_ids(placed: Placed, source: str, pattern: re.Pattern[str]) -> list[str]:
    return [
        reference.external_id
        for reference in _references(placed)
        if reference.source_name.lower().startswith(source)
        and reference.external_id is not None
        and pattern.fullmatch(reference.external_id)
    ]


def _references(placed: Placed) -> list[StixExternalReference]:
    if "external_references" not in placed.content:
        return []
    return _read(_REFERENCES.validate_python, placed, "external_references")


def _times(placed: Placed, names: Iterable[str]) -> list[datetime]:
    values = [(name, placed.content.get(name)) for name in names]
    return [
        read_instant_or_day(value, f"{placed.pointer}/{name}")
        for name, value in values
        if isinstance(value, str)
    ]


def _read(validate: Callable[[Json], _T], placed: Placed, name: str) -> _T:
    try:
        return validate(placed.content[name])
    except ValidationError as error:
        raise refusals_of(error, f"{placed.pointer}/{name}")[0] from error


def _placed(content: Json, pointer: str) -> Placed:
    if not isinstance(content, dict):
        raise BundleMalformed("a STIX object is a JSON object", pointer=pointer)
    for name in ("type", "id"):
        if not isinstance(content.get(name), str):
            raise BundleMalformed(f"a STIX object has a {name}", pointer=f"{pointer}/{name}")
    return Placed(pointer, content)


def _modified(placed: Placed) -> datetime:
    value = placed.content.get("modified")
    try:
        return read_instant(value, "") if isinstance(value, str) else _BEFORE_ALL
    except TimestampInvalid:
        return _BEFORE_ALL
