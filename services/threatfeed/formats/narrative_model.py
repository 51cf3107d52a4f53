"""The narrative assessment as agencies write it: the JSON of our own format, version 1.

Types and bounds only; what they mean is read in `narrative.py`. Unknown members are refused in content,
so that a misspelt `marking` cannot pass for a missing one, and are not read in a withdrawal notice,
so that nothing stands in the way of a withdrawal.
"""

from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from services.kernel.scales import Confidence, LikelihoodScheme
from services.threatfeed.domain import limits
from services.threatfeed.formats.languages import LANGUAGE_TAG

_INSTANT = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})$"
_LINE = r"^[^\x00-\x1f\x7f]*[^\x00-\x20\x7f][^\x00-\x1f\x7f]*$"
_SLUG = r"^[a-z0-9][a-z0-9-]*$"

# Two separators never stand side by side, so no identifier can be taken for one of STIX.
Identifier: TypeAlias = Annotated[
    str,
    Field(max_length=limits.IDENTIFIER_LENGTH, pattern=r"^[A-Za-z0-9]+([._:/-][A-Za-z0-9]+)*$"),
]
Instant: TypeAlias = Annotated[
    str, Field(max_length=40, pattern=_INSTANT, json_schema_extra={"format": "date-time"})
]
Day: TypeAlias = Annotated[
    str,
    Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", json_schema_extra={"format": "date"}),
]
Line: TypeAlias = Annotated[str, Field(max_length=limits.NAME_LENGTH, pattern=_LINE)]
Title: TypeAlias = Annotated[str, Field(max_length=limits.TITLE_LENGTH, pattern=_LINE)]
Text: TypeAlias = Annotated[str, Field(min_length=1, max_length=limits.TEXT_LENGTH)]
Statement: TypeAlias = Annotated[str, Field(min_length=1, max_length=limits.STATEMENT_LENGTH)]
Reason: TypeAlias = Annotated[str, Field(min_length=1, max_length=limits.REASON_LENGTH)]
Banner: TypeAlias = Annotated[str, Field(min_length=1, max_length=limits.BANNER_LENGTH)]
Slug: TypeAlias = Annotated[str, Field(max_length=limits.NAME_LENGTH, pattern=_SLUG)]
Version: TypeAlias = Annotated[int, Field(ge=1, le=2**31 - 1)]
Technique: TypeAlias = Annotated[str, Field(pattern=r"^T[0-9]{4}(\.[0-9]{3})?$")]
Scheme: TypeAlias = Annotated[str, Field(pattern=rf"^({'|'.join(LikelihoodScheme)})$")]
ConfidenceLevel: TypeAlias = Annotated[str, Field(pattern=rf"^({'|'.join(Confidence)})$")]
Language: TypeAlias = Annotated[
    str, Field(max_length=limits.NAME_LENGTH, pattern=LANGUAGE_TAG, examples=["en-GB"])
]
Cve: TypeAlias = Annotated[str, Field(max_length=32, pattern=r"^CVE-[0-9]{4}-[0-9]{4,}$")]

_MANY = limits.LIST_LENGTH


class NarrativePart(BaseModel):
    """A part of a narrative assessment: exact types, no unknown members."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class NarrativeMarking(NarrativePart):
    """The marking of one text: a TLP label, a national banner, or both."""

    tlp: Annotated[Banner | None, Field(examples=["TLP:AMBER+STRICT"])] = None
    national: Annotated[Banner | None, Field(examples=["UK OFFICIAL-SENSITIVE REL EU"])] = None


class NarrativeLikelihood(NarrativePart):
    """A term of a likelihood scale; a number has no place in one."""

    scheme: Scheme
    term: Line


class NarrativeConfidence(NarrativePart):
    """How sound the foundations of a judgement are."""

    level: ConfidenceLevel
    grounds: Statement


class NarrativeJudgement(NarrativePart):
    """One statement. Likelihood and confidence are independent; absent means unspecified."""

    id: Identifier
    statement: Statement
    likelihood: NarrativeLikelihood | None = None
    confidence: NarrativeConfidence | None = None
    marking: NarrativeMarking | None = None


class NarrativeTearLine(NarrativePart):
    """Text written to be passed on, under a marking of its own."""

    title: Title | None = None
    text: Text
    marking: NarrativeMarking


class NarrativePeriod(NarrativePart):
    """The days that the assessment speaks about, both included."""

    start: Day | None = None
    end: Day | None = None


class NarrativeDerivation(NarrativePart):
    """An assessment that this one was written from."""

    agency: Identifier
    id: Annotated[str, Field(min_length=1, max_length=limits.IDENTIFIER_LENGTH)]
    version: Annotated[str, Field(min_length=1, max_length=limits.NAME_LENGTH)] | None = None


class NarrativeAssessment(NarrativePart):
    """One version of an assessment, with content."""

    id: Identifier
    version: Version
    agency: Line | None = None
    title: Title
    text: Text
    published: Instant
    marking: NarrativeMarking | None = None
    tear_line: NarrativeTearLine | None = None
    judgements: Annotated[list[NarrativeJudgement], Field(default_factory=list, max_length=limits.JUDGEMENTS)]
    report_types: Annotated[list[Slug], Field(default_factory=list, max_length=_MANY)]
    sectors: Annotated[list[Slug], Field(default_factory=list, max_length=_MANY)]
    techniques: Annotated[list[Technique], Field(default_factory=list, max_length=_MANY)]
    cves: Annotated[list[Cve], Field(default_factory=list, max_length=_MANY)]
    actors: Annotated[list[Line], Field(default_factory=list, max_length=_MANY)]
    locations: Annotated[list[Line], Field(default_factory=list, max_length=_MANY)]
    derived_from: Annotated[list[NarrativeDerivation], Field(default_factory=list, max_length=_MANY)]
    period: NarrativePeriod | None = None
    valid_until: Instant | None = None
    language: Language | None = None
    withdrawn: Literal[False] = False


class NarrativeWithdrawal(BaseModel):
    """A notice that withdraws an assessment for good, under a version of its own.

    Whatever else it carries is not read.
    """

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)

    id: Identifier
    version: Version
    agency: Line | None = None
    withdrawn: Literal[True]
    reason: Reason
    published: Instant | None = None
