"""An agency's assessment, normalised: what every accepted format is read into.

A revision is one published version of it: either content (`Assessment`) or a notice that withdraws it
(`Withdrawal`). The agency of the topic is the originator, whatever the payload says.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from services.kernel.markings.composition import compose
from services.kernel.markings.marking import Marking
from services.kernel.themes import ThemeAssignment
from services.threatfeed.domain.ratings import UNRATED, Ratings
from services.threatfeed.domain.refusals import VersionSchemeChanged
from services.threatfeed.domain.subjects import Actor, Location, Sector, Tactic, Technique


class SourceFormat(StrEnum):
    """The format in which an agency published."""

    NARRATIVE = "NARRATIVE"
    STIX_2_0 = "STIX_2_0"
    STIX_2_1 = "STIX_2_1"
    MISP = "MISP"
    CSAF_2_0 = "CSAF_2_0"
    CSAF_2_1 = "CSAF_2_1"
    KEV = "KEV"


class VersionScheme(StrEnum):
    """How the originator counts the versions of one assessment."""

    NUMBER = "NUMBER"
    TIMESTAMP = "TIMESTAMP"
    SEMANTIC = "SEMANTIC"
    """Semantic versions (semver.org, 2.0.0, section 11) and whole numbers, of which N stands as N.0.0."""

    # An enumeration's own hash is Python code, and versions are looked up for every revision.
    __hash__ = str.__hash__


@dataclass(frozen=True, slots=True)
class VersionKey:
    """The originator's own version of an assessment.

    `ordinal` orders the versions of one assessment and fits into 63 bits: the number itself, microseconds
    since 1970-01-01T00:00:00Z, or the three parts of a semantic version in one number. `text` is the
    version as published; two spellings of one instant are equal.
    """

    scheme: VersionScheme
    ordinal: int
    text: str = field(compare=False)

    def newer_than(self, other: "VersionKey") -> bool:
        """Raises `VersionSchemeChanged` when no order holds between the two."""
        if self.scheme is not other.scheme:
            raise VersionSchemeChanged(
                f"version {self.text!r} is a {self.scheme.lower()}, "
                f"the versions held are {other.scheme.lower()}s"
            )
        return self.ordinal > other.ordinal


@dataclass(frozen=True, slots=True)
class Source:
    """Where a revision comes from. (object_id, version) identifies it for its originator.

    `content_sha256` is the hex digest of the published content without its layout: white space and the
    order of names do not count, nor does the STIX bundle around a report. `signing_key` is the `kid` of the
    agency's key whose signature over the submission was verified; None for an unsigned one.
    """

    format: SourceFormat
    object_id: str
    version: VersionKey
    content_sha256: str
    signing_key: str | None = None


@dataclass(frozen=True, slots=True)
class Judgement:
    """One statement with its ratings. Without a marking of its own it is marked as its assessment is."""

    judgement_id: str
    statement: str
    ratings: Ratings
    confidence_grounds: str | None
    marking: Marking | None


@dataclass(frozen=True, slots=True)
class TearLine:
    """Text that the originator wrote to be passed on, under a marking of its own (ICD 209).

    Its themes are those of its own words: its parent's would tell of its parent's text.
    """

    title: str | None
    text: str
    marking: Marking
    themes: tuple[ThemeAssignment, ...] = ()


@dataclass(frozen=True, slots=True)
class Severity:
    """How grave the originator says the matter is, in the words of one scale. Scales are never compared.

    `scheme` names the scale with its edition, for example `CVSS-3.1` or `MISP-threat-level`.
    """

    scheme: str
    original: str


@dataclass(frozen=True, slots=True)
class Period:
    """The dates that an assessment speaks about; an open end is None."""

    start: date | None
    end: date | None


@dataclass(frozen=True, slots=True)
class Derivation:
    """A source that an assessment was written from. Without an originator its release cannot be decided."""

    originator: str | None
    object_id: str
    version: str | None


@dataclass(frozen=True, slots=True)
class MarkedPart:
    """A part of what was published that its originator marked by itself (STIX 2.1 section 7.2.3).

    The marking of the whole is never lower; a part is not released without the whole.
    """

    selector: str
    marking: Marking


@dataclass(frozen=True, slots=True)
class Assessment:
    """One revision of an assessment, with content.

    `marking_rule_id` names the recorded rule under which an unmarked text of a public source was taken as
    TLP:CLEAR; None when the originator marked it. `reported_by` is the author that the payload names.
    `vulnerabilities` are CVE ids. `ratings` are of the whole; each judgement has its own.
    `handling` is what the originator says about handling beside the marking: people read it, no rule does.
    `modified` is when this revision was made and `language` the tag (RFC 5646) of the language it is written
    in: None where the format or the originator says neither.
    """

    assessment_id: UUID
    originator: str
    source: Source
    title: str
    text: str
    marking: Marking
    marking_rule_id: str | None
    published: datetime
    judgements: tuple[Judgement, ...] = ()
    tear_lines: tuple[TearLine, ...] = ()
    report_types: tuple[str, ...] = ()
    period: Period | None = None
    valid_until: datetime | None = None
    sectors: tuple[Sector, ...] = ()
    techniques: tuple[Technique, ...] = ()
    tactics: tuple[Tactic, ...] = ()
    vulnerabilities: tuple[str, ...] = ()
    actors: tuple[Actor, ...] = ()
    locations: tuple[Location, ...] = ()
    derived_from: tuple[Derivation, ...] = ()
    reported_by: str | None = None
    uri: str | None = None
    themes: tuple[ThemeAssignment, ...] = ()
    severities: tuple[Severity, ...] = ()
    ratings: Ratings = UNRATED
    handling: tuple[str, ...] = ()
    marked_parts: tuple[MarkedPart, ...] = ()
    modified: datetime | None = None
    language: str | None = None

    def whole_marking(self) -> Marking:
        """The roll-up that protects the text with its judgements: a whole never grants more than a part."""
        own = [judgement.marking for judgement in self.judgements if judgement.marking is not None]
        return compose([self.marking, *own]) if own else self.marking

    def line_themes(self) -> tuple[ThemeAssignment, ...] | None:
        """The themes of the tear line that is given to readers; None where there is none."""
        return self.tear_lines[0].themes if self.tear_lines else None

    def markings(self) -> Iterator[Marking]:
        """The markings of what stands alone: the text with its judgements, and each tear line.

        A judgement is a portion: a US one that is unclassified and says nothing more counts only in
        the roll-up.
        """
        yield self.whole_marking()
        for line in self.tear_lines:
            yield line.marking


class WithdrawalCause(StrEnum):
    """Why an assessment no longer stands, in the terms of the formats."""

    WITHDRAWN = "WITHDRAWN"
    REVOKED = "REVOKED"
    DELETED = "DELETED"
    SUPERSEDED = "SUPERSEDED"
    """Another document has taken its place."""
    REMOVED = "REMOVED"
    """Its catalogue no longer lists it."""

    @property
    def is_final(self) -> bool:
        """Whether nothing brings the assessment back: STIX 2.1 section 3.6 (`revoked`), the CSAF 2.1 profiles
        for withdrawn and superseded documents, the deletion of a MISP event, and a notice. A catalogue may
        list again what it removed.
        """
        return self is not WithdrawalCause.REMOVED


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """A notice by which the originator withdraws an assessment, for good where its cause is final.

    The reason carries the marking of what it withdraws: nobody reads it who could not read that.
    """

    assessment_id: UUID
    originator: str
    source: Source
    reason: str
    published: datetime | None
    cause: WithdrawalCause = WithdrawalCause.WITHDRAWN


Revision = Assessment | Withdrawal
