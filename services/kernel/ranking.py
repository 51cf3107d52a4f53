"""The weights by which subjects are ranked for an agenda: one version of a configuration document."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from services.kernel.canonical import content_hash
from services.kernel.instruments import CommitmentKind
from services.kernel.scales import ICD203, PHIA_2025, Confidence, LikelihoodScheme
from services.kernel.sections import Section

UNSPECIFIED = "UNSPECIFIED"
"""In `confidence`: the judgement states none. It is not taken for any that could be stated."""

MOST_POINTS, MOST_DAYS = 1_000, 3_660
TEMPO_WINDOWS = (7, 30, 90, 365)


class RankingRule(StrEnum):
    """One way in which a subject earns points."""

    ASSESSMENTS = "ASSESSMENTS"
    JUDGEMENTS = "JUDGEMENTS"
    TEMPO = "TEMPO"
    OUTSTANDING = "OUTSTANDING"
    OVERDUE = "OVERDUE"
    NOT_DISCUSSED = "NOT_DISCUSSED"
    NEVER_DISCUSSED = "NEVER_DISCUSSED"
    FALLS_DUE = "FALLS_DUE"
    DEFERRED = "DEFERRED"
    NOT_REACHED = "NOT_REACHED"
    PROPOSED = "PROPOSED"
    TABLED = "TABLED"


LIMITED_INPUTS = (RankingRule.ASSESSMENTS, RankingRule.JUDGEMENTS)
LIMITED_UNITS = (
    RankingRule.OVERDUE,
    RankingRule.NOT_DISCUSSED,
    RankingRule.DEFERRED,
    RankingRule.NOT_REACHED,
)


@dataclass(frozen=True, slots=True)
class RankingWeights:
    """`points` is what one unit of a rule earns. Percentages are whole and from 0 to 100.

    `most_inputs` and `most_units` bound how many inputs, and how many units of one input, count.
    `recency` gives, for ages in days in rising order, the percentage for what is no older.
    `version` names the declared version and, after `+`, a digest of the content.
    """

    version: str
    points: Mapping[RankingRule, int]
    most_inputs: Mapping[RankingRule, int]
    most_units: Mapping[RankingRule, int]
    recency: tuple[tuple[int, int], ...]
    tempo_days: int
    due_within_days: int
    confidence: Mapping[str, int]
    likelihood: Mapping[tuple[str, str], int]
    commitments: Mapping[CommitmentKind, int]

    @property
    def oldest(self) -> int:
        """The age in days beyond which nothing counts."""
        return self.recency[-1][0]

    def fresh(self, age: int) -> int:
        """The percentage for an age in days; what is dated ahead is as fresh as can be."""
        return next((percent for days, percent in self.recency if age <= days), 0)


def read_ranking(content: object, where: str) -> RankingWeights:
    """Reads `ranking.yaml`. Raises `PolicyMalformed`, or `NotCanonical` for a content without a digest."""
    section = Section(content, where)
    kinds = [kind.value for kind in CommitmentKind]
    grounds = [UNSPECIFIED, *(rating.value for rating in Confidence)]
    points = _numbers(section.section("points"), RankingRule, 0, MOST_POINTS)
    inputs = _numbers(section.section("most_inputs"), LIMITED_INPUTS, 1, 100)
    units = _numbers(section.section("most_units"), LIMITED_UNITS, 1, 100)
    commitments = _numbers(section.section("commitments"), kinds, 0, 100)
    weights = RankingWeights(
        version=f"{section.text('version')}+{content_hash(content).removeprefix('sha256:')[:12]}",
        points={rule: points[rule] for rule in RankingRule},
        most_inputs={rule: inputs[rule] for rule in LIMITED_INPUTS},
        most_units={rule: units[rule] for rule in LIMITED_UNITS},
        recency=tuple(_read_step(entry) for entry in section.sections("recency")),
        tempo_days=section.whole("tempo_days"),
        due_within_days=_number(section, "due_within_days", 0, MOST_DAYS),
        confidence=_numbers(section.section("confidence"), grounds, 0, 100),
        likelihood=_read_likelihood(section.section("likelihood")),
        commitments={kind: commitments[kind.value] for kind in CommitmentKind},
    )
    section.end()
    days, percents = [step[0] for step in weights.recency], [step[1] for step in weights.recency]
    if not days or days != sorted(set(days)):
        raise section.wrong("'recency' has ages in rising order, and at least one")
    if percents != sorted(percents, reverse=True):
        raise section.wrong("what is older does not count for more")
    if weights.tempo_days not in TEMPO_WINDOWS:
        raise section.wrong("'tempo_days' is no window of the picture")
    return weights


def _read_step(section: Section) -> tuple[int, int]:
    step = (_number(section, "days", 1, MOST_DAYS), _number(section, "percent", 1, 100))
    section.end()
    return step


def _read_likelihood(section: Section) -> dict[tuple[str, str], int]:
    scales = {LikelihoodScheme.PHIA_2025: PHIA_2025, LikelihoodScheme.ICD203: ICD203}
    found: dict[tuple[str, str], int] = {}
    for scheme, terms in scales.items():
        read = _numbers(section.section(scheme.value), [entry.term for entry in terms], 0, 100)
        found |= {(scheme.value, term): percent for term, percent in read.items()}
    section.end()
    return found


def _numbers(section: Section, names: Iterable[str], least: int, most: int) -> dict[str, int]:
    """A whole number for every name, and for no other."""
    found = {str(name): _number(section, str(name), least, most) for name in names}
    section.end()
    return found


def _number(section: Section, name: str, least: int, most: int) -> int:
    value = section.take(name)
    if type(value) is not int or not least <= value <= most:
        raise section.wrong(f"'{name}' is not a whole number from {least} to {most}")
    return value
