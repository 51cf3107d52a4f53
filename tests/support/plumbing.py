"""The plumbing without a service: members, relays and processes on a database of a test's own."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import psycopg
import pytest

from deploy.local.platform import PlatformAccess
from services.chassis.consumer.records import Delivery, Quarantined, Record, Subscription
from services.chassis.crashpoints import CrashPoints
from services.chassis.database import Transaction
from services.chassis.envelope import Event
from services.chassis.migrations import migrate
from services.chassis.outbox import OutboxMessage
from services.chassis.process import Process
from services.kernel.refusals import Refusal, RefusalKind
from tests.support.kafka import Broker
from tests.support.postgres import Databases
from tests.support.processes import Traces, process_parts
from tests.support.waiting import eventually

MIGRATIONS = Path(__file__).resolve().parents[1] / "integration" / "chassis" / "migrations"
SERVICE = "threatfeed"
AT = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
_IDS = UUID("6a4cf6b6-8c3f-4a0e-9f1e-0d1f4f0c2f11")

Apply = Callable[[Transaction, Sequence[Delivery[str]]], Awaitable[Sequence[Quarantined]]]


class NotText(Refusal):
    """The record is none of what these tests publish."""

    kind = RefusalKind.INVALID
    reason = "NOT_TEXT"


def decode_text(record: Record) -> str:
    """The value as text. Raises `NotText` for a null record and for a text that begins with `bad`."""
    if record.value is None or record.value.startswith(b"bad"):
        raise NotText("the value is no text", pointer="/value")
    return record.value.decode()


async def store_applied(tx: Transaction, deliveries: Sequence[Delivery[str]]) -> Sequence[Quarantined]:
    """Stores each content with its position."""
    for delivery in deliveries:
        if isinstance(delivery.content, Refusal):
            continue
        record = delivery.record
        await tx.execute(
            "INSERT INTO applied (topic, part, position, content) VALUES (%s, %s, %s, %s)",
            [record.topic, record.partition, record.offset, delivery.content],
        )
    return []


def event(name: str, *, data: bytes = b"{}", traceparent: str | None = None) -> Event:
    """The event of that name: always the same one."""
    return Event(
        id=uuid5(_IDS, name),
        source="/entente/plumbing",
        type="entente.plumbing.v1.Tested",
        subject=name,
        time=AT,
        data=data,
        content_type="application/json",
        traceparent=traceparent,
    )


def message(topic: str, key: str, name: str, **changes: Any) -> OutboxMessage:
    return OutboxMessage(topic, key.encode(), event(name, **changes))


@dataclass(slots=True)
class Plumbing:
    """A broker, a database and the processes of one service, for one test."""

    platform: PlatformAccess
    kafka: Broker
    dsn: str
    _stack: AsyncExitStack
    group: str = field(init=False)

    def __post_init__(self) -> None:
        self.group = self.kafka.group(SERVICE)

    async def process(self, *, crash: CrashPoints | None = None, traces: Traces | None = None) -> Process:
        """The parts of one more process, with health and metrics of its own."""
        parts = await self._stack.enter_async_context(
            process_parts(self.platform, SERVICE, self.dsn, traces=traces)
        )
        return parts if crash is None else replace(parts, crash=crash)

    async def topic(self, partitions: int = 1) -> str:
        return await self.kafka.topic(
            "plumbing", partitions=partitions, producers=[SERVICE], consumers=[SERVICE]
        )

    def subscription(self, *topics: str, apply: Apply = store_applied, **changes: Any) -> Subscription[str]:
        plain = Subscription(group=self.group, topics=topics, decode=decode_text, apply=apply)
        return replace(plain, **changes)

    async def publish(self, topic: str, *values: str | bytes | None, partition: int = 0) -> None:
        for value in values:
            content = value.encode() if isinstance(value, str) else value
            await self.kafka.publish(topic, content, partition=partition)

    def execute(self, query: str, *parameters: object) -> None:
        with psycopg.connect(self.dsn) as connection:
            connection.execute(query, parameters)

    def rows(self, query: str, *parameters: object) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.dsn) as connection:
            return connection.execute(query, parameters).fetchall()

    def applied(self, topic: str, partition: int = 0) -> list[str]:
        """The contents applied of a partition, in the order in which they were."""
        found = self.rows(
            "SELECT content FROM applied WHERE topic = %s AND part = %s ORDER BY id", topic, partition
        )
        return [content for (content,) in found]

    def set_position(self, topic: str, position: int, partition: int = 0) -> None:
        """Says that this is the next offset to apply."""
        self.execute(
            """
            INSERT INTO consumed (grp, topic, part, next_offset) VALUES (%s, %s, %s, %s)
            ON CONFLICT (grp, topic, part) DO UPDATE SET next_offset = excluded.next_offset
            """,
            self.group,
            topic,
            partition,
            position,
        )

    async def reached(self, topic: str, position: int, partition: int = 0) -> None:
        """Waits until everything before that offset is applied."""
        await eventually(
            lambda: self.rows(
                """
                SELECT 1 FROM consumed
                WHERE grp = %s AND topic = %s AND part = %s AND next_offset >= %s
                """,
                self.group,
                topic,
                partition,
                position,
            ),
            within=60,
            describe=f"{topic}/{partition} applied up to {position}",
        )

    async def outbox_empty(self) -> None:
        await eventually(
            lambda: not self.rows("SELECT 1 FROM outbox"), within=60, describe="the outbox is empty"
        )


@asynccontextmanager
async def crashing(run: Callable[[asyncio.Event], Awaitable[None]]) -> AsyncIterator["asyncio.Task[None]"]:
    """A component at work that may crash: its task, ended with the block at the latest."""
    stop = asyncio.Event()

    async def work() -> None:
        await run(stop)

    task = asyncio.create_task(work())
    try:
        yield task
    finally:
        stop.set()
        await asyncio.wait([task], timeout=60)


@pytest.fixture
async def plumbing(platform: PlatformAccess, kafka: Broker, postgres: Databases) -> AsyncIterator[Plumbing]:
    """The plumbing with an empty database, migrated with a table for what a consumer applies."""
    dsn = postgres.database("plumbing", lambda dsn: migrate(dsn, MIGRATIONS))
    async with AsyncExitStack() as stack:
        yield Plumbing(platform, kafka, dsn, stack)
