"""Looks names up in the knowledge bases of one deployment, loaded once: actors, countries, regions, sectors.

A name is matched as a whole; letter case, spaces and hyphens do not count, everything else does. A name that
does not read as it looks is never made into one that does: it gets a note and no candidate.
"""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from services.kernel.sections import Section
from services.threatfeed.domain.assessment import Assessment
from services.threatfeed.domain.sectors import unclassified
from services.threatfeed.domain.subjects import (
    Actor,
    ActorCandidate,
    Location,
    LocationScheme,
    NameNote,
    Sector,
    SectorScheme,
    distinct_sectors,
)

_NOT_COUNTED: Final = {ord(character): None for character in "-_\N{HYPHEN}\N{NON-BREAKING HYPHEN}"}
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})
# Scripts with letters that cannot be told from Latin ones.
_LOOKALIKES: Final = frozenset({"ARMENIAN", "CHEROKEE", "CYRILLIC", "GREEK"})
_ALPHA_2: Final = 2
_NO_CANDIDATES: Final[tuple[ActorCandidate, ...]] = ()
_STIX_REGIONS: Final = {
    # The two words of STIX 2.1 section 10.20 (region-ov) that are not the UN's name with hyphens.
    "latin-america-caribbean": "latin-america-and-the-caribbean",
    "australia-new-zealand": "australia-and-new-zealand",
}


@dataclass(frozen=True, slots=True)
class Taxonomies:
    """The knowledge bases of one deployment, indexed by folded name."""

    actors: Mapping[str, tuple[ActorCandidate, ...]]
    countries: Mapping[str, str]
    """Alpha-2 codes by alpha-2 code, alpha-3 code (both in capitals) and folded name."""
    regions: Mapping[str, str]
    """UN M49 codes by code and folded name."""
    sectors: Mapping[str, str]
    """The names of the MISP galaxy by folded name."""
    sectors_version: str

    @classmethod
    def from_documents(cls, documents: Mapping[str, object]) -> "Taxonomies":
        """Of the documents of `deploy/reference`, by file name. Raises `PolicyMalformed`."""
        sectors = _read(documents, "sectors")
        version = sectors.text("version")
        names = [entry.text("name") for entry in sectors.sections("sectors")]
        return cls(
            actors=_actors(_read(documents, "threat-actors")),
            countries=_countries(_read(documents, "countries")),
            regions=_regions(_read(documents, "regions")),
            sectors=MappingProxyType({fold(name): name for name in names}),
            sectors_version=version,
        )

    def classified(self, assessment: Assessment) -> Assessment:
        """The assessment with the candidates of its actors and the codes of its places and MISP sectors."""
        in_misp = any(sector.scheme is SectorScheme.MISP for sector in assessment.sectors)
        if not (assessment.actors or assessment.locations or in_misp):
            return assessment
        return replace(
            assessment,
            actors=tuple(self.actor(actor.name_as_reported) for actor in assessment.actors),
            locations=tuple(map(self._located, assessment.locations)),
            sectors=distinct_sectors(map(self._sector, assessment.sectors)),
        )

    def actor(self, name: str) -> Actor:
        """The actor with every entry that goes by the name."""
        note = name_note(name)
        candidates = _NO_CANDIDATES if note else self.actors.get(fold(name), _NO_CANDIDATES)
        return Actor(name, candidates, note)

    def location(self, words: str) -> Location:
        """The place with its code, where the words are one or the exact name of a country or region."""
        if name_note(words):
            return Location(words)
        # In lower case three letters may be a word; two are a code wherever places are listed.
        code = words.upper() if len(words) == _ALPHA_2 else words
        found = self.countries.get(code) or self.countries.get(fold(words))
        if found is not None:
            return Location(words, LocationScheme.ISO_3166_1, found)
        word = words.casefold()
        area = self.regions.get(word[:3]) if word[3:6] == " - " else None
        area = area or self.regions.get(fold(_STIX_REGIONS.get(word, word)))
        return Location(words) if area is None else Location(words, LocationScheme.UN_M49, area)

    def _located(self, place: Location) -> Location:
        return self.location(place.as_reported)

    def misp_sector(self, word: str, version: str | None = None) -> Sector:
        """The sector that the MISP galaxy calls so; one of no list where it has none of that name."""
        code = self.sectors.get(fold(word))
        if code is None:
            return unclassified(word)
        return Sector(SectorScheme.MISP, version or self.sectors_version, code, word)

    def _sector(self, sector: Sector) -> Sector:
        if sector.scheme is not SectorScheme.MISP:
            return sector
        return self.misp_sector(sector.as_reported, sector.version)


def fold(name: str) -> str:
    """The form in which names are compared: canonical composition, without letter case, spaces, hyphens."""
    return "".join(unicodedata.normalize("NFC", name).casefold().translate(_NOT_COUNTED).split())


def name_note(name: str) -> NameNote | None:
    """Why the name does not read as it looks; None for one that does."""
    if name.isascii() and name.isprintable():
        return None
    if any(unicodedata.category(character) in _UNSEEN for character in name):
        return NameNote.HIDDEN_CHARACTERS
    counted = name.translate(_NOT_COUNTED)
    if unicodedata.normalize("NFKC", counted) != unicodedata.normalize("NFC", counted):
        return NameNote.COMPATIBILITY_CHARACTERS
    scripts = {unicodedata.name(character, "").partition(" ")[0] for character in name if character.isalpha()}
    return NameNote.MIXED_SCRIPTS if "LATIN" in scripts and scripts & _LOOKALIKES else None


def _read(documents: Mapping[str, object], name: str) -> Section:
    return Section(documents.get(name), name)


def _actors(section: Section) -> Mapping[str, tuple[ActorCandidate, ...]]:
    taxonomy, version = section.text("taxonomy"), section.text("version")
    index: dict[str, dict[str, ActorCandidate]] = {}
    for entry in section.sections("actors"):
        uuid, name = entry.text("uuid"), entry.text("name")
        for alias in (name, *entry.texts("synonyms")):
            candidate = ActorCandidate(taxonomy, version, uuid, name, alias)
            index.setdefault(fold(alias), {}).setdefault(uuid, candidate)
    return MappingProxyType({key: tuple(found.values()) for key, found in index.items()})


def _countries(section: Section) -> Mapping[str, str]:
    codes: dict[str, str] = {}
    for entry in section.sections("countries"):
        code = entry.text("code")
        codes |= {code: code, entry.text("alpha_3"): code, fold(entry.text("name")): code}
    return MappingProxyType(codes)


def _regions(section: Section) -> Mapping[str, str]:
    codes: dict[str, str] = {}
    for entry in section.sections("regions"):
        code = entry.text("code")
        codes |= {code: code, fold(entry.text("name")): code}
    return MappingProxyType(codes)
