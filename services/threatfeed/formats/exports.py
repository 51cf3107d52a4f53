"""Writes an export as a STIX 2.1 bundle, as CSV (RFC 4180) or as JSON lines, one assessment at a time.

Each names the marking of the whole before anything else: a grouping, a first column, a first line.
"""

import csv
import io
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Final, Protocol

import orjson

from services.threatfeed.domain.exports import Exported, ExportFormat, Manifest
from services.threatfeed.domain.subjects import distinct_terms
from services.threatfeed.formats.stix_objects import StixObject, bundle_id, container_objects, objects_of

COLUMNS: Final = (
    "file_marking", "marking", "id", "revision", "rendition", "state", "agency", "party", "published",
    "title", "text", "judgements", "themes", "actors", "techniques", "vulnerabilities", "sectors",
    "locations", "handling", "uri",
)  # fmt: skip
_FORMULA: Final = frozenset("=+-@\t\r\n")
_BETWEEN: Final = "; "


class ExportWriter(Protocol):
    """Writes one export, in this order."""

    def head(self) -> bytes: ...

    def one(self, exported: Exported) -> bytes: ...

    def tail(self) -> bytes: ...


def open_writer(form: ExportFormat, manifest: Manifest) -> ExportWriter:
    return _WRITERS[form](manifest)


def inert(cell: str) -> str:
    """The cell so that no spreadsheet takes it for a formula.

    What one looks like after leading blanks, or in full-width characters, is set behind an apostrophe.
    """
    first = unicodedata.normalize("NFKC", cell.lstrip(" \u00a0\u200b\ufeff")[:1])
    return f"'{cell}" if first in _FORMULA or cell[:1] in _FORMULA else cell


class _StixWriter:
    """Objects that several assessments share are written once."""

    def __init__(self, manifest: Manifest) -> None:
        self._manifest = manifest
        self._written: set[str] = set()

    def head(self) -> bytes:
        start = f'{{"type":"bundle","id":"{bundle_id(self._manifest)}","objects":[\n'.encode()
        return start + self._listed(container_objects(self._manifest))

    def one(self, exported: Exported) -> bytes:
        return self._listed(objects_of(exported))

    def tail(self) -> bytes:
        return b"\n]}\n"

    def _listed(self, objects: Iterable[StixObject]) -> bytes:
        new = [one for one in objects if one["id"] not in self._written]
        before = b",\n" if self._written and new else b""
        self._written.update(one["id"] for one in new)
        return before + b",\n".join(map(orjson.dumps, new))


class _CsvWriter:
    def __init__(self, manifest: Manifest) -> None:
        self._banner = manifest.banner

    def head(self) -> bytes:
        return _csv_line(COLUMNS)

    def one(self, exported: Exported) -> bytes:
        content = exported.content
        cells = (
            self._banner,
            str(exported.marking),
            str(content.assessment_id),
            str(exported.revision),
            exported.rendition.value,
            exported.state,
            content.originator,
            exported.party,
            _time(content.published),
            content.title,
            content.text,
            _BETWEEN.join(judgement.statement for judgement in content.judgements),
            _BETWEEN.join(item.theme for item in content.themes),
            _BETWEEN.join(actor.name_as_reported for actor in content.actors),
            _BETWEEN.join(technique.id for technique in content.techniques),
            _BETWEEN.join(content.vulnerabilities),
            _BETWEEN.join(sector.as_reported for sector in content.sectors),
            _BETWEEN.join(place.as_reported for place in content.locations),
            _BETWEEN.join(content.handling),
            content.uri or "",
        )
        return _csv_line(map(inert, cells))

    def tail(self) -> bytes:
        return b""


class _JsonlWriter:
    def __init__(self, manifest: Manifest) -> None:
        self._manifest = manifest

    def head(self) -> bytes:
        return _json_line(
            {
                "type": "export",
                "marking": self._manifest.banner,
                "assessments": len(self._manifest.members),
            }
        )

    def one(self, exported: Exported) -> bytes:
        content = exported.content
        return _json_line(
            {
                "type": "assessment",
                "marking": str(exported.marking),
                "id": str(content.assessment_id),
                "revision": exported.revision,
                "rendition": exported.rendition.value,
                "state": exported.state,
                "agency": content.originator,
                "party": exported.party,
                "published": _time(content.published),
                "title": content.title,
                "text": content.text,
                "judgements": [
                    {
                        "id": judgement.judgement_id,
                        "statement": judgement.statement,
                        "marking": None if judgement.marking is None else str(judgement.marking),
                    }
                    for judgement in content.judgements
                ],
                "themes": [item.theme for item in content.themes],
                "actors": [actor.name_as_reported for actor in content.actors],
                "techniques": [technique.id for technique in content.techniques],
                "vulnerabilities": list(content.vulnerabilities),
                "sectors": [
                    {"scheme": sector.scheme.value, "code": sector.code, "as_reported": sector.as_reported}
                    for sector in content.sectors
                ],
                "sector_terms": list(distinct_terms(content.sectors)),
                "locations": [place.as_reported for place in content.locations],
                "handling": list(content.handling),
                "uri": content.uri,
            }
        )

    def tail(self) -> bytes:
        return b""


_WRITERS: Final[Mapping[ExportFormat, Callable[[Manifest], ExportWriter]]] = {
    ExportFormat.STIX: _StixWriter,
    ExportFormat.CSV: _CsvWriter,
    ExportFormat.JSONL: _JsonlWriter,
}


def _csv_line(cells: Iterable[str]) -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\r\n").writerow(cells)
    return buffer.getvalue().encode()


def _json_line(document: dict[str, object]) -> bytes:
    return orjson.dumps(document) + b"\n"


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
