"""What an assessment is about, in the terms of published taxonomies: actors, techniques, sectors, places.

Each keeps the words of its source. A code is given only where the source states it or a taxonomy holds the
exact name; nothing is turned from one taxonomy into another, and what no taxonomy holds is kept as reported.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from operator import attrgetter
from typing import Final, TypeVar

_T = TypeVar("_T")

_BETWEEN_WORDS: Final = re.compile(r"[^\w]+")


class NameNote(StrEnum):
    """Why a name was not looked up: it does not read as it looks."""

    HIDDEN_CHARACTERS = "HIDDEN_CHARACTERS"
    """Bidirectional controls, zero-width or other characters that are not seen (Unicode categories C*)."""
    COMPATIBILITY_CHARACTERS = "COMPATIBILITY_CHARACTERS"
    """Full-width, mathematical and other forms that only look like letters (changed by NFKC)."""
    MIXED_SCRIPTS = "MIXED_SCRIPTS"
    """Latin letters beside those of a script with letters that look the same."""


@dataclass(frozen=True, slots=True)
class ActorCandidate:
    """An entry of a knowledge base that goes by the name. It says nothing of who stands behind it.

    `taxonomy` and `version` name the knowledge base, for example `misp-galaxy:threat-actor` and `349`.
    """

    taxonomy: str
    version: str
    uuid: str
    name: str
    matched_alias: str


@dataclass(frozen=True, slots=True)
class Actor:
    """An actor by the name that the source used, with every entry that may be meant.

    One candidate or several: which of them is meant is a person's decision, and names are never merged.
    """

    name_as_reported: str
    candidates: tuple[ActorCandidate, ...] = ()
    note: NameNote | None = None


class AttackDomain(StrEnum):
    """A matrix of MITRE ATT&CK, as `x_mitre_domains` names it."""

    ENTERPRISE = "enterprise-attack"
    ICS = "ics-attack"
    MOBILE = "mobile-attack"


@dataclass(frozen=True, slots=True)
class Technique:
    """A technique of MITRE ATT&CK by its id.

    `attack_version` is the release of ATT&CK, `entry_version` what the catalogue that was copied from counts:
    `x_mitre_version` of the object, or the version of the MISP galaxy. None, and no domain, is not stated.
    """

    id: str
    attack_version: str | None = None
    entry_version: str | None = None
    domains: tuple[AttackDomain, ...] = ()


@dataclass(frozen=True, slots=True)
class Tactic:
    """A tactic of MITRE ATT&CK as the source states it: its id, its name, or both.

    Releases split and rename tactics, so that none is dropped for not being in a later one.
    """

    id: str | None
    name: str | None = None
    attack_version: str | None = None
    domain: AttackDomain | None = None


class SectorScheme(StrEnum):
    """A list of sectors. OTHER where none was stated, or none that is read here holds the word."""

    NIS2 = "NIS2"
    """Annexes I and II of Directive (EU) 2022/2555."""
    UK_CNI = "UK_CNI"
    """Critical national infrastructure of the United Kingdom."""
    STIX = "STIX"
    """The open vocabulary of industry sectors of STIX."""
    MISP = "MISP"
    """The galaxy of sectors of MISP."""
    OTHER = "OTHER"


@dataclass(frozen=True, slots=True)
class Sector:
    """A sector in one scheme; `version` is the edition of the scheme. Only OTHER has no code."""

    scheme: SectorScheme
    version: str | None
    code: str | None
    as_reported: str

    @property
    def term(self) -> str:
        """The word by which rules ask for the sector, whatever its scheme, for example `waste-water`."""
        if self.code is not None:
            return self.code.casefold()
        return _term(self.as_reported)


@lru_cache(maxsize=1_024)
def _term(words: str) -> str:
    return _BETWEEN_WORDS.sub("-", words.casefold()).strip("-").removesuffix("-sector")


class LocationScheme(StrEnum):
    """A list of places. OTHER where no code was stated and no list holds the exact name."""

    ISO_3166_1 = "ISO_3166_1"
    """Countries, by alpha-2 code."""
    UN_M49 = "UN_M49"
    """Regions, by the three digits of the UN statistics division."""
    OTHER = "OTHER"


@dataclass(frozen=True, slots=True)
class Location:
    """A place as reported; only OTHER has no code."""

    as_reported: str
    scheme: LocationScheme = LocationScheme.OTHER
    code: str | None = None


def distinct_techniques(found: Iterable[Technique]) -> tuple[Technique, ...]:
    """Each once, in the order met; one that states less than another of its id is left out."""
    return _most_stated(found, attrgetter("id"), _states_less)


def distinct_sectors(found: Iterable[Sector]) -> tuple[Sector, ...]:
    """Each once, in the order met; one that states no version gives way to one that does."""
    return _most_stated(found, attrgetter("as_reported"), _is_unversioned)


def distinct_terms(sectors: Iterable[Sector]) -> tuple[str, ...]:
    """The words by which rules ask for the sectors, each once."""
    return tuple(dict.fromkeys(term for sector in sectors if (term := sector.term)))


def _most_stated(
    found: Iterable[_T], word_of: Callable[[_T], str], states_less: Callable[[_T, _T], bool]
) -> tuple[_T, ...]:
    items = list(found)
    groups: dict[str, list[_T]] = {}
    for item in items:
        groups.setdefault(word_of(item), []).append(item)
    if len(groups) == len(items):
        return tuple(items)
    return tuple(
        item
        for item in dict.fromkeys(items)
        if not any(states_less(item, other) for other in groups[word_of(item)])
    )


def _is_unversioned(one: Sector, other: Sector) -> bool:
    return one.version is None and other.version is not None and one.scheme is other.scheme


def _states_less(one: Technique, other: Technique) -> bool:
    stated = (
        (one.attack_version, other.attack_version),
        (one.entry_version, other.entry_version),
        (one.domains or None, other.domains or None),
    )
    return one != other and all(left is None or left == right for left, right in stated)
