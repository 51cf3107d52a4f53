"""The outstanding actions of each series, from the events of their owner."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.chassis.database import Transaction


@dataclass(frozen=True, slots=True)
class ActionStanding:
    """An action as its owner last told of it."""

    action_id: UUID
    reference: str
    series: str
    open: bool
    state: str
    due_date: date | None
    aggregate_version: int


async def record_action(tx: Transaction, action: ActionStanding) -> bool:
    """Stores what is newer than what is known; False for what is not."""
    written = await tx.execute(
        """
        INSERT INTO action_state
            (action_id, reference, series, open, state, due_date, aggregate_version)
        VALUES (%s, %s, %s, %s, %s, %s, %s)
        ON CONFLICT (action_id) DO UPDATE SET
            reference = EXCLUDED.reference,
            series = EXCLUDED.series,
            open = EXCLUDED.open,
            state = EXCLUDED.state,
            due_date = EXCLUDED.due_date,
            aggregate_version = EXCLUDED.aggregate_version
        WHERE action_state.aggregate_version < EXCLUDED.aggregate_version
        """,
        [
            action.action_id,
            action.reference,
            action.series,
            action.open,
            action.state,
            action.due_date,
            action.aggregate_version,
        ],
    )
    return written.rowcount == 1


async def outstanding_actions(tx: Transaction, series: str) -> tuple[UUID, ...]:
    """The actions still open, by reference."""
    cursor = await tx.execute(
        "SELECT action_id FROM action_state WHERE series = %s AND open ORDER BY reference, action_id",
        [series],
    )
    return tuple(action_id for (action_id,) in await cursor.fetchall())
