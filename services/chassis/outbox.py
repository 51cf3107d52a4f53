"""The outbox: events are rows of the same transaction as the change they tell of.

A row stays until the broker has acknowledged all its events, then it is deleted. It holds events that
follow each other in a transaction and differ in nothing but key, id, subject and data, so that a batch of
changes is a row or two. Order per key holds because a writer locks its aggregate before it inserts here,
so that the order of ids is the order of commits for one key.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Any

import orjson
from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from services.chassis.database import Transaction
from services.chassis.envelope import Event

CHANNEL = "outbox"
LARGEST_EVENT = 4 * 1024 * 1024
"""Bytes. A larger event is a defect of its producer: it must fail here, never block the relay."""
_LARGEST_ROW = 1024 * 1024
_MOST_IN_A_ROW = 1_000
_MOST_ROWS = 1_000

_SHARED = attrgetter(
    "topic",
    "event.source",
    "event.type",
    "event.time",
    "event.content_type",
    "event.traceparent",
    "event.extensions",
)


@dataclass(frozen=True, slots=True)
class OutboxMessage:
    topic: str
    key: bytes
    event: Event
    tombstone: bool = False
    """The record has no value: a compacted topic then forgets its key."""


Outgoing = tuple[bytes, bytes | None, list[tuple[str, bytes]]]
"""Key, value and headers of a record."""


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """Committed events of one topic, in order."""

    id: int
    topic: str
    shared: dict[str, str]
    """The headers that all of them have."""
    keys: list[bytes]
    ids: list[str]
    subjects: list[str]
    data: list[bytes | None]
    created_at: datetime

    def records(self) -> Iterator[Outgoing]:
        """Key, value and headers of each record."""
        shared = [(name, text.encode()) for name, text in self.shared.items()]
        for key, identity, subject, data in zip(self.keys, self.ids, self.subjects, self.data, strict=True):
            yield key, data, [("ce_id", identity.encode()), ("ce_subject", subject.encode()), *shared]


async def enqueue(tx: Transaction, messages: Sequence[OutboxMessage], at: datetime) -> None:
    """Adds messages, in order, to be published after the commit."""
    if not messages:
        return
    for message in messages:
        if len(message.event.data) > LARGEST_EVENT:
            raise ValueError(f"an event for {message.topic} has {len(message.event.data)} bytes")
    statement = """
        COPY outbox (topic, headers, keys, ids, subjects, data, size, created_at) FROM STDIN (FORMAT BINARY)
    """
    async with tx.cursor() as cursor:
        async with cursor.copy(statement) as copy:
            # json travels as its text, also in binary format.
            copy.set_types(["text", "text", "bytea[]", "text[]", "text[]", "bytea[]", "int4", "timestamptz"])
            for run in _runs(messages):
                await copy.write_row((*_row(run), at))
        await cursor.execute("SELECT pg_notify(%s, '')", [CHANNEL])


def _runs(messages: Iterable[OutboxMessage]) -> Iterator[list[OutboxMessage]]:
    """Cuts the messages into what one row can hold."""
    for _, alike in groupby(messages, key=_SHARED):
        run: list[OutboxMessage] = []
        size = 0
        for message in alike:
            size += len(message.event.data)
            if run and (size > _LARGEST_ROW or len(run) == _MOST_IN_A_ROW):
                yield run
                run, size = [], len(message.event.data)
            run.append(message)
        yield run


def _row(run: Sequence[OutboxMessage]) -> tuple[object, ...]:
    headers = orjson.dumps(run[0].event.shared_headers()).decode()
    keys = [message.key for message in run]
    ids = [str(message.event.id) for message in run]
    subjects = [message.event.subject for message in run]
    data = [None if message.tombstone else message.event.data for message in run]
    size = sum(map(len, keys)) + sum(len(value or b"") for value in data) + len(run) * len(headers)
    return run[0].topic, headers, keys, ids, subjects, data, size


async def oldest_rows(connection: AsyncConnection[TupleRow], most_bytes: int) -> list[OutboxRow]:
    """The oldest rows in order, up to the one that exceeds so many bytes; empty when nothing waits."""
    cursor = await connection.execute(
        """
        SELECT id, topic, headers, keys, ids, subjects, data, created_at
        FROM (
            SELECT *, sum(size) OVER (ORDER BY id) - size AS bytes_before
            FROM (SELECT * FROM outbox ORDER BY id LIMIT %s) AS oldest
        ) AS measured
        WHERE bytes_before < %s ORDER BY id
        """,
        [_MOST_ROWS, most_bytes],
        binary=True,
    )
    rows: list[tuple[Any, ...]] = await cursor.fetchall()
    return [OutboxRow(*row) for row in rows]


async def delete_rows(connection: AsyncConnection[TupleRow], rows: Iterable[OutboxRow]) -> None:
    """Forgets rows whose events are all acknowledged."""
    await connection.execute("DELETE FROM outbox WHERE id = ANY(%s)", [[row.id for row in rows]], binary=True)
