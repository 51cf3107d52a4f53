"""Legal clearances of outcomes and their refusals, each for one party only.

Of an organisation and a text the last word is kept; who writes holds the lock of the outcome.
"""

from datetime import datetime
from uuid import UUID

from services.agenda.domain.legal_clearance import LegalClearance
from services.chassis.audit import AuditEntry, append
from services.chassis.database import Transaction


async def keep_clearance(
    tx: Transaction, outcome_id: UUID, given: LegalClearance, official: str, at: datetime, audit: AuditEntry
) -> None:
    """In place of a refusal of this text; nothing where the organisation has cleared it before."""
    text = [outcome_id, given.party, given.organisation, given.content_hash]
    await tx.execute(
        """
        DELETE FROM outcome_refusal
        WHERE outcome_id = %s AND party = %s AND organisation = %s AND content_hash = %s
        """,
        text,
    )
    inserted = await tx.execute(
        """
        INSERT INTO outcome_clearance (outcome_id, party, organisation, content_hash, official, given_at)
        VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING
        """,
        [*text, official, at],
    )
    if inserted.rowcount:
        await append(tx, audit)


async def keep_refusal(
    tx: Transaction, outcome_id: UUID, given: LegalClearance, official: str, at: datetime, audit: AuditEntry
) -> None:
    """In place of a clearance of this text; nothing where the organisation refused it for the same reason."""
    text = [outcome_id, given.party, given.organisation, given.content_hash]
    await tx.execute(
        """
        DELETE FROM outcome_clearance
        WHERE outcome_id = %s AND party = %s AND organisation = %s AND content_hash = %s
        """,
        text,
    )
    kept = await tx.execute(
        """
        INSERT INTO outcome_refusal AS said
            (outcome_id, party, organisation, content_hash, reason, official, given_at)
        VALUES (%s, %s, %s, %s, %s, %s, %s)
        ON CONFLICT (outcome_id, party, organisation, content_hash) DO UPDATE
        SET reason = excluded.reason, official = excluded.official, given_at = excluded.given_at
        WHERE said.reason <> excluded.reason
        """,
        [*text, given.refusal, official, at],
    )
    if kept.rowcount:
        await append(tx, audit)


async def clearances_of(tx: Transaction, outcome_id: UUID, party: str) -> tuple[LegalClearance, ...]:
    """What a party's own advisers have cleared or refused, by organisation."""
    cursor = await tx.execute(
        """
        SELECT party, organisation, content_hash, '' FROM outcome_clearance
        WHERE outcome_id = %(outcome)s AND party = %(party)s
        UNION ALL
        SELECT party, organisation, content_hash, reason FROM outcome_refusal
        WHERE outcome_id = %(outcome)s AND party = %(party)s
        """,
        {"outcome": outcome_id, "party": party},
    )
    found = [LegalClearance(*row) for row in await cursor.fetchall()]
    # In the order of code points, as places in pages are compared.
    return tuple(sorted(found, key=lambda one: (one.organisation, one.content_hash)))
