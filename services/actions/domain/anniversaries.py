"""Days that come round: the same day of a later year or month."""

from calendar import monthrange
from datetime import date


def next_year(past: date, anniversary: date) -> date:
    """The first day after `past` with the month and day of `anniversary`; 29 February is the 28th where
    the year has none.
    """
    for year in (past.year, past.year + 1):
        day = _day_of(anniversary, year)
        if day > past:
            return day
    raise RuntimeError("every year has the anniversary")


def months_after(day: date, months: int) -> date:
    """The same day so many months later, or the last one of that month where it has no such day."""
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _day_of(anniversary: date, year: int) -> date:
    try:
        return anniversary.replace(year=year)
    except ValueError:
        return anniversary.replace(year=year, day=28)
