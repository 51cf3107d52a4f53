"""What is submitted while workers are killed, in every format, and what each submission must lead to."""

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

from benchmarks.platform import AGENCY, CATALOGUE_AGENCY

_START: Final = datetime(2026, 1, 1, 9, tzinfo=UTC)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_TEXT: Final = "Version {}: ransomware against operators of energy services. "
_GREEN_2: Final = "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"
_GREEN_1: Final = "marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da"
_NAMESPACE: Final = "https://agency.example"
_CVES: Final = tuple(f"CVE-2026-{number:04d}" for number in range(1, 13))
_ENDED: Final = 0.05
"""How much of what follows a first version ends its assessment."""
_HELD_BACK: Final = 0.2
"""How much of what is published in our own format is for the publisher's own party only."""
_OWN_PARTY: Final = "UK"
_OWN_ONLY: Final = "UK OFFICIAL-SENSITIVE - HMG USE ONLY"

NARRATIVE: Final = "application/vnd.entente.assessment+json;version=1"
STIX_2_0: Final = "application/stix+json;version=2.0"
STIX_2_1: Final = "application/stix+json;version=2.1"
MISP: Final = "application/vnd.entente.misp+json"
CSAF: Final = "application/vnd.entente.csaf+json"
KEV: Final = "application/vnd.entente.kev+json"
MIX: Final = {NARRATIVE: 45, STIX_2_1: 14, STIX_2_0: 10, MISP: 16, CSAF: 12, KEV: 3}
"""How many of a hundred new submissions are in each format."""


@dataclass(frozen=True, slots=True)
class Stored:
    """One row that must be there in the end; `words` differ where the content does, `only` names the one
    party that may read it, if it is not for all.
    """

    agency: str
    object_id: str
    ordinal: int
    notice: str | None = None
    words: str = ""
    only: str | None = None

    @property
    def identity(self) -> tuple[str, str]:
        return self.agency, self.object_id


@dataclass(frozen=True, slots=True)
class Sent:
    """A submission of the plan; `refused` says that at least a part of it must go to quarantine."""

    key: str
    value: bytes
    content_type: str
    stored: tuple[Stored, ...] = ()
    refused: bool = False

    @property
    def agency(self) -> str:
        return CATALOGUE_AGENCY if self.content_type == KEV else AGENCY


@dataclass(slots=True)
class _Line:
    """One thing that is published version after version, under one key."""

    key: str
    content_type: str
    version: int = 0
    listed: dict[str, int] = field(default_factory=dict)
    """Of a catalogue: its entries, and the wording of each."""


def plan(rng: random.Random, count: int) -> Iterator[Sent]:
    """20 % repeats of earlier submissions, 5 % malformed, the rest new assessments and revisions."""
    sent: list[Sent] = []
    lines: dict[str, list[_Line]] = {content_type: [] for content_type in MIX}
    catalogue = _Line("catalogue", KEV)
    lines[KEV].append(catalogue)
    for number in range(count):
        draw = rng.random()
        if draw < 0.05:
            yield _malformed(rng, number)
        elif draw < 0.25 and sent:
            yield rng.choice(sent)
        else:
            (content_type,) = rng.choices(list(MIX), list(MIX.values()))
            held = lines[content_type]
            if held and (content_type == KEV or rng.random() < 0.25):
                line = rng.choice(held)
            else:
                line = _Line(f"CHAOS-{number:06d}", content_type)
                held.append(line)
            made, ended = _next(rng, line)
            if ended:
                held.remove(line)
            sent.append(made)
            yield made


def _next(rng: random.Random, line: _Line) -> tuple[Sent, bool]:
    """The next version of a line, and whether it is the last."""
    line.version += 1
    if line.content_type == KEV:
        return _release(rng, line), False
    ended = line.version > 1 and rng.random() < _ENDED
    return _WRITERS[line.content_type](rng, line, ended), ended


def _sent(line: _Line, document: object, *stored: Stored, refused: bool = False) -> Sent:
    return Sent(line.key, json.dumps(document).encode(), line.content_type, stored, refused)


def _stored(line: _Line, object_id: str, ordinal: int, notice: str | None, only: str | None = None) -> Stored:
    return Stored(AGENCY, object_id, ordinal, notice, str(line.version), only)


def _uuid(name: str) -> str:
    return str(uuid5(NAMESPACE_URL, name))


def _narrative(rng: random.Random, line: _Line, ended: bool) -> Sent:
    """For all parties or for its own only, anew with each version: what was shown may be taken back."""
    only = _OWN_PARTY if not ended and rng.random() < _HELD_BACK else None
    document: dict[str, Any] = {"id": line.key, "version": line.version}
    if ended:
        document |= {"withdrawn": True, "reason": "No longer held."}
    else:
        document |= {
            "title": f"Assessment {line.key}",
            "text": _TEXT.format(line.version) * 8,
            "published": f"2026-11-{1 + line.version % 28:02d}T09:00:00Z",
            "marking": {"national": _OWN_ONLY} if only else {"tlp": "TLP:GREEN"},
        }
    notice = "WITHDRAWN" if ended else None
    return _sent(line, document, _stored(line, line.key, line.version, notice, only))


