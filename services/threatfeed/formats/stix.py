"""Reads STIX 2.0 and 2.1 bundles: every report in one is an assessment, and so is every version of one.

The identity of an assessment is the report's id and its version is `modified` (STIX 2.1 section 3.6).
`created_by_ref` is kept as reported: the originator is the agency of the topic. A revoked report is a
withdrawal, whatever else it carries.
"""

import hashlib
from collections.abc import Iterable
from typing import Final

import orjson
from pydantic import ValidationError

from services.kernel.identifiers import assessment_id
from services.kernel.markings.composition import compose
from services.kernel.markings.marking import Marking
from services.kernel.markings.refusals import MarkingMissing
from services.kernel.markings.stix_granular import StixMarkings
from services.kernel.parties import Agency
from services.kernel.policy import Policy
from services.kernel.refusals import Refusal
from services.threatfeed.domain import limits
from services.threatfeed.domain.assessment import (
    Assessment,
    Derivation,
    MarkedPart,
    Source,
    SourceFormat,
    VersionKey,
    VersionScheme,
    Withdrawal,
    WithdrawalCause,
)
from services.threatfeed.domain.cves import cves_in
from services.threatfeed.domain.ratings import UNRATED, Rated, Ratings, Scale
from services.threatfeed.domain.refusals import (
    BundleMalformed,
    ContentTypeMismatch,
    FieldInvalid,
    NoReportInBundle,
    StixVersionUnsupported,
    TooManyAssessments,
)
from services.threatfeed.domain.subjects import (
    Actor,
    Location,
    distinct_sectors,
    distinct_techniques,
    distinct_terms,
)
from services.threatfeed.domain.submission import Reading, Rejection
from services.threatfeed.domain.themes import ThemeMatcher, ThemeSubject
from services.threatfeed.formats.content_types import Declared
from services.threatfeed.formats.instants import microseconds, read_instant
from services.threatfeed.formats.json_text import Json
from services.threatfeed.formats.stix_facts import Bundle, Facts, Placed, StixObject, facts_of
from services.threatfeed.formats.stix_report import StixReport, StixVersion
from services.threatfeed.formats.unmarked import marking_of_unmarked
from services.threatfeed.formats.validation import at, refusals_of

_LONGEST_CLAIM: Final = 128
_MOST_CONFIDENT: Final = 100
_REVOKED: Final = "The report was revoked by its producer."


def read_bundle(
    document: Json,
    declared: Declared,
    *,
    agency: Agency,
    policy: Policy,
    themes: ThemeMatcher,
) -> tuple[Reading, ...]:
    """One reading for each report of a bundle, in their order.

    Raises a `SubmissionRefusal` for a bundle of another STIX version than 2.0 or 2.1 or than the declared
    one, for one that is no list of STIX objects, and for one without a report or with too many.
    """
    if not isinstance(document, dict) or document.get("type") != "bundle":
        raise BundleMalformed("STIX objects are accepted in a bundle only", pointer="")
    bundle_version = _bundle_version(document, declared)
    bundle = Bundle.of(document.get("objects"))
    if not bundle.reports:
        raise NoReportInBundle("the bundle holds no report", pointer="/objects")
    if len(bundle.reports) > limits.ASSESSMENTS_PER_SUBMISSION:
        raise TooManyAssessments(
            f"{len(bundle.reports)} reports are more than the "
            f"{limits.ASSESSMENTS_PER_SUBMISSION} that one submission may hold"
        )
    reader = _BundleReader(bundle, bundle_version, agency, policy, themes)
    return tuple(reader.read(report) for report in bundle.reports)


def _bundle_version(document: dict[str, Json], declared: Declared) -> str | None:
    """The `spec_version` that a bundle states: STIX 2.0 bundles do, STIX 2.1 bundles do not."""
    version = document.get("spec_version")
    if version not in (None, "2.0", "2.1"):
        raise StixVersionUnsupported("STIX 2.0 and 2.1 are accepted", pointer="/spec_version")
    wrong = version == "2.0" if declared is Declared.STIX_2_1 else version != "2.0"
    if declared in (Declared.STIX_2_0, Declared.STIX_2_1) and wrong:
        raise ContentTypeMismatch(
            f"declared as {declared.value}, which the bundle is not", pointer="/spec_version"
        )
    return version if isinstance(version, str) else None


