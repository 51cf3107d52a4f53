"""For each action, from when to when it stood how: what lists are searched and figures counted by.

The spans of an action follow each other without a gap, also where a clock went back: a span never begins
before the one that it ends.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import sql

from services.actions.domain.action import Action
from services.actions.domain.history import edition_of
from services.actions.domain.worsening import Worsening
from services.chassis.database import Transaction

_BEGIN = """
WITH ended AS (
    UPDATE action_span SET until_at = greatest(from_at, %(at)s)
    WHERE action_id = %(action_id)s AND until_at IS NULL
    RETURNING until_at, state, state_since
)
INSERT INTO action_span (from_at, state_since, {names})
SELECT from_at, coalesce((SELECT state_since FROM ended WHERE state = %(state)s), from_at), {values}
FROM (SELECT coalesce((SELECT until_at FROM ended), %(at)s) AS from_at) AS start
"""


async def begin_span(
    tx: Transaction, action: Action, worsening: Worsening, rated_by: str, at: datetime
) -> None:
    """The action stands so from now on."""
    columns = _columns(action, worsening, rated_by)
    statement = sql.SQL(_BEGIN).format(
        names=sql.SQL(", ").join(map(sql.Identifier, columns)),
        values=sql.SQL(", ").join(map(sql.Placeholder, columns)),
    )
    await tx.execute(statement, {**columns, "at": at})


async def otherwise_rated(tx: Transaction, rated_by: Mapping[UUID, str]) -> set[UUID]:
    """Those of the actions whose days were reckoned by something else."""
    cursor = await tx.execute(
        """
        SELECT action_id FROM action_span
        JOIN unnest(%s::uuid[], %s::text[]) AS expected (id, rated_by) ON expected.id = action_id
        WHERE until_at IS NULL AND action_span.rated_by IS DISTINCT FROM expected.rated_by
        """,
        [list(rated_by), list(rated_by.values())],
    )
    return {identity for (identity,) in await cursor.fetchall()}


def _columns(action: Action, worsening: Worsening, rated_by: str) -> dict[str, Any]:
    return {
        "action_id": action.id,
        "reference": action.reference,
        "series": action.series,
        "edition": edition_of(action.reference),
        "meeting_id": action.meeting_id,
        "marking": action.marking,
        "commitment": action.commitment,
        "accountable": sorted({owner.organisation for owner in action.owners if owner.accountable}),
        "supporting": sorted({owner.organisation for owner in action.owners if not owner.accountable}),
        "parties": sorted(action.owning_parties),
        "reviewed_yearly": action.reviewed_yearly,
        "opened_at": action.opened_at,
        "original_due_date": action.original_due_date,
        "due_date": action.due_date,
        "moves": len(action.due_date_changes),
        "state": action.state.value,
        "archived": action.archived_on is not None,
        "rag": None if action.rag is None else action.rag.value,
        "depends_on": sorted(other.action_id for other in action.depends_on),
        "amber_from": worsening.amber_from,
        "red_from": worsening.red_from,
        "rated_by": rated_by,
    }
