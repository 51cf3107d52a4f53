"""Chains of publications that cover every transition of an assessment, and real ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import orjson

from tests.support.formats import EVENT_ID, csaf, event, kev, kev_entry, samples
from tests.support.submissions import REPORT_ID, bundle, narrative, report

VALID_UNTIL: Final = datetime(2030, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Published:
    """A submission of an agency, and the key of its record."""

    agency: str
    key: str
    value: bytes


def by(agency: str, key: str, *documents: Any) -> tuple[Published, ...]:
    return tuple(Published(agency, key, orjson.dumps(document)) for document in documents)


def versions(identity: str, *members: dict[str, Any]) -> list[dict[str, Any]]:
    """Narrative versions from 1 on, each with its members; a member `version` counts otherwise."""
    return [
        narrative(**{"id": identity, "version": number, "text": f"Version {number}.", **member})
        for number, member in enumerate(members, 1)
    ]


def notice(identity: str, version: int) -> dict[str, Any]:
    return {"id": identity, "version": version, "withdrawn": True, "reason": "No longer held."}


def modified(day: int) -> str:
    return f"2026-03-{day:02d}T09:00:00.000Z"


CVES: Final = ("CVE-2026-0001", "CVE-2026-0002")
OTHER_EVENT: Final = "0b4b6f0e-4a4c-4d0b-9f0e-6f9d3a1f5c77"
UNTIL: Final = {"valid_until": VALID_UNTIL.isoformat()}

GENERATED: Final[dict[str, tuple[Published, ...]]] = {
    "revised": by("ncsc", "REVISED", *versions("REVISED", {}, {}, {})),
    "an older conflict": by("ncsc", "OLD", *versions("OLD", {}, {}, {"version": 1, "title": "Else"})),
    "a conflict": by("ncsc", "BOTH", *versions("BOTH", {}, {}, {"version": 2, "title": "Else"})),
    "a conflict left behind": by(
        "ncsc", "PAST", *versions("PAST", {}, {"title": "Else", "version": 1}, {"version": 2})
    ),
    "withdrawn": by("ncsc", "GONE", *versions("GONE", {}, {}), notice("GONE", 3)),
    "text after a notice": by("ncsc", "END", *versions("END", {}), notice("END", 2), *versions("END", {})),
    "newer text after a notice": by(
        "ncsc", "AFTER", notice("AFTER", 1), *versions("AFTER", {"version": 2}, {"version": 3})
    ),
    "a notice beside a text": by("ncsc", "DOUBT", *versions("DOUBT", {}, {}), notice("DOUBT", 1)),
    "revoked": by(
        "ncsc",
        REPORT_ID,
        bundle(report()),
        bundle(report(modified=modified(5), revoked=True)),
        bundle(report(modified=modified(6), name="Back")),
    ),
    "deleted": by(
        "ncsc",
        OTHER_EVENT,
        event(uuid=OTHER_EVENT, timestamp="1772614801"),
        event(uuid=OTHER_EVENT, timestamp="1772614802", deleted=True),
    ),
    "superseded": by(
        "ncsc", "ADV", csaf("1"), csaf("1.1.0"), csaf("2", category="csaf_superseded"), csaf("3")
    ),
    "counted in two ways": by("ncsc", EVENT_ID, event(), narrative(id=EVENT_ID)),
    "expired": by("ncsc", "UNTIL", *versions("UNTIL", {}, UNTIL)),
    "expired and revised": by("ncsc", "AGAIN", *versions("AGAIN", UNTIL, {}, UNTIL, {})),
    "another originator": by("enisa", "REVISED", *versions("REVISED", {"title": "Theirs"})),
    "another's notice": by("enisa", "OLD", notice("OLD", 9)),
    "a catalogue": by(
        "cisa",
        "kev",
        kev(kev_entry(CVES[0]), kev_entry(CVES[1]), day=1),
        kev(kev_entry(CVES[1]), day=2),
        kev(kev_entry(CVES[0]), kev_entry(CVES[1], product="Other"), day=3),
        kev(kev_entry(CVES[0]), day=4),
    ),
}

ENDS: Final[dict[tuple[str, str], tuple[str, str | None]]] = {
    ("ncsc", "REVISED"): ("ACTIVE", None),
    ("ncsc", "OLD"): ("ACTIVE", None),
    ("ncsc", "BOTH"): ("CONFLICTED", "CONTENT"),
    ("ncsc", "PAST"): ("ACTIVE", None),
    ("ncsc", "GONE"): ("WITHDRAWN", "WITHDRAWN"),
    ("ncsc", "END"): ("WITHDRAWN", "WITHDRAWN"),
    ("ncsc", "AFTER"): ("WITHDRAWN", "WITHDRAWN"),
    ("ncsc", "DOUBT"): ("CONFLICTED", "CONTENT"),
    ("ncsc", REPORT_ID): ("WITHDRAWN", "REVOKED"),
    ("ncsc", OTHER_EVENT): ("WITHDRAWN", "DELETED"),
    ("ncsc", "https://agency.example ADV-2026-0001"): ("SUPERSEDED", "SUPERSEDED"),
    ("ncsc", EVENT_ID): ("CONFLICTED", "VERSION_SCHEME"),
    ("ncsc", "UNTIL"): ("EXPIRED", "VALIDITY_ENDED"),
    ("ncsc", "AGAIN"): ("ACTIVE", None),
    ("enisa", "REVISED"): ("ACTIVE", None),
    ("enisa", "OLD"): ("WITHDRAWN", "WITHDRAWN"),
    ("cisa", f"cisa-kev--{CVES[0]}"): ("ACTIVE", None),
    ("cisa", f"cisa-kev--{CVES[1]}"): ("WITHDRAWN", "REMOVED"),
}
"""State and cause in which each assessment of the generated chains ends, once `VALID_UNTIL` has passed."""


def real_chains() -> dict[str, Sequence[Published]]:
    """What three publishers really published, version after version."""
    return {
        "STIX": _real("unit42", "stix/chain/*.json"),
        "CSAF": _real("cisa", "csaf/chain/*.json"),
        "KEV": _real("cisa", "kev/20*.json"),
    }


def _real(agency: str, pattern: str) -> tuple[Published, ...]:
    found: list[Path] = samples(pattern)
    return tuple(Published(agency, pattern, file.read_bytes()) for file in found)
