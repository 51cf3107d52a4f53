"""Figures of the actions of a series: each with what was counted, how many that were, and as of when."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

AGE_BANDS: tuple[tuple[str, int], ...] = (
    ("0-30 days", 0),
    ("31-90 days", 31),
    ("91-180 days", 91),
    ("181-365 days", 181),
    ("over 365 days", 366),
)
"""Bands of ages by their first day."""
SLIP_BANDS: tuple[tuple[str, int], ...] = (
    ("earlier", -(10**7)),
    ("as agreed", 0),
    ("1-30 days", 1),
    ("31-90 days", 31),
    ("91-180 days", 91),
    ("over 180 days", 181),
)
"""Bands of how far the date agreed now lies behind the one agreed first."""
AHEAD = (30, 60, 90)
"""Days within which actions are due; each holds the one before."""
NONE = "NONE"
"""The key of those without a value."""


class FigureName(StrEnum):
    """What is counted by what."""

    STATE = "STATE"
    CLAIMED_RAG = "CLAIMED_RAG"
    COMPUTED_RAG = "COMPUTED_RAG"
    OWNER = "OWNER"
    SUPPORTING = "SUPPORTING"
    PARTY = "PARTY"
    COMMITMENT = "COMMITMENT"
    AGE = "AGE"
    TIME_IN_STATE = "TIME_IN_STATE"
    SLIPPAGE = "SLIPPAGE"
    SLIP_SUMMARY = "SLIP_SUMMARY"
    DUE = "DUE"
    ARCHIVED = "ARCHIVED"


COUNTED: Mapping[FigureName, str] = {
    FigureName.STATE: "actions",
    FigureName.CLAIMED_RAG: "open actions, by their owner's rating",
    FigureName.COMPUTED_RAG: "open actions, by what the rules of rating say",
    FigureName.OWNER: "open actions, once for each accountable organisation",
    FigureName.SUPPORTING: "open actions, once for each supporting organisation",
    FigureName.PARTY: "open actions, once for each owning party",
    FigureName.COMMITMENT: "open actions",
    FigureName.AGE: "open actions, by days since they were opened",
    FigureName.TIME_IN_STATE: "open actions, by days in their present state",
    FigureName.SLIPPAGE: "actions with a due date, by days between the date first agreed and agreed now",
    FigureName.SLIP_SUMMARY: "actions with a due date: how many moved, moves in all, days of slip",
    FigureName.DUE: "open actions, by the date agreed now",
    FigureName.ARCHIVED: "actions that have ended, by whether they are archived",
}
"""The population of each figure, in words."""


@dataclass(frozen=True, slots=True)
class Figure:
    """Numbers by key over a population of so many."""

    name: FigureName
    population: int
    values: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Figures:
    """What one reader is told as of an instant; `day` is the one that ratings and dates are judged on."""

    series: str
    as_of: datetime
    day: date
    figures: tuple[Figure, ...]


RATINGS = (FigureName.CLAIMED_RAG, FigureName.COMPUTED_RAG)
"""The figures of a trend."""
MOST_PERIODS = 24


class Period(StrEnum):
    """What a trend counts in: calendar months, or weeks from Monday to Sunday (ISO 8601), both in UTC."""

    MONTH = "MONTH"
    WEEK = "WEEK"


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """The ratings at an instant, judged on its day."""

    as_of: datetime
    day: date
    figures: tuple[Figure, ...]


@dataclass(frozen=True, slots=True)
class Trend:
    """Points from the earliest on. What lies before `record_began_at` is not on record, and left out."""

    series: str
    period: Period
    record_began_at: datetime | None
    points: tuple[TrendPoint, ...]


def period_ends(as_of: datetime, period: Period, count: int) -> tuple[datetime, ...]:
    """The last instants of the periods before, the earliest first, and `as_of` in the one that runs."""
    ends, at = [as_of], as_of.astimezone(UTC)
    while len(ends) < count:
        day = at.date()
        first = day.replace(day=1) if period is Period.MONTH else date.fromordinal(_monday(day))
        if first <= date.min + timedelta(days=7):
            break
        at = datetime(first.year, first.month, first.day, tzinfo=UTC) - timedelta(microseconds=1)
        ends.append(at)
    return tuple(reversed(ends))


def _monday(day: date) -> int:
    return max(1, day.toordinal() - day.weekday())
