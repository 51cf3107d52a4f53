"""Reporting rounds: their days, what they ask of whom, and what an update is locked to."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from services.actions.domain.action import Rag
from services.actions.domain.definitions import MEANINGS, TIMELINESS, computed_rules
from services.actions.domain.owners import Owner, Signature
from services.actions.domain.rating import RULES, Situation, Timeliness, rate
from services.actions.domain.refusals import ReasonMissing
from services.actions.domain.round_refusals import NothingToCorrect, RoundClosed, RoundReported
from services.actions.domain.rounds import (
    OWING,
    ROUND_STEPS,
    Answer,
    Counts,
    Obligation,
    ProgressUpdate,
    Round,
    RoundDays,
    RoundState,
    RoundStep,
    asked,
    claimed_rating,
    corrected_update,
    days_of,
    first_update,
    local_days,
)
from services.actions.domain.states import State
from services.actions.domain.texts import LONGEST_NARRATIVE
from services.actions.usecases.round_calendar import round_days, today_of
from services.kernel.calendars import HolidaysUnknown
from services.kernel.parties import Reader
from services.kernel.refusals import InvalidValue
from services.kernel.reporting import ReportingRule, read_reporting
from services.kernel.sections import PolicyMalformed, Section
from tests.support.actions import AT, CNECT, DSIT, agreed, claimed, in_progress
from tests.support.agenda import POLICY

ROUND_ID, UPDATE_ID, OTHER_ID = (UUID(int=number) for number in (1, 2, 3))
DAYS = RoundDays(
    planned_for=date(2026, 10, 10),
    opens_on=date(2026, 10, 12),
    reminds_on=date(2026, 10, 19),
    due_on=date(2026, 10, 26),
    closes_on=date(2026, 11, 3),
)
OPEN = Round(ROUND_ID, "uk-eu", DAYS, RoundState.OPEN)
RULE = ReportingRule(date(2026, 1, 12), 3, 5, 10, 15)

# Counted by hand from the published holidays: opened, reminded, due, closed.
REVIEWED = {
    "uk-eu": [
        "2026-01-12 2026-01-19 2026-01-26 2026-02-02",
        # The institutions close on 1 May, England on 4 May.
        "2026-04-13 2026-04-20 2026-04-27 2026-05-06",
        # The Belgian national day.
        "2026-07-13 2026-07-20 2026-07-28 2026-08-04",
        # All Souls.
        "2026-10-12 2026-10-19 2026-10-26 2026-11-03",
        "2027-01-12 2027-01-19 2027-01-26 2027-02-02",
        "2027-04-12 2027-04-19 2027-04-26 2027-05-04",
        "2027-07-12 2027-07-19 2027-07-27 2027-08-03",
        "2027-10-12 2027-10-19 2027-10-26 2027-11-04",
    ],
    "uk-us-cmr": [
        # Presidents' Day.
        "2026-02-09 2026-02-17 2026-02-24 2026-03-03",
        # Memorial Day is the spring bank holiday.
        "2026-05-11 2026-05-18 2026-05-26 2026-06-02",
        # The summer bank holiday.
        "2026-08-10 2026-08-17 2026-08-24 2026-09-01",
        # Veterans Day and Thanksgiving.
        "2026-11-09 2026-11-17 2026-11-24 2026-12-02",
        "2027-02-09 2027-02-17 2027-02-24 2027-03-03",
        "2027-05-10 2027-05-17 2027-05-24 2027-06-01",
        "2027-08-09 2027-08-16 2027-08-23 2027-08-31",
        "2027-11-09 2027-11-17 2027-11-24 2027-12-02",
    ],
}


def planned_in(series: str, first: date, last: date) -> list[RoundDays]:
    rule = POLICY.get_series(series).reporting
    assert rule is not None
    days = (first + timedelta(days=gone) for gone in range((last - first).days))
    planned = dict.fromkeys(day for day in map(rule.planned_for, days) if day is not None and day >= first)
    return [round_days(POLICY, series, rule, day) for day in planned]


@pytest.mark.parametrize("series", sorted(REVIEWED))
def test_the_rounds_of_two_years_are_as_reviewed(series: str) -> None:
    found = planned_in(series, date(2026, 1, 1), date(2028, 1, 1))
    lines = [f"{days.opens_on} {days.reminds_on} {days.due_on} {days.closes_on}" for days in found]
    assert lines == REVIEWED[series]


@pytest.mark.parametrize("series", sorted(REVIEWED))
def test_a_round_is_closed_before_the_next_is_planned(series: str) -> None:
    found = planned_in(series, date(2026, 1, 1), date(2036, 1, 1))
    assert len(found) == 40
    for one, following in pairwise(found):
        assert one.closes_on < following.planned_for


@pytest.mark.parametrize(
    ("day", "planned"),
    [
        (date(2026, 1, 11), None),
        (date(2026, 1, 12), date(2026, 1, 12)),
        (date(2026, 4, 11), date(2026, 1, 12)),
        (date(2026, 4, 12), date(2026, 4, 12)),
        (date(2027, 1, 11), date(2026, 10, 12)),
        (date(2027, 1, 12), date(2027, 1, 12)),
        (date(2031, 12, 31), date(2031, 10, 12)),
    ],
)
def test_the_latest_round_is_found_from_the_first_and_the_cadence(day: date, planned: date | None) -> None:
    assert RULE.planned_for(day) == planned
    following = RULE.planned_after(day)
    assert following > day
    assert RULE.planned_for(following - timedelta(days=1)) == planned
    assert RULE.planned_for(following) == following


def test_a_round_over_the_turn_of_the_year_heeds_the_holidays_of_both() -> None:
    days = round_days(POLICY, "uk-eu", RULE, date(2026, 12, 21))
    # The institutions are closed from 24 December to 2 January, which is a Saturday.
    assert (days.opens_on, days.reminds_on) == (date(2026, 12, 21), date(2027, 1, 6))


def test_where_the_holidays_are_not_known_no_days_are_made_up() -> None:
    with pytest.raises(HolidaysUnknown):
        round_days(POLICY, "uk-eu", RULE, date(2099, 1, 12))
    with pytest.raises(HolidaysUnknown):
        round_days(POLICY, "uk-eu", RULE, date(2036, 12, 22))


@pytest.mark.parametrize(
    "changed",
    [
        {"first": "2026-01-31"},
        {"months": 0},
        {"remind_after": 10},
        {"due_after": 15},
        {"due_after": 4},
        {"close_after": 31},
        {"close_after": "15"},
        {"often": 1},
        {"first": None},
    ],
)
def test_a_rule_that_cannot_be_kept_is_refused(changed: dict[str, object]) -> None:
    stated = {"first": "2026-01-12", "months": 3, "remind_after": 5, "due_after": 10, "close_after": 15}
    assert read_reporting(Section(stated, "series/x")) == RULE
    with pytest.raises(PolicyMalformed):
        read_reporting(Section({**stated, **changed}, "series/x"))


def test_the_steps_are_a_total_table_and_lead_to_an_end() -> None:
    assert set(ROUND_STEPS) == set(RoundState)
    for state in RoundState:
        for step in RoundStep:
            moved = replace(OPEN, state=state)
            if step in ROUND_STEPS[state]:
                assert moved.after(step, AT).state is ROUND_STEPS[state][step]
            else:
                with pytest.raises(KeyError):
                    moved.after(step, AT)


LONDON, BRUSSELS, NEW_YORK = map(ZoneInfo, ("Europe/London", "Europe/Brussels", "America/New_York"))


@pytest.mark.parametrize(
    ("at", "london", "brussels", "new_york"),
    [
        # 29 March 2026: clocks go forward in Europe, those of New York went on 8 March.
        ("2026-03-28T22:59:59", 28, 28, 28),
        ("2026-03-28T23:00:00", 28, 29, 28),
        ("2026-03-29T00:00:00", 29, 29, 28),
        ("2026-03-29T03:59:59", 29, 29, 28),
        ("2026-03-29T04:00:00", 29, 29, 29),
        ("2026-03-29T21:59:59", 29, 29, 29),
        ("2026-03-29T22:00:00", 29, 30, 29),
        ("2026-03-29T23:00:00", 30, 30, 29),
        # 25 October 2026: they go back in Europe, in New York a week later.
        ("2026-10-24T21:59:59", 24, 24, 24),
        ("2026-10-24T22:00:00", 24, 25, 24),
        ("2026-10-24T23:00:00", 25, 25, 24),
        ("2026-10-25T22:59:59", 25, 25, 25),
        ("2026-10-25T23:00:00", 25, 26, 25),
        ("2026-10-26T03:59:59", 26, 26, 25),
        ("2026-10-26T04:00:00", 26, 26, 26),
        ("2026-11-02T04:59:59", 2, 2, 1),
        ("2026-11-02T05:00:00", 2, 2, 2),
    ],
)
def test_each_party_has_its_own_day_also_when_the_clocks_change(
    at: str, london: int, brussels: int, new_york: int
) -> None:
    zones = {"UK": LONDON, "EU": BRUSSELS, "US": NEW_YORK}
    days = local_days(datetime.fromisoformat(at).replace(tzinfo=UTC), zones)
    assert [days[party].day for party in ("UK", "EU", "US")] == [london, brussels, new_york]


@pytest.mark.parametrize(
    ("series", "day", "begun_at"),
    [
        ("uk-eu", date(2026, 3, 30), datetime(2026, 3, 29, 23, tzinfo=UTC)),
        ("uk-eu", date(2026, 10, 26), datetime(2026, 10, 26, 0, tzinfo=UTC)),
        ("uk-us-cmr", date(2026, 3, 9), datetime(2026, 3, 9, 4, tzinfo=UTC)),
        ("uk-us-cmr", date(2026, 11, 2), datetime(2026, 11, 2, 5, tzinfo=UTC)),
    ],
)
def test_a_step_is_taken_when_its_day_has_begun_for_every_party(
    series: str, day: date, begun_at: datetime
) -> None:
    planned = Round(ROUND_ID, series, replace(DAYS, opens_on=day, due_on=day + timedelta(days=14)))
    moment = timedelta(microseconds=1)
    assert planned.next_step(today_of(POLICY, series, begun_at - moment)) is None
    assert planned.next_step(today_of(POLICY, series, begun_at)) is RoundStep.OPEN


def both(day: date) -> dict[str, date]:
    return {"UK": day, "EU": day}


@pytest.mark.parametrize(
    ("state", "day", "step"),
    [
        (RoundState.PLANNED, date(2026, 10, 11), None),
        (RoundState.PLANNED, date(2026, 10, 12), RoundStep.OPEN),
        (RoundState.PLANNED, date(2026, 10, 25), RoundStep.OPEN),
        (RoundState.PLANNED, date(2026, 10, 26), RoundStep.LEAVE_OUT),
        (RoundState.OPEN, date(2026, 10, 18), None),
        (RoundState.OPEN, date(2026, 10, 19), RoundStep.REMIND),
        (RoundState.OPEN, date(2026, 10, 26), RoundStep.REMIND),
        (RoundState.OPEN, date(2026, 10, 27), RoundStep.FALL_DUE),
        (RoundState.REMINDED, date(2026, 10, 26), None),
        (RoundState.REMINDED, date(2026, 10, 27), RoundStep.FALL_DUE),
        (RoundState.DUE, date(2026, 11, 3), None),
        (RoundState.DUE, date(2026, 11, 4), RoundStep.CLOSE),
        (RoundState.CLOSED, date(2030, 1, 1), None),
        (RoundState.NOT_HELD, date(2030, 1, 1), None),
    ],
)
def test_a_step_is_taken_from_its_day_on(state: RoundState, day: date, step: RoundStep | None) -> None:
    assert replace(OPEN, state=state).next_step(both(day)) is step


@pytest.mark.parametrize("state", sorted(State))
def test_a_round_asks_the_accountable_owners_of_what_is_being_worked_on(state: State) -> None:
    owners = (Owner("UK", "DSIT", accountable=True), Owner("UK", "NCSC", accountable=False))
    expected = owners[:1] if state in OWING else ()
    assert asked(agreed(owners=owners, state=state)) == expected
    declined = agreed().declined_by("Not ours.", DSIT, AT)
    assert asked(declined) == ()
    assert [owner.party for owner in asked(agreed())] == ["UK", "EU"]


OWED = Obligation(ROUND_ID, agreed().id, "UK", "DSIT")


def reported(day: date, obligation: Obligation = OWED, asking: Round = OPEN) -> ProgressUpdate:
    action = in_progress().reported(Rag.AMBER, "Reviewers are late.", DSIT, AT)
    return first_update(UPDATE_ID, action, Signature.of(DSIT, AT), (asking, obligation), day)


def test_an_update_answers_its_round_and_says_whether_it_was_late() -> None:
    update = reported(date(2026, 10, 26))
    assert (update.round_id, update.late, update.revision) == (ROUND_ID, False, 1)
    assert (update.rag, update.narrative, update.percent) == (Rag.AMBER, "Reviewers are late.", None)
    assert reported(date(2026, 10, 27)).late
    assert reported(date(2026, 11, 3)).late
    assert not reported(date(2026, 10, 1)).late


def test_a_second_update_in_the_round_is_refused() -> None:
    with pytest.raises(RoundReported):
        reported(date(2026, 10, 27), replace(OWED, submitted_at=AT))


@pytest.mark.parametrize(
    ("state", "day"),
    [
        (RoundState.CLOSED, date(2026, 10, 20)),
        (RoundState.PLANNED, date(2026, 10, 20)),
        (RoundState.NOT_HELD, date(2026, 10, 20)),
        (RoundState.DUE, date(2026, 11, 4)),
        (RoundState.OPEN, date(2026, 11, 4)),
    ],
)
def test_outside_a_round_an_owner_reports_as_often_as_it_likes(state: RoundState, day: date) -> None:
    asking, answered = replace(OPEN, state=state), replace(OWED, submitted_at=AT)
    update = reported(day, answered, asking)
    assert (update.round_id, update.late) == (None, False)
    action = in_progress()
    assert first_update(UPDATE_ID, action, Signature.of(DSIT, AT), None, day).round_id is None


def test_an_action_shows_the_worst_of_what_its_owners_last_said() -> None:
    def said(by: Reader, rag: Rag, version: int) -> ProgressUpdate:
        action = replace(in_progress().reported(rag, "So.", by, AT), version=version)
        return first_update(UPDATE_ID, action, Signature.of(by, AT), None, AT.date())

    red = said(CNECT, Rag.RED, 2)
    assert claimed_rating(said(DSIT, Rag.GREEN, 3), [red]) is red
    assert claimed_rating(said(CNECT, Rag.GREEN, 3), [red]).rag is Rag.GREEN
    again = said(DSIT, Rag.RED, 3)
    assert claimed_rating(again, [red, said(DSIT, Rag.AMBER, 1)]) is again
    amber = said(DSIT, Rag.AMBER, 1)
    assert claimed_rating(said(CNECT, Rag.GREEN, 3), [red, amber]) is amber


def corrected(reason: str, day: date, latest: ProgressUpdate | None) -> ProgressUpdate:
    action = in_progress().reported(Rag.RED, "It is worse.", DSIT, AT)
    return corrected_update(OTHER_ID, action, Signature.of(DSIT, AT), reason, (OPEN, OWED), latest, day)


def test_a_correction_is_a_further_revision_with_a_reason_and_as_late_as_the_first() -> None:
    for day in (date(2026, 10, 20), date(2026, 10, 28)):
        first = reported(day)
        second = corrected("A figure was wrong.", date(2026, 10, 30), first)
        assert (second.revision, second.late, second.round_id) == (2, first.late, ROUND_ID)
        assert (second.rag, second.reason) == (Rag.RED, "A figure was wrong.")
        assert corrected("Again.", date(2026, 11, 3), second).revision == 3


def test_what_cannot_be_corrected_is_refused_by_name() -> None:
    first = reported(date(2026, 10, 20))
    with pytest.raises(RoundClosed):
        corrected("Late.", date(2026, 11, 4), first)
    with pytest.raises(NothingToCorrect):
        corrected("Nothing there.", date(2026, 10, 20), None)
    with pytest.raises(ReasonMissing):
        corrected(" \n", date(2026, 10, 20), first)
    with pytest.raises(InvalidValue):
        corrected("x" * (LONGEST_NARRATIVE + 1), date(2026, 10, 20), first)


@pytest.mark.parametrize(
    ("changes", "answer"),
    [
        ({}, Answer.OUTSTANDING),
        ({"missed_at": AT}, Answer.MISSED),
        ({"submitted_at": AT}, Answer.SUBMITTED),
        ({"submitted_at": AT, "late": True, "missed_at": AT}, Answer.SUBMITTED_LATE),
        ({"excused_at": AT}, Answer.EXCUSED),
    ],
)
def test_a_question_has_one_answer(changes: dict[str, object], answer: Answer) -> None:
    assert replace(OWED, **changes).answer(in_progress()) is answer  # type: ignore[arg-type]
    assert OWED.answer(claimed()) is Answer.EXCUSED


def test_every_question_is_counted_once() -> None:
    counts = Counts.of([*Answer, Answer.SUBMITTED])
    assert counts == Counts(population=6, submitted=3, late=1, outstanding=2, missed=1, excused=1)
    assert counts.population == counts.submitted + counts.outstanding + counts.excused


def test_an_owner_that_let_a_round_pass_is_stale_until_it_is_heard() -> None:
    missed = replace(in_progress(), missed_by={"UK": AT.date(), "EU": AT.date()})
    today = AT.date()

    def stale(action: object) -> bool:
        return rate(Situation(action, today, timedelta(days=90))).stale  # type: ignore[arg-type]

    assert not stale(in_progress())
    assert stale(missed)
    heard = missed.reported(Rag.GREEN, "", DSIT, AT)
    assert (heard.missed_by, stale(heard)) == ({"EU": AT.date()}, True)
    assert not stale(heard.reported(Rag.GREEN, "", CNECT, AT))
    assert rate(Situation(missed, today, timedelta(days=90))).because == ("ROUND_MISSED",)
    assert rate(Situation(missed, today, timedelta(days=90))).contradicted


def test_every_word_of_a_rating_is_defined() -> None:
    assert set(MEANINGS) == set(Rag)
    assert set(TIMELINESS) == set(Timeliness)
    assert [rule.name for rule in computed_rules()] == [rule.name for rule in RULES]
    assert all(rule.meaning for rule in computed_rules())


def test_no_party_works_on_a_day_of_a_round_that_is_a_holiday_of_either() -> None:
    closed = {
        "UK": frozenset({date(2026, 10, 12)}),
        "EU": frozenset({date(2026, 10, 13), date(2026, 10, 20)}),
    }
    days = days_of(ReportingRule(date(2026, 10, 12), 3, 1, 4, 5), date(2026, 10, 12), closed)
    assert days == RoundDays(
        date(2026, 10, 12), date(2026, 10, 14), date(2026, 10, 15), date(2026, 10, 21), date(2026, 10, 22)
    )
