"""The sets of conclusions that were put to the parties: rows of `conclusions`."""

from uuid import UUID

from services.agenda.domain.conclusions import Conclusions, ConclusionsState
from services.agenda.domain.refusals import StaleVersion
from services.agenda.store.agreements import Subject, signatories
from services.chassis.audit import AuditEntry, append
from services.chassis.database import Transaction

_COLUMNS = """id, meeting_id, version, state, content_hash, payload, put_by, put_at, agreed_at,
    aggregate_version"""


async def insert_conclusions(tx: Transaction, conclusions: Conclusions, audit: AuditEntry) -> None:
    await tx.execute(
        f"INSERT INTO conclusions ({_COLUMNS})"  # noqa: S608
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        [
            conclusions.id,
            conclusions.meeting_id,
            conclusions.version,
            conclusions.state,
            conclusions.content_hash,
            conclusions.payload,
            conclusions.put_by,
            conclusions.put_at,
            conclusions.agreed_at,
            conclusions.aggregate_version,
        ],
    )
    await append(tx, audit)


async def update_conclusions(
    tx: Transaction, conclusions: Conclusions, expected: int, audit: AuditEntry
) -> None:
    """Raises `StaleVersion`."""
    updated = await tx.execute(
        """
        UPDATE conclusions SET state = %s, agreed_at = %s, aggregate_version = %s
        WHERE id = %s AND aggregate_version = %s
        """,
        [
            conclusions.state,
            conclusions.agreed_at,
            conclusions.aggregate_version,
            conclusions.id,
            expected,
        ],
    )
    if updated.rowcount == 0:
        raise StaleVersion("the conclusions have changed since they were read")
    await append(tx, audit)


async def newest_conclusions(tx: Transaction, meeting_id: UUID) -> Conclusions | None:
    """The set that was put to the parties last."""
    cursor = await tx.execute(
        f"SELECT {_COLUMNS} FROM conclusions WHERE meeting_id = %s"  # noqa: S608
        " ORDER BY version DESC LIMIT 1",
        [meeting_id],
    )
    row = await cursor.fetchone()
    if row is None:
        return None
    agreed = await signatories(tx, Subject.CONCLUSIONS, [row[0]])
    return Conclusions(
        id=row[0],
        meeting_id=row[1],
        version=row[2],
        state=ConclusionsState(row[3]),
        content_hash=row[4],
        payload=bytes(row[5]),
        put_by=row[6],
        put_at=row[7],
        agreed=agreed.get(row[0], ()),
        agreed_at=row[8],
        aggregate_version=row[9],
    )
