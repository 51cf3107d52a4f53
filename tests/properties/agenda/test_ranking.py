"""A ranking is the same whatever the order of its facts, and moves exactly as its explanation says."""

import random
from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from services.agenda.domain.ranking.explaining import Change, ChangeKind, Crossing, explain
from services.agenda.domain.ranking.facts import AssessmentFact, Facts, JudgementFact
from services.agenda.domain.ranking.scoring import Ranked, rank
from services.kernel.ranking import MOST_POINTS, RankingRule, RankingWeights
from tests.support.ranking import day, facts, uid, weights, with_new, without


def scores(ranking: Sequence[Ranked]) -> dict[str, int]:
    return {entry.subject.key: entry.score for entry in ranking}


def before(ranking: Sequence[Ranked], one: str, other: str) -> bool:
    """Whether one comes before the other; what is not there comes after all that is."""
    places = {entry.subject.key: entry.position for entry in ranking}
    end = len(places) + 1
    return places.get(one, end) < places.get(other, end)


@settings(max_examples=40, deadline=None)
@given(facts(), weights(), st.randoms(use_true_random=False))
def test_the_order_of_the_facts_does_not_matter(
    found: Facts, chosen: RankingWeights, chance: random.Random
) -> None:
    def shuffled(value: object) -> object:
        return chance.sample(list(value), len(value)) if isinstance(value, Sequence) else value

    moved = Facts(**{one.name: shuffled(getattr(found, one.name)) for one in fields(Facts)})  # type: ignore[arg-type]
    ranking = rank(found, chosen)
    assert rank(moved, chosen) == ranking
    assert [entry.position for entry in ranking] == list(range(1, len(ranking) + 1))
    assert [entry.score for entry in ranking] == sorted((one.score for one in ranking), reverse=True)


@settings(max_examples=40, deadline=None)
@given(facts(), weights())
def test_a_source_taken_away_moves_the_score_exactly_as_the_explanation_said(
    found: Facts, chosen: RankingWeights
) -> None:
    ranking = rank(found, chosen)
    for ranked in ranking:
        explanation = explain(ranking, ranked, chosen)
        assert sum(part.score for part in ranked.contributions) == ranked.score
        for worth in explanation.sources:
            left = scores(rank(without(found, worth.source), chosen)).get(ranked.subject.key, 0)
            assert left == (0 if worth.itself else ranked.score - worth.loss)


@settings(max_examples=25, deadline=None)
@given(facts(), weights(), st.integers(0, 400))
def test_what_has_nothing_to_do_with_a_subject_does_not_move_it(
    found: Facts, chosen: RankingWeights, age: int
) -> None:
    judgement = JudgementFact("j", ("ICD203", "likely"), "HIGH")
    elsewhere = AssessmentFact(str(uid(800)), 1, day(age), ("COMBINED_OPERATIONS",), (judgement,))
    too_old = AssessmentFact(str(uid(801)), 1, date(2020, 1, 1), ("THREAT_LANDSCAPE",), (judgement,))
    more = replace(found, assessments=[*found.assessments, elsewhere, too_old])
    assert scores(rank(more, chosen)) == scores(rank(found, chosen))


@settings(max_examples=60, deadline=None)
@given(facts(), weights(), st.integers(0, 100))
def test_the_smallest_change_moves_the_place_and_a_smaller_one_does_not(
    found: Facts, chosen: RankingWeights, place: int
) -> None:
    ranking = rank(found, chosen)
    ranked = ranking[place % len(ranking)]
    explanation = explain(ranking, ranked, chosen)
    own = ranked.subject.key
    if explanation.rises is not None:
        check(found, chosen, explanation.rises, own, explanation.rises.neighbour)
    if explanation.falls is not None:
        check(found, chosen, explanation.falls, explanation.falls.neighbour, own)


def check(found: Facts, chosen: RankingWeights, crossing: Crossing, lower: str, upper: str) -> None:
    """Every change brings the lower one before the upper; none smaller of its kind does; none is missed."""

    def crosses(kind: ChangeKind, what: str, amount: int) -> bool:
        changed, points = found, dict(chosen.points)
        if kind is ChangeKind.SOURCE_GONE:
            changed = without(found, what)
        elif kind is ChangeKind.NEW_ASSESSMENTS:
            changed = with_new(found, what, amount)
        else:
            points[RankingRule(what)] += amount
        return before(rank(changed, replace(chosen, points=points)), lower, upper)

    by_kind: dict[ChangeKind, Change] = {change.kind: change for change in crossing.changes}
    for kind, change in by_kind.items():
        assert change.moves >= crossing.needs
        assert crosses(kind, change.what, change.amount)
        if kind is not ChangeKind.SOURCE_GONE:
            nearer = change.amount - (1 if change.amount > 0 else -1)
            assert not crosses(kind, change.what, nearer)
    if ChangeKind.SOURCE_GONE not in by_kind:
        sources = [f"assessment:{one.id}" for one in found.assessments]
        assert not any(crosses(ChangeKind.SOURCE_GONE, source, 1) for source in sources)
    if ChangeKind.WEIGHT not in by_kind:
        for rule in RankingRule:
            assert not crosses(ChangeKind.WEIGHT, rule, -chosen.points[rule])
            assert not crosses(ChangeKind.WEIGHT, rule, MOST_POINTS - chosen.points[rule])
