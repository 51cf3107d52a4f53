"""Each rule of the computed rating, by an example on both sides of its bound."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from services.actions.domain.action import Action, Rag
from services.actions.domain.basis import BasisReference, BasisState
from services.actions.domain.planning import Dependency, Milestone
from services.actions.domain.proposals import ProposalKind, Terms
from services.actions.domain.rating import RULES, Situation, Timeliness, rate, timeliness
from services.actions.domain.states import State
from tests.support.actions import (
    ACTION_ID,
    ASSESSMENT_ID,
    CLOSURE_ID,
    CNECT,
    DSIT,
    UK_EU,
    agreed,
    claimed,
    evidence,
    expected,
    in_progress,
)

DUE = date(2027, 6, 30)
EARLY = date(2027, 1, 15)
OTHER = CLOSURE_ID


def at(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 9, tzinfo=UTC)


def on(action: Action, today: date) -> Situation:
    return Situation(action, today, timedelta(days=90))


def heard(today: date, **changes: Any) -> Situation:
    """Under way, with evidence, reported and looked at on that day."""
    shown = {"evidence": (evidence(),), **changes}
    return on(replace(in_progress(), reported_at=at(today), **shown), today)


def blocked(since: date) -> Action:
    return replace(in_progress().blocked_by("The law is missing.", DSIT, at(since)), reported_at=at(EARLY))


def planned(*steps: tuple[date, int]) -> Situation:
    plan = tuple(Milestone(ACTION_ID, "Step", weight, due) for due, weight in steps)
    return heard(EARLY, plan=plan)


def postponed(days: int) -> Action:
    terms = Terms(ProposalKind.MOVE_DUE_DATE, "Later.", DUE + timedelta(days=days))
    moved = in_progress().proposed(terms, DSIT, UK_EU, OTHER, at(EARLY))
    return moved.proposal_accepted(OTHER, CNECT, UK_EU, at(EARLY))


def waiting_for(state: State = State.ASSIGNED, due_date: date = DUE) -> Situation:
    return heard(EARLY, depends_on=(Dependency(OTHER, state, due_date),))


def lapsing(**changes: Any) -> Action:
    """Claimed on two items, one of which ends on `EARLY`."""
    second = evidence(id=OTHER, uri="https://www.example.org/annex", expires_on=EARLY)
    action = in_progress().claimed([evidence(), second], "", DSIT, at(date(2026, 12, 1)))
    return replace(action, reported_at=at(EARLY), **changes)


def unchanged(days: int) -> Situation:
    today = date(2026, 11, 23) + timedelta(days=days)
    return replace(heard(today), dormant_after=120)


HOLDS = {
    "EVIDENCE_LAPSED": on(lapsing(), EARLY),
    "CLAIM_UNSHOWN": on(lapsing(evidence=()), EARLY),
    "EXPECTED_LATE": heard(EARLY, expected=(expected(due=EARLY - timedelta(days=1)),)),
    "CLAIM_INCOMPLETE": on(lapsing(expected=(expected(),)), EARLY),
    "DORMANT": unchanged(121),
    "LATE": heard(DUE + timedelta(days=1)),
    "VERY_LATE": heard(DUE + timedelta(days=61)),
    "SILENT": on(in_progress(), date(2026, 11, 23) + timedelta(days=91)),
    "LONG_SILENT": on(in_progress(), date(2026, 11, 23) + timedelta(days=181)),
    "LATE_AND_SILENT": on(postponed(10), date(2026, 11, 23) + timedelta(days=91)),
    "ROUND_MISSED": heard(EARLY, missed_by={"EU": EARLY}),
    "DECLINED": on(agreed().declined_by("Not ours.", DSIT, at(EARLY)), EARLY),
    "NOT_TAKEN_ON": on(agreed(), date(2026, 12, 24)),
    "BLOCKED": on(blocked(EARLY), EARLY),
    "LONG_BLOCKED": on(blocked(EARLY), EARLY + timedelta(days=31)),
    "MILESTONE_LATE": planned((date(2027, 1, 14), 1), (DUE, 9)),
    "PLAN_LATE": planned((date(2027, 1, 14), 5), (DUE, 5)),
    "NOTHING_SHOWN": heard(DUE - timedelta(days=30), evidence=()),
    "WAITS_FOR_LATER": waiting_for(due_date=DUE + timedelta(days=1)),
    "WAITS_IN_VAIN": waiting_for(state=State.CLOSED_NOT_IMPLEMENTED),
    "BASIS_GONE": heard(EARLY, basis=(BasisReference(ASSESSMENT_ID, 1, BasisState.WITHDRAWN),)),
    "REJECTED": on(claimed().rejected("Not yet.", CNECT, UK_EU, at(EARLY)), EARLY),
}
HOLDS_NOT = {
    "EVIDENCE_LAPSED": on(lapsing(), EARLY - timedelta(days=1)),
    "CLAIM_UNSHOWN": on(lapsing(), EARLY),
    "EXPECTED_LATE": heard(EARLY, expected=(expected(due=EARLY),)),
    "CLAIM_INCOMPLETE": heard(EARLY, expected=(expected(),)),
    "DORMANT": unchanged(120),
    "LATE": heard(DUE),
    "VERY_LATE": heard(DUE + timedelta(days=60)),
    "SILENT": on(in_progress(), date(2026, 11, 23) + timedelta(days=90)),
    "LONG_SILENT": on(in_progress(), date(2026, 11, 23) + timedelta(days=180)),
    "LATE_AND_SILENT": on(in_progress(), date(2026, 11, 23) + timedelta(days=91)),
    "ROUND_MISSED": heard(EARLY),
    "DECLINED": on(agreed().declined_by("Not ours.", DSIT, at(EARLY)).accepted(DSIT, at(EARLY)), EARLY),
    "NOT_TAKEN_ON": on(agreed(), date(2026, 12, 23)),
    "BLOCKED": on(blocked(EARLY).unblocked(DSIT, at(EARLY)), EARLY),
    "LONG_BLOCKED": on(blocked(EARLY), EARLY + timedelta(days=30)),
    "MILESTONE_LATE": planned((EARLY, 1), (DUE, 9)),
    "PLAN_LATE": planned((date(2027, 1, 14), 4), (DUE, 5)),
    "NOTHING_SHOWN": heard(DUE - timedelta(days=31), evidence=()),
    "WAITS_FOR_LATER": waiting_for(due_date=DUE),
    "WAITS_IN_VAIN": waiting_for(state=State.CLOSED),
    "BASIS_GONE": heard(EARLY, basis=(BasisReference(ASSESSMENT_ID, 1, BasisState.STALE),)),
    "REJECTED": on(claimed(), EARLY),
}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_rule_holds_from_its_bound_on(rule: Any) -> None:
    assert rule.holds(HOLDS[rule.name])
    assert not rule.holds(HOLDS_NOT[rule.name])
    rated = rate(HOLDS[rule.name])
    assert rule.name in rated.because
    assert rated.computed is Rag.RED or rule.rating is Rag.AMBER


def test_an_action_on_its_way_is_green() -> None:
    rated = rate(heard(EARLY))
    assert (rated.computed, rated.because, rated.timeliness) == (Rag.GREEN, (), Timeliness.ON_TRACK)
    assert not rated.contradicted
    assert not rated.stale


def test_green_beside_an_overdue_date_is_a_contradiction() -> None:
    rated = rate(heard(DUE + timedelta(days=5)))
    assert (rated.timeliness, rated.computed, rated.contradicted) == (Timeliness.OVERDUE, Rag.AMBER, True)


def test_a_rating_older_than_the_interval_of_the_series_is_stale() -> None:
    assert rate(on(in_progress(), date(2026, 11, 23) + timedelta(days=91))).stale
    assert not rate(on(in_progress(), date(2026, 11, 23) + timedelta(days=90))).stale


def test_a_yearly_review_is_late_from_its_own_day_however_often_it_was_moved() -> None:
    yearly = replace(postponed(40), reviewed_yearly=True, evidence=(evidence(),))
    assert on(yearly, EARLY).delay == timedelta(days=40)
    reviewed = yearly.reviewed("It stands.", DSIT, at(DUE))
    assert on(reviewed, DUE).delay == timedelta()


@pytest.mark.parametrize(
    ("today", "expected"),
    [
        (EARLY, Timeliness.ON_TRACK),
        (DUE - timedelta(days=30), Timeliness.DUE_SOON),
        (DUE, Timeliness.DUE_SOON),
        (DUE + timedelta(days=1), Timeliness.OVERDUE),
    ],
)
def test_timeliness_goes_by_the_calendar(today: date, expected: Timeliness) -> None:
    assert timeliness(in_progress(), today) is expected
    assert timeliness(replace(in_progress(), state=State.WITHDRAWN), today) is Timeliness.ENDED


def test_a_date_that_moved_shows_as_slipped() -> None:
    assert timeliness(postponed(90), EARLY) is Timeliness.SLIPPED
