"""A member of a consumer group whose true position lies in PostgreSQL.

Each partition works on one batch at a time and is not asked meanwhile, so that a slow or failing one holds
up neither the others nor the heartbeat. Kafka's committed offset is only a courtesy to lag monitors.
"""

import asyncio
import re
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any, Generic, TypeVar

import structlog
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, wait_random_exponential

from services.chassis.clock import Clock
from services.chassis.consumer.batches import BatchProcessor
from services.chassis.consumer.halts import forget_halts, record_halts, standing_halts
from services.chassis.consumer.positions import Partition, stored_positions
from services.chassis.consumer.records import Record, Subscription
from services.chassis.consumer.stalls import Underway
from services.chassis.database import TRANSIENT, Database
from services.chassis.health import Health
from services.chassis.kafka import (
    AIOKafkaConsumer,
    ConsumerRebalanceListener,
    create_group_consumer,
)
from services.chassis.settings import KafkaSettings
from services.chassis.telemetry import Telemetry

T = TypeVar("T")

_COMMIT_EVERY = 1.0
_GLANCE = 0.02
_LOOK_FOR_RESUMED_EVERY = 1.0
_NOWHERE = TopicPartition("", 0)
"""A partition that nobody has: asking for it keeps the member alive and takes nothing."""
_DRAIN_WITHIN = 25.0


