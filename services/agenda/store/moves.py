"""The dates a meeting has had, each with its plan: rows of `meeting_move` and `meeting_deadline`."""

from collections.abc import Collection, Iterable, Mapping
from uuid import UUID

from services.agenda.domain.deadlines import Deadline
from services.agenda.domain.meeting import Meeting
from services.agenda.domain.moves import Move
from services.chassis.database import Transaction
from services.kernel.series import DeadlineStep


async def insert_move(tx: Transaction, meeting: Meeting, move: Move, deadlines: Iterable[Deadline]) -> None:
    """The meeting's latest move; its audit entry is that of the meeting."""
    await tx.execute(
        """
        INSERT INTO meeting_move
            (meeting_id, number, command, starts_at, ends_at, time_zone, venue, reason, moved_by, moved_at)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
        """,
        [
            meeting.id,
            move.number,
            move.command,
            move.starts_at,
            move.ends_at,
            move.time_zone,
            move.venue,
            move.reason,
            move.moved_by,
            move.moved_at,
        ],
    )
    async with tx.cursor() as cursor:
        await cursor.executemany(
            """
            INSERT INTO meeting_deadline (meeting_id, number, place, name, step, nominal, due)
            VALUES (%s, %s, %s, %s, %s, %s, %s)
            """,
            [
                [meeting.id, move.number, place, entry.name, entry.step, entry.nominal, entry.due]
                for place, entry in enumerate(deadlines)
            ],
        )


async def moves_of(
    tx: Transaction, meeting_ids: Collection[UUID]
) -> Mapping[UUID, tuple[tuple[Move, tuple[Deadline, ...]], ...]]:
    """Every move of each meeting with its plan, the first first."""
    cursor = await tx.execute(
        """
        SELECT meeting_id, number, name, step, nominal, due FROM meeting_deadline WHERE meeting_id = ANY(%s)
        ORDER BY meeting_id, number, place
        """,
        [list(meeting_ids)],
    )
    plans: dict[tuple[UUID, int], list[Deadline]] = {}
    for meeting_id, number, name, step, nominal, due in await cursor.fetchall():
        known = None if step is None else DeadlineStep(step)
        plans.setdefault((meeting_id, number), []).append(Deadline(name, known, nominal, due))
    cursor = await tx.execute(
        """
        SELECT meeting_id, number, command, starts_at, ends_at, time_zone, venue, reason, moved_by, moved_at
        FROM meeting_move WHERE meeting_id = ANY(%s) ORDER BY meeting_id, number
        """,
        [list(meeting_ids)],
    )
    found: dict[UUID, list[tuple[Move, tuple[Deadline, ...]]]] = {}
    for meeting_id, number, *rest in await cursor.fetchall():
        plan = tuple(plans.get((meeting_id, number), ()))
        found.setdefault(meeting_id, []).append((Move(number, *rest), plan))
    return {meeting_id: tuple(moves) for meeting_id, moves in found.items()}


async def plans_of(tx: Transaction, meeting_ids: Collection[UUID]) -> Mapping[UUID, tuple[Deadline, ...]]:
    """The plan of the latest date that each meeting had; working-level meetings have none."""
    cursor = await tx.execute(
        """
        SELECT meeting_id, name, step, nominal, due FROM meeting_deadline AS entry
        WHERE meeting_id = ANY(%s) AND number = (
            SELECT max(number) FROM meeting_deadline WHERE meeting_id = entry.meeting_id)
        ORDER BY meeting_id, place
        """,
        [list(meeting_ids)],
    )
    plans: dict[UUID, list[Deadline]] = {}
    for meeting_id, name, step, nominal, due in await cursor.fetchall():
        known = None if step is None else DeadlineStep(step)
        plans.setdefault(meeting_id, []).append(Deadline(name, known, nominal, due))
    return {meeting_id: tuple(plan) for meeting_id, plan in plans.items()}
