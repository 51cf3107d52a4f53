"""When an action will be done: from how actions like it went, with an interval, and how likely it is in time.

The reference class of an open action are finished ones that were still open at the same share of their
planned time and whose agreed date had then been moved as often. What was left for them between that date
and their real finish, as a share of the time planned first, is what may be left for this one. Where too few
were like it the class is widened: first to any number of moves, then to all that were open at that share.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil, floor

FEWEST = 20
"""Finished actions that a reference class must hold; fewer in all give no forecast."""
BAND = (0.1, 0.9)
"""The quantiles of the interval: four of five actions finish within it."""
_OFTEN = 2
"""Moves from which on more make no other class."""


@dataclass(frozen=True, slots=True)
class DateMove:
    """A due date that was accepted on a day."""

    on: date
    to: date


@dataclass(frozen=True, slots=True)
class Course:
    """How an action went: when it was agreed, for when, how the date moved, and when it was done if it is."""

    agreed_on: date
    original_due: date
    moves: tuple[DateMove, ...] = ()
    done_on: date | None = None

    @property
    def planned(self) -> int:
        """Days planned first, at least one."""
        return max((self.original_due - self.agreed_on).days, 1)

    def moves_by(self, day: date) -> int:
        return sum(move.on <= day for move in self.moves)

    def due_on(self, day: date) -> date:
        """The date that was agreed for it on a day."""
        due = self.original_due
        for move in self.moves:
            if move.on <= day:
                due = move.to
        return due

    def at_share(self, share: float) -> date:
        """The day on which that share of the planned time had passed."""
        return self.agreed_on + timedelta(days=round(share * self.planned))


@dataclass(frozen=True, slots=True)
class Forecast:
    """`in_time` is the chance, 0 to 1, to be done by the date agreed now; `like` says how many finished
    actions it rests on.
    """

    earliest: date
    likely: date
    latest: date
    in_time: float
    like: int


def forecast(course: Course, today: date, finished: Sequence[Course]) -> Forecast | None:
    """None where fewer than `FEWEST` finished actions are known: nothing can be said honestly then.

    Only what was known on `today` is used: finished actions that were done by then.
    """
    known = [past for past in finished if past.done_on is not None and past.done_on <= today]
    shares = _shares(course, today, known)
    if len(shares) < FEWEST:
        return None
    due, left = course.due_on(today), (today - course.due_on(today)).days / course.planned
    # What finished before the same point is gone from the class; what remains finishes after today.
    still = shares[bisect_left(shares, left) :]
    if len(still) < FEWEST // 2:
        still = shares[-FEWEST // 2 :]
    in_time = (bisect_right(still, 0.0) + 1) / (len(still) + 2)

    def day(place: int) -> date:
        return max(due + timedelta(days=round(still[place] * course.planned)), today)

    lowest, highest = floor(BAND[0] * len(still)), ceil(BAND[1] * len(still)) - 1
    return Forecast(day(lowest), day(len(still) // 2), day(highest), in_time, len(still))


def _shares(course: Course, today: date, known: Sequence[Course]) -> list[float]:
    """What was left for the actions of the narrowest class that is large enough, sorted."""
    passed = (today - course.agreed_on).days / course.planned
    moves = min(course.moves_by(today), _OFTEN)
    like: list[tuple[int, float]] = []
    for past in known:
        then = past.at_share(passed)
        if past.done_on is not None and past.done_on > then:
            remaining = (past.done_on - past.due_on(then)).days / past.planned
            like.append((min(past.moves_by(then), _OFTEN), remaining))
    narrow = sorted(remaining for count, remaining in like if count == moves)
    return narrow if len(narrow) >= FEWEST else sorted(remaining for _, remaining in like)
