"""Meetings: rows of `meeting`."""

from uuid import UUID

from psycopg.rows import TupleRow

from services.agenda.domain.meeting import Meeting, MeetingLevel, MeetingState, Sitting
from services.agenda.domain.refusals import MeetingExists, StaleVersion
from services.chassis.audit import AuditEntry, append
from services.chassis.database import Transaction

_COLUMNS = (
    "id, series, edition, host_party, venue, starts_at, ends_at, state, version,"
    " time_zone, moves, level, parent"
)


def _meeting(row: TupleRow) -> Meeting:
    identity, series, edition, host, venue, starts_at, ends_at, state, version, zone, moves, level, parent = (
        row
    )
    return Meeting(
        id=identity,
        series=series,
        edition=edition,
        host_party=host,
        venue=venue,
        starts_at=starts_at,
        ends_at=ends_at,
        state=MeetingState(state),
        version=version,
        time_zone=zone,
        moves=moves,
        level=MeetingLevel(level),
        parent=parent,
    )


async def insert_meeting(tx: Transaction, meeting: Meeting, audit: AuditEntry) -> None:
    """Raises `MeetingExists` where the edition has a meeting."""
    inserted = await tx.execute(
        f"INSERT INTO meeting ({_COLUMNS}) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"  # noqa: S608
        " ON CONFLICT DO NOTHING",
        [
            meeting.id,
            meeting.series,
            meeting.edition,
            meeting.host_party,
            meeting.venue,
            meeting.starts_at,
            meeting.ends_at,
            meeting.state,
            meeting.version,
            meeting.time_zone,
            meeting.moves,
            meeting.level,
            meeting.parent,
        ],
    )
    if inserted.rowcount == 0:
        raise MeetingExists("the edition has a meeting", pointer="/edition")
    await append(tx, audit)


async def find_meeting(tx: Transaction, meeting_id: UUID, *, lock: bool = False) -> Meeting | None:
    cursor = await tx.execute(
        f"SELECT {_COLUMNS} FROM meeting WHERE id = %s {'FOR UPDATE' if lock else ''}",  # noqa: S608
        [meeting_id],
    )
    row = await cursor.fetchone()
    return _meeting(row) if row else None


async def sitting_of(tx: Transaction, meeting_id: UUID) -> Sitting:
    """Of a meeting that is there."""
    cursor = await tx.execute("SELECT starts_at, ends_at, time_zone FROM meeting WHERE id = %s", [meeting_id])
    ((starts_at, ends_at, time_zone),) = await cursor.fetchall()
    return Sitting(starts_at, ends_at, time_zone)


async def meetings_of_series(tx: Transaction, series: str) -> tuple[Meeting, ...]:
    """By edition, the latest first; each with the working-level meetings under it behind it, by date."""
    cursor = await tx.execute(
        f"SELECT {_COLUMNS} FROM meeting WHERE series = %s"  # noqa: S608
        " ORDER BY edition DESC, parent IS NOT NULL, starts_at, id",
        [series],
    )
    return tuple(_meeting(row) for row in await cursor.fetchall())


async def working_level_under(tx: Transaction, parent: UUID) -> tuple[Meeting, ...]:
    """The working-level meetings under an edition, locked, by date."""
    cursor = await tx.execute(
        f"SELECT {_COLUMNS} FROM meeting WHERE parent = %s ORDER BY starts_at, id FOR UPDATE",  # noqa: S608
        [parent],
    )
    return tuple(_meeting(row) for row in await cursor.fetchall())


async def update_meeting(tx: Transaction, meeting: Meeting, expected: int, audit: AuditEntry) -> None:
    """Raises `StaleVersion`."""
    updated = await tx.execute(
        """
        UPDATE meeting SET state = %s, version = %s, venue = %s, starts_at = %s, ends_at = %s, time_zone = %s,
               moves = %s
        WHERE id = %s AND version = %s
        """,
        [
            meeting.state,
            meeting.version,
            meeting.venue,
            meeting.starts_at,
            meeting.ends_at,
            meeting.time_zone,
            meeting.moves,
            meeting.id,
            expected,
        ],
    )
    if updated.rowcount == 0:
        raise StaleVersion("the meeting has changed since it was read")
    await append(tx, audit)
