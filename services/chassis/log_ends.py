"""Asks the broker, by itself, how far topics have come: the yardstick of those who read them."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import structlog
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from services.chassis.consumer.positions import Partition
from services.chassis.kafka import AIOKafkaConsumer, create_reader
from services.chassis.settings import KafkaSettings


@dataclass(frozen=True, slots=True)
class Extent:
    """Where the log of a partition begins, and the offset that its next record will have."""

    begin: int
    end: int


Ends = Mapping[Partition, Extent]


class LogEnds:
    """Tells the extents of topics every few seconds, and None when the broker does not answer."""

    def __init__(
        self,
        topics: Sequence[str],
        kafka: KafkaSettings,
        tell: Callable[[Ends | None], None],
        *,
        client: str,
        every: float,
    ) -> None:
        self._topics = topics
        self._kafka = kafka
        self._tell = tell
        self._client = client
        self._every = every
        self._log = structlog.get_logger("log ends")

    async def run(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            try:
                await self._follow(stop)
            except KafkaError as error:
                self._log.warning("broker not reached", error=repr(error))
                self._tell(None)
            await self._rest(stop)

    async def _follow(self, stop: asyncio.Event) -> None:
        consumer = create_reader(self._kafka, self._client)
        try:
            await consumer.start()
            first = [TopicPartition(topic, 0) for topic in self._topics]
            # Nothing is fetched: the assignment only makes the client ask for these topics.
            consumer.assign(first)
            consumer.pause(*first)
            while not stop.is_set():
                self._tell(await self._ask(consumer))
                await self._rest(stop)
        finally:
            await consumer.stop()

    async def _ask(self, consumer: AIOKafkaConsumer) -> Ends:
        await consumer.end_offsets([TopicPartition(topic, 0) for topic in self._topics])
        places = [
            TopicPartition(topic, number)
            for topic in self._topics
            for number in sorted(consumer.partitions_for_topic(topic) or ())
        ]
        begins, ends = await consumer.beginning_offsets(places), await consumer.end_offsets(places)
        return {
            Partition(place.topic, place.partition): Extent(begins[place], ends[place]) for place in places
        }

    async def _rest(self, stop: asyncio.Event) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), self._every)
