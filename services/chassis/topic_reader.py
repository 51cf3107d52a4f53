"""Reads one-partition topics whole and follows them, without a group: every replica has all of them."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import structlog
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, wait_random_exponential

from services.chassis.health import Heart
from services.chassis.kafka import create_reader
from services.chassis.settings import KafkaSettings

Apply = Callable[[str, bytes, bytes], None]
"""Takes topic, key and value of the next record that has both."""


class TopicReader:
    """Gives every record to `apply`, and says once when it has reached the ends that it saw at the start.

    After a failure of the broker it reads everything anew: `apply` must drop what it knows already.
    """

    def __init__(
        self,
        topics: Sequence[str],
        apply: Apply,
        caught_up: Callable[[], None],
        kafka: KafkaSettings,
        *,
        client: str,
        heart: Heart,
    ) -> None:
        self._topics = topics
        self._apply = apply
        self._caught_up = caught_up
        self._kafka = kafka
        self._client = client
        self._heart = heart
        self._log = structlog.get_logger("reader").bind(client=client)

    async def run(self, stop: asyncio.Event) -> None:
        attempts = AsyncRetrying(
            retry=retry_if_exception_type(KafkaError),
            wait=wait_random_exponential(multiplier=0.2, max=10),
            before_sleep=self._note_failure,
            stop=lambda _: stop.is_set(),
            reraise=True,
        )
        try:
            await attempts(self._read, stop)
        except KafkaError:
            if not stop.is_set():
                raise

    def _note_failure(self, state: RetryCallState) -> None:
        self._heart.beat()
        error = state.outcome.exception() if state.outcome else None
        self._log.warning("reader starts anew", error=repr(error))

    async def _read(self, stop: asyncio.Event) -> None:
        consumer = create_reader(self._kafka, self._client)
        try:
            await consumer.start()
            places = [TopicPartition(topic, 0) for topic in self._topics]
            consumer.assign(places)
            await consumer.seek_to_beginning(*places)
            ends = await consumer.end_offsets(places)
            while not stop.is_set():
                batches = await consumer.getmany(timeout_ms=500, max_records=1_000)
                self._heart.beat()
                for place, messages in batches.items():
                    self._give(place.topic, messages)
                if ends and all([await consumer.position(p) >= end for p, end in ends.items()]):
                    ends = {}
                    self._caught_up()
        finally:
            await consumer.stop()

    def _give(self, topic: str, messages: list[Any]) -> None:
        for message in messages:
            if message.key is not None and message.value is not None:
                self._apply(topic, message.key, message.value)
