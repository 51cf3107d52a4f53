"""Techniques and tactics of MITRE ATT&CK in STIX objects.

The release of ATT&CK is stated by the address of an external reference (`/versions/v18/`), or by the
collection object that lists the object. `x_mitre_version` counts the object itself and is no release.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from services.threatfeed.domain import limits
from services.threatfeed.domain.subjects import AttackDomain, Tactic, Technique
from services.threatfeed.formats.json_text import Json
from services.threatfeed.formats.stix_report import StixExternalReference

_SOURCE: Final = "mitre-"
_TECHNIQUE: Final = re.compile(r"T[0-9]{4}(?:\.[0-9]{3})?")
_TACTIC: Final = re.compile(r"TA[0-9]{4}")
_RELEASE_IN_ADDRESS: Final = re.compile(r"/versions/v([0-9]{1,3}(?:\.[0-9]{1,3})?)/")
_VERSION: Final = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3}){0,2}")
# The source `mitre-attack` is used for every matrix and states none; the kill chain of that name is of one.
_SOURCES: Final = {"mitre-ics-attack": AttackDomain.ICS, "mitre-mobile-attack": AttackDomain.MOBILE}
_CHAINS: Final = _SOURCES | {"mitre-attack": AttackDomain.ENTERPRISE}

Releases = Mapping[str, str | None]
"""The release of ATT&CK by the id of an object that a collection lists; None where two disagree."""


def releases_of(collections: Iterable[Mapping[str, Json]]) -> Releases:
    """What the collection objects (`x-mitre-collection`) of a bundle state."""
    found: dict[str, str | None] = {}
    for collection in collections:
        version, contents = _version(collection), collection.get("x_mitre_contents")
        for item in contents if version and isinstance(contents, list) else ():
            listed = item.get("object_ref") if isinstance(item, dict) else None
            if isinstance(listed, str):
                found[listed] = version if found.get(listed, version) == version else None
    return found


def techniques_in(
    content: Mapping[str, Json], references: Iterable[StixExternalReference], releases: Releases
) -> list[Technique]:
    """The techniques that an attack pattern is."""
    return [
        Technique(
            id=reference.external_id or "",
            attack_version=_release(reference, content, releases),
            entry_version=_version(content),
            domains=_domains(content, reference),
        )
        for reference in _of_attack(references, _TECHNIQUE)
    ]


def tactics_in(
    content: Mapping[str, Json], references: Iterable[StixExternalReference], releases: Releases
) -> list[Tactic]:
    """The tactics in whose service an attack pattern stands, by the phases of its kill chains."""
    release = next(
        (_release(reference, content, releases) for reference in _of_attack(references, _TECHNIQUE)), None
    )
    return [
        Tactic(None, phase, release, _CHAINS[chain])
        for chain, phase in _phases(content.get("kill_chain_phases"))
        if chain in _CHAINS
    ]


def tactic_in(
    content: Mapping[str, Json], references: Iterable[StixExternalReference], releases: Releases
) -> list[Tactic]:
    """The tactic that an object of ATT&CK (`x-mitre-tactic`) is."""
    name = content.get("x_mitre_shortname")
    found = []
    for reference in _of_attack(references, _TACTIC):
        domains = _domains(content, reference)
        found.append(
            Tactic(
                id=reference.external_id,
                name=name[: limits.NAME_LENGTH] if isinstance(name, str) and name.isprintable() else None,
                attack_version=_release(reference, content, releases),
                domain=domains[0] if len(domains) == 1 else None,
            )
        )
    return found


def _of_attack(
    references: Iterable[StixExternalReference], pattern: re.Pattern[str]
) -> Iterator[StixExternalReference]:
    return (
        reference
        for reference in references
        if reference.source_name.lower().startswith(_SOURCE)
        and reference.external_id is not None
        and pattern.fullmatch(reference.external_id)
    )


def _release(reference: StixExternalReference, content: Mapping[str, Json], releases: Releases) -> str | None:
    in_address = _RELEASE_IN_ADDRESS.search(reference.url or "")
    return in_address[1] if in_address else releases.get(str(content.get("id")))


def _version(content: Mapping[str, Json]) -> str | None:
    version = content.get("x_mitre_version")
    return version if isinstance(version, str) and _VERSION.fullmatch(version) else None


def _domains(content: Mapping[str, Json], reference: StixExternalReference) -> tuple[AttackDomain, ...]:
    stated = content.get("x_mitre_domains")
    if isinstance(stated, list):
        return tuple(domain for domain in AttackDomain if domain.value in stated)
    named = _SOURCES.get(reference.source_name.strip().lower())
    return () if named is None else (named,)


def _phases(value: Json) -> Iterator[tuple[str, str]]:
    """The phases with their chains; what is no phase is not read, as an unknown member is not."""
    for item in value if isinstance(value, list) else ():
        match item:
            case {"kill_chain_name": str(chain), "phase_name": str(phase)} if phase.isprintable() and phase:
                yield chain.lower(), phase[: limits.NAME_LENGTH]
            case _:
                continue
