"""The T-minus plans of both series for ten years, as they were reviewed."""

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from dateutil.easter import easter

from services.agenda.domain.deadlines import DeadlineState, plan_deadlines, years_needed
from services.agenda.domain.meeting import MeetingState
from services.calendars import closed_days
from tests.support.agenda import POLICY

FOLDER = Path(__file__).parents[2] / "data" / "deadlines"
YEARS = range(2026, 2036)


def first_days(year: int) -> list[date]:
    """After the New Year, after Easter, in summer and in December, each where holidays lie before it."""
    summer = date(year, 8, 25) if year % 2 else date(year, 6, 10)
    return [date(year, 1, 21), easter(year) + timedelta(days=9), summer, date(year, 12, 9)]


def plan(series_id: str, first_day: date) -> dict[str, str]:
    series = POLICY.get_series(series_id)
    closed = closed_days(POLICY, series.parties, years_needed(series.deadlines, first_day))
    return {
        entry.name: entry.due.isoformat() for entry in plan_deadlines(series.deadlines, first_day, closed)
    }


def plans(series_id: str) -> dict[str, Any]:
    return {day.isoformat(): plan(series_id, day) for year in YEARS for day in first_days(year)}


@pytest.mark.parametrize("series_id", ["uk-eu", "uk-us-cmr"])
def test_the_plans_of_ten_years_are_as_reviewed(series_id: str) -> None:
    assert plans(series_id) == json.loads((FOLDER / f"{series_id}.json").read_text("utf-8"))


def test_a_deadline_moves_back_over_the_holidays_of_either_party() -> None:
    # A week before 6 January 2027, and three days before, lie in the closure of the institutions.
    assert plan("uk-eu", date(2027, 1, 6)) == {
        "call_for_items": "2026-10-28",
        "exchange_drafts": "2026-11-25",
        "agree_agenda": "2026-12-16",
        "provisional_pack": "2026-12-22",
        "papers": "2026-12-23",
        "briefs": "2026-12-23",
    }
    # A week before lies Thanksgiving Day.
    assert plan("uk-us-cmr", date(2026, 12, 3))["papers"] == "2026-11-25"


def test_a_deadline_is_late_from_the_day_after_it_until_its_step_is_done() -> None:
    series = POLICY.get_series("uk-eu")
    found = {entry.name: entry for entry in plan_deadlines(series.deadlines, date(2026, 12, 9), {})}
    agree, papers = found["agree_agenda"], found["papers"]
    assert agree.due == date(2026, 11, 18)
    day_after = agree.due + timedelta(days=1)
    assert agree.state(MeetingState.AGENDA_EXCHANGED, agree.due) is DeadlineState.AHEAD
    assert agree.state(MeetingState.AGENDA_EXCHANGED, day_after) is DeadlineState.LATE
    assert agree.state(MeetingState.AGENDA_AGREED, day_after) is DeadlineState.DONE
    assert agree.state(MeetingState.POSTPONED, day_after) is DeadlineState.AT_REST
    assert found["exchange_drafts"].state(MeetingState.AGENDA_EXCHANGED, day_after) is DeadlineState.DONE
    assert papers.state(MeetingState.AGENDA_AGREED, papers.due + timedelta(days=1)) is DeadlineState.PAST
    assert papers.state(MeetingState.CANCELLED, papers.due) is DeadlineState.AT_REST
