"""What is to be fitted into a meeting: its windows, the candidates, and what must hold.

Times are whole minutes since the problem's origin. What must hold is a set of constraints, each of which
can be taken away by itself; without any of them the empty agenda is a solution, so that a conflict is
always a set of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """From a minute up to, not including, another."""

    start: int
    end: int

    @property
    def minutes(self) -> int:
        return self.end - self.start

    def meet(self, other: "Span") -> "Span":
        """What both have in common; of no or negative length where they have nothing."""
        return Span(max(self.start, other.start), min(self.end, other.end))


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of a day in which the meeting sits."""

    id: str
    span: Span


@dataclass(frozen=True, slots=True)
class Candidate:
    """An item that may be taken.

    `least`, `wanted` and `most` are minutes, `worth` says how much taking it gains, `place` where it
    stands in the wanted order (equal places are ordered by id). `section` is empty where it belongs to
    none. `leads` are parties.
    """

    id: str
    title: str
    least: int
    wanted: int
    most: int
    worth: int
    place: int
    section: str = ""
    leads: frozenset[str] = frozenset()
    commitments: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Must:
    """The item is taken."""

    item: str


@dataclass(frozen=True, slots=True)
class Excluded:
    """The item is not taken: somebody said so by hand."""

    item: str


@dataclass(frozen=True, slots=True)
class Before:
    """If both are taken, one comes before the other; `by_hand` where somebody moved it there."""

    item: str
    other: str
    by_hand: bool = False


@dataclass(frozen=True, slots=True)
class First:
    """If it is taken, no item comes before it."""

    item: str


@dataclass(frozen=True, slots=True)
class Last:
    """If it is taken, no item comes after it."""

    item: str


@dataclass(frozen=True, slots=True)
class SectionsInOrder:
    """Each item of a section comes before each item of the sections named later."""

    sections: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SectionLimit:
    """The items of a section have no more minutes in sum."""

    section: str
    most: int


@dataclass(frozen=True, slots=True)
class Present:
    """The item lies within one of the spans: then its presenter is there."""

    item: str
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class FixedBreak:
    """No item meets the span."""

    id: str
    span: Span


@dataclass(frozen=True, slots=True)
class MovableBreak:
    """A break that starts at `earliest` or later, and at `latest` or earlier, within one window."""

    id: str
    minutes: int
    earliest: int
    latest: int


@dataclass(frozen=True, slots=True)
class LeadMinutes:
    """No two of the parties differ by more in the minutes of the items they lead."""

    parties: tuple[str, ...]
    most: int


@dataclass(frozen=True, slots=True)
class LeadCount:
    """No two of the parties differ by more in the number of the items they lead."""

    parties: tuple[str, ...]
    most: int


@dataclass(frozen=True, slots=True)
class Covered:
    """At least one item that is taken serves the commitment."""

    commitment: str


@dataclass(frozen=True, slots=True)
class AtPosition:
    """By hand: the item is taken, as the one of that number (from 1)."""

    item: str
    position: int


@dataclass(frozen=True, slots=True)
class AtTime:
    """By hand: the item is taken, and starts at that minute."""

    item: str
    start: int


@dataclass(frozen=True, slots=True)
class InWindow:
    """By hand: the item is taken, in that window."""

    item: str
    window: str


@dataclass(frozen=True, slots=True)
class Lasts:
    """By hand: the item is taken, for exactly so many minutes, whatever its bounds were."""

    item: str
    minutes: int


Constraint = (
    Must
    | Excluded
    | Before
    | First
    | Last
    | SectionsInOrder
    | SectionLimit
    | Present
    | FixedBreak
    | MovableBreak
    | LeadMinutes
    | LeadCount
    | Covered
    | AtPosition
    | AtTime
    | InWindow
    | Lasts
)
Pin = AtPosition | AtTime | InWindow | Lasts


@dataclass(frozen=True, slots=True)
class Problem:
    """`gap` is the least number of minutes between two neighbours of one stretch, `off_minute` what each
    minute costs that an item has more or less than wanted, in the unit of worth.
    """

    origin: datetime
    windows: tuple[Window, ...]
    candidates: tuple[Candidate, ...]
    constraints: tuple[Constraint, ...]
    gap: int = 0
    off_minute: int = 1

    def keeping(self, constraints: tuple[Constraint, ...]) -> "Problem":
        return replace(self, constraints=constraints)

    def ordered(self) -> "Problem":
        """The same problem in the one order that is independent of how it was given."""
        return replace(
            self,
            windows=tuple(sorted(self.windows, key=lambda window: (window.span, window.id))),
            candidates=tuple(sorted(self.candidates, key=lambda item: (item.place, item.id))),
            constraints=tuple(sorted(dict.fromkeys(self.constraints), key=_rank)),
        )

    def by_id(self) -> Mapping[str, Candidate]:
        return {candidate.id: candidate for candidate in self.candidates}

    def taken_by_force(self) -> frozenset[str]:
        """The items that have to be taken, by rule or by hand."""
        return frozenset(entry.item for entry in self.constraints if isinstance(entry, Must | Pin))

    def bounded(self) -> Mapping[str, tuple[int, int]]:
        """The least and most minutes of each candidate, as fixed by hand where they were."""
        bounds = {candidate.id: (candidate.least, candidate.most) for candidate in self.candidates}
        for entry in self.constraints:
            if isinstance(entry, Lasts):
                bounds[entry.item] = (entry.minutes, entry.minutes)
        return bounds


_KINDS = (
    Covered,
    LeadCount,
    LeadMinutes,
    SectionLimit,
    SectionsInOrder,
    First,
    Last,
    Before,
    Present,
    MovableBreak,
    FixedBreak,
    Must,
    Excluded,
    InWindow,
    AtPosition,
    AtTime,
    Lasts,
)


def _rank(constraint: Constraint) -> tuple[int, str]:
    return (_KINDS.index(type(constraint)), repr(constraint))
