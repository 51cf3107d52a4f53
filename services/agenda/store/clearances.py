"""Legal clearances of outcomes, each for one party only."""

from datetime import datetime
from uuid import UUID

from services.agenda.domain.outcome import LegalClearance
from services.chassis.audit import AuditEntry, append
from services.chassis.database import Transaction


async def insert_clearance(
    tx: Transaction, outcome_id: UUID, given: LegalClearance, official: str, at: datetime, audit: AuditEntry
) -> bool:
    """False where the organisation has cleared this text before."""
    inserted = await tx.execute(
        """
        INSERT INTO outcome_clearance (outcome_id, party, organisation, content_hash, official, given_at)
        VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING
        """,
        [outcome_id, given.party, given.organisation, given.content_hash, official, at],
    )
    if inserted.rowcount == 0:
        return False
    await append(tx, audit)
    return True


async def clearances_of(tx: Transaction, outcome_id: UUID, party: str) -> tuple[LegalClearance, ...]:
    """What a party's own advisers have cleared, in the order of clearance."""
    cursor = await tx.execute(
        """
        SELECT party, organisation, content_hash FROM outcome_clearance
        WHERE outcome_id = %s AND party = %s ORDER BY given_at, organisation, content_hash
        """,
        [outcome_id, party],
    )
    return tuple(LegalClearance(*row) for row in await cursor.fetchall())
