"""Entries of the galaxies of MISP, the knowledge bases that an event is about.

An entry is attached with its version, as a `GalaxyCluster`, or named by a tag alone, which states none. The
versions of the galaxies of ATT&CK count the galaxy and not ATT&CK: they are kept as versions of the entry.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from services.threatfeed.domain import limits
from services.threatfeed.domain.subjects import AttackDomain, Sector, SectorScheme, Tactic, Technique
from services.threatfeed.formats.json_text import Json
from services.threatfeed.formats.misp_event import MispEvent
from services.threatfeed.formats.misp_tags import MachineTag

_TECHNIQUE: Final = re.compile(r"(?:^|[ (])(T[0-9]{4}(?:\.[0-9]{3})?)\)?$")
_TACTIC_ID: Final = re.compile(r"TA[0-9]{4}")
_GROUP_ID: Final = re.compile(r" - G[0-9]{4}$")
_ACTORS: Final = ("threat-actor", "intrusion-set", "microsoft-activity-group", "360net-threat-actor")
_PLACES: Final = frozenset({"country", "region", "target-information"})
_SECTORS: Final = "sector"
_ICS_TACTICS: Final = "mitre-ics-tactics"
_GALAXY: Final = "misp-galaxy"
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
# The galaxy `mitre-attack-pattern` holds the techniques of every matrix: it states none.
_DOMAINS: Final = (
    ("enterprise", AttackDomain.ENTERPRISE),
    ("mobile", AttackDomain.MOBILE),
    ("ics-", AttackDomain.ICS),
)
_CHAINS: Final = {
    "enterprise-attack": AttackDomain.ENTERPRISE,
    "mobile-attack": AttackDomain.MOBILE,
    "ics-attack": AttackDomain.ICS,
}
_CHAINED: Final = 3


@dataclass(frozen=True, slots=True)
class GalaxyEntry:
    """An entry: the type of its galaxy, its value in one line, and what a cluster says beside."""

    kind: str
    value: str
    version: str | None = None
    kill_chain: tuple[str, ...] = ()
    external_ids: tuple[str, ...] = ()

    @property
    def technique(self) -> Technique | None:
        """The technique that the entry is, if it is one."""
        if "attack-pattern" not in self.kind and self.kind != "mitre-ics-techniques":
            return None
        found = _TECHNIQUE.search(self.value)
        domain = self._domain
        domains = () if domain is None else (domain,)
        return None if found is None else Technique(found[1], None, self._entry_version, domains)

    @property
    def tactics(self) -> Iterator[Tactic]:
        """The tactic that the entry is, or those in whose service its technique stands."""
        if self.kind == _ICS_TACTICS:
            ids = [text for text in self.external_ids if _TACTIC_ID.fullmatch(text)]
            yield Tactic(ids[0] if ids else None, self.value, None, AttackDomain.ICS)
        for phase in self.kill_chain if self.technique else ():
            chain, *parts = phase.split(":")
            if chain == "mitre-attack" and parts and parts[-1]:
                named = _CHAINS.get(parts[0]) if len(parts) == _CHAINED - 1 else None
                yield Tactic(None, parts[-1], None, named or self._domain)

    @property
    def actor(self) -> str | None:
        """The name of the actor that the entry is, without the id of ATT&CK."""
        return _GROUP_ID.sub("", self.value) if self.kind.endswith(_ACTORS) else None

    @property
    def sector(self) -> Sector | None:
        """The sector that the entry is, not yet looked up."""
        if self.kind != _SECTORS:
            return None
        return Sector(SectorScheme.MISP, self.version, self.value, self.value)

    @property
    def place(self) -> str | None:
        """The words of the place that the entry is."""
        return self.value if self.kind in _PLACES else None

    @property
    def _entry_version(self) -> str | None:
        return None if self.version is None else f"misp-galaxy:{self.kind} {self.version}"

    @property
    def _domain(self) -> AttackDomain | None:
        return next((domain for word, domain in _DOMAINS if word in self.kind), None)


def entry(kind: str, text: str) -> GalaxyEntry:
    """The entry that is only named."""
    return GalaxyEntry(kind, _line(text))


def tagged_entries(tags: Iterable[MachineTag]) -> Iterator[GalaxyEntry]:
    """Every entry that is tagged."""
    return (entry(tag.predicate, tag.value) for tag in tags if tag.namespace == _GALAXY)


def attached_entries(event: MispEvent) -> Iterator[GalaxyEntry]:
    """Every entry that is attached to the event itself and not deleted."""
    for galaxy in event.galaxies:
        for cluster in galaxy.clusters:
            if not cluster.deleted:
                meta = cluster.meta if isinstance(cluster.meta, dict) else {}
                yield GalaxyEntry(
                    kind=cluster.type,
                    value=_line(cluster.value),
                    version=cluster.version,
                    kill_chain=tuple(_texts(meta.get("kill_chain"))),
                    external_ids=tuple(_texts(meta.get("external_id"))),
                )


def _texts(value: Json) -> Iterator[str]:
    """The texts of a member that nobody vouches for: what is no text in it is not read."""
    for item in value if isinstance(value, list) else ():
        if isinstance(item, str) and len(item) <= limits.NAME_LENGTH:
            yield _line(item)


def _line(text: str) -> str:
    return _CONTROL.sub(" ", text).strip()[: limits.NAME_LENGTH]
