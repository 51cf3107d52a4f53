"""What people decide on themes stands whatever is published and in whatever order it all arrives."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.kernel.themes import ThemeAssignment
from services.threatfeed.domain.assessment import Assessment
from services.threatfeed.domain.revisions import History, Outcome, decide
from services.threatfeed.domain.theme_changes import ThemeChange, compare, count_by_rule
from services.threatfeed.domain.theme_decisions import (
    UNDECIDED,
    ThemeDecision,
    ThemesByHand,
    Verdict,
    themes_in_view,
)
from tests.support.submissions import accepted, narrative

THEMES = ("A", "B", "C")
NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
REVISIONS = {number: accepted(narrative(version=number)) for number in range(1, 5)}

assignments = st.lists(st.sampled_from(THEMES), unique=True).flatmap(
    lambda themes: st.tuples(
        *(st.builds(ThemeAssignment, st.just(theme), st.sampled_from(["R-1", "R-2"])) for theme in themes)
    )
)
decisions = st.builds(
    ThemeDecision,
    theme=st.sampled_from(THEMES),
    verdict=st.sampled_from(Verdict),
    reason=st.sampled_from(["It is.", "It is not."]),
    official=st.just("fcdo-secretariat"),
    decided_at=st.integers(0, 9).map(lambda minutes: NOON + timedelta(minutes=minutes)),
)


def by_hand(made: list[ThemeDecision]) -> ThemesByHand:
    state = UNDECIDED
    for decision in made:
        state = state.decided(decision)
    return state


@given(st.dictionaries(st.sampled_from(sorted(REVISIONS)), assignments, min_size=1), st.data())
def test_every_order_of_revisions_and_decisions_ends_in_the_same_themes(
    ruled: dict[int, tuple[ThemeAssignment, ...]], data: st.DataObject
) -> None:
    made = data.draw(st.lists(decisions, max_size=5))
    arrivals = data.draw(st.permutations(sorted(ruled)))
    places = sorted(
        data.draw(st.lists(st.integers(0, len(arrivals)), min_size=len(made), max_size=len(made)))
    )
    history, current, hand = History(), (), UNDECIDED
    for place in range(len(arrivals) + 1):
        for decision, where in zip(made, places, strict=True):
            if where == place:
                hand = hand.decided(decision)
        if place < len(arrivals):
            outcome, history = decide(history, REVISIONS[arrivals[place]])
            if outcome.outcome in (Outcome.ACCEPTED, Outcome.REVISED):
                current = ruled[arrivals[place]]
    assert themes_in_view(current, hand) == themes_in_view(ruled[max(ruled)], by_hand(made))


@given(assignments, st.lists(decisions))
def test_the_last_decision_on_a_theme_is_what_is_seen(
    ruled: tuple[ThemeAssignment, ...], made: list[ThemeDecision]
) -> None:
    last = {decision.theme: decision for decision in made}
    seen = {one.theme: one for one in themes_in_view(ruled, by_hand(made))}
    for theme in THEMES:
        decision = last.get(theme)
        by_rule = theme in {one.theme for one in ruled}
        expected = by_rule if decision is None else decision.verdict is Verdict.ASSIGNED
        assert (theme in seen) is expected
        if theme in seen:
            assert seen[theme].decision == decision
            assert seen[theme].assigned_by == ("rule" if decision is None else "person")
            assert (seen[theme].rule is not None) is by_rule


@given(assignments, st.lists(decisions), decisions)
def test_leaving_a_theme_to_the_rules_is_as_if_nobody_had_decided_on_it(
    ruled: tuple[ThemeAssignment, ...], made: list[ThemeDecision], one: ThemeDecision
) -> None:
    others = [decision for decision in made if decision.theme != one.theme]
    left = by_hand([*made, one]).left_to_rules(one.theme)
    assert left.decisions == by_hand(others).decisions
    assert themes_in_view(ruled, left) == themes_in_view(ruled, by_hand(others))
    assert left.version == len(made) + 2


@given(assignments, assignments)
def test_a_change_of_rules_says_exactly_what_it_changes(
    before: tuple[ThemeAssignment, ...], after: tuple[ThemeAssignment, ...]
) -> None:
    change = compare(before, after)
    kept = {one.theme: one.rule_id for one in before}
    for removed in change.removed:
        assert kept.pop(removed.theme) == removed.rule_id
    for reassigned in change.reassigned:
        assert kept[reassigned.before.theme] == reassigned.before.rule_id != reassigned.after.rule_id
        kept[reassigned.after.theme] = reassigned.after.rule_id
    for added in change.added:
        assert added.theme not in kept
        kept[added.theme] = added.rule_id
    assert kept == {one.theme: one.rule_id for one in after}
    assert bool(change) is ({(o.theme, o.rule_id) for o in before} != {(o.theme, o.rule_id) for o in after})
    counts = count_by_rule([change, ThemeChange()])
    assert sum(one.added for one in counts) == len(change.added) + len(change.reassigned)
    assert sum(one.removed for one in counts) == len(change.removed) + len(change.reassigned)


def test_the_revisions_are_of_one_assessment() -> None:
    assert len({revision.assessment_id for revision in REVISIONS.values()}) == 1
    assert all(isinstance(revision, Assessment) for revision in REVISIONS.values())
