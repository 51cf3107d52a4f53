"""What became of the date of a meeting, move by move."""

from dataclasses import dataclass
from datetime import datetime

from services.agenda.domain.meeting import Meeting

PLANNED = "PLAN"


@dataclass(frozen=True, slots=True)
class Move:
    """The dates that a meeting had after a command; `number` 0 is how it was planned first. `moved_by` is the
    party whose secretariat moved it; `reason` is for every party.
    """

    number: int
    command: str
    starts_at: datetime
    ends_at: datetime
    time_zone: str
    venue: str
    reason: str
    moved_by: str
    moved_at: datetime


def move_of(meeting: Meeting, command: str, *, reason: str, party: str, at: datetime) -> Move:
    """The latest move of a meeting."""
    return Move(
        number=meeting.moves,
        command=command,
        starts_at=meeting.starts_at,
        ends_at=meeting.ends_at,
        time_zone=meeting.time_zone,
        venue=meeting.venue,
        reason=reason,
        moved_by=party,
        moved_at=at,
    )
