"""The run clock: rows of `meeting_run` and `run_stretch`."""

from uuid import UUID

from services.agenda.domain.refusals import StaleVersion
from services.agenda.domain.run_clock import Run, Stretch
from services.chassis.audit import AuditEntry, append
from services.chassis.database import Transaction


async def run_of(tx: Transaction, meeting_id: UUID) -> Run:
    """The clock of a meeting; one that nobody has started yet is at version 0."""
    found = await tx.execute("SELECT version FROM meeting_run WHERE meeting_id = %s", [meeting_id])
    row = await found.fetchone()
    if row is None:
        return Run(meeting_id)
    cursor = await tx.execute(
        """
        SELECT item_id, started_at, ended_at, finished FROM run_stretch
        WHERE meeting_id = %s ORDER BY number
        """,
        [meeting_id],
    )
    return Run(meeting_id, tuple(Stretch(*stretch) for stretch in await cursor.fetchall()), row[0])


async def put_run(tx: Transaction, run: Run, expected: int, audit: AuditEntry) -> None:
    """Raises `StaleVersion`. Only the newest stretches ever differ from what is stored."""
    written = await tx.execute(
        """
        INSERT INTO meeting_run (meeting_id, version) VALUES (%s, %s)
        ON CONFLICT (meeting_id) DO UPDATE SET version = EXCLUDED.version WHERE meeting_run.version = %s
        """,
        [run.meeting_id, run.version, expected],
    )
    if written.rowcount == 0:
        raise StaleVersion("the clock has moved since it was read")
    async with tx.cursor() as cursor:
        await cursor.executemany(
            """
            INSERT INTO run_stretch (meeting_id, number, item_id, started_at, ended_at, finished)
            VALUES (%s, %s, %s, %s, %s, %s)
            ON CONFLICT (meeting_id, number) DO UPDATE SET
                ended_at = EXCLUDED.ended_at, finished = EXCLUDED.finished
            """,
            [
                [run.meeting_id, number, one.item_id, one.started_at, one.ended_at, one.finished]
                for number, one in enumerate(run.stretches, start=1)
            ],
        )
    await append(tx, audit)
