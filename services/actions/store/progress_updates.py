"""Progress updates in PostgreSQL: rows are added and never changed."""

from typing import Any
from uuid import UUID

from psycopg.rows import dict_row

from services.actions.domain.action import Rag
from services.actions.domain.owners import Signature
from services.actions.domain.rounds import ProgressUpdate
from services.actions.store.rounds import mark_submitted
from services.chassis.database import Transaction


async def add_update(tx: Transaction, update: ProgressUpdate) -> None:
    """Stores an update of an action whose row is locked, and that it answers its round."""
    by = update.by
    await tx.execute(
        """
        INSERT INTO progress_update (id, action_id, action_version, party, organisation, official,
            submitted_at, rag, narrative, percent, round_id, late, revision, reason)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
        """,
        [
            update.id,
            update.action_id,
            update.version,
            by.party,
            by.organisation,
            by.official,
            by.at,
            update.rag.value,
            update.narrative,
            update.percent,
            update.round_id,
            update.late,
            update.revision,
            update.reason,
        ],
    )
    if update.round_id is not None and update.revision == 1:
        await mark_submitted(tx, update.round_id, update.action_id, by.party, by.at, late=update.late)


async def latest_in_round(
    tx: Transaction, round_id: UUID, action_id: UUID, party: str
) -> ProgressUpdate | None:
    found = await _read(
        tx,
        """
        SELECT * FROM progress_update WHERE round_id = %s AND action_id = %s AND party = %s
        ORDER BY revision DESC LIMIT 1
        """,
        [round_id, action_id, party],
    )
    return found[0] if found else None


async def latest_by_party(tx: Transaction, action_id: UUID) -> list[ProgressUpdate]:
    """What each party last said of an action."""
    return await _read(
        tx,
        """
        SELECT DISTINCT ON (party) * FROM progress_update WHERE action_id = %s
        ORDER BY party, action_version DESC
        """,
        [action_id],
    )


async def page_of_updates(
    tx: Transaction, action_id: UUID, before: UUID | None, limit: int
) -> list[ProgressUpdate]:
    """The latest updates of an action; those before one of its own, where it is given."""
    return await _read(
        tx,
        """
        SELECT * FROM progress_update WHERE action_id = %(action)s AND (
            %(before)s::uuid IS NULL OR action_version < (
                SELECT action_version FROM progress_update WHERE action_id = %(action)s AND id = %(before)s
            )
        )
        ORDER BY action_version DESC LIMIT %(limit)s
        """,
        {"action": action_id, "before": before, "limit": limit},
    )


async def _read(tx: Transaction, statement: str, parameters: Any) -> list[ProgressUpdate]:
    async with tx.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(statement.encode(), parameters)
        rows = await cursor.fetchall()
    return [
        ProgressUpdate(
            id=row["id"],
            action_id=row["action_id"],
            version=row["action_version"],
            by=Signature(row["party"], row["organisation"], row["official"], row["submitted_at"]),
            rag=Rag(row["rag"]),
            narrative=row["narrative"],
            percent=row["percent"],
            round_id=row["round_id"],
            late=row["late"],
            revision=row["revision"],
            reason=row["reason"],
        )
        for row in rows
    ]
