"""Explains a place in a ranking: the sum, what each source is worth, and what would change the place."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from services.agenda.domain.ranking.inputs import UNIT, Input
from services.agenda.domain.ranking.scoring import Ranked
from services.kernel.ranking import MOST_POINTS, RankingRule, RankingWeights

_NEW = "assessment:~new"
"""Comes after every real source of the same amount."""


class ChangeKind(StrEnum):
    """One thing that would be different, everything else staying as it is."""

    SOURCE_GONE = "SOURCE_GONE"
    """One source is not there: withdrawn, closed, taken out of its theme."""
    NEW_ASSESSMENTS = "NEW_ASSESSMENTS"
    """So many new assessments on the theme, published today and without judgements."""
    WEIGHT = "WEIGHT"
    """The points of one rule are so many more, or fewer."""


@dataclass(frozen=True, slots=True)
class Change:
    """The smallest change of its kind. `what` is a source, a theme or a rule; `amount` how many; `moves` by
    how much the two scores come closer, in ten-thousandths of a point.
    """

    kind: ChangeKind
    what: str
    amount: int
    moves: int


@dataclass(frozen=True, slots=True)
class Crossing:
    """What would make a subject pass its neighbour, or the neighbour it. `needs` is by how much the two
    scores would have to come closer; of each kind there is the smallest change, if any does it.
    """

    neighbour: str
    needs: int
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class SourceWorth:
    """By how much the score falls without a source; without its own (`itself`) the subject is not there."""

    source: str
    loss: int
    itself: bool


@dataclass(frozen=True, slots=True)
class Explanation:
    """`rises` is against the subject above, `falls` against the one below; None at the ends."""

    ranked: Ranked
    sources: tuple[SourceWorth, ...]
    rises: Crossing | None
    falls: Crossing | None


def explain(ranking: Sequence[Ranked], ranked: Ranked, weights: RankingWeights) -> Explanation:
    """Explains an entry of a ranking."""
    place = ranked.position - 1
    above = ranking[place - 1] if place > 0 else None
    below = ranking[place + 1] if place + 1 < len(ranking) else None
    return Explanation(
        ranked=ranked,
        sources=tuple(
            SourceWorth(source, ranked.loss(source), not ranked.stands_without(source))
            for source in ranked.sources()
        ),
        rises=_crossing(ranked, above, above.subject.key, weights) if above else None,
        falls=_crossing(below, ranked, below.subject.key, weights) if below else None,
    )


def _crossing(lower: Ranked, upper: Ranked, neighbour: str, weights: RankingWeights) -> Crossing:
    """What would bring the lower one before the upper one."""
    tie_is_enough = lower.subject.place < upper.subject.place
    needs = upper.score - lower.score + (0 if tie_is_enough else 1)
    kinds = (_source_gone, _new_assessments, _weight)
    found = (kind(lower, upper, needs, weights) for kind in kinds)
    return Crossing(neighbour, needs, tuple(change for change in found if change is not None))


def _source_gone(lower: Ranked, upper: Ranked, needs: int, _: RankingWeights) -> Change | None:
    moves = [
        (upper.loss(source) - lower.loss(source), source)
        for source in upper.sources()
        if upper.stands_without(source) and lower.stands_without(source)
    ]
    enough = [move for move in moves if move[0] >= needs]
    if not enough:
        return None
    moved, source = min(enough)
    return Change(ChangeKind.SOURCE_GONE, source, 1, moved)


def _new_assessments(lower: Ranked, upper: Ranked, needs: int, weights: RankingWeights) -> Change | None:
    theme = lower.subject.theme
    if not theme or theme == upper.subject.theme:
        return None
    for number in range(1, weights.most_inputs[RankingRule.ASSESSMENTS] + 1):
        moved = _gain(lower, number, weights)
        if moved >= needs:
            return Change(ChangeKind.NEW_ASSESSMENTS, theme, number, moved)
    return None


def _gain(ranked: Ranked, number: int, weights: RankingWeights) -> int:
    rule = RankingRule.ASSESSMENTS
    new = tuple(Input(_NEW, str(one), weights.recency[0][1] * 100, ()) for one in range(number))
    held = ranked.contribution(rule)
    if held is None:
        return weights.points[rule] * sum(entry.amount for entry in new[: weights.most_inputs[rule]])
    return held.beside(new).score - held.score


def _weight(lower: Ranked, upper: Ranked, needs: int, weights: RankingWeights) -> Change | None:
    found = [
        (abs(change), place, rule, change, moved)
        for place, (rule, change, moved) in enumerate(_weight_changes(lower, upper, needs, weights))
    ]
    if not found:
        return None
    _, _, rule, change, moved = min(found, key=lambda entry: entry[:2])
    return Change(ChangeKind.WEIGHT, rule.value, change, moved)


def _weight_changes(
    lower: Ranked, upper: Ranked, needs: int, weights: RankingWeights
) -> Iterator[tuple[RankingRule, int, int]]:
    for rule in RankingRule:
        lead = lower.amount(rule) - upper.amount(rule)
        if lead == 0:
            continue
        steps = -(-needs // abs(lead))
        change = steps if lead > 0 else -steps
        if 0 <= weights.points[rule] + change <= MOST_POINTS:
            yield rule, change, steps * abs(lead)


def points(score: int) -> str:
    """A score in points, with all its decimals."""
    return f"{score // UNIT}.{score % UNIT:04d}"
