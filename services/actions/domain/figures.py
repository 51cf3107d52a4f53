"""Figures of the actions of a series: each with what was counted, how many that were, and as of when."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
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
    PARTY = "PARTY"
    COMMITMENT = "COMMITMENT"
    AGE = "AGE"
    TIME_IN_STATE = "TIME_IN_STATE"
    SLIPPAGE = "SLIPPAGE"
    SLIP_SUMMARY = "SLIP_SUMMARY"
    DUE = "DUE"


COUNTED: Mapping[FigureName, str] = {
    FigureName.STATE: "actions",
    FigureName.CLAIMED_RAG: "open actions, by their owner's rating",
    FigureName.COMPUTED_RAG: "open actions, by what the rules of rating say",
    FigureName.OWNER: "open actions, once for each accountable organisation",
    FigureName.PARTY: "open actions, once for each owning party",
    FigureName.COMMITMENT: "open actions",
    FigureName.AGE: "open actions, by days since they were opened",
    FigureName.TIME_IN_STATE: "open actions, by days in their present state",
    FigureName.SLIPPAGE: "actions with a due date, by days between the date first agreed and agreed now",
    FigureName.SLIP_SUMMARY: "actions with a due date: how many moved, moves in all, days of slip",
    FigureName.DUE: "open actions, by the date agreed now",
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
