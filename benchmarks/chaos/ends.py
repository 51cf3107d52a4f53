"""How long topics are."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer, TopicPartition

from deploy.local.platform import PlatformAccess


@dataclass(frozen=True, slots=True)
class Ends:
    """A client that only asks for the ends of topics."""

    consumer: AIOKafkaConsumer

    async def of(self, *topics: str) -> int:
        """The offsets at which these topics end, summed over their partitions."""
        places = [
            TopicPartition(topic, number)
            for topic in topics
            for number in self.consumer.partitions_for_topic(topic) or ()
        ]
        total: int = sum((await self.consumer.end_offsets(places)).values())
        return total


@asynccontextmanager
async def topic_ends(access: PlatformAccess, *topics: str) -> AsyncIterator[Ends]:
    """Of these topics."""
    consumer = AIOKafkaConsumer(**access.kafka_admin.aiokafka())
    await consumer.start()
    try:
        # Nothing is fetched: the assignment only makes the client ask for these topics.
        places = [TopicPartition(topic, 0) for topic in topics]
        consumer.assign(places)
        consumer.pause(*places)
        await consumer.end_offsets(places)
        yield Ends(consumer)
    finally:
        await consumer.stop()
