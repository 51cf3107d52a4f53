"""The attendance register: rows of `participant`, the sides' own notes, and closures."""

from datetime import datetime
from uuid import UUID

from psycopg.rows import TupleRow

from services.agenda.domain.attendance import (
    Participant,
    ParticipantRole,
    Person,
    Presence,
    Register,
)
from services.agenda.domain.refusals import StaleVersion
from services.chassis.audit import AuditEntry, append
from services.chassis.database import Transaction

_COLUMNS = "id, meeting_id, side, name, role, organisation, nationality, represents, presence, version"


async def insert_participant(
    tx: Transaction, participant: Participant, at: datetime, audit: AuditEntry
) -> None:
    person = participant.person
    await tx.execute(
        f"INSERT INTO participant ({_COLUMNS}, added_at)"  # noqa: S608
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        [
            participant.id,
            participant.meeting_id,
            participant.side,
            person.name,
            person.role,
            person.organisation,
            person.nationality,
            person.represents,
            participant.presence,
            participant.version,
            at,
        ],
    )
    await append(tx, audit)


async def update_participant(
    tx: Transaction, participant: Participant, expected: int, audit: AuditEntry
) -> None:
    """Presence. Raises `StaleVersion`."""
    updated = await tx.execute(
        "UPDATE participant SET presence = %s, version = %s WHERE id = %s AND version = %s",
        [participant.presence, participant.version, participant.id, expected],
    )
    if updated.rowcount == 0:
        raise StaleVersion("the participant has changed since it was read")
    await append(tx, audit)


async def find_participant(tx: Transaction, participant_id: UUID) -> Participant | None:
    cursor = await tx.execute(
        f"SELECT {_COLUMNS} FROM participant WHERE id = %s",  # noqa: S608
        [participant_id],
    )
    row = await cursor.fetchone()
    return _participant(row) if row else None


async def register_of(tx: Transaction, meeting_id: UUID) -> Register:
    """Participants in the order in which they were added."""
    cursor = await tx.execute(
        f"SELECT {_COLUMNS} FROM participant WHERE meeting_id = %s ORDER BY side, added_at, id",  # noqa: S608
        [meeting_id],
    )
    participants = tuple(_participant(row) for row in await cursor.fetchall())
    closures = await tx.execute("SELECT side FROM register_closure WHERE meeting_id = %s", [meeting_id])
    return Register(participants, frozenset(side for (side,) in await closures.fetchall()))


async def insert_closure(
    tx: Transaction, meeting_id: UUID, side: str, official: str, at: datetime, audit: AuditEntry
) -> None:
    await tx.execute(
        "INSERT INTO register_closure (meeting_id, side, official, closed_at) VALUES (%s, %s, %s, %s)",
        [meeting_id, side, official, at],
    )
    await append(tx, audit)


async def delete_closure(tx: Transaction, meeting_id: UUID, side: str, audit: AuditEntry) -> None:
    """The side's register is open again; the audit keeps who closed it, and who reopened it and why."""
    await tx.execute("DELETE FROM register_closure WHERE meeting_id = %s AND side = %s", [meeting_id, side])
    await append(tx, audit)


async def put_note(
    tx: Transaction, participant_id: UUID, note: str, official: str, at: datetime, audit: AuditEntry
) -> None:
    await tx.execute(
        """
        INSERT INTO participant_note (participant_id, note, official, noted_at) VALUES (%s, %s, %s, %s)
        ON CONFLICT (participant_id) DO UPDATE SET
            note = EXCLUDED.note, official = EXCLUDED.official, noted_at = EXCLUDED.noted_at
        """,
        [participant_id, note, official, at],
    )
    await append(tx, audit)


async def notes_of(tx: Transaction, meeting_id: UUID, side: str) -> dict[UUID, str]:
    """A side's own notes on its own people."""
    cursor = await tx.execute(
        """
        SELECT participant_id, note FROM participant_note
        JOIN participant ON participant.id = participant_note.participant_id
        WHERE meeting_id = %s AND side = %s
        """,
        [meeting_id, side],
    )
    rows: list[tuple[UUID, str]] = await cursor.fetchall()
    return dict(rows)


def _participant(row: TupleRow) -> Participant:
    identity, meeting_id, side, name, role, organisation, nationality, represents, presence, version = row
    person = Person(name, ParticipantRole(role), organisation, nationality, represents)
    return Participant(identity, meeting_id, side, person, Presence(presence), version)