class GroupMember(ConsumerRebalanceListener, Generic[T]):  # type: ignore[misc]
    """Runs one subscription until it is stopped."""

    def __init__(
        self,
        subscription: Subscription[T],
        processor: BatchProcessor[T],
        database: Database,
        kafka: KafkaSettings,
        *,
        service: str,
        clock: Clock,
        telemetry: Telemetry,
        health: Health,
    ) -> None:
        self._subscription = subscription
        self._processor = processor
        self._database = database
        self._kafka = kafka
        self._service = service
        self._clock = clock
        self._metrics = telemetry.metrics
        self._health = health
        self._name = f"consumer {subscription.group}"
        self._heart = health.add_heart(self._name, limit=60.0)
        self._log = structlog.get_logger("consumer").bind(group=subscription.group)
        self._consumer: AIOKafkaConsumer = None
        self._working: set[asyncio.Task[None]] = set()
        self._busy = Underway(
            self._name, subscription.group, subscription.stalled_after, health, telemetry.metrics
        )
        self._halted: dict[Partition, str] = {}
        self._untold: set[Partition] = set()
        self._halts_seen_at = 0.0
        self._refused_in_a_row: dict[Partition, int] = {}
        self._applied: dict[Partition, int] = {}
        self._next: dict[Partition, int] = {}
        self._suspects: deque[TopicPartition] = deque()
        self._assigned = False
        self._failure: Exception | None = None
        self._committed_at = 0.0

    async def run(self, stop: asyncio.Event) -> None:
        """Raises what `apply` raises unexpectedly: the process then ends and is started again."""
        self._health.set_problem(self._name, "has no partitions yet")
        group = self._subscription.group
        self._consumer = create_group_consumer(self._kafka, group, self._service)
        if self._subscription.pattern is not None:
            pattern = re.compile(self._subscription.pattern)
            self._consumer.subscribe(pattern=pattern, listener=self)
        else:
            self._consumer.subscribe(topics=self._subscription.topics, listener=self)
        if not await self._start(stop):
            return
        try:
            while not stop.is_set():
                await self._turn()
            await self._drain()
            self._raise_failures()
        finally:
            await self._drain()
            await self._commit(force=True)
            await self._consumer.stop()

    async def _start(self, stop: asyncio.Event) -> bool:
        """Waits for the broker as long as it takes; False when told to stop meanwhile."""
        attempts = AsyncRetrying(
            retry=retry_if_exception_type(KafkaError),
            wait=wait_random_exponential(multiplier=0.2, max=10),
            before_sleep=self._note_wait,
            stop=lambda _: stop.is_set(),
            reraise=True,
        )
        try:
            await attempts(self._consumer.start)
        except KafkaError:
            await self._consumer.stop()
            if stop.is_set():
                return False
            raise
        return True

    def _note_wait(self, state: RetryCallState) -> None:
        self._heart.beat()
        error = state.outcome.exception() if state.outcome else None
        self._log.warning("broker not reached", error=repr(error))

    async def _turn(self) -> None:
        batches = await self._fetch()
        self._heart.beat()
        self._raise_failures()
        self._busy.look()
        for place, messages in batches.items():
            partition = Partition(place.topic, place.partition)
            records = [_record(message) for message in messages]
            expected, self._next[partition] = self._next[partition], records[-1].offset + 1
            self._busy.begin(partition)
            self._working.add(asyncio.create_task(self._work(partition, expected, records)))
        if self._working and not batches:
            await asyncio.wait(self._working, timeout=_GLANCE, return_when=asyncio.FIRST_COMPLETED)
        await self._commit()
        if self._halted:
            await self._tend_halted()

    async def _tend_halted(self) -> None:
        """Writes down what stopped, and goes on with what an operator has let go."""
        now = asyncio.get_running_loop().time()
        if now - self._halts_seen_at < _LOOK_FOR_RESUMED_EVERY:
            return
        self._halts_seen_at = now
        group = self._subscription.group
        try:
            async with self._database.transaction() as tx:
                told = {partition: self._halted[partition] for partition in self._untold}
                await record_halts(tx, group, told, self._clock())
                standing = await standing_halts(tx, group)
                positions = await stored_positions(tx, group)
        except TRANSIENT as error:
            self._metrics.retries.labels(group).inc()
            self._log.warning("halts not looked at", error=repr(error))
            return
        self._untold -= set(told)
        for partition in set(self._halted) - standing - self._untold - self._busy.partitions():
            await self._go_on(partition, positions.get(partition, 0))

    async def _go_on(self, partition: Partition, position: int) -> None:
        place = TopicPartition(partition.topic, partition.number)
        if place not in self._consumer.assignment():
            return
        start = (await self._consumer.beginning_offsets([place]))[place]
        end = (await self._consumer.end_offsets([place]))[place]
        del self._halted[partition]
        self._refused_in_a_row.pop(partition, None)
        self._health.set_problem(self._problem_of(partition), None)
        self._metrics.halted.labels(*partition.labels(self._subscription.group)).set(0)
        self._consumer.resume(place)
        self._log.info("partition goes on", topic=partition.topic, partition=partition.number)
        self._begin(place, position, start, end)

    def _free(self) -> list[TopicPartition]:
        """The partitions that may give a batch now; none before the stored positions are sought.

        Busy partitions are not asked rather than paused: aiokafka drops what it has fetched of a paused
        partition, and fetches it again.
        """
        if not self._assigned:
            return []
        free = [
            place
            for place in self._consumer.assignment()
            if (partition := Partition(place.topic, place.partition)) not in self._busy
            and partition not in self._halted
        ]
        if not self._suspects:
            return free
        self._suspects.rotate()
        return [self._suspects[0]] if self._suspects[0] in free else []

    async def _fetch(self) -> dict[TopicPartition, list[Any]]:
        """What the broker has for the partitions that are free.

        aiokafka cannot read a record with a header whose name is not UTF-8, drops what it had fetched
        with it, and does not say where it lies: positions go back, and the partitions are asked one by one.
        """
        asked = self._free()
        wait = 0 if self._working else 50 if self._suspects else 500
        try:
            fetched: dict[TopicPartition, list[Any]] = await self._consumer.getmany(
                *(asked or [_NOWHERE]), timeout_ms=wait, max_records=self._kafka.batch_records
            )
        except UnicodeDecodeError:
            if self._suspects:
                self._suspects.clear()
                self._halt_unreadable(asked[0])
            else:
                self._suspects.extend(self._go_back())
            return {}
        # Nothing awaits between here and the take-over: these are records of the present assignment.
        return fetched if self._assigned else {}

    def _halt_unreadable(self, place: TopicPartition) -> None:
        partition = Partition(place.topic, place.partition)
        position = self._next.get(partition)
        if position is not None:
            self._consumer.pause(place)
            self._halt(
                partition, f"unreadable: a record from {position} on has a header whose name is not UTF-8"
            )

    def _go_back(self) -> list[TopicPartition]:
        assigned = self._consumer.assignment()
        places: list[TopicPartition] = []
        for partition, position in self._next.items():
            place = TopicPartition(partition.topic, partition.number)
            if place in assigned and partition not in self._halted:
                # A busy partition's next batch begins at its position too: nothing is applied twice.
                self._consumer.seek(place, position)
                places.append(place)
        return places

    def _raise_failures(self) -> None:
        if self._failure is not None:
            raise self._failure
        for task in [task for task in self._working if task.done()]:
            self._working.discard(task)
            task.result()

    async def _work(self, partition: Partition, expected: int, records: Sequence[Record]) -> None:
        try:
            await self._apply(partition, expected, records)
        finally:
            self._busy.end(partition)

    async def _apply(self, partition: Partition, expected: int, records: Sequence[Record]) -> None:
        place = TopicPartition(partition.topic, partition.number)
        if records[0].offset > expected:
            # Compaction leaves holes; a hole below the start of the log is what aiokafka skips silently.
            start = (await self._consumer.beginning_offsets([place]))[place]
            if start > expected:
                self._halt(partition, f"gap: records {expected} to {start} are gone unread")
                return
        self._count_refusals(partition, await self._processor.process(partition, records))
        self._applied[partition] = records[-1].offset + 1
        if place in self._consumer.assignment():
            end = self._consumer.highwater(place) or self._applied[partition]
            lag = max(end - self._applied[partition], 0)
            self._metrics.lag.labels(*partition.labels(self._subscription.group)).set(lag)

    def _count_refusals(self, partition: Partition, refused: Iterable[bool]) -> None:
        count = self._refused_in_a_row.get(partition, 0)
        for is_refused in refused:
            count = count + 1 if is_refused else 0
        self._refused_in_a_row[partition] = count
        if count >= self._subscription.quarantine_limit:
            self._halt(partition, f"{count} records in a row went to quarantine")

    def _halt(self, partition: Partition, why: str) -> None:
        self._halted[partition] = why
        self._untold.add(partition)
        self._halts_seen_at = 0.0
        self._metrics.halted.labels(*partition.labels(self._subscription.group)).set(1)
        self._health.set_problem(self._problem_of(partition), why)
        self._log.error("partition stopped", topic=partition.topic, partition=partition.number, why=why)

    async def _commit(self, *, force: bool = False) -> None:
        now = asyncio.get_running_loop().time()
        if not self._applied or (not force and now - self._committed_at < _COMMIT_EVERY):
            return
        self._committed_at = now
        assigned = self._consumer.assignment()
        offsets = {
            TopicPartition(partition.topic, partition.number): offset
            for partition, offset in self._applied.items()
            if TopicPartition(partition.topic, partition.number) in assigned
        }
        self._applied.clear()
        if not offsets:
            return
        try:
            await self._consumer.commit(offsets)
        except KafkaError as error:
            self._log.warning("offsets not committed to the broker", error=repr(error))

    async def _drain(self) -> None:
        """Lets batches under way finish; what does not is cancelled and rolls back."""
        if not self._working:
            return
        _, late = await asyncio.wait(self._working, timeout=_DRAIN_WITHIN)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late)
            self._working -= late

    async def on_partitions_revoked(self, revoked: Any) -> None:  # noqa: ARG002 the listener's signature
        self._assigned = False
        await self._drain()
        await self._commit(force=True)

    async def on_partitions_assigned(self, assigned: Any) -> None:
        """Goes to where the database says. aiokafka swallows what a listener raises: it is kept and raised
        in the next turn.
        """
        try:
            await self._go_to_stored_positions(assigned)
        except Exception as error:  # noqa: BLE001 raised again in the next turn
            self._failure = error

    async def _go_to_stored_positions(self, assigned: Any) -> None:
        """Stops a partition whose log does not hold the position that is stored."""
        self._refused_in_a_row.clear()
        self._applied.clear()
        self._next.clear()
        self._suspects.clear()
        for partition in list(self._halted):
            self._health.set_problem(self._problem_of(partition), None)
        self._halted.clear()
        self._untold.clear()
        attempts = AsyncRetrying(
            retry=retry_if_exception_type(TRANSIENT),
            wait=wait_random_exponential(multiplier=0.1, max=5),
            before_sleep=self._note_wait,
        )
        stored: dict[Partition, int] = await attempts(self._stored_positions, assigned)
        if assigned:
            starts = await self._consumer.beginning_offsets(list(assigned))
            ends = await self._consumer.end_offsets(list(assigned))
        for place in assigned:
            partition = Partition(place.topic, place.partition)
            self._metrics.halted.labels(*partition.labels(self._subscription.group)).set(0)
            self._begin(place, stored.get(partition, starts[place]), starts[place], ends[place])
        self._assigned = True
        self._health.set_problem(self._name, None)
        self._log.info("partitions assigned", count=len(assigned))

    def _begin(self, place: TopicPartition, position: int, start: int, end: int) -> None:
        """Goes to a position, or stops the partition where the log does not hold it."""
        partition = Partition(place.topic, place.partition)
        if position < start:
            self._halt(partition, f"gap: records {position} to {start} are gone unread")
        elif position > end:
            self._halt(partition, f"rewound: the log ends at {end}, we are at {position}")
        if partition in self._halted:
            self._consumer.pause(place)
        else:
            self._consumer.seek(place, position)
            self._next[partition] = position

    def _problem_of(self, partition: Partition) -> str:
        return f"{self._name} {partition.topic}/{partition.number}"

    async def _stored_positions(self, assigned: Any) -> dict[Partition, int]:
        """Whoever gets a partition judges anew whether it can go on."""
        partitions = [Partition(place.topic, place.partition) for place in assigned]
        async with self._database.transaction() as tx:
            await forget_halts(tx, self._subscription.group, partitions)
            return await stored_positions(tx, self._subscription.group)


def _record(message: Any) -> Record:
    return Record(
        topic=message.topic,
        partition=message.partition,
        offset=message.offset,
        key=message.key,
        value=message.value,
        headers=tuple((name, value or b"") for name, value in message.headers),
        timestamp=message.timestamp,
    )
