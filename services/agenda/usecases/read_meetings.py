"""Meetings as their series' officials see them, with the deadlines of each date they have had."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.agenda.domain.cadence import NextEdition, next_day, propose_next
from services.agenda.domain.deadlines import Deadline, plan_deadlines, years_needed
from services.agenda.domain.meeting import Meeting, MeetingLevel, MeetingState
from services.agenda.domain.moves import Move
from services.agenda.domain.permissions import Command, require
from services.agenda.store.meetings import meetings_of_series
from services.agenda.store.moves import moves_of
from services.agenda.usecases.access import meeting_for
from services.agenda.usecases.paging import Key, cut, read_key, sortable, write_token
from services.calendars import closed_days, zone_of
from services.chassis.clock import Clock
from services.chassis.database import Database
from services.kernel.parties import Reader
from services.kernel.policy import Policy
from services.kernel.working_days import LONGEST_CLOSURE


@dataclass(frozen=True, slots=True)
class MeetingHistory:
    """A meeting with its moves, each with the deadlines that it had then, the first first; `today` is the day
    at the place of the meeting.
    """

    meeting: Meeting
    moves: tuple[tuple[Move, tuple[Deadline, ...]], ...]
    today: date

    @property
    def deadlines(self) -> tuple[Deadline, ...]:
        """The plan of the latest date that the meeting had."""
        return next((plan for _, plan in reversed(self.moves) if plan), ())


async def read_meeting(database: Database, reader: Reader, meeting_id: UUID, *, policy: Policy) -> Meeting:
    """Raises `NoAccess`."""
    async with database.transaction() as tx:
        return await meeting_for(tx, reader, Command.READ_MEETING, meeting_id, policy)


async def list_meetings(
    database: Database, reader: Reader, series: str, *, policy: Policy
) -> tuple[Meeting, ...]:
    """Raises `NoAccess`."""
    require(policy, reader, Command.READ_MEETING, series, f"series '{series}'")
    async with database.transaction() as tx:
        return await meetings_of_series(tx, series)


async def page_of_meetings(
    database: Database, reader: Reader, series: str, *, page_size: int, page_token: str, policy: Policy
) -> tuple[Sequence[Meeting], str]:
    """A page of the same list, and the token of the next one. Raises `NoAccess` or `InvalidValue`."""
    question = ("meetings", series)
    after = read_key(page_token, (int, int, str, str), *question)
    found = await list_meetings(database, reader, series, policy=policy)
    shown, last = cut(found, _place, after, page_size)
    return shown, write_token(last, *question)


async def read_history(
    database: Database, reader: Reader, meeting_id: UUID, *, policy: Policy, clock: Clock
) -> MeetingHistory:
    """Raises `NoAccess`."""
    async with database.transaction() as tx:
        meeting = await meeting_for(tx, reader, Command.READ_MEETING, meeting_id, policy)
        moves = (await moves_of(tx, [meeting.id])).get(meeting.id, ())
    return _history(meeting, moves, clock)


async def list_histories(
    database: Database, reader: Reader, series: str, *, policy: Policy, clock: Clock
) -> tuple[MeetingHistory, ...]:
    """Raises `NoAccess`."""
    require(policy, reader, Command.READ_MEETING, series, f"series '{series}'")
    async with database.transaction() as tx:
        meetings = await meetings_of_series(tx, series)
        moves = await moves_of(tx, [meeting.id for meeting in meetings])
    return tuple(_history(meeting, moves.get(meeting.id, ()), clock) for meeting in meetings)


async def propose_edition(
    database: Database, reader: Reader, series_id: str, *, policy: Policy, clock: Clock
) -> tuple[NextEdition, tuple[Deadline, ...]]:
    """The edition that would follow by cadence and turn, with its deadlines. Raises `NoAccess`,
    `HolidaysUnknown`, or `EditionInvalid` where there is no edition to count from.
    """
    require(policy, reader, Command.READ_MEETING, series_id, f"series '{series_id}'")
    series = policy.get_series(series_id)
    async with database.transaction() as tx:
        meetings = await meetings_of_series(tx, series_id)
    held = [entry.begins for entry in policy.editions if entry.series == series_id]
    held += [
        meeting.starts_at.astimezone(zone_of(meeting.time_zone)).date()
        for meeting in meetings
        if meeting.level is MeetingLevel.EDITION and meeting.state is not MeetingState.CANCELLED
    ]
    nominal = next_day(series, held, clock().date())
    until = nominal + LONGEST_CLOSURE
    years = sorted({*years_needed(series.deadlines, nominal), nominal.year, until.year})
    closed = closed_days(policy, series.parties, years)
    following = propose_next(series, nominal, closed)
    return following, plan_deadlines(series.deadlines, following.first_day, closed)


def _place(meeting: Meeting) -> Key:
    """In the order that meetings are listed in: several may be of one edition."""
    below = int(meeting.parent is not None)
    return -meeting.edition, below, sortable(meeting.starts_at), str(meeting.id)


def _history(
    meeting: Meeting, moves: tuple[tuple[Move, tuple[Deadline, ...]], ...], clock: Clock
) -> MeetingHistory:
    return MeetingHistory(meeting, moves, clock().astimezone(zone_of(meeting.time_zone)).date())
