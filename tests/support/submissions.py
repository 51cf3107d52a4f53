"""Submissions for tests: the sample files, documents built from little, and the real policy."""

import json
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from services.chassis.documents import read_json_documents
from services.kernel.policy import Policy
from services.threatfeed.domain.assessment import Assessment, Withdrawal
from services.threatfeed.domain.subjects import Actor
from services.threatfeed.domain.submission import Reading, Rejection
from services.threatfeed.domain.taxonomies import Taxonomies
from services.threatfeed.domain.themes import ThemeMatcher
from services.threatfeed.formats.submission import read_submission

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "tests" / "data" / "assessments"
HOSTILE = ROOT / "tests" / "data" / "hostile"
REPORT_ID = "report--6f687ab2-e2e7-423c-8839-586189fd27a4"


@lru_cache(maxsize=1)
def real_policy() -> Policy:
    """The policy that is deployed, on a deployment of the UK."""
    folder = ROOT / "deploy" / "policy"
    documents = {
        file.relative_to(folder).with_suffix("").as_posix(): yaml.safe_load(file.read_text("utf-8"))
        for file in folder.rglob("*.yaml")
    }
    return Policy.from_documents(documents).hosted_by("UK")


@lru_cache(maxsize=1)
def real_themes() -> ThemeMatcher:
    """The theme rules that are deployed, compiled."""
    return ThemeMatcher.compile(real_policy().themes)


def reference() -> dict[str, Any]:
    """The documents of the reference data that are deployed."""
    return read_json_documents(ROOT / "deploy" / "reference")


@lru_cache(maxsize=1)
def real_taxonomies() -> Taxonomies:
    """The knowledge bases that are deployed."""
    return Taxonomies.from_documents(reference())


def read(raw: bytes | None, content_type: str | None = None, agency: str = "ncsc") -> tuple[Reading, ...]:
    """Reads a submission under the real policy."""
    return read_submission(
        raw,
        content_type,
        agency=agency,
        policy=real_policy(),
        themes=real_themes(),
        taxonomies=real_taxonomies(),
    )


def read_one(document: object, agency: str = "ncsc") -> Reading:
    """Reads the only assessment of a document."""
    (reading,) = read(json.dumps(document).encode(), agency=agency)
    return reading


def accepted(document: object, agency: str = "ncsc") -> Assessment:
    """The assessment in a document that must be accepted."""
    reading = read_one(document, agency)
    assert isinstance(reading, Assessment), reading
    return reading


def withdrawal(document: object, agency: str = "ncsc") -> Withdrawal:
    """The withdrawal in a document that must be one."""
    reading = read_one(document, agency)
    assert isinstance(reading, Withdrawal), reading
    return reading


def refused(document: object, agency: str = "ncsc") -> list[tuple[str, str | None]]:
    """Reason and pointer of every refusal of a document that must be rejected."""
    reading = read_one(document, agency)
    assert isinstance(reading, Rejection), reading
    return [(refusal.reason, refusal.pointer) for refusal in reading.refusals]


def reported(actors: Iterable[Actor]) -> list[str]:
    """The names of actors as reported."""
    return [actor.name_as_reported for actor in actors]


def narrative(**members: Any) -> dict[str, Any]:
    """The least narrative document, with members added, replaced or (as None) left out."""
    document = {
        "id": "NCSC-2026-0001",
        "version": 1,
        "title": "Access brokers sell entry to hospitals",
        "text": "Access brokers offer entry to the networks of hospitals.",
        "published": "2026-03-04T09:00:00Z",
        "marking": {"tlp": "TLP:GREEN"},
    } | members
    return {name: value for name, value in document.items() if value is not None}


def report(**members: Any) -> dict[str, Any]:
    """The least STIX 2.1 report, with members added, replaced or (as None) left out."""
    document = {
        "type": "report",
        "spec_version": "2.1",
        "id": REPORT_ID,
        "created": "2026-03-04T09:00:00.000Z",
        "modified": "2026-03-04T09:00:00.000Z",
        "name": "Access brokers sell entry to hospitals",
        "description": "Access brokers offer entry to the networks of hospitals.",
        "published": "2026-03-04T09:00:00Z",
        "object_refs": ["indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f"],
        "object_marking_refs": ["marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"],
    } | members
    return {name: value for name, value in document.items() if value is not None}


def bundle(*objects: dict[str, Any], **members: Any) -> dict[str, Any]:
    """A STIX bundle of these objects."""
    return {
        "type": "bundle",
        "id": "bundle--5d0092c5-5f74-4287-9642-33f4c354e56d",
        "objects": list(objects),
    } | members
