"""Desks of owning organisations and their digests, in PostgreSQL. A digest's writer holds its desk's row."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.rows import dict_row

from services.actions.domain.reminders import Desk, Digest, Entry, Matter, Occasion, RoundCall
from services.actions.domain.rounds import OWING
from services.chassis.audit import AuditEntry, append
from services.chassis.database import Transaction

_ROUND_TAKES = ("OPEN", "REMINDED")
DigestPosition = tuple[datetime, UUID]
"""Where a page of digests ended."""


async def lock_desks(tx: Transaction, desks: Collection[Desk]) -> list[Desk]:
    """Those that have not been looked at on their day or later, without those that another worker holds."""
    columns = [
        [desk.series for desk in desks],
        [desk.party for desk in desks],
        [desk.organisation for desk in desks],
    ]
    await tx.execute(
        """
        INSERT INTO reminder_desk (series, party, organisation)
        SELECT * FROM unnest(%s::text[], %s::text[], %s::text[]) ON CONFLICT DO NOTHING
        """,
        columns,
    )
    cursor = await tx.execute(
        """
        SELECT desk.series, desk.party, desk.organisation FROM reminder_desk AS desk
        JOIN unnest(%s::text[], %s::text[], %s::text[], %s::date[])
            AS wanted (series, party, organisation, today) USING (series, party, organisation)
        WHERE looked_on IS NULL OR looked_on < today
        ORDER BY series, party, organisation FOR NO KEY UPDATE OF desk SKIP LOCKED
        """,
        [*columns, [desk.today for desk in desks]],
    )
    taken = set(await cursor.fetchall())
    return [desk for desk in desks if (desk.series, desk.party, desk.organisation) in taken]


async def look_done(tx: Transaction, desks: Iterable[Desk]) -> None:
    for desk in desks:
        await tx.execute(
            "UPDATE reminder_desk SET looked_on = %s WHERE series = %s AND party = %s AND organisation = %s",
            [desk.today, desk.series, desk.party, desk.organisation],
        )


async def owing_actions(tx: Transaction, series: Collection[str]) -> list[UUID]:
    """The actions of the series that somebody has still to do."""
    cursor = await tx.execute(
        "SELECT id FROM action WHERE series = ANY(%s) AND state = ANY(%s) ORDER BY id",
        [list(series), [state.value for state in OWING]],
    )
    return [identity for (identity,) in await cursor.fetchall()]


async def calls(tx: Transaction, actions: Sequence[UUID]) -> dict[tuple[UUID, str], tuple[UUID, RoundCall]]:
    """What the round that is open asks of whom, by action and party, where nobody has answered."""
    cursor = await tx.execute(
        """
        SELECT action_id, party, round_id, owed.reminded_at IS NOT NULL FROM report_obligation AS owed
        JOIN report_round ON report_round.id = round_id
        WHERE state = ANY(%s) AND action_id = ANY(%s)
            AND submitted_at IS NULL AND excused_at IS NULL AND missed_at IS NULL
        """,
        [list(_ROUND_TAKES), list(actions)],
    )
    return {
        (action, party): (round_id, RoundCall.REMINDED if reminded else RoundCall.OPENED)
        for action, party, round_id, reminded in await cursor.fetchall()
    }


async def sent_of(tx: Transaction, actions: Sequence[UUID]) -> Mapping[tuple[UUID, str], dict[str, int]]:
    """The latest place that was sent of each key, by action and party."""
    cursor = await tx.execute(
        """
        SELECT action_id, party, key, max(place) FROM reminder_sent
        WHERE action_id = ANY(%s) GROUP BY action_id, party, key
        """,
        [list(actions)],
    )
    found: defaultdict[tuple[UUID, str], dict[str, int]] = defaultdict(dict)
    for action, party, key, place in await cursor.fetchall():
        found[action, party][key] = place
    return found


async def insert_digest(
    tx: Transaction, digest: Digest, fresh: Iterable[tuple[UUID, Occasion]], audit: AuditEntry
) -> None:
    await tx.execute(
        """
        INSERT INTO reminder_digest (id, series, party, organisation, sent_on, sent_at)
        VALUES (%s, %s, %s, %s, %s, %s)
        """,
        [digest.id, digest.series, digest.party, digest.organisation, digest.sent_on, digest.sent_at],
    )
    for entry in digest.entries:
        await tx.execute(
            """
            INSERT INTO reminder_entry (digest_id, action_id, matters, due_date, post, subject)
            VALUES (%s, %s, %s, %s, %s, %s)
            """,
            [
                *(digest.id, entry.action_id, [matter.value for matter in entry.matters], entry.due_date),
                *(entry.post, entry.subject),
            ],
        )
    for action, occasion in fresh:
        await tx.execute(
            "INSERT INTO reminder_sent (action_id, party, key, place, digest_id) VALUES (%s, %s, %s, %s, %s)",
            [action, digest.party, occasion.key, occasion.place, digest.id],
        )
    await append(tx, audit)


async def find_digest(tx: Transaction, digest_id: UUID) -> Digest | None:
    found = await _read(tx, "SELECT * FROM reminder_digest WHERE id = %s", [digest_id])
    return found[0] if found else None


async def page_digests(
    tx: Transaction,
    series: str,
    party: str,
    organisation: str,
    *,
    before: DigestPosition | None,
    limit: int,
) -> list[Digest]:
    """The next digests to an organisation, the latest first."""
    at, identity = before or (None, None)
    return await _read(
        tx,
        """
        SELECT * FROM reminder_digest
        WHERE series = %(series)s AND party = %(party)s AND organisation = %(organisation)s
            AND (%(at)s::timestamptz IS NULL OR (sent_at, id) < (%(at)s, %(id)s::uuid))
        ORDER BY sent_at DESC, id DESC LIMIT %(limit)s
        """,
        {
            "series": series,
            "party": party,
            "organisation": organisation,
            "at": at,
            "id": identity,
            "limit": limit,
        },
    )


async def _read(
    tx: Transaction, statement: str, parameters: Sequence[Any] | Mapping[str, Any]
) -> list[Digest]:
    async with tx.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(statement.encode(), parameters)
        rows = await cursor.fetchall()
        await cursor.execute(
            "SELECT * FROM reminder_entry WHERE digest_id = ANY(%s) ORDER BY due_date, action_id",
            [[row["id"] for row in rows]],
        )
        entries: defaultdict[UUID, list[Entry]] = defaultdict(list)
        for row in await cursor.fetchall():
            matters = tuple(Matter(name) for name in row.pop("matters"))
            entries[row.pop("digest_id")].append(Entry(matters=matters, **row))
    return [Digest(**row, entries=tuple(entries[row["id"]])) for row in rows]
