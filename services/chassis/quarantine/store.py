"""What quarantine holds: records, corrections and the ledger."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from services.chassis.consumer.quarantine import encode_headers, storable
from services.chassis.consumer.records import Record
from services.chassis.database import Transaction
from services.chassis.quarantine.entries import (
    MOST_REFUSED_REPLAYS,
    Content,
    Entry,
    Place,
    Query,
    State,
    Step,
)

_COLUMNS = """
    grp, topic, part, position, state, version, edition, replays, refused_in_a_row, reason, detail, pointer,
    marking_ceiling, recorded_at, received_at,
    NOT (key IS NULL AND value IS NULL AND json_array_length(headers) = 1 AND headers->0->>0 = 'sha256')
"""
_WANTED = """
    grp = ANY(%(groups)s)
    AND (topic, marking_ceiling) IN (SELECT * FROM unnest(%(topics)s::text[], %(ceilings)s::text[]))
    AND (%(state)s::text IS NULL OR state = %(state)s)
    AND (%(reason)s::text IS NULL OR reason = %(reason)s)
    AND (%(topic)s::text IS NULL OR topic = %(topic)s)
    AND (%(from)s::timestamptz IS NULL OR received_at >= %(from)s)
    AND (%(before)s::timestamptz IS NULL OR received_at < %(before)s)
