"""What kind of submission a file holds, and the agency's own id for it."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

NARRATIVE: Final = "application/vnd.entente.assessment+json;version=1"
_STIX: Final = "application/stix+json;version="


@dataclass(frozen=True, slots=True)
class Contents:
    """Bytes to be published. Without a content type, threatfeed finds out for itself."""

    name: str
    raw: bytes
    key: str
    content_type: str | None


def read_contents(path: Path, content_type: str | None = None) -> Contents:
    """A file as it stands, looked into only for its kind and its id. Raises OSError."""
    return contents_of(path.name, path.read_bytes(), content_type)


def contents_of(name: str, raw: bytes, content_type: str | None = None) -> Contents:
    """The same for bytes; what cannot be read is published as it is, to be refused by a receipt."""
    try:
        document = json.loads(raw)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        return Contents(name, raw, name, content_type)
    kind: str | None = None
    key: object = None
    if document.get("type") == "bundle":
        kind, key = _STIX + _stix_version(document), _report_id(document)
    elif isinstance(document.get("id"), str):
        kind, key = NARRATIVE, document["id"]
    return Contents(name, raw, key if isinstance(key, str) else name, content_type or kind)


def _objects(bundle: dict[str, Any]) -> list[dict[str, Any]]:
    objects = bundle.get("objects")
    return [one for one in objects if isinstance(one, dict)] if isinstance(objects, list) else []


def _stix_version(bundle: dict[str, Any]) -> str:
    versions = {one.get("spec_version") for one in [bundle, *_objects(bundle)]}
    return "2.1" if "2.1" in versions else "2.0"


def _report_id(bundle: dict[str, Any]) -> object:
    reports = (one.get("id") for one in _objects(bundle) if one.get("type") == "report")
    return next(reports, bundle.get("id"))