def _stix(rng: random.Random, line: _Line, ended: bool) -> Sent:
    """One to three reports in a bundle; at times a further one beside them that cannot be read."""
    old = line.content_type == STIX_2_0
    at = _START + timedelta(seconds=line.version)
    modified = at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    names = [f"report--{_uuid(f'{line.key} {number}')}" for number in range(1 + int(line.key[-1]) % 3)]
    head: dict[str, Any] = {
        "type": "report",
        "created": "2026-01-01T09:00:00.000Z",
        "modified": modified,
        "published": "2026-01-01T09:00:00.000Z",
        "name": f"Report {line.key}",
        "description": _TEXT.format(line.version),
        "object_refs": [f"indicator--{_uuid(line.key)}"],
        "object_marking_refs": [_GREEN_1 if old else _GREEN_2],
    }
    head |= {"labels": ["threat-report"]} if old else {"spec_version": "2.1"}
    if ended:
        head["revoked"] = True
    objects = [{**head, "id": name} for name in names]
    refused = not ended and rng.random() < 0.1
    if refused:
        objects.append({**head, "id": f"report--{_uuid(f'{line.key} bad')}", "published": "never"})
    bundle: dict[str, Any] = {"type": "bundle", "id": f"bundle--{_uuid(modified + line.key)}"}
    bundle |= {"spec_version": "2.0"} if old else {}
    stored = [_stored(line, name, _microseconds(at), "REVOKED" if ended else None) for name in names]
    return _sent(line, {**bundle, "objects": objects}, *stored, refused=refused)


def _misp(_: random.Random, line: _Line, ended: bool) -> Sent:
    uuid, seconds = _uuid(line.key), int(_START.timestamp()) + line.version
    event: dict[str, Any] = {
        "uuid": uuid,
        "info": f"Event {line.key}, {_TEXT.format(line.version)}",
        "timestamp": str(seconds),
        "publish_timestamp": str(seconds),
        "published": True,
        "Tag": [{"name": "tlp:green"}],
    }
    if ended:
        event["deleted"] = True
    stored = _stored(line, uuid, seconds * 1_000_000, "DELETED" if ended else None)
    return _sent(line, {"Event": event}, stored)


def _csaf(_: random.Random, line: _Line, ended: bool) -> Sent:
    days = [(_START + timedelta(days=number)).isoformat() for number in range(line.version)]
    document = {
        "category": "csaf_withdrawn" if ended else "csaf_base",
        "csaf_version": "2.0",
        "title": f"Advisory {line.key}, {_TEXT.format(line.version)}",
        "publisher": {"category": "coordinator", "name": "An agency", "namespace": _NAMESPACE},
        "distribution": {"tlp": {"label": "GREEN"}},
        "tracking": {
            "id": line.key,
            "version": str(line.version),
            "status": "final",
            "initial_release_date": days[0],
            "current_release_date": days[-1],
            "revision_history": [
                {"date": day, "number": str(number), "summary": "Changed"}
                for number, day in enumerate(days, 1)
            ],
        },
    }
    name, ordinal = f"{_NAMESPACE} {line.key}", line.version << 38
    return _sent(line, {"document": document}, _stored(line, name, ordinal, "WITHDRAWN" if ended else None))


def _release(rng: random.Random, line: _Line) -> Sent:
    """The catalogue with some entries more, some fewer and some changed; what it lacks is withdrawn."""
    at = _START + timedelta(seconds=line.version)
    before = dict(line.listed)
    for cve in rng.sample(_CVES, 3):
        if cve in line.listed and len(line.listed) > 1 and rng.random() < 0.5:
            del line.listed[cve]
        else:
            line.listed[cve] = line.version
    entries = [
        {
            "cveID": cve,
            "vendorProject": "Vendor",
            "product": "Gateway",
            "vulnerabilityName": "Vendor Gateway Command Injection Vulnerability",
            "dateAdded": "2026-03-04",
            "shortDescription": _TEXT.format(words),
            "requiredAction": "Apply mitigations.",
            "dueDate": "2026-03-25",
        }
        for cve, words in line.listed.items()
    ]
    document = {
        "title": "Catalogue",
        "catalogVersion": "2026.01.01",
        "dateReleased": at.isoformat(),
        "count": len(entries),
        "vulnerabilities": entries,
    }
    gone = [(cve, "REMOVED", "") for cve in before if cve not in line.listed]
    stored = [
        Stored(CATALOGUE_AGENCY, f"cisa-kev--{cve}", _microseconds(at), notice, words)
        for cve, notice, words in [
            *gone,
            *((cve, None, str(words)) for cve, words in line.listed.items()),
        ]
    ]
    return _sent(line, document, *stored)


def _malformed(rng: random.Random, number: int) -> Sent:
    content_type, broken = rng.choice(_BROKEN)
    return Sent(f"M-{number}", broken.replace(b"%d", b"%d" % number), content_type, refused=True)


_BROKEN: Final = (
    (NARRATIVE, b'{"id": "%d'),
    (NARRATIVE, b"\xff\xfe%d"),
    (NARRATIVE, b'{"id": "M-%d", "version": NaN}'),
    (NARRATIVE, b"[%d]"),
    (STIX_2_1, b'{"type": "bundle", "id": "bundle--%d", "objects": []}'),
    (STIX_2_0, b'{"type": "bundle", "objects": [{"type": "report", "id": "report--%d"}]}'),
    (MISP, b'{"Event": {"info": "%d"}}'),
    (CSAF, b'{"document": {"title": "%d"}}'),
    (KEV, b'{"catalogVersion": "%d", "count": 7, "vulnerabilities": []}'),
    (KEV, b'{"Event": %d}'),
)
_WRITERS: Final[dict[str, Callable[[random.Random, _Line, bool], Sent]]] = {
    NARRATIVE: _narrative,
    STIX_2_0: _stix,
    STIX_2_1: _stix,
    MISP: _misp,
    CSAF: _csaf,
}


def _microseconds(instant: datetime) -> int:
    return (instant - _EPOCH) // timedelta(microseconds=1)
