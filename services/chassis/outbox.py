"""The outbox: events are rows of the same transaction as the change they tell of.

A row stays until the broker has acknowledged it, then it is deleted.
Order per key holds because a writer locks its aggregate before it inserts here, so that the order of
ids is the order of commits for one key.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import orjson

from services.chassis.database import Transaction
from services.chassis.envelope import Event

CHANNEL = "outbox"
LARGEST_EVENT = 4 * 1024 * 1024
"""Bytes. A larger event is a defect of its producer: it must fail here, never block the relay."""


@dataclass(frozen=True, slots=True)
class OutboxMessage:
    topic: str
    key: bytes
    event: Event


async def enqueue(tx: Transaction, messages: Sequence[OutboxMessage], at: datetime) -> None:
    """Adds messages, in order, to be published after the commit."""
    if not messages:
        return
    for message in messages:
        if len(message.event.data) > LARGEST_EVENT:
            raise ValueError(f"an event for {message.topic} has {len(message.event.data)} bytes")
    async with tx.cursor() as cursor:
        statement = "COPY outbox (topic, key, value, headers, created_at) FROM STDIN (FORMAT BINARY)"
        async with cursor.copy(statement) as copy:
            # json travels as its text, also in binary format.
            copy.set_types(["text", "bytea", "bytea", "text", "timestamptz"])
            for message in messages:
                headers = orjson.dumps(message.event.headers()).decode()
                await copy.write_row((message.topic, message.key, message.event.data, headers, at))
        await cursor.execute("SELECT pg_notify(%s, '')", [CHANNEL])
