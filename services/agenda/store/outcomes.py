"""Outcomes: rows of `outcome`."""

from collections.abc import Sequence
from uuid import UUID

from psycopg.rows import TupleRow

from services.agenda.domain.outcome import Outcome, OutcomeState
from services.agenda.domain.quorum import Signatory
from services.agenda.domain.refusals import StaleVersion
from services.agenda.store.agreements import Subject, signatories
from services.chassis.audit import AuditEntry, append
from services.chassis.database import Transaction

_COLUMNS = """id, meeting_id, agenda_id, item_id, series, version, state, conclusion, action_id,
    action_reference, content_hash, payload, proposed_at, agreed_at, aggregate_version, traceparent"""


async def insert_outcome(tx: Transaction, outcome: Outcome, audit: AuditEntry) -> None:
    await tx.execute(
        f"INSERT INTO outcome ({_COLUMNS})"  # noqa: S608
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        [
            outcome.id,
            outcome.meeting_id,
            outcome.agenda_id,
            outcome.item_id,
            outcome.series,
            outcome.version,
            outcome.state,
            outcome.conclusion,
            outcome.action_id,
            outcome.action_reference,
            outcome.content_hash,
            outcome.payload,
            outcome.proposed_at,
            outcome.agreed_at,
            outcome.aggregate_version,
            outcome.traceparent,
        ],
    )
    await append(tx, audit)


async def update_outcome(tx: Transaction, outcome: Outcome, expected: int, audit: AuditEntry) -> None:
    """Raises `StaleVersion`."""
    updated = await tx.execute(
        """
        UPDATE outcome SET state = %s, agreed_at = %s, aggregate_version = %s
        WHERE id = %s AND aggregate_version = %s
        """,
        [outcome.state, outcome.agreed_at, outcome.aggregate_version, outcome.id, expected],
    )
    if updated.rowcount == 0:
        raise StaleVersion("the outcome has changed since it was read")
    await append(tx, audit)


async def find_outcome(tx: Transaction, outcome_id: UUID, *, lock: bool = False) -> Outcome | None:
    found = await _select(tx, "id = %s", [outcome_id], lock=lock)
    return found[0] if found else None


async def outcomes_of_items(tx: Transaction, item_ids: Sequence[UUID]) -> tuple[Outcome, ...]:
    return await _select(tx, "item_id = ANY(%s)", [list(item_ids)])


async def count_actions(tx: Transaction, meeting_id: UUID) -> int:
    """The actions numbered so far; the caller holds the meeting's lock."""
    return await _count(tx, "action_id IS NOT NULL", meeting_id)


async def count_open(tx: Transaction, meeting_id: UUID) -> int:
    """The outcomes still to be agreed."""
    return await _count(tx, "state = 'PROPOSED'", meeting_id)


async def _count(tx: Transaction, condition: str, meeting_id: UUID) -> int:
    cursor = await tx.execute(
        f"SELECT count(*) FROM outcome WHERE meeting_id = %s AND {condition}",  # noqa: S608
        [meeting_id],
    )
    row = await cursor.fetchone()
    return int(row[0]) if row else 0


async def _select(
    tx: Transaction, condition: str, values: Sequence[object], *, lock: bool = False
) -> tuple[Outcome, ...]:
    cursor = await tx.execute(
        f"SELECT {_COLUMNS} FROM outcome WHERE {condition} ORDER BY proposed_at, id"  # noqa: S608
        + (" FOR UPDATE" if lock else ""),
        list(values),
    )
    rows = await cursor.fetchall()
    agreed = await signatories(tx, Subject.OUTCOME, [row[0] for row in rows])
    return tuple(_outcome(row, agreed.get(row[0], ())) for row in rows)


def _outcome(row: TupleRow, agreed: tuple[Signatory, ...]) -> Outcome:
    return Outcome(
        id=row[0],
        meeting_id=row[1],
        agenda_id=row[2],
        item_id=row[3],
        series=row[4],
        version=row[5],
        state=OutcomeState(row[6]),
        conclusion=row[7],
        action_id=row[8],
        action_reference=row[9],
        content_hash=row[10],
        payload=bytes(row[11]),
        agreed=agreed,
        proposed_at=row[12],
        agreed_at=row[13],
        aggregate_version=row[14],
        traceparent=row[15],
    )
