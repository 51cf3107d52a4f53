"""Episodes and notices of escalation in PostgreSQL. Who writes them holds the lock of the action's row."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from psycopg.rows import dict_row

from services.actions.domain.action import Action
from services.actions.domain.escalation import Cause, Episode, Notice, Standing
from services.actions.domain.owners import Signature
from services.actions.domain.states import FINAL, State
from services.actions.store.actions import find_all
from services.chassis.audit import AuditEntry, append
from services.chassis.database import Transaction
from services.kernel.escalation import LadderStep, Trigger
from services.kernel.parties import Role

_NOTICE = """
    SELECT notice.*, episode.since, episode.ended_at FROM escalation_notice AS notice
    JOIN escalation_episode AS episode ON episode.action_id = notice.action_id
        AND episode.trigger = notice.trigger AND episode.number = notice.episode
"""
NoticePosition = tuple[datetime, UUID]
"""Where a page of notices ended."""


@dataclass(frozen=True, slots=True)
class Window:
    """Which actions may need a look: those due by a day, or last heard of or changed before an instant."""

    due_by: date
    heard_before: datetime
    changed_before: datetime


async def lock_doubtful(tx: Transaction, window: Window, after: UUID, limit: int) -> list[Action]:
    """The next actions by id with which something may be wrong or was, without those that another
    worker or an owner is busy with: they are looked at in the next round.
    """
    cursor = await tx.execute(
        """
        SELECT id FROM action
        WHERE id > %(after)s AND (
            (
                state <> ALL(%(final)s)
                AND (
                    due_date <= %(due_by)s
                    OR COALESCE(reported_at, opened_at) < %(heard_before)s
                    OR changed_at < %(changed_before)s
                    OR state IN (%(agreed)s, %(blocked)s)
                    OR id IN (SELECT action_id FROM report_obligation WHERE silent)
                )
            )
            OR id IN (SELECT action_id FROM escalation_episode WHERE ended_at IS NULL)
        )
        ORDER BY id LIMIT %(limit)s FOR NO KEY UPDATE SKIP LOCKED
        """,
        {
            "after": after,
            "final": [state.value for state in FINAL],
            "due_by": window.due_by,
            "heard_before": window.heard_before,
            "changed_before": window.changed_before,
            "agreed": State.AGREED.value,
            "blocked": State.BLOCKED.value,
            "limit": limit,
        },
    )
    return await find_all(tx, [identity for (identity,) in await cursor.fetchall()])


async def open_episodes(tx: Transaction, actions: Collection[UUID]) -> dict[UUID, list[Episode]]:
    """The episodes that have not ended, with what was sent in them."""
    async with tx.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(
            """
            SELECT episode.action_id, episode.trigger, number, key, since, episode.party AS whose,
                notice.party, step, sent_on
            FROM escalation_episode AS episode
            LEFT JOIN escalation_notice AS notice ON notice.action_id = episode.action_id
                AND notice.trigger = episode.trigger AND notice.episode = episode.number
            WHERE ended_at IS NULL AND episode.action_id = ANY(%s)
            ORDER BY episode.action_id, episode.trigger, number
            """,
            [list(actions)],
        )
        rows = await cursor.fetchall()
    sent: defaultdict[tuple[UUID, str, int], dict[tuple[str, LadderStep], date]] = defaultdict(dict)
    first: dict[tuple[UUID, str, int], dict[str, Any]] = {}
    for row in rows:
        place = row["action_id"], row["trigger"], row["number"]
        first.setdefault(place, row)
        if row["step"] is not None:
            sent[place][row["party"], LadderStep(row["step"])] = row["sent_on"]
    found: defaultdict[UUID, list[Episode]] = defaultdict(list)
    for place, row in first.items():
        found[row["action_id"]].append(
            Episode(
                trigger=Trigger(row["trigger"]),
                number=row["number"],
                key=row["key"],
                since=row["since"],
                sent=sent[place],
                party=row["whose"],
            )
        )
    return found


async def begin_episode(
    tx: Transaction, action: UUID, cause: Cause, again_since: date, at: datetime
) -> Episode:
    """The next episode of an action. One that comes back for the same reason counts from `again_since`."""
    cursor = await tx.execute(
        """
        SELECT number, party, key FROM escalation_episode WHERE action_id = %s AND trigger = %s
        ORDER BY number DESC
        """,
        [action, cause.trigger.value],
    )
    past = await cursor.fetchall()
    number = past[0][0] if past else 0
    last = next((key for _, party, key in past if party == cause.party), None)
    since = max(cause.since, again_since) if last == cause.key else cause.since
    episode = Episode(cause.trigger, number + 1, cause.key, since, {}, cause.party)
    await tx.execute(
        """
        INSERT INTO escalation_episode (action_id, trigger, number, party, key, since, begun_at)
        VALUES (%s, %s, %s, %s, %s, %s, %s)
        """,
        [action, cause.trigger.value, episode.number, cause.party, cause.key, since, at],
    )
    return episode


async def end_episode(
    tx: Transaction, action: UUID, episode: Episode, at: datetime, audit: AuditEntry
) -> None:
    await tx.execute(
        "UPDATE escalation_episode SET ended_at = %s WHERE action_id = %s AND trigger = %s AND number = %s",
        [at, action, episode.trigger.value, episode.number],
    )
    await append(tx, audit)


async def insert_notice(tx: Transaction, notice: Notice, audit: AuditEntry) -> None:
    await tx.execute(
        """
        INSERT INTO escalation_notice
            (id, action_id, series, trigger, episode, party, step, role, bodies, sent_on, sent_at)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
        """,
        [
            *(notice.id, notice.action_id, notice.series, notice.trigger.value, notice.episode),
            *(notice.party, notice.step.value, notice.role.value, list(notice.bodies)),
            *(notice.sent_on, notice.sent_at),
        ],
    )
    await append(tx, audit)


async def standings(
    tx: Transaction, actions: Iterable[UUID]
) -> dict[tuple[UUID, str], list[tuple[str, Standing]]]:
    """How far up each party's side actions have come, by action and party, with the key of the cause."""
    order = [step.value for step in LadderStep]
    cursor = await tx.execute(
        """
        SELECT DISTINCT ON (notice.action_id, notice.party, notice.trigger)
            notice.action_id, notice.party, key, notice.trigger, since, step, sent_on, acknowledged_at
        FROM escalation_notice AS notice
        JOIN escalation_episode AS episode ON episode.action_id = notice.action_id
            AND episode.trigger = notice.trigger AND episode.number = notice.episode
        WHERE ended_at IS NULL AND notice.action_id = ANY(%s)
        ORDER BY notice.action_id, notice.party, notice.trigger, array_position(%s, step) DESC
        """,
        [list(actions), order],
    )
    found: defaultdict[tuple[UUID, str], list[tuple[str, Standing]]] = defaultdict(list)
    for action, party, key, trigger, since, step, sent_on, acknowledged_at in await cursor.fetchall():
        standing = Standing(
            Trigger(trigger), since, LadderStep(step), sent_on, acknowledged=acknowledged_at is not None
        )
        found[action, party].append((key, standing))
    return found


