"""What must be told in ten weeks of the chaos run, held against days that were counted by hand."""

from datetime import date, timedelta

from benchmarks.thread_chaos.due import Asking, LeftAlone, Plan, Told
from services.cli.layout import read_policy

START = date(2027, 12, 8)
SERIES = ("uk-eu", "uk-us-cmr")


def after(weeks: int) -> Plan:
    left = LeftAlone("one", "uk-eu", START, ("UK", "EU"))
    plan = Plan(read_policy(), SERIES, START, (left,))
    days = (START + timedelta(days=number) for number in range(1, 7 * weeks + 1))
    plan.days.extend(day for day in days if plan.is_worked(day))
    return plan


def test_a_round_comes_as_far_as_the_days_that_went_by() -> None:
    """From 12 January of 2028 ten working days lead to the 26th, fifteen to 2 February; the review's round is
    opened on 9 February, and five working days later owners are reminded.
    """
    opened = Asking("uk-eu", date(2028, 1, 12), date(2028, 1, 12), None, None, None)
    assert list(after(5).rounds()) == [opened]
    whole = opened._replace(reminded=date(2028, 1, 19), fell_due=date(2028, 1, 27), closed=date(2028, 2, 3))
    review = Asking("uk-us-cmr", date(2028, 2, 9), date(2028, 2, 9), date(2028, 2, 16), None, None)
    assert list(after(10).rounds()) == [whole, review]
    assert list(after(10).asked()) == [("uk-eu", date(2028, 1, 12), "one", party) for party in ("UK", "EU")]


def test_owners_are_told_on_their_own_working_days_and_each_step_once() -> None:
    """Thirty days end on 7 January, a Friday; the missed report was due on 26 January, a Wednesday."""
    told = list(after(10).notices())
    climbed = {
        "NOT_TAKEN_ON": {"OWNER": 10, "DEPUTY": 14, "DIRECTOR": 21},
        "MISSED_REPORT": {"OWNER": 27, "DEPUTY": 33, "DIRECTOR": 47},
    }
    assert sorted(told) == sorted(
        Told("one", trigger, party, step, date(2027, 12, 31) + timedelta(days=day))
        for trigger, steps in climbed.items()
        for party in ("UK", "EU")
        for step, day in steps.items()
    )
    assert not list(after(4).notices())
