"""Assessments that overlap, and because of what. Nothing is merged, and nothing is concluded from it.

A reason is one fact that both assessments state, as the reader has them. Its weight says how much it tells:
one shared actor or vulnerability is enough to look at both, one shared technique is not. Weights are numbers
of this module and not of what is held, so that they tell nothing of what a reader may not see.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from services.threatfeed.domain.assessment import Assessment
from services.threatfeed.domain.subjects import distinct_terms

WEIGHTS_VERSION: Final = "2026.1"
LEAST: Final = 3
"""The weight from which two assessments are said to overlap."""
_UNSTATED_PERIOD: Final = timedelta(days=30)
"""An assessment that states no period is taken to speak of the days before its publication."""


class Ground(StrEnum):
    """What two assessments can have in common."""

    SOURCE = "SOURCE"
    """The same document: one is derived from the other, both from a third, or both name one address or id."""
    ACTOR = "ACTOR"
    """An actor by the same reported name. Candidates are no ground: several may be meant."""
    VULNERABILITY = "VULNERABILITY"
    TECHNIQUE = "TECHNIQUE"
    SECTOR_AND_PERIOD = "SECTOR_AND_PERIOD"
    """The same sector in periods that overlap."""


WEIGHTS: Final = {
    Ground.SOURCE: 5,
    Ground.ACTOR: 4,
    Ground.VULNERABILITY: 3,
    Ground.TECHNIQUE: 1,
    Ground.SECTOR_AND_PERIOD: 1,
}


@dataclass(frozen=True, slots=True, order=True)
class Reason:
    """One shared fact."""

    ground: Ground
    value: str

    @property
    def weight(self) -> int:
        return WEIGHTS[self.ground]


@dataclass(frozen=True, slots=True)
class Facts:
    """What an assessment states that another one can share. The period has both its ends in it."""

    assessment_id: UUID
    stated: frozenset[Reason]
    sectors: frozenset[str]
    start: date
    end: date


def facts_of(content: Assessment, *, whole: bool) -> Facts:
    """The facts of an assessment in a rendition; a tear line has no source of its own."""
    period, published = content.period, content.published.date()
    start = period.start if period is not None else None
    end = period.end if period is not None else None
    return Facts(
        assessment_id=content.assessment_id,
        stated=frozenset(
            {
                *_reasons(Ground.SOURCE, _sources(content) if whole else ()),
                *_reasons(Ground.ACTOR, (actor.name_as_reported.casefold() for actor in content.actors)),
                *_reasons(Ground.VULNERABILITY, content.vulnerabilities),
                *_reasons(Ground.TECHNIQUE, (technique.id for technique in content.techniques)),
            }
        ),
        sectors=frozenset(distinct_terms(content.sectors)),
        start=start or (published if end is None else end) - _UNSTATED_PERIOD,
        end=end or published,
    )


def overlap(one: Facts, other: Facts) -> tuple[Reason, ...]:
    """Every fact that both state, the heaviest first; the same in both directions, and none with itself."""
    if one.assessment_id == other.assessment_id:
        return ()
    shared = set(one.stated & other.stated)
    if one.start <= other.end and other.start <= one.end:
        shared.update(_reasons(Ground.SECTOR_AND_PERIOD, one.sectors & other.sectors))
    return tuple(sorted(shared, key=lambda reason: (-reason.weight, reason)))


def weight_of(reasons: Iterable[Reason]) -> int:
    return sum(reason.weight for reason in reasons)


def _sources(content: Assessment) -> list[str]:
    return [
        content.source.object_id,
        *(source.object_id for source in content.derived_from),
        *([] if content.uri is None else [content.uri]),
    ]


def _reasons(ground: Ground, values: Iterable[str]) -> list[Reason]:
    return [Reason(ground, value) for value in values]
