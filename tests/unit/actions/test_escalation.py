"""What is wrong with an action, and which step of a ladder is told on which day of its party."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from services.actions.domain.action import Action, Rag
from services.actions.domain.dormancy import dormant
from services.actions.domain.escalation import (
    Cause,
    Episode,
    LocalDay,
    Standing,
    causes,
    next_step,
    standing_now,
    still_open,
)
from services.actions.domain.proposals import ProposalKind, Terms
from services.actions.domain.states import State
from services.actions.usecases.escalate_actions import local_day, require_calendars, window_of
from services.calendars import closed_days
from services.kernel.calendars import HolidaysUnknown, UnknownTimeZone
from services.kernel.escalation import LadderStep, Trigger
from services.kernel.policy import Policy
from tests.support.actions import AT, CNECT, DSIT, UK_EU, agreed, claimed, evidence, in_progress
from tests.support.escalation.tables import HOLIDAYS
from tests.support.release import shipped_policy

POLICY = shipped_policy()
SERIES, LADDERS = POLICY.get_series("uk-eu"), POLICY.escalations["uk-eu"]
OPENED = AT.date()
TUESDAY = date(2027, 6, 1)


def found(action: Action) -> dict[Trigger, Cause]:
    return {cause.trigger: cause for cause in causes(SERIES, action)}


def episode(since: date, **sent: date) -> Episode:
    told = {("UK", LadderStep(name)): day for name, day in sent.items()}
    return Episode(Trigger.OVERDUE, 1, "key", since, told)


def step(of: Episode, day: date, hour: int = 9, party: str = "UK") -> LadderStep | None:
    def closed(of_party: str, _: int) -> frozenset[date]:
        return HOLIDAYS[of_party]

    return next_step(LADDERS, of, party, LocalDay(day, hour), closed)


def test_an_agreed_action_waits_for_an_owner_and_is_not_silent_yet() -> None:
    wrong = found(agreed())
    assert set(wrong) == {Trigger.OVERDUE, Trigger.NOT_TAKEN_ON, Trigger.DORMANT}
    assert wrong[Trigger.NOT_TAKEN_ON].since == OPENED + timedelta(days=30)
    assert wrong[Trigger.OVERDUE].since == date(2027, 6, 30)


def test_silence_is_counted_from_the_last_report_and_a_report_is_another_cause() -> None:
    working = agreed().accepted(DSIT, AT)
    assert found(working)[Trigger.SILENT].since == OPENED + timedelta(days=90)
    later = working.reported(Rag.GREEN, "", DSIT, AT + timedelta(days=50))
    assert found(later)[Trigger.SILENT].since == OPENED + timedelta(days=140)
    assert found(later)[Trigger.SILENT].key != found(working)[Trigger.SILENT].key


def test_an_obstacle_is_told_of_after_a_month_and_each_obstacle_is_its_own() -> None:
    blocked = in_progress().blocked_by("The funds are frozen.", DSIT, AT)
    assert found(blocked)[Trigger.BLOCKED].since == OPENED + timedelta(days=30)
    again = blocked.unblocked(DSIT, AT).blocked_by("They are frozen again.", DSIT, AT + timedelta(days=1))
    assert found(again)[Trigger.BLOCKED].key != found(blocked)[Trigger.BLOCKED].key


def test_of_what_is_claimed_only_that_nobody_answers_is_told_and_a_rejected_claim_begins_anew() -> None:
    done = claimed()
    assert set(found(done)) == {Trigger.DORMANT}
    rejected = done.rejected("Not so.", CNECT, UK_EU, datetime(2027, 9, 1, 12, tzinfo=UTC))
    assert found(rejected)[Trigger.OVERDUE].since == date(2027, 9, 1)
    assert found(rejected)[Trigger.SILENT].since == date(2027, 9, 1)
    closure = done.confirmed(CNECT, UK_EU, done.id, AT)
    assert found(closure) == {}


def test_what_was_closed_and_is_reopened_after_its_due_date_has_its_time_anew() -> None:
    at = datetime(2027, 11, 15, 12, tzinfo=UTC)
    closed = claimed().confirmed(CNECT, UK_EU, UUID(int=1), AT)
    terms = Terms(ProposalKind.REOPEN, "It did not last.")
    proposed = closed.proposed(terms, DSIT, UK_EU, UUID(int=2), at)
    again = proposed.proposal_accepted(UUID(int=2), CNECT, UK_EU, at)
    assert (again.state, again.reopened_at) == (State.IN_PROGRESS, at)
    assert {found(again)[trigger].since for trigger in (Trigger.OVERDUE, Trigger.SILENT)} == {at.date()}
    moved = replace(again, due_date=date(2028, 1, 31))
    assert found(moved)[Trigger.OVERDUE].since == date(2028, 1, 31)


def test_a_missed_round_is_the_matter_of_the_party_that_missed_it_until_it_is_heard() -> None:
    due = date(2027, 5, 28)
    missed = replace(in_progress(), missed_by={"UK": due, "EU": due})
    told = [cause for cause in causes(SERIES, missed) if cause.trigger is Trigger.MISSED_REPORT]
    assert [(cause.party, cause.since) for cause in told] == [("EU", due), ("UK", due)]
    assert [cause.concerns("UK") for cause in told] == [False, True]
    heard = causes(SERIES, missed.reported(Rag.GREEN, "", DSIT, AT))
    assert [one.party for one in heard if one.trigger is Trigger.MISSED_REPORT] == ["EU"]
    at_work = [Episode(one.trigger, 1, one.key, one.since, {}, one.party) for one in told]
    assert still_open(at_work, heard) == at_work[:1]
    standing = Standing(Trigger.MISSED_REPORT, due, LadderStep.OWNER, TUESDAY, acknowledged=False)
    shown = [(told[0].key, standing)]
    one_silent = replace(missed, missed_by={"EU": due})
    assert standing_now(SERIES, one_silent, "EU", shown) == (standing,)
    assert standing_now(SERIES, one_silent, "UK", shown) == ()
    done = missed.claimed([evidence()], "Done.", DSIT, AT)
    assert not [one for one in causes(SERIES, done) if one.trigger is Trigger.MISSED_REPORT]


def test_an_action_is_dormant_from_the_day_after_the_last_that_the_series_allows() -> None:
    action = in_progress()
    last = found(action)[Trigger.DORMANT].since
    assert not dormant(action, last, SERIES.dormant_after_days)
    assert dormant(action, last + timedelta(days=1), SERIES.dormant_after_days)
    later = action.reported(Rag.GREEN, "", DSIT, AT + timedelta(days=5))
    assert found(later)[Trigger.DORMANT].since == last + timedelta(days=5)
    assert found(later)[Trigger.DORMANT].key != found(action)[Trigger.DORMANT].key


def test_an_episode_ends_when_its_cause_is_gone_and_not_before() -> None:
    action = in_progress()
    at_work = [Episode(cause.trigger, 1, cause.key, cause.since, {}) for cause in causes(SERIES, action)]
    assert still_open(at_work, causes(SERIES, action)) == at_work
    assert still_open(at_work, ()) == []


@pytest.mark.parametrize(
    ("day", "told"),
    [
        (date(2027, 5, 28), None),
        (date(2027, 5, 29), None),
        (date(2027, 5, 30), None),
        (date(2027, 5, 31), None),
        (TUESDAY, LadderStep.OWNER),
    ],
)
def test_the_first_step_falls_on_the_first_working_day_of_the_party(
    day: date, told: LadderStep | None
) -> None:
    """The action was due on a Friday; Monday is a bank holiday in England, and no holiday in Brussels."""
    assert step(episode(date(2027, 5, 28)), day) == told


def test_the_same_day_is_another_partys_working_day() -> None:
    assert step(episode(date(2027, 5, 28)), date(2027, 5, 31), party="EU") is LadderStep.OWNER
    assert step(episode(date(2027, 5, 14)), date(2027, 5, 17), party="UK") is LadderStep.OWNER
    assert step(episode(date(2027, 5, 14)), date(2027, 5, 17), party="EU") is None


@pytest.mark.parametrize(
    ("hour", "told"), [(0, None), (8, None), (9, LadderStep.OWNER), (23, LadderStep.OWNER)]
)
def test_nobody_is_told_before_the_office_opens(hour: int, told: LadderStep | None) -> None:
    assert step(episode(date(2027, 5, 28)), TUESDAY, hour) == told


def test_after_a_long_stop_one_step_a_working_day_is_told_from_the_bottom_up() -> None:
    since, day = date(2027, 1, 4), date(2027, 5, 28)
    climbed: dict[str, date] = {}
    for _ in range(12):
        told = step(episode(since, **climbed), day)
        if told is not None:
            climbed[told.value] = day
        assert step(episode(since, **climbed), day) is None
        day += timedelta(days=1)
    assert climbed == {
        "OWNER": date(2027, 5, 28),
        "DEPUTY": TUESDAY,
        "DIRECTOR": date(2027, 6, 2),
        "MINISTER": date(2027, 6, 3),
    }


def test_a_clock_that_goes_back_tells_nothing_again() -> None:
    told = episode(date(2027, 5, 28), OWNER=date(2027, 6, 1), DEPUTY=date(2027, 6, 7))
    for day in (TUESDAY, date(2027, 6, 4), date(2027, 6, 7)):
        assert step(told, day) is None
    assert step(told, date(2027, 6, 14)) is LadderStep.DIRECTOR


def test_a_step_that_the_policy_adds_below_what_was_told_is_not_told_any_more() -> None:
    assert step(episode(date(2027, 1, 4), OWNER=date(2027, 1, 5), DIRECTOR=date(2027, 1, 18)), TUESDAY) is (
        LadderStep.MINISTER
    )


def test_what_has_no_ladder_is_not_told() -> None:
    without = replace(LADDERS, ladders={Trigger.OVERDUE: LADDERS.ladders[Trigger.OVERDUE]})
    silent = replace(episode(date(2027, 1, 4)), trigger=Trigger.SILENT)
    assert next_step(without, silent, "UK", LocalDay(TUESDAY, 9), lambda *_: frozenset()) is None


def test_an_action_that_was_mended_stands_nowhere_even_before_the_scheduler_has_seen_it() -> None:
    late = in_progress()
    cause = found(late)[Trigger.OVERDUE]
    standing = Standing(Trigger.OVERDUE, cause.since, LadderStep.DEPUTY, TUESDAY, acknowledged=False)
    assert standing_now(SERIES, late, "UK", [(cause.key, standing)]) == (standing,)
    assert (
        standing_now(SERIES, replace(late, due_date=date(2027, 12, 1)), "UK", [(cause.key, standing)]) == ()
    )
    assert standing_now(SERIES, claimed(), "UK", [(cause.key, standing)]) == ()


@pytest.mark.parametrize(
    ("party", "at", "day"),
    [
        # Summer time begins and ends on other Sundays in Europe and in America.
        ("UK", datetime(2026, 3, 30, 8, tzinfo=UTC), LocalDay(date(2026, 3, 30), 9)),
        ("UK", datetime(2026, 10, 26, 8, 59, tzinfo=UTC), LocalDay(date(2026, 10, 26), 8)),
        ("EU", datetime(2026, 10, 23, 7, tzinfo=UTC), LocalDay(date(2026, 10, 23), 9)),
        ("EU", datetime(2026, 10, 26, 7, 59, tzinfo=UTC), LocalDay(date(2026, 10, 26), 8)),
        ("US", datetime(2026, 10, 26, 13, tzinfo=UTC), LocalDay(date(2026, 10, 26), 9)),
        ("US", datetime(2026, 11, 2, 13, tzinfo=UTC), LocalDay(date(2026, 11, 2), 8)),
        ("US", datetime(2026, 11, 3, 4, tzinfo=UTC), LocalDay(date(2026, 11, 2), 23)),
    ],
)
def test_days_and_hours_are_those_of_the_party_addressed(party: str, at: datetime, day: LocalDay) -> None:
    assert local_day(POLICY, party, at) == day


@pytest.mark.parametrize("today", [date(2025, 6, 1), date(2026, 11, 25), date(2036, 10, 1)])
def test_a_worker_starts_where_every_working_day_it_may_count_is_known(today: date) -> None:
    require_calendars(POLICY, today)


@pytest.mark.parametrize(
    ("today", "says"),
    [
        (date(2036, 10, 2), "the escalation of uk-eu to UK: the holidays of UK are not known for 2037"),
        (date(2025, 3, 1), "the escalation of uk-eu to EU: the holidays of EU are not known for 2024"),
    ],
)
def test_a_worker_does_not_start_into_a_year_whose_holidays_are_not_known(today: date, says: str) -> None:
    with pytest.raises(HolidaysUnknown) as refused:
        require_calendars(POLICY, today)
    assert refused.value.detail == says
    assert set(refused.value.metadata) == {"party", "year"}


def test_a_worker_does_not_start_with_a_party_that_has_no_calendar_or_no_clock() -> None:
    kept = {party: calendar for party, calendar in POLICY.calendars.items() if party != "EU"}
    with pytest.raises(HolidaysUnknown, match="of uk-eu to EU"):
        require_calendars(replace(POLICY, calendars=kept), OPENED)
    lost = {**POLICY.calendars, "UK": replace(POLICY.calendars["UK"], time_zone="Europe/Atlantis")}
    with pytest.raises(UnknownTimeZone, match="of uk-eu to UK"):
        require_calendars(replace(POLICY, calendars=lost), OPENED)


def test_what_may_be_wrong_by_any_partys_clock_is_looked_at() -> None:
    window = window_of(POLICY, datetime(2026, 11, 25, 23, tzinfo=UTC))
    assert window.due_by == date(2026, 11, 26)
    assert window.heard_before == datetime(2026, 8, 28, 23, tzinfo=UTC)
    assert window.changed_before == datetime(2026, 7, 29, 23, tzinfo=UTC)


def test_the_models_holidays_are_those_of_the_policy_and_of_the_golden_file() -> None:
    def working(policy: Policy, party: str) -> set[date]:
        return {day for day in closed_days(policy, [party], [2026, 2027])[party] if day.isoweekday() <= 5}

    assert {party: working(POLICY, party) for party in HOLIDAYS} == HOLIDAYS
