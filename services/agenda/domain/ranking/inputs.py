"""What each rule counts: amounts in ten-thousandths of a unit, so that everything is whole numbers."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from services.agenda.domain.ranking.facts import (
    ActionFact,
    AssessmentFact,
    CommitmentFact,
    Facts,
    JudgementFact,
    ProposedFact,
    ReturningFact,
    Subject,
    SubjectKind,
    TempoFact,
)
from services.kernel.ranking import LIMITED_INPUTS, UNSPECIFIED, RankingRule, RankingWeights

UNIT = 10_000
"""One unit of what a rule counts, and one point of a score."""

_MONTH = 30


@dataclass(frozen=True, slots=True)
class Input:
    """One thing that a rule counts. `source` can be taken away; `part` names what of it is counted.

    `values` are the readings it was made from, for people.
    """

    source: str
    part: str
    amount: int
    values: tuple[tuple[str, str], ...]

    @property
    def order(self) -> tuple[int, str, str]:
        """The greatest amounts first."""
        return -self.amount, self.source, self.part


@dataclass(frozen=True, slots=True)
class Evidence:
    """The facts by what a subject is looked up under; what a theme earns is worked out once for all that
    have it.
    """

    facts: Facts
    weights: RankingWeights
    of_theme: Mapping[tuple[RankingRule, str], tuple[Input, ...]]
    tempos: Mapping[str, TempoFact]
    commitments: Mapping[str, CommitmentFact]
    own: Mapping[str, ActionFact | ReturningFact | ProposedFact]

    @staticmethod
    def of(facts: Facts, weights: RankingWeights) -> "Evidence":
        own: dict[str, ActionFact | ReturningFact | ProposedFact] = {}
        for kind, entries in (
            (SubjectKind.ACTION, facts.actions),
            (SubjectKind.RETURNING, facts.returning),
            (SubjectKind.PROPOSAL, facts.proposals),
            (SubjectKind.TABLED, facts.tabled),
        ):
            own |= {f"{kind.value.lower()}:{entry.id}": entry for entry in entries}
        return Evidence(
            facts=facts,
            weights=weights,
            of_theme=_of_themes(facts, weights),
            tempos={entry.theme: entry for entry in facts.tempos},
            commitments={entry.id: entry for entry in facts.commitments},
            own=own,
        )


def inputs_of(rule: RankingRule, subject: Subject, evidence: Evidence) -> tuple[Input, ...]:
    """Everything that the rule finds for the subject, the greatest amounts first."""
    if rule in LIMITED_INPUTS:
        return evidence.of_theme.get((rule, subject.theme), ())
    return _ordered(_READERS[rule](subject, evidence))


def _ordered(found: Iterable[Input]) -> tuple[Input, ...]:
    return tuple(sorted((entry for entry in found if entry.amount), key=lambda entry: entry.order))


def _of_themes(facts: Facts, weights: RankingWeights) -> dict[tuple[RankingRule, str], tuple[Input, ...]]:
    found: dict[tuple[RankingRule, str], list[Input]] = {}
    for fact in facts.assessments:
        fresh = weights.fresh((facts.as_of - fact.published_on).days)
        counted = (
            (RankingRule.ASSESSMENTS, [_assessment(fact, fresh)]),
            (RankingRule.JUDGEMENTS, [_judgement(fact, one, fresh, weights) for one in fact.judgements]),
        )
        for rule, inputs in counted:
            for theme in set(fact.themes):
                found.setdefault((rule, theme), []).extend(inputs)
    return {key: _ordered(inputs) for key, inputs in found.items()}


def _assessment(fact: AssessmentFact, fresh: int) -> Input:
    return Input(fact.source, "", fresh * 100, (*_published(fact), ("recency_percent", str(fresh))))


def _judgement(fact: AssessmentFact, judgement: JudgementFact, fresh: int, weights: RankingWeights) -> Input:
    confidence = judgement.confidence or UNSPECIFIED
    scheme, term = judgement.likelihood or ("", "")
    likely = 0 if judgement.likelihood is None else weights.likelihood[judgement.likelihood]
    said = (("scheme", scheme), ("likelihood", term), ("confidence", confidence))
    amount = likely * weights.confidence[confidence] * fresh // 100
    return Input(fact.source, judgement.id, amount, (*_published(fact), *said))


def _published(fact: AssessmentFact) -> tuple[tuple[str, str], ...]:
    return (("revision", str(fact.revision)), ("published_on", fact.published_on.isoformat()))


def _tempo(subject: Subject, evidence: Evidence) -> Iterable[Input]:
    fact = evidence.tempos.get(subject.theme) if subject.theme else None
    if fact is not None and fact.rising:
        numbers = (("days", fact.days), ("count", fact.count), ("before", fact.before))
        yield Input(fact.source, "", UNIT, tuple((name, str(number)) for name, number in numbers))


def _outstanding(subject: Subject, evidence: Evidence) -> Iterable[Input]:
    fact = evidence.own.get(subject.key)
    if isinstance(fact, ActionFact):
        yield Input(subject.key, "", UNIT, (("state", fact.state),))


def _overdue(subject: Subject, evidence: Evidence) -> Iterable[Input]:
    fact = evidence.own.get(subject.key)
    if isinstance(fact, ActionFact) and fact.due is not None:
        late = (evidence.facts.as_of - fact.due).days
        begun = -(-late // _MONTH) if late > 0 else 0
        units = min(begun, evidence.weights.most_units[RankingRule.OVERDUE])
        yield Input(subject.key, "due_date", units * UNIT, (("due", fact.due.isoformat()),))


def _not_discussed(subject: Subject, evidence: Evidence) -> Iterable[Input]:
    weights = evidence.weights
    for fact in _cited(subject, evidence):
        if fact.discussed_on is not None:
            months = max(0, (evidence.facts.as_of - fact.discussed_on).days // _MONTH)
            units = min(months, weights.most_units[RankingRule.NOT_DISCUSSED])
            values = (("kind", fact.kind.value), ("discussed_on", fact.discussed_on.isoformat()))
            yield Input(fact.source, "discussed", units * weights.commitments[fact.kind] * 100, values)


def _never_discussed(subject: Subject, evidence: Evidence) -> Iterable[Input]:
    for fact in _cited(subject, evidence):
        if fact.discussed_on is None:
            amount = evidence.weights.commitments[fact.kind] * 100
            yield Input(fact.source, "discussed", amount, (("kind", fact.kind.value),))


def _falls_due(subject: Subject, evidence: Evidence) -> Iterable[Input]:
    for fact in _cited(subject, evidence):
        if fact.due is not None:
            ahead = (fact.due - evidence.facts.meets_on).days
            if ahead <= evidence.weights.due_within_days:
                yield Input(fact.source, "due", UNIT, (("due", fact.due.isoformat()),))


def _cited(subject: Subject, evidence: Evidence) -> list[CommitmentFact]:
    named = dict.fromkeys(subject.commitments)
    return [evidence.commitments[one] for one in named if one in evidence.commitments]


def _put_off(rule: RankingRule, *, not_reached: bool) -> Callable[[Subject, Evidence], Iterable[Input]]:
    def read(subject: Subject, evidence: Evidence) -> Iterable[Input]:
        fact = evidence.own.get(subject.key)
        if isinstance(fact, ReturningFact) and fact.not_reached is not_reached:
            units = min(fact.times, evidence.weights.most_units[rule])
            values = (("edition", str(fact.edition)), ("times", str(fact.times)))
            yield Input(subject.key, "", units * UNIT, values)

    return read


def _put_forward(kind: SubjectKind) -> Callable[[Subject, Evidence], Iterable[Input]]:
    def read(subject: Subject, evidence: Evidence) -> Iterable[Input]:
        fact = evidence.own.get(subject.key)
        if subject.kind is kind and isinstance(fact, ProposedFact):
            yield Input(subject.key, "", UNIT, (("by", fact.by),) if fact.by else ())

    return read


_READERS: Mapping[RankingRule, Callable[[Subject, Evidence], Iterable[Input]]] = {
    RankingRule.TEMPO: _tempo,
    RankingRule.OUTSTANDING: _outstanding,
    RankingRule.OVERDUE: _overdue,
    RankingRule.NOT_DISCUSSED: _not_discussed,
    RankingRule.NEVER_DISCUSSED: _never_discussed,
    RankingRule.FALLS_DUE: _falls_due,
    RankingRule.DEFERRED: _put_off(RankingRule.DEFERRED, not_reached=False),
    RankingRule.NOT_REACHED: _put_off(RankingRule.NOT_REACHED, not_reached=True),
    RankingRule.PROPOSED: _put_forward(SubjectKind.PROPOSAL),
    RankingRule.TABLED: _put_forward(SubjectKind.TABLED),
}
