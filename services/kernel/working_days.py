"""Days on which parties work; `closed` holds each party's holidays, weekends are no part of it."""

from collections.abc import Mapping
from datetime import date, timedelta

LONGEST_CLOSURE = timedelta(days=31)
"""No run of weekends and holidays of all parties together is longer."""

_SATURDAY = 5


def working_day_before(day: date, closed: Mapping[str, frozenset[date]]) -> date:
    """The day itself, or the last one before it on which every party works."""
    while not is_working_day(day, closed):
        day -= timedelta(days=1)
    return day


def working_day_after(day: date, closed: Mapping[str, frozenset[date]]) -> date:
    """The day itself, or the first one after it on which every party works."""
    while not is_working_day(day, closed):
        day += timedelta(days=1)
    return day


def is_working_day(day: date, closed: Mapping[str, frozenset[date]]) -> bool:
    """Whether every party works on that day."""
    return day.weekday() < _SATURDAY and not any(day in days for days in closed.values())


def working_day_number(start: date, count: int, closed: Mapping[str, frozenset[date]]) -> date:
    """The day on which as many working days have begun after `start`; with 0 the first one at or after it."""
    day = working_day_after(start, closed) if count == 0 else start
    for _ in range(count):
        day = working_day_after(day + timedelta(days=1), closed)
    return day
