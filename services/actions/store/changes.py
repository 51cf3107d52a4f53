"""What changed of actions, by whom and when: written with each change, never changed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import sql
from psycopg.types.json import Jsonb

from services.actions.domain.action import Action
from services.actions.domain.history import Change, FieldChange, changes
from services.actions.store.reading import Question, holds, parameters, standing
from services.chassis.audit import AuditEntry
from services.chassis.database import Transaction

Place = tuple[datetime, UUID, int]
"""Where a page of changes ended: when, of which action, to which version."""


@dataclass(frozen=True, slots=True)
class PlacedChange:
    """A change in its place among those of a series."""

    place: Place
    change: Change


async def record_change(tx: Transaction, before: Action | None, after: Action, audit: AuditEntry) -> None:
    await tx.execute(
        """
        INSERT INTO action_change (action_id, version, series, at, kind, actor, party, changes)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
        """,
        [
            after.id,
            after.version,
            after.series,
            audit.at,
            audit.action,
            audit.actor,
            audit.party,
            Jsonb([[entry.field, entry.before, entry.after] for entry in changes(before, after)]),
        ],
    )


async def changes_of(tx: Transaction, action: UUID, after: int, limit: int) -> list[PlacedChange]:
    """The next changes of an action, the earliest first."""
    cursor = await tx.execute(
        """
        SELECT at, action_id, version, kind, actor, party, changes FROM action_change
        WHERE action_id = %s AND version > %s ORDER BY version LIMIT %s
        """,
        [action, after, limit],
    )
    return [_read(row) for row in await cursor.fetchall()]


async def changes_since(
    tx: Transaction, question: Question, since: datetime, after: Place | None, limit: int
) -> list[PlacedChange]:
    """The next changes, later than `since`, of the actions that the question finds; the earliest first."""
    cursor = await tx.execute(since_statement(question), since_arguments(question, since, after, limit))
    return [_read(row) for row in await cursor.fetchall()]


def since_statement(question: Question) -> sql.Composed:
    return sql.SQL(
        """
        SELECT at, action_id, version, kind, actor, party, changes FROM action_change
        WHERE series = %(series)s AND (at, action_id, version) > (%(at)s, %(action)s, %(version)s)
            AND action_id IN (SELECT action_id FROM ({standing}) AS found WHERE {holds})
        ORDER BY at, action_id, version LIMIT %(limit)s
        """
    ).format(standing=standing(question), holds=holds(question.wanted))


def since_arguments(
    question: Question, since: datetime, after: Place | None, limit: int
) -> dict[str, object]:
    at, action, version = after or (since, UUID(int=2**128 - 1), 2**62)
    return {**parameters(question), "at": at, "action": action, "version": version, "limit": limit}


def _read(row: Any) -> PlacedChange:
    at, action, version, kind, actor, party, fields = row
    entries = tuple(FieldChange(name, tuple(before), tuple(after)) for name, before, after in fields)
    return PlacedChange((at, action, version), Change(action, at, kind, actor, party, entries))
