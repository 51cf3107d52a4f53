"""The narrative assessment as agencies write it: the JSON of our own format, version 1.

Types and bounds only; what they mean is read in `narrative.py`. Unknown members are refused in content,
so that a misspelt `marking` cannot pass for a missing one, and are not read in a withdrawal notice,
so that nothing stands in the way of a withdrawal.
"""

import re
from collections.abc import Callable
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, ValidatorFunctionWrapHandler, WrapValidator
from pydantic_core import PydanticCustomError

from services.kernel.scales import Confidence, InformationCredibility, LikelihoodScheme, SourceReliability
from services.threatfeed.domain import limits
from services.threatfeed.domain.ratings import Scale
from services.threatfeed.domain.subjects import AttackDomain, SectorScheme
from services.threatfeed.formats.languages import LANGUAGE_TAG

_INSTANT = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})$"
_LINE = r"^[^\x00-\x1f\x7f]*[^\x00-\x20\x7f][^\x00-\x1f\x7f]*$"
_SLUG = r"^[a-z0-9][a-z0-9-]*$"
_TECHNIQUE = r"^T[0-9]{4}(\.[0-9]{3})?$"
_TACTIC = r"^TA[0-9]{4}$"
_STATED_SCHEMES = tuple(scheme for scheme in SectorScheme if scheme is not SectorScheme.OTHER)

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
Technique: TypeAlias = Annotated[str, Field(pattern=_TECHNIQUE)]
Scheme: TypeAlias = Annotated[str, Field(pattern=rf"^({'|'.join(LikelihoodScheme)})$")]
ConfidenceLevel: TypeAlias = Annotated[str, Field(pattern=rf"^({'|'.join(Confidence)})$")]
Language: TypeAlias = Annotated[
    str, Field(max_length=limits.NAME_LENGTH, pattern=LANGUAGE_TAG, examples=["en-GB"])
]
ConfidenceScheme: TypeAlias = Annotated[str, Field(pattern=rf"^({Scale.ANCR}|{Scale.ICD203})$")]
Reliability: TypeAlias = Annotated[str, Field(pattern=rf"^[{''.join(SourceReliability)}]$")]
Credibility: TypeAlias = Annotated[str, Field(pattern=rf"^[{''.join(InformationCredibility)}]$")]
TacticId: TypeAlias = Annotated[str, Field(pattern=_TACTIC)]
Edition: TypeAlias = Annotated[str, Field(max_length=limits.EDITION_LENGTH, pattern=_LINE)]
Domain: TypeAlias = Annotated[str, Field(pattern=rf"^({'|'.join(AttackDomain)})$")]
StatedScheme: TypeAlias = Annotated[str, Field(pattern=rf"^({'|'.join(_STATED_SCHEMES)})$")]
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


class NarrativeConfidenceRating(NarrativePart):
    """An analytic confidence; without a scheme it is not known which scale was meant."""

    level: ConfidenceLevel
    scheme: ConfidenceScheme | None = None


class NarrativeConfidence(NarrativeConfidenceRating):
    """How sound the foundations of a judgement are, and why."""

    grounds: Statement


class NarrativeRatings(NarrativePart):
    """Ratings of the whole; absent means unspecified."""

    likelihood: NarrativeLikelihood | None = None
    confidence: NarrativeConfidenceRating | None = None
    source_reliability: Reliability | None = None
    info_credibility: Credibility | None = None


class NarrativeSector(NarrativePart):
    """A sector by the code that a scheme has for it; a bare word is one of no stated scheme."""

    code: Line
    scheme: StatedScheme | None = None
    version: Edition | None = None


class NarrativeTechnique(NarrativePart):
    """A technique of MITRE ATT&CK, with the release and the matrices that it was taken from."""

    id: Technique
    attack_version: Edition | None = None
    domains: Annotated[list[Domain], Field(default_factory=list, max_length=len(AttackDomain))]


class NarrativeTactic(NarrativePart):
    """A tactic of MITRE ATT&CK, with the release and the matrix that it was taken from."""

    id: TacticId
    name: Line | None = None
    attack_version: Edition | None = None
    domain: Domain | None = None


class NarrativeJudgement(NarrativePart):
    """One statement. Likelihood and confidence are independent; absent means unspecified."""

    id: Identifier
    statement: Statement
    likelihood: NarrativeLikelihood | None = None
    confidence: NarrativeConfidence | None = None
    source_reliability: Reliability | None = None
    info_credibility: Credibility | None = None
    marking: NarrativeMarking | None = None


def _or_bare(name: str, pattern: str) -> Callable[[Any, ValidatorFunctionWrapHandler], Any]:
    """Lets a part be written as its one needed member alone."""
    matches = re.compile(pattern).match

    def read(value: Any, validate: ValidatorFunctionWrapHandler) -> Any:
        if not isinstance(value, str):
            return validate(value)
        if len(value) > limits.NAME_LENGTH or not matches(value):
            raise PydanticCustomError("pattern", "text is not of the form " + pattern)
        return validate({name: value})

    return read


SectorOrWord: TypeAlias = Annotated[
    NarrativeSector,
    WrapValidator(_or_bare("code", _SLUG), json_schema_input_type=Slug | NarrativeSector),
]
TechniqueOrId: TypeAlias = Annotated[
    NarrativeTechnique,
    WrapValidator(_or_bare("id", _TECHNIQUE), json_schema_input_type=Technique | NarrativeTechnique),
]
TacticOrId: TypeAlias = Annotated[
    NarrativeTactic,
    WrapValidator(_or_bare("id", _TACTIC), json_schema_input_type=TacticId | NarrativeTactic),
]


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
    ratings: NarrativeRatings | None = None
    sectors: Annotated[list[SectorOrWord], Field(default_factory=list, max_length=_MANY)]
    techniques: Annotated[list[TechniqueOrId], Field(default_factory=list, max_length=_MANY)]
    tactics: Annotated[list[TacticOrId], Field(default_factory=list, max_length=_MANY)]
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
