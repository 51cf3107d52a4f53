"""More delay, more silence or less evidence never improves what is computed of an action."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from services.actions.domain.action import Action, Rag
from services.actions.domain.basis import BasisReference, BasisState
from services.actions.domain.evidence import Attestation
from services.actions.domain.expected_evidence import agreed_anew
from services.actions.domain.owners import Objection, Signature
from services.actions.domain.planning import Dependency, Milestone
from services.actions.domain.proposals import DueDateChange
from services.actions.domain.rating import RULES, Rating, Situation, Timeliness, rate, timeliness
from services.actions.domain.states import FINAL, State
from tests.support.actions import ASSESSMENT_ID, agreed, evidence, expected

DAYS = st.integers(0, 500)
START = date(2026, 1, 1)
ORDER = list(Rag)
EXPECTED = (UUID(int=91), UUID(int=92))
INTERVAL = timedelta(days=90)


def instant(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


def moved(action: Action, days: int) -> Action:
    to_date = action.due_date + timedelta(days=days)
    change = DueDateChange(action.due_date, to_date, "Later.", "DSIT", ("EEAS",), START)
    return replace(action, due_date=to_date, due_date_changes=(*action.due_date_changes, change))


@st.composite
def actions(draw: st.DrawFn) -> Action:
    opened = START + timedelta(days=draw(st.integers(0, 100)))
    due = opened + timedelta(days=draw(st.integers(1, 500)))
    state = draw(st.sampled_from(sorted(set(State) - FINAL)))
    items = tuple(
        evidence(
            id=UUID(int=number),
            expires_on=draw(st.sampled_from([None, due, opened + timedelta(days=1)])),
            answers=draw(st.sampled_from([(), (EXPECTED[0],), EXPECTED])),
        )
        for number in range(draw(st.integers(0, 3)))
    )
    claim = Attestation("UK", "DSIT", "dsit-owner", instant(opened), tuple(item.identity for item in items))
    objection = Objection(
        Signature("UK", "DSIT", "dsit-owner", instant(opened + timedelta(days=draw(DAYS)))), "So."
    )
    plan = tuple(
        Milestone(
            UUID(int=number),
            "Step",
            draw(st.integers(1, 5)),
            opened + timedelta(days=draw(DAYS)),
            draw(st.sampled_from([None, instant(due)])),
        )
        for number in range(draw(st.integers(0, 3)))
    )
    wanted = tuple(
        expected(
            id=identity,
            party=draw(st.sampled_from(["", "UK", "EU"])),
            due=opened + timedelta(days=draw(DAYS)),
        )
        for identity in EXPECTED[: draw(st.integers(0, 2))]
    )
    action = agreed(
        expected=wanted,
        opened_at=instant(opened),
        original_due_date=due,
        due_date=due,
        reviewed_yearly=draw(st.booleans()),
        state=state,
        rag=draw(st.sampled_from([None, *Rag])),
        reported_at=draw(st.sampled_from([None, instant(opened + timedelta(days=draw(DAYS)))])),
        blocked=objection if state is State.BLOCKED else None,
        declined=draw(st.sampled_from([None, objection])),
        rejection=draw(st.sampled_from([None, objection])),
        evidence=items,
        claim=claim if state is State.COMPLETION_CLAIMED else None,
        plan=plan,
        missed_by=dict.fromkeys(draw(st.sets(st.sampled_from(["UK", "EU"]))), due),
        basis=(BasisReference(ASSESSMENT_ID, 1, draw(st.sampled_from(BasisState))),),
    )
    for days in draw(st.lists(st.integers(1, 120), max_size=2)):
        action = moved(action, days)
    return action


@st.composite
def situations(draw: st.DrawFn) -> Situation:
    action = draw(actions())
    others = tuple(
        Dependency(
            UUID(int=number), draw(st.sampled_from(State)), action.due_date + timedelta(days=draw(DAYS) - 250)
        )
        for number in range(1, 1 + draw(st.integers(0, 2)))
    )
    today = action.opened_at.date() + timedelta(days=draw(DAYS))
    dormant_after = draw(st.one_of(st.none(), DAYS))
    return Situation(replace(action, depends_on=others), today, INTERVAL, dormant_after)


def later(on: Situation, days: int) -> Situation:
    return replace(on, today=on.today + timedelta(days=days))


def postponed(on: Situation, days: int) -> Situation:
    return replace(on, action=moved(on.action, days))


def milestones_postponed(on: Situation, days: int) -> Situation:
    plan = tuple(
        replace(step, due=step.due + timedelta(days=days), first_due=step.promised) for step in on.action.plan
    )
    return replace(on, action=replace(on.action, plan=plan))


def unshown(on: Situation, _: int) -> Situation:
    plan = tuple(replace(step, reached_at=None) for step in on.action.plan)
    return replace(on, action=replace(on.action, evidence=(), plan=plan))


def less_shown(on: Situation, _: int) -> Situation:
    return replace(on, action=replace(on.action, evidence=on.action.evidence[1:]))


def expired(on: Situation, _: int) -> Situation:
    evidence = tuple(replace(item, expires_on=on.today) for item in on.action.evidence[:1])
    return replace(on, action=replace(on.action, evidence=evidence + on.action.evidence[1:]))


def withdrawn(on: Situation, _: int) -> Situation:
    taken_back = Objection(Signature("UK", "DSIT", "dsit-owner", on.action.opened_at), "Wrong file.")
    evidence = tuple(replace(item, withdrawn=taken_back) for item in on.action.evidence[-1:])
    return replace(on, action=replace(on.action, evidence=on.action.evidence[:-1] + evidence))


def unanswered(on: Situation, _: int) -> Situation:
    evidence = tuple(replace(item, answers=item.answers[1:]) for item in on.action.evidence)
    return replace(on, action=replace(on.action, evidence=evidence))


def more_expected(on: Situation, days: int) -> Situation:
    more = expected(id=UUID(int=93), due=on.today - timedelta(days=days - 100))
    return replace(on, action=replace(on.action, expected=(*on.action.expected, more)))


def expected_later(on: Situation, days: int) -> Situation:
    wanted = tuple(replace(one, due=one.due + timedelta(days=days)) for one in on.action.expected)
    anew = agreed_anew(on.action.expected, wanted, owning=("UK", "EU"), agreed_on=START)
    return replace(on, action=replace(on.action, expected=anew))


def dormant_sooner(on: Situation, days: int) -> Situation:
    return replace(on, dormant_after=max(0, (on.dormant_after or 0) - days))


def unheard(on: Situation, _: int) -> Situation:
    return replace(on, action=replace(on.action, reported_at=None))


def round_missed(on: Situation, _: int) -> Situation:
    return replace(on, action=replace(on.action, missed_by={**on.action.missed_by, "UK": on.today}))


def others_postponed(on: Situation, days: int) -> Situation:
    others = tuple(
        replace(other, due_date=other.due_date + timedelta(days=days)) for other in on.action.depends_on
    )
    return replace(on, action=replace(on.action, depends_on=others))


WORSENINGS = [
    later,
    postponed,
    milestones_postponed,
    unshown,
    less_shown,
    expired,
    withdrawn,
    unanswered,
    more_expected,
    expected_later,
    unheard,
    round_missed,
    others_postponed,
    dormant_sooner,
]


@pytest.mark.parametrize("worsen", WORSENINGS, ids=lambda change: change.__name__)
@settings(max_examples=60)
@given(on=situations(), days=st.integers(1, 200))
def test_delay_silence_and_missing_evidence_never_improve_it(
    worsen: Callable[[Situation, int], Situation], on: Situation, days: int
) -> None:
    before, after = rate(on).computed, rate(worsen(on, days)).computed
    assert before is not None
    assert after is not None
    assert ORDER.index(after) >= ORDER.index(before)


@given(on=situations(), claimed=st.sampled_from(Rag))
def test_a_claim_that_is_better_than_what_is_computed_is_a_contradiction_and_changes_nothing(
    on: Situation, claimed: Rag
) -> None:
    silent = rate(replace(on, action=replace(on.action, rag=None)))
    said = rate(replace(on, action=replace(on.action, rag=claimed)))
    assert (said.computed, said.because) == (silent.computed, silent.because)
    assert said.computed is not None
    assert said.contradicted is (ORDER.index(claimed) < ORDER.index(said.computed))
    assert not silent.contradicted


@given(on=situations(), state=st.sampled_from(sorted(FINAL)))
def test_what_has_ended_is_rated_no_more(on: Situation, state: State) -> None:
    ended = replace(on, action=replace(on.action, state=state))
    said = rate(ended)
    assert replace(said, expected=()) == Rating(Timeliness.ENDED, None, (), contradicted=False, stale=False)
    assert said.expected == rate(on).expected


@given(on=situations(), other=actions())
def test_timeliness_is_a_function_of_dates_and_state_alone(on: Situation, other: Action) -> None:
    action = on.action
    assume(action.due_date >= action.original_due_date)
    same = replace(
        other,
        state=action.state,
        due_date=action.due_date,
        original_due_date=action.original_due_date,
        reviewed_yearly=action.reviewed_yearly,
    )
    assert timeliness(same, on.today) is timeliness(action, on.today)


def test_every_rule_has_a_name_of_its_own_and_never_rates_green() -> None:
    assert len({rule.name for rule in RULES}) == len(RULES)
    assert not any(rule.rating is Rag.GREEN for rule in RULES)