async def find_notice(tx: Transaction, notice_id: UUID, *, lock: bool = False) -> Notice | None:
    tail = " FOR NO KEY UPDATE OF notice" if lock else ""
    found = await _read(tx, f"{_NOTICE} WHERE notice.id = %s{tail}", [notice_id])
    return found[0] if found else None


async def acknowledge(tx: Transaction, notice_id: UUID, by: Signature, audit: AuditEntry) -> None:
    """Stores who took note of a notice whose row is locked."""
    await tx.execute(
        """
        UPDATE escalation_notice SET acknowledged_by = %s, acknowledged_for = %s, acknowledged_at = %s
        WHERE id = %s
        """,
        [by.official, by.organisation, by.at, notice_id],
    )
    await append(tx, audit)


@dataclass(frozen=True, slots=True)
class Addressed:
    """What is addressed to an organisation of a party, in any of the roles."""

    series: str
    party: str
    organisation: str
    roles: frozenset[Role]


async def page_notices(
    tx: Transaction, to: Addressed, *, open_only: bool, before: NoticePosition | None, limit: int
) -> list[Notice]:
    """The next notices to an addressee, the latest first."""
    at, identity = before or (None, None)
    return await _read(
        tx,
        f"""
        {_NOTICE}
        WHERE notice.series = %(series)s AND notice.party = %(party)s AND role = ANY(%(roles)s)
            AND %(organisation)s = ANY(bodies)
            AND NOT (%(open_only)s AND (acknowledged_at IS NOT NULL OR ended_at IS NOT NULL))
            AND (%(at)s::timestamptz IS NULL OR (sent_at, notice.id) < (%(at)s, %(id)s::uuid))
        ORDER BY sent_at DESC, notice.id DESC LIMIT %(limit)s
        """,
        {
            "series": to.series,
            "party": to.party,
            "organisation": to.organisation,
            "roles": [role.value for role in to.roles],
            "open_only": open_only,
            "at": at,
            "id": identity,
            "limit": limit,
        },
    )


async def _read(
    tx: Transaction, statement: str, parameters: Sequence[Any] | Mapping[str, Any]
) -> list[Notice]:
    async with tx.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(statement.encode(), parameters)
        return [_notice(row) for row in await cursor.fetchall()]


def _notice(row: Mapping[str, Any]) -> Notice:
    acknowledged = None
    if row["acknowledged_at"] is not None:
        acknowledged = Signature(
            row["party"], row["acknowledged_for"], row["acknowledged_by"], row["acknowledged_at"]
        )
    return Notice(
        id=row["id"],
        action_id=row["action_id"],
        series=row["series"],
        trigger=Trigger(row["trigger"]),
        episode=row["episode"],
        since=row["since"],
        party=row["party"],
        step=LadderStep(row["step"]),
        role=Role(row["role"]),
        bodies=tuple(row["bodies"]),
        sent_on=row["sent_on"],
        sent_at=row["sent_at"],
        acknowledged=acknowledged,
        ended_at=row["ended_at"],
    )
