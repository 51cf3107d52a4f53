"""Publishes the outbox: one active relay a database, in order, at least once.

It reads whatever is there, oldest first, and never "id greater than the last": ids commit out of order.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from aiokafka.partitioner import DefaultPartitioner
from aiokafka.producer.message_accumulator import BatchBuilder
from tenacity import AsyncRetrying, retry_if_exception_type, wait_random_exponential

from services.chassis.clock import Clock
from services.chassis.crashpoints import AFTER_SEND, BEFORE_MARK, CrashPoints
from services.chassis.database import TRANSIENT
from services.chassis.health import Health, Heart
from services.chassis.kafka import create_producer
from services.chassis.outbox import CHANNEL, OutboxRow, Outgoing, delete_rows, oldest_rows
from services.chassis.settings import KafkaSettings, PostgresSettings
from services.chassis.sole import Session, open_session, try_lock
from services.chassis.telemetry import Telemetry

_LOCK = 7_241_912
_BATCH_BYTES = 4 * 1024 * 1024
_POLL = 0.2
_ACKNOWLEDGED_WITHIN = 60.0


class _Stopped(Exception):
    """The relay was told to stop."""


class OutboxRelay:
    """Runs until stopped; a lost connection or an unacknowledged batch starts it anew in place.

    With `standby_seconds` it waits that long before each try at the lock, so that a relay without, as long
    as there is one, gets it first; and that it cannot publish is a warning, for its process has other work.
    """

    def __init__(
        self,
        postgres: PostgresSettings,
        kafka: KafkaSettings,
        *,
        service: str,
        clock: Clock,
        telemetry: Telemetry,
        health: Health,
        crash: CrashPoints,
        standby_seconds: float = 0.0,
    ) -> None:
        self._postgres = postgres
        self._kafka = kafka
        self._service = service
        self._clock = clock
        self._metrics = telemetry.metrics
        self._partition = DefaultPartitioner()
        self._crash = crash
        self._standby = standby_seconds
        self._health = health
        self._heart: Heart = health.add_heart("outbox relay", limit=_ACKNOWLEDGED_WITHIN * 2)
        self._log = structlog.get_logger("outbox_relay")

    async def run(self, stop: asyncio.Event) -> None:
        attempts = AsyncRetrying(
            retry=retry_if_exception_type((*TRANSIENT, KafkaError, TimeoutError)),
            wait=wait_random_exponential(multiplier=0.2, max=30),
            before_sleep=self._note_failure,
            sleep=lambda seconds: self._pause(stop, seconds),
        )
        try:
            await attempts(self._relay, stop)
        except _Stopped:
            return

    def _note_failure(self, state: Any) -> None:
        error = repr(state.outcome.exception())
        self._metrics.retries.labels("outbox relay").inc()
        self._say(f"cannot publish: {error}")
        self._log.warning("relay starts anew", error=error)

    def _say(self, what: str | None) -> None:
        say = self._health.set_warning if self._standby else self._health.set_problem
        say("outbox relay", what)

    async def _pause(self, stop: asyncio.Event, seconds: float) -> None:
        self._heart.beat()
        try:
            await asyncio.wait_for(stop.wait(), seconds)
        except TimeoutError:
            return
        raise _Stopped

    async def _relay(self, stop: asyncio.Event) -> None:
        """One session: its lock, its producer. Losing either ends it at once."""
        async with open_session(self._postgres, f"{self._service}-relay") as connection:
            if self._standby:
                await self._leave_to_others(stop)
            while not await self._take_lock(connection):
                await self._leave_to_others(stop)
            producer = create_producer(self._kafka, f"{self._service}-relay")
            try:
                await producer.start()
                await connection.execute(f"LISTEN {CHANNEL}")
                self._log.info("relay active")
                while not stop.is_set():
                    if not await self._publish_batch(connection, producer):
                        await self._wait_for_rows(connection)
            finally:
                await asyncio.wait_for(producer.stop(), _ACKNOWLEDGED_WITHIN)

    async def _leave_to_others(self, stop: asyncio.Event) -> None:
        # Whether events go out is then for the active relay to say.
        self._say(None)
        await self._pause(stop, max(self._standby, 1.0))

    async def _take_lock(self, connection: Session) -> bool:
        self._heart.beat()
        return await try_lock(connection, _LOCK)

    async def _wait_for_rows(self, connection: Session) -> None:
        self._heart.beat()
        self._metrics.outbox_age.set(0)
        async for _ in connection.notifies(timeout=_POLL, stop_after=1):
            return

    async def _publish_batch(self, connection: Session, producer: AIOKafkaProducer) -> bool:
        rows = await oldest_rows(connection, _BATCH_BYTES)
        if not rows:
            self._say(None)
            return False
        age = (self._clock() - rows[0].created_at).total_seconds()
        self._metrics.outbox_age.set(max(age, 0.0))
        await asyncio.wait_for(self._send(producer, rows), _ACKNOWLEDGED_WITHIN)
        self._crash(AFTER_SEND)
        self._crash(BEFORE_MARK)
        await delete_rows(connection, rows)
        self._heart.beat()
        self._say(None)
        return True

    async def _send(self, producer: AIOKafkaProducer, rows: Sequence[OutboxRow]) -> None:
        """Sends whole batches a partition: a future and a queue entry for each message cost more than it."""
        places: dict[tuple[str, int], list[Outgoing]] = {}
        for row in rows:
            partitions = sorted(await producer.partitions_for(row.topic))
            for record in row.records():
                partition = self._partition(record[0], partitions, partitions)
                places.setdefault((row.topic, partition), []).append(record)
        await asyncio.gather(
            *(self._send_in_order(producer, *place, queue) for place, queue in places.items())
        )
        for row in rows:
            self._metrics.published.labels(row.topic).inc(len(row.ids))

    async def _send_in_order(
        self, producer: AIOKafkaProducer, topic: str, partition: int, records: Sequence[Outgoing]
    ) -> None:
        batch = producer.create_batch()
        for key, value, headers in records:
            if batch.append(timestamp=None, key=key, value=value, headers=headers) is None:
                await self._send_batch(producer, batch, topic, partition)
                batch = producer.create_batch()
                batch.append(timestamp=None, key=key, value=value, headers=headers)
        await self._send_batch(producer, batch, topic, partition)

    async def _send_batch(
        self, producer: AIOKafkaProducer, batch: BatchBuilder, topic: str, partition: int
    ) -> None:
        acknowledged = await producer.send_batch(batch, topic, partition=partition)
        await acknowledged
