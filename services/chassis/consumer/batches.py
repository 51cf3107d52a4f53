"""One batch of one partition: decoded, then applied in one fenced transaction, tried until it passes."""

import time
from collections.abc import Sequence
from typing import Generic, TypeVar

import psycopg
import structlog
from opentelemetry.trace import SpanKind
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, wait_random_exponential

from services.chassis.clock import Clock
from services.chassis.consumer.positions import Partition, lock_position, store_position
from services.chassis.consumer.quarantine import put_in_quarantine
from services.chassis.consumer.records import (
    Delivery,
    Quarantined,
    Record,
    Subscription,
    Unstorable,
)
from services.chassis.crashpoints import (
    AFTER_DATABASE_COMMIT,
    BEFORE_DATABASE_COMMIT,
    CrashPoints,
)
from services.chassis.database import TRANSIENT, Database
from services.chassis.envelope import header
from services.chassis.telemetry import Telemetry, links_to
from services.kernel.refusals import Refusal

T = TypeVar("T")


class BatchProcessor(Generic[T]):
    """Applies batches for one subscription."""

    def __init__(
        self,
        subscription: Subscription[T],
        database: Database,
        *,
        clock: Clock,
        telemetry: Telemetry,
        crash: CrashPoints,
    ) -> None:
        self._subscription = subscription
        self._database = database
        self._clock = clock
        self._telemetry = telemetry
        self._crash = crash
        self._log = structlog.get_logger("consumer")

    async def process(self, partition: Partition, records: Sequence[Record]) -> list[bool]:
        """Applies the records; gives for each whether it went to quarantine.

        Transient failures are tried again here for as long as they last; the caller keeps the partition
        paused and the member alive meanwhile.
        """
        group = self._subscription.group
        started = time.monotonic()
        links = links_to(header(record.headers, "traceparent") for record in records)
        with self._telemetry.span(
            f"process {partition.topic}",
            SpanKind.CONSUMER,
            links,
            messaging__system="kafka",
            messaging__operation__name="process",
            messaging__destination__name=partition.topic,
            messaging__destination__partition__id=str(partition.number),
            messaging__consumer__group__name=group,
            messaging__batch__message_count=len(records),
        ):
            deliveries = [self._decode(record) for record in records]
            quarantined = await self._apply(partition, deliveries)
        metrics = self._telemetry.metrics
        metrics.batch_seconds.labels(group).observe(time.monotonic() - started)
        metrics.consumed.labels(*partition.labels(group)).inc(len(records))
        for _, refusal in quarantined:
            metrics.quarantined.labels(*partition.labels(group), refusal.reason).inc()
        offsets = {record.offset for record, _ in quarantined}
        return [record.offset in offsets for record in records]

    def _decode(self, record: Record) -> Delivery[T]:
        try:
            return Delivery(record, self._subscription.decode(record))
        except Refusal as refusal:
            return Delivery(record, refusal)

    async def _apply(self, partition: Partition, deliveries: Sequence[Delivery[T]]) -> Sequence[Quarantined]:
        """Bisects on data errors, so that one record that cannot be stored never stops its neighbours."""
        attempts = AsyncRetrying(
            retry=retry_if_exception_type(TRANSIENT),
            wait=wait_random_exponential(multiplier=0.1, max=30),
            before_sleep=self._note_failure,
        )
        try:
            return await attempts(self._apply_once, partition, deliveries)
        except psycopg.DataError as error:
            if len(deliveries) > 1:
                middle = len(deliveries) // 2
                first = await self._apply(partition, deliveries[:middle])
                return [*first, *await self._apply(partition, deliveries[middle:])]
            if isinstance(deliveries[0].content, Unstorable):
                raise
            refusal = Unstorable(f"the content cannot be stored: {type(error).__name__}")
            return await self._apply(partition, [Delivery(deliveries[0].record, refusal)])

    async def _apply_once(
        self, partition: Partition, deliveries: Sequence[Delivery[T]]
    ) -> Sequence[Quarantined]:
        subscription = self._subscription
        async with self._database.transaction() as tx:
            position = await lock_position(tx, subscription.group, partition)
            fresh = [item for item in deliveries if item.record.offset >= position]
            if not fresh:
                return []
            refused: list[Quarantined] = [
                (self._kept(item.record), item.content) for item in fresh if isinstance(item.content, Refusal)
            ]
            refused.extend(await subscription.apply(tx, fresh))
            await put_in_quarantine(
                tx, subscription.group, subscription.marking_ceiling, refused, self._clock()
            )
            await store_position(tx, subscription.group, partition, fresh[-1].record.offset + 1)
            self._crash(BEFORE_DATABASE_COMMIT)
        self._crash(AFTER_DATABASE_COMMIT)
        return refused

    def _kept(self, record: Record) -> Record:
        withholds = self._subscription.withholds
        return record.without_content() if withholds is not None and withholds(record) else record

    def _note_failure(self, state: RetryCallState) -> None:
        self._telemetry.metrics.retries.labels(self._subscription.group).inc()
        error = state.outcome.exception() if state.outcome else None
        self._log.warning("batch is tried again", group=self._subscription.group, error=repr(error))
