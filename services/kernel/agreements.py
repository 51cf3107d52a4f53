"""What lets text cross between parties: agreements, and recorded rules for public sources."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from services.kernel.markings.levels import Level
from services.kernel.markings.marking import Marking


@dataclass(frozen=True, slots=True)
class Agreement:
    """An agreement between parties on protecting each other's classified information.

    It covers text up to `ceiling`, from the first moment (UTC) of `in_force_from` until before the
    first moment of `ends`.
    """

    id: str
    title: str
    parties: frozenset[str]
    in_force_from: date
    ends: date | None
    ceiling: Level

    def in_force(self, at: datetime) -> bool:
        """Whether the agreement is in force at an instant."""
        begins = datetime.combine(self.in_force_from, time.min, UTC)
        return begins <= at and (self.ends is None or at < datetime.combine(self.ends, time.min, UTC))


@dataclass(frozen=True, slots=True)
class PublicSourceRule:
    """The recorded rule by which the unmarked text of some agencies carries `marking`.

    Where `formats` names any, the rule covers texts published in those source formats only.
    """

    id: str
    marking: Marking
    recorded: date
    statement: str
    formats: frozenset[str] = frozenset()
