"""Reads CISA's catalogue of known exploited vulnerabilities: every entry is an assessment of its own.

An entry has no version, so that it is versioned by the release of the catalogue that holds it, and a later
release with the same entry changes nothing. An entry that a later release no longer lists is withdrawn
(`removal`), until a later one lists it again. The catalogue is in the public domain and unmarked: it is
accepted only from an agency that the policy registers for it.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from services.kernel.identifiers import assessment_id
from services.kernel.parties import Agency
from services.kernel.policy import Policy
from services.kernel.refusals import Refusal
from services.threatfeed.domain import limits
from services.threatfeed.domain.assessment import (
    Assessment,
    Source,
    SourceFormat,
    VersionKey,
    VersionScheme,
    Withdrawal,
    WithdrawalCause,
)
from services.threatfeed.domain.catalogues import Absence, Release
from services.threatfeed.domain.cves import cves_in
from services.threatfeed.domain.refusals import CatalogueMalformed, TooManyAssessments
from services.threatfeed.domain.submission import Reading
from services.threatfeed.domain.themes import ThemeMatcher, ThemeSubject
from services.threatfeed.formats.content import content_sha256, distinct, rejection
from services.threatfeed.formats.instants import microseconds, read_day, read_instant
from services.threatfeed.formats.json_text import Json
from services.threatfeed.formats.narrative_model import Line, Title
from services.threatfeed.formats.unmarked import marking_of_unmarked
from services.threatfeed.formats.validation import refusals_of

OBJECT_ID_PREFIX: Final = "cisa-kev--"
"""The identity of an entry is this catalogue and the CVE id, for example `cisa-kev--CVE-2024-3400`."""

_CVE: Final = r"^CVE-[0-9]{4}-[0-9]{4,19}$"
_DAY: Final = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
_KNOWN: Final = "Known"
_REMOVED: Final = "The catalogue of known exploited vulnerabilities no longer lists the vulnerability."


class _KevPart(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)


class KevFrame(_KevPart):
    """What a catalogue says of itself."""

    catalog_version: Annotated[Line, Field(alias="catalogVersion")]
    date_released: Annotated[str, Field(alias="dateReleased", max_length=40)]
    count: int


class KevEntry(_KevPart):
    """One vulnerability of the catalogue. The schema lets `notes` be empty."""

    cve: Annotated[str, Field(alias="cveID", pattern=_CVE)]
    vendor: Annotated[Line, Field(alias="vendorProject")]
    product: Line
    name: Annotated[Title, Field(alias="vulnerabilityName")]
    added: Annotated[str, Field(alias="dateAdded", pattern=_DAY)]
    description: Annotated[str, Field(alias="shortDescription", max_length=limits.STATEMENT_LENGTH)]
    action: Annotated[str, Field(alias="requiredAction", max_length=limits.STATEMENT_LENGTH)]
    due: Annotated[str, Field(alias="dueDate", pattern=_DAY)]
    ransomware: Annotated[Line | None, Field(alias="knownRansomwareCampaignUse")] = None
    notes: Annotated[str, Field(max_length=limits.STATEMENT_LENGTH)] = ""


@dataclass(frozen=True, slots=True)
class KevCatalogue:
    """One release of the catalogue, its entries as published."""

    version: VersionKey
    released: datetime
    entries: tuple[Json, ...]


def read_catalogue(document: Json) -> KevCatalogue:
    """The frame of a catalogue.

    Raises `CatalogueMalformed` where it is incomplete, or where its count and its entries disagree, since
    a catalogue cut short would withdraw what it lost, and `TooManyAssessments`.
    """
    try:
        frame = KevFrame.model_validate(document)
        released = read_instant(frame.date_released, "/dateReleased")
    except ValidationError as error:
        first = refusals_of(error)[0]
        raise CatalogueMalformed(first.detail, pointer=first.pointer) from error
    except Refusal as refusal:
        raise CatalogueMalformed(refusal.detail, pointer=refusal.pointer) from refusal
    entries = document.get("vulnerabilities") if isinstance(document, dict) else None
    if not isinstance(entries, list):
        raise CatalogueMalformed("a catalogue holds a list of entries", pointer="/vulnerabilities")
    if len(entries) > limits.ENTRIES_PER_CATALOGUE:
        raise TooManyAssessments(
            f"{len(entries)} entries are more than the {limits.ENTRIES_PER_CATALOGUE} "
            "that a catalogue may hold"
        )
    if frame.count != len(entries):
        raise CatalogueMalformed(f"a count of {frame.count}, but {len(entries)} entries", pointer="/count")
    text = f"{frame.catalog_version}/{frame.date_released}"
    version = VersionKey(VersionScheme.TIMESTAMP, microseconds(released), text)
    return KevCatalogue(version, released, tuple(entries))


def read_kev(document: Json, *, agency: Agency, policy: Policy, themes: ThemeMatcher) -> tuple[Reading, ...]:
    """One reading for each entry of a catalogue, in their order. Raises as `read_catalogue` does."""
    catalogue = read_catalogue(document)
    return tuple(
        _read_entry(entry, f"/vulnerabilities/{position}", catalogue, agency, policy, themes)
        for position, entry in enumerate(catalogue.entries)
    )


def read_release(document: Json) -> Release:
    """Which entries a catalogue lists. One without a CVE id may be any: then not all can be told.

    Raises as `read_catalogue` does.
    """
    catalogue = read_catalogue(document)
    cves = [entry.get("cveID") if isinstance(entry, dict) else None for entry in catalogue.entries]
    return Release(
        version=catalogue.version,
        content_sha256=content_sha256(document),
        released_at=catalogue.released,
        listed=frozenset(OBJECT_ID_PREFIX + cve for cve in cves if isinstance(cve, str)),
        complete=all(isinstance(cve, str) for cve in cves),
    )


def removal(agency: str, absence: Absence) -> Withdrawal:
    """The notice that a release of the catalogue does not list an entry."""
    object_id = absence.object_id
    return Withdrawal(
        assessment_id=assessment_id(agency, object_id),
        originator=agency,
        source=Source(
            format=SourceFormat.KEV,
            object_id=object_id,
            version=absence.version,
            content_sha256=content_sha256({"removed": object_id}),
        ),
        reason=_REMOVED,
        published=absence.released_at,
        cause=WithdrawalCause.REMOVED,
    )


def _read_entry(
    content: Json,
    pointer: str,
    catalogue: KevCatalogue,
    agency: Agency,
    policy: Policy,
    themes: ThemeMatcher,
) -> Reading:
    cve = content.get("cveID") if isinstance(content, dict) else None
    claim = OBJECT_ID_PREFIX + cve if isinstance(cve, str) else None
    try:
        return _assessment(content, pointer, catalogue, agency, policy, themes)
    except ValidationError as error:
        return rejection(claim, catalogue.version.text, refusals_of(error, pointer))
    except Refusal as refusal:
        return rejection(claim, catalogue.version.text, (refusal,))


def _assessment(
    content: Json,
    pointer: str,
    catalogue: KevCatalogue,
    agency: Agency,
    policy: Policy,
    themes: ThemeMatcher,
) -> Assessment:
    entry = KevEntry.model_validate(content)
    object_id = OBJECT_ID_PREFIX + entry.cve
    marking, rule_id = marking_of_unmarked(agency, policy, pointer, SourceFormat.KEV)
    due = read_day(entry.due, f"{pointer}/dueDate").isoformat()
    text = f"{entry.description}\n\n{entry.vendor} {entry.product}. Required by {due}: {entry.action}"
    if entry.ransomware == _KNOWN:
        text += "\n\nKnown to be used in ransomware campaigns."
    vulnerabilities = distinct([entry.cve, *cves_in(entry.name, entry.description)])
    return Assessment(
        assessment_id=assessment_id(agency.id, object_id),
        originator=agency.id,
        source=Source(
            format=SourceFormat.KEV,
            object_id=object_id,
            version=catalogue.version,
            content_sha256=content_sha256(content),
        ),
        title=entry.name,
        text=text,
        marking=marking,
        marking_rule_id=rule_id,
        published=datetime.combine(read_day(entry.added, f"{pointer}/dateAdded"), time.min, UTC),
        modified=catalogue.released,
        report_types=("vulnerability",),
        vulnerabilities=vulnerabilities,
        uri=_address(entry.notes),
        themes=themes.assign(ThemeSubject(texts=(entry.name, text), vulnerabilities=vulnerabilities)),
    )


def _address(notes: str) -> str | None:
    """The first address in the notes, which separate them by semicolons."""
    addresses = (part.strip() for part in notes.split(";"))
    return next(
        (
            part
            for part in addresses
            if part.startswith("https://") and " " not in part and len(part) <= limits.URI_LENGTH
        ),
        None,
    )
