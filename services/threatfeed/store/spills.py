"""Keeps spill incidents."""

from collections.abc import Sequence
from datetime import datetime

from services.chassis.audit import AuditEntry, append_all
from services.chassis.database import Transaction
from services.threatfeed.domain.spills import Spill


async def record_spills(
    tx: Transaction, spills: Sequence[Spill], audit: Sequence[AuditEntry], at: datetime
) -> None:
    """Adds incidents; one of a record that is delivered again is known already."""
    async with tx.cursor() as cursor:
        await cursor.executemany(
            """
            INSERT INTO spill (topic, part, position, agency, sha256, bytes, rule_id, found_at)
            VALUES (%s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING
            """,
            [
                (one.topic, one.partition, one.offset, one.agency, one.sha256, one.size, one.rule_id, at)
                for one in spills
            ],
        )
    await append_all(tx, audit)
