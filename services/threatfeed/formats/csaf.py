"""Reads CSAF 2.0 and 2.1 documents: each is one version of one assessment.

The identity of an assessment is the publisher's namespace with the tracking id, and its version is
`tracking.version`. The originator is the agency of the topic; the publisher is kept as reported. A draft is
refused, and a document that fails a mandatory test of the standard is too. Withdrawn and superseded
documents (the categories of CSAF 2.1) are withdrawals, whatever else they carry.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final

from pydantic import ValidationError

from services.kernel.identifiers import assessment_id
from services.kernel.markings.marking import Marking
from services.kernel.markings.refusals import MarkingMissing, MarkingUnknown
from services.kernel.markings.tlp import Tlp, TlpLabel, TlpVersion
from services.kernel.parties import Agency
from services.kernel.policy import Policy
from services.kernel.refusals import Refusal
from services.threatfeed.domain import limits
from services.threatfeed.domain.assessment import (
    Assessment,
    Severity,
    Source,
    SourceFormat,
    Withdrawal,
    WithdrawalCause,
)
from services.threatfeed.domain.cves import cves_in
from services.threatfeed.domain.refusals import CsafVersionUnsupported, DocumentIsDraft, FieldTooLong
from services.threatfeed.domain.sectors import unclassified
from services.threatfeed.domain.subjects import Location, distinct_terms
from services.threatfeed.domain.submission import Reading
from services.threatfeed.domain.themes import ThemeMatcher, ThemeSubject
from services.threatfeed.formats.content import content_sha256, distinct, rejection
from services.threatfeed.formats.csaf_document import (
    CsafCvss,
    CsafDistribution,
    CsafDocument,
    CsafIdentityMeta,
    CsafMeta,
    CsafNote,
)
from services.threatfeed.formats.csaf_tests import failed_tests
from services.threatfeed.formats.csaf_versions import read_csaf_version
from services.threatfeed.formats.instants import read_instant
from services.threatfeed.formats.json_text import Json
from services.threatfeed.formats.unmarked import marking_of_unmarked
from services.threatfeed.formats.validation import at, refusals_of

_TRACKING: Final = "/document/tracking"
_FORMATS: Final = {"2.0": SourceFormat.CSAF_2_0, "2.1": SourceFormat.CSAF_2_1}
_TLP: Final = {SourceFormat.CSAF_2_0: TlpVersion.V1, SourceFormat.CSAF_2_1: TlpVersion.V2}
_WITHDRAWALS: Final = {
    "csaf_withdrawn": (WithdrawalCause.WITHDRAWN, "The document was withdrawn by its publisher."),
    "csaf_superseded": (WithdrawalCause.SUPERSEDED, "The document was superseded by another one."),
}
_REASONING: Final = ("reasoning for withdrawal", "reasoning for supersession")
_SUMMARIES: Final = ("summary", "description")
_SECTORS: Final = "critical infrastructure sectors"
_PLACES: Final = "countries/areas deployed"
_NO_NAMES: Final = frozenset({"", "multiple", "various", "n/a", "none"})
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]+")


def read_csaf(document: dict[str, Json], *, agency: Agency, policy: Policy, themes: ThemeMatcher) -> Reading:
    """The assessment or the withdrawal that a document holds, or why it is rejected."""
    try:
        source_format = _format(document)
        withdrawal = _withdrawal(document, source_format, agency)
        if withdrawal is not None:
            return withdrawal
        model = CsafDocument.model_validate(document)
        source = _source(model.document, document, source_format)
        refusals: tuple[Refusal, ...] = tuple(islice(failed_tests(model), limits.REFUSALS_PER_ASSESSMENT))
        if not refusals:
            return _assessment(model, source, agency, policy, themes)
    except ValidationError as error:
        refusals = refusals_of(error)
    except Refusal as refusal:
        refusals = (refusal,)
    return rejection(*_claims(document), refusals)


def _format(document: dict[str, Json]) -> SourceFormat:
    head = document.get("document")
    version = head.get("csaf_version") if isinstance(head, dict) else None
    source_format = _FORMATS.get(version) if isinstance(version, str) else None
    if source_format is None:
        raise CsafVersionUnsupported("CSAF 2.0 and 2.1 are accepted", pointer="/document/csaf_version")
    return source_format


def _assessment(
    document: CsafDocument, source: Source, agency: Agency, policy: Policy, themes: ThemeMatcher
) -> Assessment:
    meta = document.document
    marking, rule_id = _marking(meta.distribution, source.format, agency, policy)
    text = _text(document)
    sectors = tuple(map(unclassified, distinct(_named(meta.notes, _SECTORS))))
    vulnerabilities = distinct(
        [
            *(entry.cve for entry in document.vulnerabilities or () if entry.cve),
            *cves_in(meta.title, text),
        ]
    )
    subject = ThemeSubject(
        texts=(meta.title, text),
        sectors=distinct_terms(sectors),
        vulnerabilities=vulnerabilities,
    )
    return Assessment(
        assessment_id=assessment_id(agency.id, source.object_id),
        originator=agency.id,
        source=source,
        title=meta.title,
        text=text,
        marking=marking,
        marking_rule_id=rule_id,
        published=read_instant(meta.tracking.current_release_date, f"{_TRACKING}/current_release_date"),
        modified=read_instant(meta.tracking.current_release_date, f"{_TRACKING}/current_release_date"),
        language=meta.lang,
        report_types=(meta.category,),
        sectors=sectors,
        vulnerabilities=vulnerabilities,
        locations=tuple(map(Location, distinct(_named(meta.notes, _PLACES)))),
        reported_by=meta.publisher.name,
        uri=next((entry.url for entry in meta.references if entry.category == "self"), None),
        themes=themes.assign(subject),
        severities=tuple(_severities(document)),
        handling=tuple(_handling(meta.distribution)),
    )


def _withdrawal(content: dict[str, Json], source_format: SourceFormat, agency: Agency) -> Withdrawal | None:
    """The withdrawal, None where the category says that the document has content."""
    head = content.get("document")
    category = head.get("category") if isinstance(head, dict) else None
    if not isinstance(head, dict) or not isinstance(category, str) or category not in _WITHDRAWALS:
        return None
    cause, reason = _WITHDRAWALS[category]
    meta = _below_document(head)
    source = _source(meta, content, source_format)
    return Withdrawal(
        assessment_id=assessment_id(agency.id, source.object_id),
        originator=agency.id,
        source=source,
        reason=_reasoning(head.get("notes")) or reason,
        published=read_instant(meta.tracking.current_release_date, f"{_TRACKING}/current_release_date"),
        cause=cause,
    )


def _below_document(head: dict[str, Json]) -> CsafIdentityMeta:
    try:
        return CsafIdentityMeta.model_validate(head)
    except ValidationError as error:
        raise refusals_of(error, "/document")[0] from error


def _reasoning(notes: Json) -> str | None:
    """The publisher's reason, where a note gives one; nothing stands in the way of a withdrawal."""
    for note in notes if isinstance(notes, list) else ():
        if isinstance(note, dict):
            title, text = note.get("title"), note.get("text")
            if isinstance(title, str) and title.strip().lower() in _REASONING and isinstance(text, str):
                return text.strip()[: limits.REASON_LENGTH] or None
    return None


