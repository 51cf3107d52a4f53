"""Keeps the views of feeds true to their topics."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import structlog
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, wait_random_exponential

from services.chassis.feed import Entry, FeedView
from services.chassis.health import Health
from services.chassis.kafka import create_reader
from services.chassis.settings import KafkaSettings

ReadEntry = Callable[[bytes, bytes], Entry]
"""Makes an entry of a record's key and value."""


class FeedReader:
    """Reads one-partition topics from the beginning and applies them to their views.

    Not ready until it has reached, on every topic, the end that it saw when it started.
    """

    def __init__(
        self,
        views: Mapping[str, FeedView],
        read_entry: ReadEntry,
        kafka: KafkaSettings,
        *,
        service: str,
        health: Health,
    ) -> None:
        self._views = views
        self._read_entry = read_entry
        self._kafka = kafka
        self._service = service
        self._health = health
        self._heart = health.add_heart("feed reader", limit=60.0)
        self._log = structlog.get_logger("feed")
        health.set_problem("feed", "is catching up")

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
        self._log.warning("feed reader starts anew", error=repr(error))

    async def _read(self, stop: asyncio.Event) -> None:
        consumer = create_reader(self._kafka, f"{self._service}-feed")
        try:
            await consumer.start()
            places = [TopicPartition(topic, 0) for topic in self._views]
            consumer.assign(places)
            await consumer.seek_to_beginning(*places)
            ends = await consumer.end_offsets(places)
            while not stop.is_set():
                batches = await consumer.getmany(timeout_ms=500, max_records=1_000)
                self._heart.beat()
                for place, messages in batches.items():
                    self._apply(self._views[place.topic], messages)
                if ends and all([await consumer.position(p) >= end for p, end in ends.items()]):
                    ends = {}
                    for view in self._views.values():
                        view.mark_caught_up()
                    self._health.set_problem("feed", None)
        finally:
            await consumer.stop()

    def _apply(self, view: FeedView, messages: list[Any]) -> None:
        for message in messages:
            if message.key is not None and message.value is not None:
                view.apply(self._read_entry(message.key, message.value))
