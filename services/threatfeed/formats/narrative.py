"""Reads a narrative assessment: our own format, for products that an analyst writes as text.

The JSON Schema of the format is published in docs/reference/narrative.schema.json.
"""

import hashlib
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Final, TypeVar

import orjson
from pydantic import TypeAdapter, ValidationError

from services.kernel.identifiers import assessment_id
from services.kernel.markings.banner import parse_marking
from services.kernel.markings.marking import Marking
from services.kernel.parties import Agency
from services.kernel.policy import Policy
from services.kernel.refusals import Refusal
from services.kernel.scales import (
    Confidence,
    InformationCredibility,
    SourceReliability,
    likelihood,
)
from services.threatfeed.domain.assessment import (
    Assessment,
    Derivation,
    Judgement,
    Source,
    SourceFormat,
    TearLine,
    VersionKey,
    VersionScheme,
    Withdrawal,
)
from services.threatfeed.domain.cves import cves_in
from services.threatfeed.domain.ratings import UNRATED, Rated, Ratings, Scale
from services.threatfeed.domain.refusals import JudgementRepeated, PayloadClaimsOtherAgency
from services.threatfeed.domain.sectors import sector_in, unclassified
from services.threatfeed.domain.subjects import (
    Actor,
    AttackDomain,
    Location,
    Sector,
    SectorScheme,
    Tactic,
    Technique,
    distinct_sectors,
    distinct_techniques,
    distinct_terms,
)
from services.threatfeed.domain.submission import Reading, Rejection
from services.threatfeed.domain.themes import ThemeMatcher, ThemeSubject
from services.threatfeed.formats.content_types import NARRATIVE_CONTENT_TYPE
from services.threatfeed.formats.instants import read_instant, read_period
from services.threatfeed.formats.json_text import Json
from services.threatfeed.formats.narrative_model import (
    NarrativeAssessment,
    NarrativeConfidenceRating,
    NarrativeJudgement,
    NarrativeLikelihood,
    NarrativeMarking,
    NarrativeSector,
    NarrativeTactic,
    NarrativeTearLine,
    NarrativeTechnique,
    NarrativeWithdrawal,
)
from services.threatfeed.formats.unmarked import marking_of_unmarked
from services.threatfeed.formats.validation import at, refusals_of

_T = TypeVar("_T")
_LONGEST_CLAIM: Final = 128


def read_narrative(
    document: dict[str, Json], *, agency: Agency, policy: Policy, themes: ThemeMatcher
) -> Reading:
    """The assessment or the withdrawal that a narrative document holds, or why it is rejected."""
    try:
        if document.get("withdrawn") is True:
            return _withdrawal(NarrativeWithdrawal.model_validate(document), document, agency)
        model = NarrativeAssessment.model_validate(document)
        return _assessment(model, document, agency, policy, themes)
    except ValidationError as error:
        return _rejection(document, refusals_of(error))
    except Refusal as refusal:
        return _rejection(document, (refusal,))


def json_schema() -> dict[str, object]:
    """The JSON Schema (draft 2020-12) of a narrative document."""
    schema = TypeAdapter(NarrativeAssessment | NarrativeWithdrawal).json_schema()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Narrative assessment, version 1",
        "description": (
            f"Content type {NARRATIVE_CONTENT_TYPE}. A document is one version of one assessment, or the "
            "notice that withdraws it. Instants are RFC 3339."
        ),
        **schema,
    }


def _assessment(
    model: NarrativeAssessment,
    document: dict[str, Json],
    agency: Agency,
    policy: Policy,
    themes: ThemeMatcher,
) -> Assessment:
    _refuse_other_agency(model.agency, agency)
    rule_id: str | None = None
    if model.marking is None:
        marking, rule_id = marking_of_unmarked(agency, policy, "/marking")
    else:
        marking = _marking(model.marking, "/marking")
    vulnerabilities = _distinct([*model.cves, *cves_in(model.title, model.text)])
    sectors = distinct_sectors(map(_sector, model.sectors))
    techniques = distinct_techniques(map(_technique, model.techniques))
    actors = _distinct(model.actors)
    return Assessment(
        assessment_id=assessment_id(agency.id, model.id),
        originator=agency.id,
        source=_source(model, document),
        title=model.title,
        text=model.text,
        marking=marking,
        marking_rule_id=rule_id,
        published=read_instant(model.published, "/published"),
        judgements=_judgements(model.judgements),
        tear_lines=() if model.tear_line is None else (_tear_line(model.tear_line, themes),),
        report_types=_distinct(model.report_types),
        period=(
            None if model.period is None else read_period(model.period.start, model.period.end, "/period")
        ),
        valid_until=(None if model.valid_until is None else read_instant(model.valid_until, "/valid_until")),
        sectors=sectors,
        techniques=techniques,
        tactics=_distinct(map(_tactic, model.tactics)),
        vulnerabilities=vulnerabilities,
        actors=tuple(map(Actor, actors)),
        locations=tuple(map(Location, _distinct(model.locations))),
        language=model.language,
        derived_from=tuple(
            Derivation(source.agency, source.id, source.version) for source in model.derived_from
        ),
        themes=themes.assign(
            ThemeSubject(
                texts=(model.title, model.text, *(judgement.statement for judgement in model.judgements)),
                sectors=distinct_terms(sectors),
                techniques=[technique.id for technique in techniques],
                judgements=len(model.judgements),
                vulnerabilities=vulnerabilities,
                actors=actors,
            )
        ),
        ratings=_whole_ratings(model),
    )