def _source(
    meta: CsafMeta | CsafIdentityMeta, content: dict[str, Json], source_format: SourceFormat
) -> Source:
    """Raises `DocumentIsDraft`, since a draft has no version that holds."""
    tracking = meta.tracking
    if tracking.status == "draft":
        raise DocumentIsDraft("the document is a draft", pointer=f"{_TRACKING}/status")
    return Source(
        format=source_format,
        # A namespace holds no space, so that no two pairs make one id.
        object_id=f"{meta.publisher.namespace} {tracking.id}",
        version=read_csaf_version(tracking.version, f"{_TRACKING}/version").key,
        content_sha256=content_sha256(content),
    )


def _marking(
    distribution: CsafDistribution, source_format: SourceFormat, agency: Agency, policy: Policy
) -> tuple[Marking, str | None]:
    if distribution.tlp is None:
        pointer = "/document/distribution"
        if distribution.text or distribution.sharing_group:
            raise MarkingMissing("the distribution is restricted without a TLP label", pointer=pointer)
        return marking_of_unmarked(agency, policy, pointer, source_format)
    label, pointer = distribution.tlp.label, "/document/distribution/tlp/label"
    if label not in set(TlpLabel):
        raise MarkingUnknown("unknown TLP label", pointer=pointer)
    try:
        tlp = Tlp(_TLP[source_format], TlpLabel(label))
    except Refusal as refusal:
        raise at(refusal, pointer) from refusal
    return Marking(tlp=tlp, national=(), original_text=f"TLP:{label}"), None


def _handling(distribution: CsafDistribution) -> Iterator[str]:
    if distribution.text:
        yield distribution.text
    group = distribution.sharing_group
    if group is not None:
        yield f"CSAF sharing group: {group.name or group.id}"


def _text(document: CsafDocument) -> str:
    """The summaries of the document, else those of its vulnerabilities."""
    notes = document.document.notes
    of_vulnerabilities = (note for entry in document.vulnerabilities or () for note in entry.notes)
    text = _summaries(notes) or _summaries(of_vulnerabilities)
    if len(text) > limits.TEXT_LENGTH:
        raise FieldTooLong("the summaries are too long together", pointer="/document/notes")
    return text


def _summaries(notes: Iterable[CsafNote]) -> str:
    return "\n\n".join(note.text for note in notes if note.category in _SUMMARIES)


def _named(notes: Iterable[CsafNote], title: str) -> Iterator[str]:
    """The names that the notes of a title list; a note that says `Multiple` names none."""
    for note in notes:
        if note.category == "other" and (note.title or "").strip().lower() == title:
            for entry in note.text.split(","):
                name = _CONTROL.sub(" ", entry).strip(" .")[: limits.NAME_LENGTH]
                if name.lower() not in _NO_NAMES:
                    yield name


def _severities(document: CsafDocument) -> Iterator[Severity]:
    """The publisher's word, and the highest score of each edition of CVSS."""
    stated = document.document.aggregate_severity
    if stated is not None:
        yield Severity(stated.namespace or "CSAF-aggregate-severity", stated.text)
    highest: dict[str, CsafCvss] = {}
    for vulnerability in document.vulnerabilities or ():
        for score in vulnerability.cvss():
            held = highest.get(score.version)
            if held is None or held.score < score.score:
                highest[score.version] = score
    for version, score in sorted(highest.items()):
        yield Severity(f"CVSS-{version}", f"{score.score} {score.vector}")


def _claims(document: dict[str, Json]) -> tuple[str | None, str | None]:
    """The id and the version that the document claims, where they can be read."""
    head = document.get("document")
    tracking = head.get("tracking") if isinstance(head, dict) else None
    publisher = head.get("publisher") if isinstance(head, dict) else None
    if not isinstance(tracking, dict):
        return None, None
    namespace = publisher.get("namespace") if isinstance(publisher, dict) else None
    named, version = tracking.get("id"), tracking.get("version")
    object_id = f"{namespace} {named}" if isinstance(namespace, str) and isinstance(named, str) else None
    return object_id, version if isinstance(version, str) else None
