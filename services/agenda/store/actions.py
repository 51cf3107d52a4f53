"""The actions of each series as their owner tells of them: as they stand, and every telling."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from psycopg.types.json import Jsonb

from services.agenda.domain.matters_arising import ActionTelling, DueDateMove
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
    text: str
    marking: str


async def record_action(tx: Transaction, action: ActionTelling) -> bool:
    """Keeps the telling; True where it is newer than what was known."""
    await tx.execute(
        """
        INSERT INTO action_history (action_id, aggregate_version, series, reference, state, open, due_date,
            due_date_moves, text, marking, commitment, basis, changed_at)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING
        """,
        [
            action.action_id,
            action.version,
            action.series,
            action.reference,
            action.state,
            action.open,
            action.due_date,
            Jsonb([_write(move) for move in action.moves]),
            action.text,
            action.marking,
            action.commitment,
            action.basis,
            action.changed_at,
        ],
    )
    written = await tx.execute(
        """
        INSERT INTO action_state (action_id, reference, series, open, state, due_date, aggregate_version,
            text, marking, commitment)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
        ON CONFLICT (action_id) DO UPDATE SET
            reference = EXCLUDED.reference,
            series = EXCLUDED.series,
            open = EXCLUDED.open,
            state = EXCLUDED.state,
            due_date = EXCLUDED.due_date,
            aggregate_version = EXCLUDED.aggregate_version,
            text = EXCLUDED.text,
            marking = EXCLUDED.marking,
            commitment = EXCLUDED.commitment
        WHERE action_state.aggregate_version < EXCLUDED.aggregate_version
        """,
        [
            action.action_id,
            action.reference,
            action.series,
            action.open,
            action.state,
            action.due_date,
            action.version,
            action.text,
            action.marking,
            action.commitment,
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


async def open_actions(tx: Transaction, series: str) -> tuple[ActionStanding, ...]:
    """The same, as their owner last told of them."""
    cursor = await tx.execute(
        """
        SELECT action_id, reference, series, open, state, due_date, text, marking FROM action_state
        WHERE series = %s AND open ORDER BY reference, action_id
        """,
        [series],
    )
    return tuple(ActionStanding(*row) for row in await cursor.fetchall())


async def action_tellings(tx: Transaction, series: str, until: datetime) -> tuple[ActionTelling, ...]:
    """What was told of the actions of a series up to an instant."""
    cursor = await tx.execute(
        """
        SELECT action_id, aggregate_version, series, reference, state, open, due_date, due_date_moves, text,
            marking, commitment, basis, changed_at
        FROM action_history WHERE series = %s AND changed_at <= %s ORDER BY action_id, aggregate_version
        """,
        [series, until],
    )
    return tuple(
        ActionTelling(
            action_id=row[0],
            version=row[1],
            series=row[2],
            reference=row[3],
            state=row[4],
            open=row[5],
            due_date=row[6],
            moves=tuple(_read(move) for move in row[7]),
            text=row[8],
            marking=row[9],
            commitment=row[10],
            basis=row[11],
            changed_at=row[12],
        )
        for row in await cursor.fetchall()
    )


def _write(move: DueDateMove) -> dict[str, str]:
    return {"from": move.from_date.isoformat(), "to": move.to_date.isoformat(), "reason": move.reason}


def _read(document: dict[str, str]) -> DueDateMove:
    return DueDateMove(
        date.fromisoformat(document["from"]), date.fromisoformat(document["to"]), document["reason"]
    )
