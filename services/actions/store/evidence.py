"""Evidence in PostgreSQL: revisions are only ever added, and a withdrawal stands beside them.

Whoever changes any of it holds the lock of its action.
"""

from uuid import UUID

from psycopg import sql
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from services.actions.domain.action import Action
from services.actions.domain.evidence import Evidence
from services.actions.store.evidence_rows import read_evidence, write_evidence
from services.actions.store.signature_rows import write_signature
from services.chassis.database import Transaction

LATEST = """
    SELECT * FROM (
        SELECT DISTINCT ON (action_id, position) evidence.*, withdrawn
        FROM evidence LEFT JOIN evidence_withdrawal ON evidence_id = evidence.id
        WHERE action_id = ANY(%s) ORDER BY action_id, position, revision DESC
    ) AS latest
"""
"""The latest revision of every item of some actions."""


async def store_evidence(tx: Transaction, before: Action, after: Action) -> None:
    """Stores the revisions and withdrawals that one version has and the one before has not."""
    for position, item in enumerate(after.evidence):
        held = before.evidence[position] if position < len(before.evidence) else None
        if held is None or item.revision != held.revision:
            await _insert(tx, after.id, position, item)
        if item.withdrawn is not None and (held is None or held.withdrawn is None):
            document = {**write_signature(item.withdrawn.by), "reason": item.withdrawn.reason}
            await tx.execute(
                "INSERT INTO evidence_withdrawal (evidence_id, withdrawn) VALUES (%s, %s)",
                [item.id, Jsonb(document)],
            )


async def revisions(tx: Transaction, evidence_id: UUID) -> list[Evidence]:
    """Every revision of an item, the first one first."""
    async with tx.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(
            """
            SELECT evidence.*, withdrawn
            FROM evidence LEFT JOIN evidence_withdrawal ON evidence_id = evidence.id
            WHERE evidence.id = %s ORDER BY revision
            """,
            [evidence_id],
        )
        return [read_evidence(row) for row in await cursor.fetchall()]


async def _insert(tx: Transaction, action: UUID, position: int, item: Evidence) -> None:
    columns = write_evidence(action, position, item)
    await tx.execute(
        sql.SQL("INSERT INTO evidence ({}) VALUES ({})").format(
            sql.SQL(", ").join(map(sql.Identifier, columns)),
            sql.SQL(", ").join(map(sql.Placeholder, columns)),
        ),
        columns,
    )