def _withdrawal(model: NarrativeWithdrawal, document: dict[str, Json], agency: Agency) -> Withdrawal:
    _refuse_other_agency(model.agency, agency)
    return Withdrawal(
        assessment_id=assessment_id(agency.id, model.id),
        originator=agency.id,
        source=_source(model, document),
        reason=model.reason,
        published=(None if model.published is None else read_instant(model.published, "/published")),
    )


def _refuse_other_agency(claim: str | None, agency: Agency) -> None:
    if claim is not None and claim != agency.id:
        raise PayloadClaimsOtherAgency(
            f"published in the topic of {agency.id}, but it claims another agency", pointer="/agency"
        )


def _source(model: NarrativeAssessment | NarrativeWithdrawal, document: dict[str, Json]) -> Source:
    content = orjson.dumps(document, option=orjson.OPT_SORT_KEYS)
    return Source(
        format=SourceFormat.NARRATIVE,
        object_id=model.id,
        version=VersionKey(VersionScheme.NUMBER, model.version, str(model.version)),
        content_sha256=hashlib.sha256(content).hexdigest(),
    )


def _marking(model: NarrativeMarking, pointer: str) -> Marking:
    return _below(pointer, lambda: parse_marking(model.tlp, model.national))


def _tear_line(model: NarrativeTearLine, themes: ThemeMatcher) -> TearLine:
    texts = (model.title or "", model.text)
    assigned = themes.assign(ThemeSubject(texts=texts, vulnerabilities=_distinct(cves_in(*texts))))
    return TearLine(model.title, model.text, _marking(model.marking, "/tear_line/marking"), assigned)


def _judgements(models: list[NarrativeJudgement]) -> tuple[Judgement, ...]:
    read: dict[str, Judgement] = {}
    for position, model in enumerate(models):
        pointer = f"/judgements/{position}"
        if model.id in read:
            raise JudgementRepeated("two judgements have one id", pointer=f"{pointer}/id")
        read[model.id] = _judgement(model, pointer)
    return tuple(read.values())


def _judgement(model: NarrativeJudgement, pointer: str) -> Judgement:
    return Judgement(
        judgement_id=model.id,
        statement=model.statement,
        ratings=_ratings(
            model.likelihood, model.confidence, model.source_reliability, model.info_credibility, pointer
        ),
        confidence_grounds=None if model.confidence is None else model.confidence.grounds,
        marking=None if model.marking is None else _marking(model.marking, f"{pointer}/marking"),
    )


def _whole_ratings(model: NarrativeAssessment) -> Ratings:
    given = model.ratings
    if given is None:
        return UNRATED
    return _ratings(
        given.likelihood, given.confidence, given.source_reliability, given.info_credibility, "/ratings"
    )


def _ratings(
    likely: NarrativeLikelihood | None,
    sound: NarrativeConfidenceRating | None,
    source: str | None,
    information: str | None,
    pointer: str,
) -> Ratings:
    if likely is None and sound is None and source is None and information is None:
        return UNRATED
    try:
        return _rated(
            None if likely is None else (likely.term, likely.scheme),
            None if sound is None else (sound.level, sound.scheme),
            source,
            information,
        )
    except Refusal as refusal:
        raise at(refusal, f"{pointer}/likelihood") from refusal


@lru_cache(maxsize=4_096)
def _rated(
    likely: tuple[str, str] | None,
    sound: tuple[str, str | None] | None,
    source: str | None,
    information: str | None,
) -> Ratings:
    """The words of few scales, in few combinations. Raises what `likelihood` raises, and nothing else."""
    return Ratings(
        likelihood=None if likely is None else Rated(Scale(likely[1]), likelihood(*likely), likely[0]),
        analytic_confidence=(
            None
            if sound is None
            else Rated(Scale(sound[1] or Scale.UNSTATED), Confidence(sound[0]), sound[0])
        ),
        source_reliability=(
            None if source is None else Rated(Scale.ADMIRALTY_RELIABILITY, SourceReliability(source), source)
        ),
        info_credibility=(
            None
            if information is None
            else Rated(Scale.ADMIRALTY_CREDIBILITY, InformationCredibility(information), information)
        ),
    )


def _sector(model: NarrativeSector) -> Sector:
    if model.scheme is None:
        return unclassified(model.code)
    scheme = SectorScheme(model.scheme)
    if scheme is SectorScheme.MISP:
        return Sector(scheme, model.version, model.code, model.code)
    return sector_in(scheme, model.code, model.version)


def _technique(model: NarrativeTechnique) -> Technique:
    if model.attack_version is None and not model.domains:
        return _bare_technique(model.id)
    return Technique(model.id, model.attack_version, None, tuple(map(AttackDomain, model.domains)))


@lru_cache(maxsize=1_024)
def _bare_technique(technique: str) -> Technique:
    return Technique(technique)


def _tactic(model: NarrativeTactic) -> Tactic:
    domain = None if model.domain is None else AttackDomain(model.domain)
    return Tactic(model.id, model.name, model.attack_version, domain)


def _distinct(values: Iterable[_T]) -> tuple[_T, ...]:
    return tuple(dict.fromkeys(values))


def _below(pointer: str, read: Callable[[], _T]) -> _T:
    try:
        return read()
    except Refusal as refusal:
        raise at(refusal, pointer) from refusal


def _rejection(document: dict[str, Json], refusals: tuple[Refusal, ...]) -> Rejection:
    object_id, version = document.get("id"), document.get("version")
    named = isinstance(object_id, str) and len(object_id) <= _LONGEST_CLAIM
    numbered = isinstance(version, int) and not isinstance(version, bool)
    return Rejection(
        object_id=str(object_id) if named else None,
        version=str(version) if numbered else None,
        refusals=refusals,
    )
