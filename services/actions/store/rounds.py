"""Reporting rounds and what they ask. A worker locks its round first, then the actions it asks about; whoever
reports locks the action alone, so that neither waits for the other in a circle.

Rounds are locked for all but their key, which every update that answers one refers to.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from psycopg.rows import dict_row

from services.actions.domain.rounds import RUNNING, Obligation, Round, RoundDays, RoundState
from services.actions.store.rows import Row
from services.chassis.database import Transaction

_RUNNING = sorted(state.value for state in RUNNING)


async def plan(tx: Transaction, planned: Round) -> bool:
    """Stores a round that nothing has happened to yet; False where that day has one, or one is running."""
    days = planned.days
    cursor = await tx.execute(
        """
        INSERT INTO report_round (id, series, planned_for, opens_on, reminds_on, due_on, closes_on, state)
        SELECT %(id)s, %(series)s, %(planned_for)s, %(opens_on)s, %(reminds_on)s, %(due_on)s, %(closes_on)s,
            %(state)s
        WHERE NOT EXISTS (SELECT 1 FROM report_round WHERE series = %(series)s AND state = ANY(%(running)s))
        ON CONFLICT DO NOTHING
        """,
        {
            "id": planned.id,
            "series": planned.series,
            "planned_for": days.planned_for,
            "opens_on": days.opens_on,
            "reminds_on": days.reminds_on,
            "due_on": days.due_on,
            "closes_on": days.closes_on,
            "state": planned.state.value,
            "running": _RUNNING,
        },
    )
    return cursor.rowcount == 1


async def latest_planned(tx: Transaction, series: str) -> date | None:
    """The day for which the latest round of a series is planned."""
    cursor = await tx.execute("SELECT max(planned_for) FROM report_round WHERE series = %s", [series])
    row = await cursor.fetchone()
    return None if row is None else row[0]


async def lock_running(tx: Transaction, series: str) -> list[Round]:
    """The rounds of a series that have steps before them, but for those that another worker takes."""
    return await _rounds(
        tx,
        """
        SELECT * FROM report_round WHERE series = %s AND state = ANY(%s)
        ORDER BY planned_for FOR NO KEY UPDATE SKIP LOCKED
        """,
        [series, _RUNNING],
    )


async def store_step(tx: Transaction, moved: Round) -> None:
    """Replaces what is known of a round whose row is locked."""
    await tx.execute(
        """
        UPDATE report_round
        SET state = %s, opened_at = %s, reminded_at = %s, fell_due_at = %s, closed_at = %s WHERE id = %s
        """,
        [
            moved.state.value,
            moved.opened_at,
            moved.reminded_at,
            moved.fell_due_at,
            moved.closed_at,
            moved.id,
        ],
    )


async def find_round(tx: Transaction, round_id: UUID) -> Round | None:
    found = await _rounds(tx, "SELECT * FROM report_round WHERE id = %s", [round_id])
    return found[0] if found else None


async def page_of_rounds(tx: Transaction, series: str, before: date, limit: int) -> list[Round]:
    """The latest rounds of a series that are planned for a day before one."""
    return await _rounds(
        tx,
        """
        SELECT * FROM report_round WHERE series = %s AND planned_for < %s
        ORDER BY planned_for DESC LIMIT %s
        """,
        [series, before, limit],
    )


async def add_obligations(tx: Transaction, owed: Sequence[Obligation]) -> None:
    await tx.execute(
        """
        INSERT INTO report_obligation (round_id, action_id, party, organisation)
        SELECT * FROM unnest(%s::uuid[], %s::uuid[], %s::text[], %s::text[])
        """,
        [
            [one.round_id for one in owed],
            [one.action_id for one in owed],
            [one.party for one in owed],
            [one.organisation for one in owed],
        ],
    )


async def obligations(tx: Transaction, round_id: UUID) -> list[Obligation]:
    """What a round asks, in the order of actions and parties."""
    return await _obligations(
        tx, "SELECT * FROM report_obligation WHERE round_id = %s ORDER BY action_id, party", [round_id]
    )


async def latest_obligation(tx: Transaction, action_id: UUID, party: str) -> tuple[Round, Obligation] | None:
    """What the latest round that asked a party about an action asks of it."""
    owed = await _obligations(
        tx,
        """
        SELECT report_obligation.* FROM report_obligation
        JOIN report_round ON report_round.id = round_id
        WHERE action_id = %s AND party = %s ORDER BY planned_for DESC LIMIT 1
        """,
        [action_id, party],
    )
    if not owed:
        return None
    asking = await find_round(tx, owed[0].round_id)
    if asking is None:
        raise RuntimeError("an obligation belongs to a round")
    return asking, owed[0]


async def mark_reminded(tx: Transaction, owed: Iterable[Obligation], at: datetime) -> None:
    await _mark(tx, "reminded_at = %s", [at], owed)


async def mark_excused(tx: Transaction, owed: Iterable[Obligation], at: datetime) -> None:
    await _mark(tx, "excused_at = %s", [at], owed)


async def mark_missed(tx: Transaction, owed: Iterable[Obligation], at: datetime) -> None:
    """The party is silent from here on, until it is heard."""
    await _mark(tx, "missed_at = %s, silent = true", [at], owed)


async def mark_submitted(
    tx: Transaction, round_id: UUID, action_id: UUID, party: str, at: datetime, *, late: bool
) -> None:
    await tx.execute(
        """
        UPDATE report_obligation SET submitted_at = %s, late = %s
        WHERE round_id = %s AND action_id = %s AND party = %s
        """,
        [at, late, round_id, action_id, party],
    )


async def _mark(tx: Transaction, change: str, values: list[Any], owed: Iterable[Obligation]) -> None:
    marked = list(owed)
    await tx.execute(
        f"""
        UPDATE report_obligation AS owed SET {change}
        FROM unnest(%s::uuid[], %s::uuid[], %s::text[]) AS marked (round_id, action_id, party)
        WHERE owed.round_id = marked.round_id AND owed.action_id = marked.action_id
            AND owed.party = marked.party
        """.encode(),  # noqa: S608 the change is one of three above
        [
            *values,
            [one.round_id for one in marked],
            [one.action_id for one in marked],
            [one.party for one in marked],
        ],
    )


async def _rounds(tx: Transaction, statement: str, parameters: list[Any]) -> list[Round]:
    async with tx.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(statement.encode(), parameters)
        return [_read_round(row) for row in await cursor.fetchall()]


async def _obligations(tx: Transaction, statement: str, parameters: list[Any]) -> list[Obligation]:
    async with tx.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(statement.encode(), parameters)
        return [
            Obligation(**{name: value for name, value in row.items() if name != "silent"})
            for row in await cursor.fetchall()
        ]


def _read_round(row: Row) -> Round:
    return Round(
        id=row["id"],
        series=row["series"],
        days=RoundDays(
            planned_for=row["planned_for"],
            opens_on=row["opens_on"],
            reminds_on=row["reminds_on"],
            due_on=row["due_on"],
            closes_on=row["closes_on"],
        ),
        state=RoundState(row["state"]),
        opened_at=row["opened_at"],
        reminded_at=row["reminded_at"],
        fell_due_at=row["fell_due_at"],
        closed_at=row["closed_at"],
    )
