"""When schedulers last ran, for others to notice that one has stopped."""

from dataclasses import dataclass
from datetime import datetime

from services.chassis.database import Transaction


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """`successes` counts the rounds that all workers have ended, whatever their clocks say."""

    successes: int
    last_run_at: datetime
    last_success_at: datetime | None
    next_due_at: datetime


async def read_heartbeat(tx: Transaction, name: str) -> Heartbeat | None:
    cursor = await tx.execute(
        """
        SELECT successes, last_run_at, last_success_at, next_due_at FROM scheduler_heartbeat WHERE name = %s
        """,
        [name],
    )
    row = await cursor.fetchone()
    return None if row is None else Heartbeat(*row)


async def note_run(tx: Transaction, name: str, at: datetime, next_due_at: datetime) -> None:
    """A round begins."""
    await tx.execute(
        """
        INSERT INTO scheduler_heartbeat (name, successes, last_run_at, next_due_at) VALUES (%s, 0, %s, %s)
        ON CONFLICT (name) DO UPDATE
            SET last_run_at = excluded.last_run_at, next_due_at = excluded.next_due_at
        """,
        [name, at, next_due_at],
    )


async def note_success(tx: Transaction, name: str, at: datetime) -> None:
    """A round that was begun is done."""
    await tx.execute(
        "UPDATE scheduler_heartbeat SET successes = successes + 1, last_success_at = %s WHERE name = %s",
        [at, name],
    )