"""

Arrival = tuple[datetime, Place]
"""A position in the order of arrival."""
Ceilings = Sequence[tuple[str, str]]
"""Topics, each with a marking ceiling."""


async def ceilings_met(tx: Transaction) -> Ceilings:
    """Each topic with each ceiling that quarantine holds of it, found by leaps over an index."""
    cursor = await tx.execute(
        """
        WITH RECURSIVE met AS (
            (SELECT topic, marking_ceiling FROM quarantine ORDER BY topic, marking_ceiling LIMIT 1)
            UNION ALL
            SELECT next.topic, next.marking_ceiling FROM met, LATERAL (
                SELECT topic, marking_ceiling FROM quarantine
                WHERE (topic, marking_ceiling) > (met.topic, met.marking_ceiling)
                ORDER BY topic, marking_ceiling LIMIT 1
            ) AS next
        )
        SELECT topic, marking_ceiling FROM met
        """
    )
    return [(topic, ceiling) for topic, ceiling in await cursor.fetchall()]


async def page(
    tx: Transaction, groups: Sequence[str], visible: Ceilings, query: Query, after: Arrival | None, limit: int
) -> list[Entry]:
    """Records in the order of their arrival."""
    place = None if after is None else after[1]
    cursor = await tx.execute(
        f"""
        SELECT {_COLUMNS} FROM quarantine
        WHERE {_WANTED}
          AND (%(at)s::timestamptz IS NULL OR (received_at, topic, part, position)
               > (%(at)s, %(last_topic)s::text, %(last_part)s::integer, %(last_position)s::bigint))
        ORDER BY received_at, topic, part, position LIMIT %(limit)s
        """,  # noqa: S608 the parts are constants
        {
            **_wanted(groups, visible, query),
            "at": after and after[0],
            "last_topic": place and place.topic,
            "last_part": None if place is None else place.partition,
            "last_position": None if place is None else place.offset,
            "limit": limit,
        },
    )
    return [_entry(row) for row in await cursor.fetchall()]


async def repairable(
    tx: Transaction, groups: Sequence[str], visible: Ceilings, query: Query, limit: int
) -> list[Entry]:
    """The open records of a query that may be replayed, in the order of their arrival."""
    cursor = await tx.execute(
        f"""
        SELECT * FROM (
            SELECT {_COLUMNS} AS held FROM quarantine
            WHERE state = 'OPEN' AND refused_in_a_row < %(most)s AND {_WANTED}
        ) AS open_records
        WHERE held ORDER BY received_at, topic, part, position LIMIT %(limit)s
        """,  # noqa: S608 the parts are constants
        {**_wanted(groups, visible, query), "most": MOST_REFUSED_REPLAYS, "limit": limit},
    )
    return [_entry(row) for row in await cursor.fetchall()]


def _wanted(groups: Sequence[str], visible: Ceilings, query: Query) -> dict[str, Any]:
    return {
        "groups": list(groups),
        "topics": [topic for topic, _ in visible],
        "ceilings": [ceiling for _, ceiling in visible],
        "state": query.state and query.state.value,
        "reason": query.reason,
        "topic": query.topic,
        "from": query.received_from,
        "before": query.received_before,
    }


async def find(tx: Transaction, groups: Sequence[str], place: Place, *, lock: bool = False) -> Entry | None:
    """The record that lay there, locked until the end of the transaction if asked; None for none."""
    cursor = await tx.execute(
        f"""
        SELECT {_COLUMNS} FROM quarantine
        WHERE grp = ANY(%s) AND topic = %s AND part = %s AND position = %s
        ORDER BY grp LIMIT 1 {"FOR UPDATE" if lock else ""}
        """,  # noqa: S608 the columns are a constant
        [list(groups), place.topic, place.partition, place.offset],
    )
    row = await cursor.fetchone()
    return None if row is None else _entry(row)


async def read_content(tx: Transaction, entry: Entry, edition: int) -> Content | None:
    """The bytes of an edition, 0 for the original; None where there is no such edition."""
    place = entry.place
    if edition == 0:
        cursor = await tx.execute(
            """
            SELECT key, value, headers FROM quarantine
            WHERE grp = %s AND topic = %s AND part = %s AND position = %s
            """,
            [entry.group, *_at(place)],
        )
    else:
        cursor = await tx.execute(
            """
            SELECT key, quarantine_edition.value, quarantine_edition.headers
            FROM quarantine JOIN quarantine_edition USING (grp, topic, part, position)
            WHERE grp = %s AND topic = %s AND part = %s AND position = %s
              AND quarantine_edition.edition = %s
            """,
            [entry.group, *_at(place), edition],
        )
    row = await cursor.fetchone()
    if row is None:
        return None
    key, value, headers = row
    return Content(
        None if key is None else bytes(key),
        None if value is None else bytes(value),
        tuple((name, text.encode("latin-1")) for name, text in headers),
    )


async def ledger(tx: Transaction, entry: Entry) -> list[Step]:
    cursor = await tx.execute(
        """
        SELECT action, edition, reason, note, actor, party, at FROM quarantine_ledger
        WHERE grp = %s AND topic = %s AND part = %s AND position = %s ORDER BY step
        """,
        [entry.group, *_at(entry.place)],
    )
    return [Step(*row) for row in await cursor.fetchall()]


async def add_edition(tx: Transaction, entry: Entry, content: Content) -> None:
    await tx.execute(
        """
        INSERT INTO quarantine_edition (grp, topic, part, position, edition, value, headers)
        VALUES (%s, %s, %s, %s, %s, %s, %s::json)
        """,
        [entry.group, *_at(entry.place), entry.edition, content.value, encode_headers(content.headers)],
    )


async def record_step(tx: Transaction, before: Entry, after: Entry, step: Step) -> None:
    """Stores a record as a step leaves it, and the step. A step can be taken from one version only once."""
    await tx.execute(
        """
        INSERT INTO quarantine_ledger
            (grp, topic, part, position, step, action, edition, reason, note, actor, party, at)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
        """,
        [
            before.group,
            *_at(before.place),
            before.version,
            step.action,
            step.edition,
            step.reason,
            None if step.note is None else storable(step.note),
            step.actor,
            step.party,
            step.at,
        ],
    )
    await tx.execute(
        """
        UPDATE quarantine SET state = %s, version = %s, edition = %s, replays = %s, refused_in_a_row = %s,
            reason = %s, detail = %s, pointer = %s
        WHERE grp = %s AND topic = %s AND part = %s AND position = %s
        """,
        [
            after.state,
            after.version,
            after.edition,
            after.replays,
            after.refused_in_a_row,
            after.reason,
            storable(after.detail),
            None if after.pointer is None else storable(after.pointer),
            before.group,
            *_at(before.place),
        ],
    )


async def withhold(tx: Transaction, entry: Entry, kept: Record) -> None:
    """Leaves of a record, in every edition, only what may be kept."""
    await tx.execute(
        "DELETE FROM quarantine_edition WHERE grp = %s AND topic = %s AND part = %s AND position = %s",
        [entry.group, *_at(entry.place)],
    )
    await tx.execute(
        """
        UPDATE quarantine SET key = %s, value = %s, headers = %s::json
        WHERE grp = %s AND topic = %s AND part = %s AND position = %s
        """,
        [kept.key, kept.value, encode_headers(kept.headers), entry.group, *_at(entry.place)],
    )


async def depth(tx: Transaction) -> dict[str, int]:
    """How many records wait for an operator, by reason."""
    cursor = await tx.execute("SELECT reason, count(*) FROM quarantine WHERE state = 'OPEN' GROUP BY reason")
    return {reason: int(count) for reason, count in await cursor.fetchall()}


def _at(place: Place) -> tuple[str, int, int]:
    return place.topic, place.partition, place.offset


def _entry(row: tuple[Any, ...]) -> Entry:
    group, topic, part, position, state, *rest = row
    return Entry(group, Place(topic, part, position), State(state), *rest)
