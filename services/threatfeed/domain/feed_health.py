"""How an agency's feed does: what came, what was rejected and why, and whether it is unusually silent."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from services.threatfeed.domain.rhythm import Rhythm, judge
from services.threatfeed.domain.submission import Result, ResultKind

RATE_HOURS: Final = (24, 168)
"""A day and a week, as hours: the present hour, as far as it has come, and those before it."""

_TAKEN: Final = frozenset({ResultKind.ACCEPTED, ResultKind.REVISED, ResultKind.WITHDRAWN})
_REJECTED: Final = frozenset({ResultKind.REJECTED, ResultKind.REVISION_CONFLICT})


@dataclass(slots=True)
class Tally:
    """What came in one batch: submissions, and the assessments in them by what became of each."""

    submissions: int = 0
    taken: int = 0
    unchanged: int = 0
    rejects: Counter[str] = field(default_factory=Counter)
    """By the reason given first."""

    def count(self, results: Iterable[Result]) -> None:
        """Counts one submission."""
        self.submissions += 1
        for result in results:
            if result.kind in _TAKEN:
                self.taken += 1
            elif result.kind in _REJECTED:
                reason = result.refusals[0].reason if result.refusals else result.kind.value
                self.rejects[reason] += 1
            else:
                self.unchanged += 1


@dataclass(frozen=True, slots=True)
class FeedRate:
    """What came in the last hours."""

    hours: int
    submissions: int = 0
    taken: int = 0
    unchanged: int = 0
    rejected: int = 0


@dataclass(frozen=True, slots=True)
class FeedHealth:
    """One agency's feed as it is at one moment.

    `usual_gap` is the median gap between the hours in which something came; None where too few are known.
    `rejects` are those of the longest rate, the most frequent reason first. `lag` counts the records that
    wait to be taken in; None where the broker has not answered lately.
    """

    agency: str
    party: str
    at: datetime
    last_seen: datetime | None
    usual_gap: timedelta | None
    rates: tuple[FeedRate, ...]
    rejects: tuple[tuple[str, int], ...]
    lag: int | None

    @property
    def rhythm(self) -> Rhythm:
        if self.last_seen is None:
            return Rhythm.UNKNOWN
        return judge(self.at - self.last_seen, self.usual_gap)
