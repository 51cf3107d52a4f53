"""Internal clearances: rows of `internal_clearance`."""

from uuid import UUID

from psycopg.rows import TupleRow
from psycopg.types.json import Jsonb

from services.agenda.domain.internal_clearances import ClearanceState, InternalClearance
from services.agenda.domain.refusals import StaleVersion
from services.chassis.audit import AuditEntry, append
from services.chassis.database import Transaction

_COLUMNS = """id, draft_id, item_id, meeting_id, series, party, organisation, number, question, required,
    due_at, item_hash, words, state, remarks, asked_by, asked_at, answered_by, answered_at, version"""


async def insert_clearance(tx: Transaction, clearance: InternalClearance, audit: AuditEntry) -> None:
    await tx.execute(
        f"INSERT INTO internal_clearance ({_COLUMNS})"  # noqa: S608
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        [
            clearance.id,
            clearance.draft_id,
            clearance.item_id,
            clearance.meeting_id,
            clearance.series,
            clearance.party,
            clearance.organisation,
            clearance.number,
            clearance.question,
            clearance.required,
            clearance.due_at,
            clearance.item_hash,
            Jsonb(dict(clearance.words)),
            clearance.state,
            clearance.remarks,
            clearance.asked_by,
            clearance.asked_at,
            clearance.answered_by,
            clearance.answered_at,
            clearance.version,
        ],
    )
    await append(tx, audit)


async def update_clearance(
    tx: Transaction, clearance: InternalClearance, expected: int, audit: AuditEntry
) -> None:
    """State and answer. Raises `StaleVersion`."""
    updated = await tx.execute(
        """
        UPDATE internal_clearance
        SET state = %s, remarks = %s, answered_by = %s, answered_at = %s, version = %s
        WHERE id = %s AND version = %s
        """,
        [
            clearance.state,
            clearance.remarks,
            clearance.answered_by,
            clearance.answered_at,
            clearance.version,
            clearance.id,
            expected,
        ],
    )
    if updated.rowcount == 0:
        raise StaleVersion("the clearance has changed since it was read")
    await append(tx, audit)


async def find_clearance(
    tx: Transaction, clearance_id: UUID, *, lock: bool = False
) -> InternalClearance | None:
    cursor = await tx.execute(
        f"SELECT {_COLUMNS} FROM internal_clearance WHERE id = %s {'FOR UPDATE' if lock else ''}",  # noqa: S608
        [clearance_id],
    )
    row = await cursor.fetchone()
    return _clearance(row) if row else None


async def clearances_of_draft(tx: Transaction, draft_id: UUID) -> tuple[InternalClearance, ...]:
    """In the order in which they were asked."""
    cursor = await tx.execute(
        f"SELECT {_COLUMNS} FROM internal_clearance WHERE draft_id = %s ORDER BY number",  # noqa: S608
        [draft_id],
    )
    return tuple(_clearance(row) for row in await cursor.fetchall())


async def clearances_asked_of(
    tx: Transaction, party: str, organisation: str
) -> tuple[InternalClearance, ...]:
    """The open questions to an organisation, by when they are due."""
    cursor = await tx.execute(
        f"SELECT {_COLUMNS} FROM internal_clearance"  # noqa: S608
        " WHERE party = %s AND organisation = %s AND state = 'OPEN' ORDER BY due_at, id",
        [party, organisation],
    )
    return tuple(_clearance(row) for row in await cursor.fetchall())


def _clearance(row: TupleRow) -> InternalClearance:
    return InternalClearance(
        id=row[0],
        draft_id=row[1],
        item_id=row[2],
        meeting_id=row[3],
        series=row[4],
        party=row[5],
        organisation=row[6],
        number=row[7],
        question=row[8],
        required=row[9],
        due_at=row[10],
        item_hash=row[11],
        words=row[12],
        state=ClearanceState(row[13]),
        remarks=row[14],
        asked_by=row[15],
        asked_at=row[16],
        answered_by=row[17],
        answered_at=row[18],
        version=row[19],
    )
