"""Actions in PostgreSQL. Whoever changes one locks its row first, then the feeds it shows in.

Rows are locked for all but their key: that another action comes to depend on one, which only reads the key,
must not wait for a change of it.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from psycopg import sql
from psycopg.rows import dict_row

from services.actions.domain.action import Action
from services.actions.domain.states import FINAL, State
from services.actions.store.changes import record_change
from services.actions.store.evidence import LATEST, store_evidence
from services.actions.store.rows import Row, read_action, write_action, write_progress
from services.chassis.audit import AuditEntry, append
from services.chassis.database import Transaction


async def insert(tx: Transaction, action: Action, audit: AuditEntry) -> bool:
    """Stores a new action; False, and nothing stored, where its id or its reference is taken."""
    columns = write_action(action)
    cursor = await tx.execute(
        sql.SQL("INSERT INTO action ({}) VALUES ({}) ON CONFLICT DO NOTHING").format(
            sql.SQL(", ").join(map(sql.Identifier, columns)),
            sql.SQL(", ").join(map(sql.Placeholder, columns)),
        ),
        columns,
    )
    if cursor.rowcount == 0:
        return False
    await _write_basis(tx, action)
    await record_change(tx, None, action, audit)
    await append(tx, audit)
    return True


async def update(tx: Transaction, before: Action, after: Action, audit: AuditEntry) -> None:
    """Stores the next version of an action whose row is locked."""
    columns = write_progress(after)
    cursor = await tx.execute(
        sql.SQL("UPDATE action SET {} WHERE id = %(id)s AND version = %(before)s").format(
            sql.SQL(", ").join(
                sql.SQL("{} = {}").format(sql.Identifier(name), sql.Placeholder(name)) for name in columns
            )
        ),
        {**columns, "id": after.id, "before": before.version},
    )
    if cursor.rowcount != 1:
        raise RuntimeError(f"action {after.id} was changed without its lock")
    if after.basis != before.basis:
        await tx.execute("DELETE FROM action_basis WHERE action_id = %s", [after.id])
        await _write_basis(tx, after)
    if after.depends_on != before.depends_on:
        await _write_dependencies(tx, after)
    if after.missed_by != before.missed_by:
        await _write_heard(tx, after)
    await store_evidence(tx, before, after)
    # What one party keeps to itself is no version of the action, and no change that others could count.
    if after.version != before.version:
        await record_change(tx, before, after, audit)
    await append(tx, audit)


async def _write_basis(tx: Transaction, action: Action) -> None:
    await tx.execute(
        """
        INSERT INTO action_basis (action_id, position, assessment_id, revision, state)
        SELECT %s, position, assessment_id, revision, state
        FROM unnest(%s::uuid[], %s::integer[], %s::text[]) WITH ORDINALITY
            AS reference (assessment_id, revision, state, position)
        """,
        [
            action.id,
            [reference.assessment_id for reference in action.basis],
            [reference.revision for reference in action.basis],
            [reference.state.value for reference in action.basis],
        ],
    )


async def _write_dependencies(tx: Transaction, action: Action) -> None:
    await tx.execute("DELETE FROM action_dependency WHERE action_id = %s", [action.id])
    await tx.execute(
        "INSERT INTO action_dependency (action_id, depends_on) SELECT %s, unnest(%s::uuid[])",
        [action.id, [other.action_id for other in action.depends_on]],
    )


async def _write_heard(tx: Transaction, action: Action) -> None:
    await tx.execute(
        "UPDATE report_obligation SET silent = false WHERE action_id = %s AND silent AND party <> ALL(%s)",
        [action.id, sorted(action.missed_by)],
    )


async def lock_dependencies(tx: Transaction, series: str) -> dict[UUID, list[UUID]]:
    """What every action of a series waits for. Held until the end of the transaction: two changes that
    would close a circle together are made one after the other.
    """
    await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended('dependencies of ' || %s, 0))", [series])
    cursor = await tx.execute(
        """
        SELECT action_id, depends_on FROM action_dependency
        JOIN action ON action.id = action_id WHERE series = %s
        """,
        [series],
    )
    edges: defaultdict[UUID, list[UUID]] = defaultdict(list)
    for action_id, depends_on in await cursor.fetchall():
        edges[action_id].append(depends_on)
    return edges


async def find_all(tx: Transaction, ids: Sequence[UUID]) -> list[Action]:
    """The actions of these ids that there are."""
    return await _read(tx, "SELECT * FROM action WHERE id = ANY(%s) ORDER BY id", [list(ids)])


async def find(tx: Transaction, action_id: UUID, *, lock: bool = False) -> Action | None:
    if lock:
        found = await _read(tx, "SELECT * FROM action WHERE id = %s FOR NO KEY UPDATE", [action_id])
    else:
        found = await _read(tx, "SELECT * FROM action WHERE id = %s", [action_id])
    return found[0] if found else None


async def find_by_reference(tx: Transaction, reference: str) -> Action | None:
    found = await _read(tx, "SELECT * FROM action WHERE reference = %s", [reference])
    return found[0] if found else None


async def find_by_any_id(tx: Transaction, identity: str) -> Action | None:
    """By the id of its outcome, itself, an item of its evidence or its closure, or by its reference."""
    found = await _read(
        tx,
        """
        SELECT * FROM action
        WHERE outcome_id = %(text)s OR reference = %(text)s OR id = %(id)s OR closure_id = %(id)s
            OR id IN (SELECT action_id FROM evidence WHERE evidence.id = %(id)s)
        ORDER BY opened_at LIMIT 1
        """,
        {"text": identity, "id": _uuid(identity)},
    )
    return found[0] if found else None


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


async def find_beside(tx: Transaction, action: Action) -> defaultdict[str, set[UUID]]:
    """The ids of the actions beside one: which it WAITS_FOR, is AWAITED_BY, its SUCCESSOR and PREDECESSOR."""
    cursor = await tx.execute(
        """
        SELECT 'WAITS_FOR', depends_on FROM action_dependency WHERE action_id = %(id)s
        UNION ALL SELECT 'AWAITED_BY', action_id FROM action_dependency WHERE depends_on = %(id)s
        UNION ALL SELECT 'SUCCESSOR', id FROM action WHERE reference = %(successor)s AND series = %(series)s
        UNION ALL SELECT 'PREDECESSOR', id FROM action
            WHERE successor = %(reference)s AND series = %(series)s
        """,
        {
            "id": action.id,
            "reference": action.reference,
            "successor": action.successor,
            "series": action.series,
        },
    )
    beside: defaultdict[str, set[UUID]] = defaultdict(set)
    for relation, identity in await cursor.fetchall():
        beside[relation].add(identity)
    return beside


async def lock_resting_on(tx: Transaction, assessments: Iterable[UUID]) -> list[Action]:
    """The actions that rest on any of the assessments, locked in the order of their ids."""
    return await _read(
        tx,
        """
        SELECT * FROM action
        WHERE id IN (SELECT action_id FROM action_basis WHERE assessment_id = ANY(%s))
        ORDER BY id FOR NO KEY UPDATE
        """,
        [list(assessments)],
    )


async def lock_next(tx: Transaction, after: UUID, limit: int, *, ended: bool) -> list[Action]:
    """The next actions by id, locked in that order: the open ones, with `ended` all."""
    return await _read(
        tx,
        """
        SELECT * FROM action WHERE state <> ALL(%s) AND id > %s ORDER BY id LIMIT %s FOR NO KEY UPDATE
        """,
        [[] if ended else [state.value for state in FINAL], after, limit],
    )


async def lock_newly_expired(tx: Transaction, day: date, limit: int) -> list[Action]:
    """Actions of whose evidence something expired by a day of which no note was taken; none that another
    worker looks at.
    """
    return await _read(
        tx,
        """
        SELECT * FROM action WHERE EXISTS (
            SELECT FROM evidence WHERE action_id = action.id AND expires_on <= %s
                AND expires_on > coalesce(expiries_noted_on, '-infinity')
        ) ORDER BY id LIMIT %s FOR NO KEY UPDATE SKIP LOCKED
        """,
        [day, limit],
    )


async def lock_left_alone(
    tx: Transaction, changed_before: Mapping[str, datetime], limit: int
) -> list[Action]:
    """Actions to archive: what has ended, nothing is due of (`domain/archive.py`) and nothing has changed of
    since an instant that each series has its own of; none that another worker looks at.
    """
    return await _read(
        tx,
        """
        SELECT action.* FROM action JOIN unnest(%s::text[], %s::timestamptz[]) AS rule (series, since)
            ON rule.series = action.series
        WHERE archived_on IS NULL AND state = ANY(%s) AND changed_at < rule.since
            AND review_on IS NULL AND proposals = '[]'
            AND coalesce((closure_reviews -> -1 ->> 'sustained')::boolean, true)
        ORDER BY id LIMIT %s FOR NO KEY UPDATE OF action SKIP LOCKED
        """,
        [
            list(changed_before),
            list(changed_before.values()),
            [state.value for state in FINAL],
            limit,
        ],
    )


async def lock_all(tx: Transaction, ids: Iterable[UUID]) -> list[Action]:
    """The actions of these ids, locked in their order."""
    return await _read(
        tx, "SELECT * FROM action WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE", [list(ids)]
    )


async def find_open(tx: Transaction, series: str) -> list[Action]:
    """The open actions of a series."""
    return await _read(
        tx,
        "SELECT * FROM action WHERE series = %s AND state <> ALL(%s) ORDER BY id",
        [series, [state.value for state in FINAL]],
    )


async def latest_closed(tx: Transaction, series: str, limit: int) -> list[Action]:
    """The actions of a series that were done, the latest first."""
    return await _read(
        tx,
        "SELECT * FROM action WHERE series = %s AND state = %s ORDER BY closed_at DESC, id LIMIT %s",
        [series, State.CLOSED.value, limit],
    )


async def _read(tx: Transaction, statement: str, parameters: Any) -> list[Action]:
    async with tx.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(statement.encode(), parameters)
        rows = await cursor.fetchall()
        ids = [row["id"] for row in rows]
        basis = await _parts(cursor, "SELECT * FROM action_basis WHERE action_id = ANY(%s)", ids)
        evidence = await _parts(cursor, LATEST, ids)
        dependencies = await _parts(
            cursor,
            """
            SELECT action_id, depends_on AS position, depends_on, state, due_date FROM action_dependency
            JOIN action ON action.id = depends_on WHERE action_id = ANY(%s)
            """,
            ids,
        )
        silent = await _parts(
            cursor,
            """
            SELECT action_id, party AS position, party, min(due_on) AS due_on FROM report_obligation
            JOIN report_round ON report_round.id = round_id
            WHERE action_id = ANY(%s) AND silent GROUP BY action_id, party
            """,
            ids,
        )
    return [
        replace(
            read_action(row, basis[row["id"]], evidence[row["id"]], dependencies[row["id"]]),
            missed_by={entry["party"]: entry["due_on"] for entry in silent[row["id"]]},
        )
        for row in rows
    ]


async def _parts(cursor: Any, statement: str, ids: Sequence[UUID]) -> defaultdict[UUID, list[Row]]:
    await cursor.execute(f"{statement} ORDER BY action_id, position", [ids])
    parts: defaultdict[UUID, list[Row]] = defaultdict(list)
    for row in await cursor.fetchall():
        parts[row["action_id"]].append(row)
    return parts
