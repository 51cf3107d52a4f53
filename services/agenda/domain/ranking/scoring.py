"""Ranks the subjects of one party: a score is a sum of named contributions, in whole numbers.

The same facts in any order, on any machine, give the same ranking.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from services.agenda.domain.ranking.facts import Facts, Subject, SubjectKind
from services.agenda.domain.ranking.inputs import Evidence, Input, inputs_of
from services.kernel.ranking import RankingRule, RankingWeights


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one rule gives: `weight` times the amounts of its inputs, of which at most `most` count.

    `inputs` are all there are, those that count first.
    """

    rule: RankingRule
    weight: int
    inputs: tuple[Input, ...]
    most: int | None = None

    @property
    def counted(self) -> tuple[Input, ...]:
        return self.inputs if self.most is None else self.inputs[: self.most]

    @property
    def amount(self) -> int:
        """In ten-thousandths of a unit."""
        return sum(entry.amount for entry in self.counted)

    @property
    def score(self) -> int:
        """In ten-thousandths of a point."""
        return self.weight * self.amount

    def without(self, source: str) -> "Contribution":
        """What it would be if the source were not there: the next input takes its place."""
        rest = tuple(entry for entry in self.inputs if entry.source != source)
        return Contribution(self.rule, self.weight, rest, self.most)

    def beside(self, more: tuple[Input, ...]) -> "Contribution":
        """What it would be with further inputs."""
        inputs = tuple(sorted((*self.inputs, *more), key=lambda entry: entry.order))
        return Contribution(self.rule, self.weight, inputs, self.most)


@dataclass(frozen=True, slots=True)
class Ranked:
    """A subject in its place; `position` counts from 1, `score` is in ten-thousandths of a point."""

    position: int
    subject: Subject
    contributions: tuple[Contribution, ...]

    @property
    def score(self) -> int:
        return sum(entry.score for entry in self.contributions)

    @property
    def order(self) -> tuple[int, int, str]:
        """The highest score first; among equal ones by kind and id."""
        return (-self.score, *self.subject.place)

    def contribution(self, rule: RankingRule) -> Contribution | None:
        return next((entry for entry in self.contributions if entry.rule is rule), None)

    def amount(self, rule: RankingRule) -> int:
        found = self.contribution(rule)
        return found.amount if found is not None else 0

    def sources(self) -> tuple[str, ...]:
        """What the counted inputs come from, without repeats."""
        names = (entry.source for part in self.contributions for entry in part.counted)
        return tuple(dict.fromkeys(names))

    def loss(self, source: str) -> int:
        """By how much the score falls without the source."""
        return self.score - sum(entry.without(source).score for entry in self.contributions)

    def stands_without(self, source: str) -> bool:
        """False where the source is the subject itself."""
        return source != self.subject.key


def rank(facts: Facts, weights: RankingWeights) -> tuple[Ranked, ...]:
    """Every subject, also one that earns nothing, the highest score first."""
    evidence = Evidence.of(facts, weights)
    scored = [Ranked(0, subject, _contributions(subject, evidence)) for subject in _subjects(facts)]
    ordered = sorted(scored, key=lambda entry: entry.order)
    return tuple(
        Ranked(position, entry.subject, entry.contributions)
        for position, entry in enumerate(ordered, start=1)
    )


def _contributions(subject: Subject, evidence: Evidence) -> tuple[Contribution, ...]:
    weights = evidence.weights
    found = (
        Contribution(
            rule, weights.points[rule], inputs_of(rule, subject, evidence), weights.most_inputs.get(rule)
        )
        for rule in RankingRule
    )
    return tuple(entry for entry in found if entry.inputs)


def _subjects(facts: Facts) -> Iterator[Subject]:
    for theme in facts.themes:
        yield Subject(SubjectKind.THEME, theme.id, theme.title, theme.id, theme.commitments)
    for commitment in facts.commitments:
        yield Subject(SubjectKind.COMMITMENT, commitment.id, commitment.title, "", (commitment.id,))
    for action in facts.actions:
        yield Subject(SubjectKind.ACTION, str(action.id), action.reference)
    for item in facts.returning:
        yield Subject(SubjectKind.RETURNING, item.id, item.title, item.theme, item.commitments)
    for proposal in facts.proposals:
        identity = str(proposal.id)
        yield Subject(SubjectKind.PROPOSAL, identity, proposal.title, proposal.theme, proposal.commitments)
    for tabled in facts.tabled:
        yield Subject(SubjectKind.TABLED, str(tabled.id), tabled.title, tabled.theme, tabled.commitments)