class _BundleReader:
    """Reads the reports of one bundle."""

    def __init__(
        self,
        bundle: Bundle,
        bundle_version: str | None,
        agency: Agency,
        policy: Policy,
        themes: ThemeMatcher,
    ) -> None:
        self._bundle = bundle
        self._bundle_version = bundle_version
        self._agency = agency
        self._policy = policy
        self._themes = themes

    def read(self, report: Placed) -> Reading:
        """The assessment or the withdrawal that a report holds, or why it is rejected."""
        try:
            if report.content.get("revoked") is True:
                return self._withdrawal(report)
            if report.content.get("revoked", False) is not False:
                raise FieldInvalid("revoked is true or false", pointer=f"{report.pointer}/revoked")
            return self._assessment(report)
        except ValidationError as error:
            return _rejection(report.content, refusals_of(error, report.pointer))
        except Refusal as refusal:
            return _rejection(report.content, (refusal,))

    def _assessment(self, placed: Placed) -> Assessment:
        report = StixReport.model_validate(placed.content)
        source = self._source(report, placed)
        is_2_0 = source.format is SourceFormat.STIX_2_0
        version = "2.0" if is_2_0 else "2.1"
        facts = facts_of(report.object_refs, report.created_by_ref, self._bundle, version)
        markings = self._bundle.markings_of(placed)
        marking, rule_id = self._marking(markings, facts, placed)
        techniques, sectors = distinct_techniques(facts.techniques), distinct_sectors(facts.sectors)
        actors = _distinct(facts.actors)
        vulnerabilities = _distinct([*facts.vulnerabilities, *cves_in(report.name, report.description)])
        subject = ThemeSubject(
            texts=(report.name, report.description),
            sectors=distinct_terms(sectors),
            techniques=[technique.id for technique in techniques],
            vulnerabilities=vulnerabilities,
            actors=actors,
        )
        return Assessment(
            assessment_id=assessment_id(self._agency.id, report.id),
            originator=self._agency.id,
            source=source,
            title=report.name,
            text=report.description,
            marking=marking,
            marking_rule_id=rule_id,
            marked_parts=tuple(MarkedPart(part.selector, part.marking) for part in markings.parts),
            published=read_instant(report.published, f"{placed.pointer}/published"),
            modified=read_instant(report.modified, f"{placed.pointer}/modified"),
            # STIX 2.1 section 3.2: without `lang` the language is English. STIX 2.0 has no such member.
            language=None if is_2_0 else report.lang or "en",
            # STIX 2.0 has the report's types in `labels`, which in 2.1 are free tags.
            report_types=_distinct(report.labels if is_2_0 else report.report_types),
            period=facts.period,
            sectors=sectors,
            techniques=techniques,
            tactics=tuple(dict.fromkeys(facts.tactics)),
            vulnerabilities=vulnerabilities,
            actors=tuple(map(Actor, actors)),
            locations=tuple(map(Location, _distinct(facts.locations))),
            derived_from=self._derived_from(report.id),
            reported_by=facts.reported_by or report.created_by_ref,
            uri=next((entry.url for entry in report.external_references if entry.url), None),
            themes=self._themes.assign(subject),
            # STIX 2.0 has no such member: what a producer of its own calls so is on no known scale.
            ratings=UNRATED if is_2_0 else _ratings(report.confidence, placed),
        )

    def _withdrawal(self, placed: Placed) -> Withdrawal:
        version = StixVersion.model_validate(placed.content)
        return Withdrawal(
            assessment_id=assessment_id(self._agency.id, version.id),
            originator=self._agency.id,
            source=self._source(version, placed),
            reason=_REVOKED,
            published=read_instant(version.modified, f"{placed.pointer}/modified"),
            cause=WithdrawalCause.REVOKED,
        )

    def _source(self, version: StixVersion, placed: Placed) -> Source:
        modified = read_instant(version.modified, f"{placed.pointer}/modified")
        content = orjson.dumps(placed.content, option=orjson.OPT_SORT_KEYS)
        return Source(
            format=self._format(placed),
            object_id=version.id,
            version=VersionKey(VersionScheme.TIMESTAMP, microseconds(modified), version.modified),
            content_sha256=hashlib.sha256(content).hexdigest(),
        )

    def _format(self, placed: Placed) -> SourceFormat:
        """STIX 2.1 objects state their version; one that does not is of STIX 2.0 (STIX 2.1 section 3.2)."""
        pointer = f"{placed.pointer}/spec_version"
        match placed.content.get("spec_version", self._bundle_version):
            case "2.1":
                return SourceFormat.STIX_2_1
            case "2.0" | None:
                return SourceFormat.STIX_2_0
            case _:
                raise FieldInvalid("STIX 2.0 and 2.1 are accepted", pointer=pointer)

    def _marking(self, markings: StixMarkings, facts: Facts, placed: Placed) -> tuple[Marking, str | None]:
        """A report is never marked lower than a part of it, whatever it says of itself."""
        try:
            own = markings.whole
        except MarkingMissing as refusal:
            raise at(refusal, placed.pointer) from refusal
        rule_id: str | None = None
        if own is None:
            own, rule_id = marking_of_unmarked(self._agency, self._policy, placed.pointer)
        return (compose([own, *facts.markings]) if facts.markings else own), rule_id

    def _derived_from(self, report_id: str) -> tuple[Derivation, ...]:
        """STIX names no originator of a source. One that came in the same bundle is this agency's as well."""
        own = {placed.content.get("id") for placed in self._bundle.reports}
        return tuple(
            Derivation(self._agency.id if target in own else None, object_id=target, version=None)
            for placed in self._bundle.others.values()
            if placed.type == "relationship"
            and placed.content.get("relationship_type") == "derived-from"
            and placed.content.get("source_ref") == report_id
            and placed.content.get("revoked") is not True
            and isinstance(target := placed.content.get("target_ref"), str)
        )


def _ratings(confidence: object, placed: Placed) -> Ratings:
    if confidence is None:
        return UNRATED
    if (
        not isinstance(confidence, int)
        or isinstance(confidence, bool)
        or not 0 <= confidence <= _MOST_CONFIDENT
    ):
        raise FieldInvalid(
            "confidence is a whole number from 0 to 100", pointer=f"{placed.pointer}/confidence"
        )
    return Ratings(stix_confidence=Rated(Scale.STIX_CONFIDENCE, confidence, str(confidence)))


def _distinct(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))


def _rejection(report: StixObject, refusals: tuple[Refusal, ...]) -> Rejection:
    object_id, version = report["id"], report.get("modified")
    return Rejection(
        object_id=str(object_id)[:_LONGEST_CLAIM],
        version=version[:_LONGEST_CLAIM] if isinstance(version, str) else None,
        refusals=refusals,
    )
