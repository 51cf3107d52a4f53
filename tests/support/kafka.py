"""Topics and groups of a test's own, on the session's broker."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import TypeVar
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.structs import ConsumerRecord, RecordMetadata
from confluent_kafka import TopicPartition as TopicEnd
from confluent_kafka.admin import AdminClient, OffsetSpec

from deploy.local.access import KafkaLogin
from deploy.local.catalogue import Topic
from deploy.local.platform import PlatformAccess
from deploy.local.provision import allow, create_topics, grants, withdraw

LARGEST_RECORD = 8 * 1024 * 1024


Client = TypeVar("Client", AIOKafkaConsumer, AIOKafkaProducer)


@asynccontextmanager
async def running(client: Client) -> AsyncIterator[Client]:
    """The client, started; stopped at the end, also when its start fails (which its own context manager
    leaves half open).
    """
    try:
        await client.start()
        yield client
    finally:
        await client.stop()


async def send(login: KafkaLogin, topic: str, value: bytes = b"{}") -> None:
    """Write one record as whoever has the login."""
    producer = AIOKafkaProducer(**login.aiokafka(), max_request_size=9 * 1024 * 1024)
    async with running(producer):
        await producer.send_and_wait(topic, value, key=b"key")


async def first(login: KafkaLogin, topic: str, *, group: str | None = None) -> bytes | None:
    """The topic's first record, as whoever has the login reads it."""
    consumer = AIOKafkaConsumer(
        topic, **login.aiokafka(), group_id=group, auto_offset_reset="earliest", enable_auto_commit=False
    )
    async with running(consumer), asyncio.timeout(20):
        record = await consumer.getone()
        value: bytes | None = record.value
        return value


@dataclass(slots=True)
class Broker:
    """The session's broker as one test sees it. Names made here are unique to the test."""

    platform: PlatformAccess
    _stack: AsyncExitStack
    _admin: AdminClient
    _suffix: str = field(default_factory=lambda: uuid4().hex[:10])
    _numbers: "count[int]" = field(default_factory=lambda: count(1))
    _topics: list[Topic] = field(default_factory=list)
    _producers: dict[str, AIOKafkaProducer] = field(default_factory=dict)

    @property
    def admin(self) -> KafkaLogin:
        """The login that no ACL stops."""
        return self.platform.kafka_admin

    def login(self, principal: str) -> KafkaLogin:
        """The login of a service, `agency-<id>` or `audience-<id>`."""
        return self.platform.logins[principal]

    def unique(self, name: str) -> str:
        """The name with an ending that nobody else uses."""
        return f"{name}.{self._suffix}-{next(self._numbers)}"

    def group(self, principal: str) -> str:
        """A consumer group that the principal may use, and no other test does."""
        return self.unique(f"{principal}.test")

    async def topic(
        self,
        name: str,
        *,
        partitions: int = 1,
        producers: Sequence[str] = (),
        consumers: Sequence[str] = (),
        config: Mapping[str, str] | None = None,
    ) -> str:
        """Create a topic with a unique name; the principals named get their rights on it, as from
        the catalogue. Removed after the test.
        """
        topic = Topic(
            name=self.unique(name),
            partitions=partitions,
            config={"max.message.bytes": str(LARGEST_RECORD), **(config or {})},
            producers=tuple(producers),
            consumers=tuple(consumers),
        )
        await asyncio.to_thread(self._create, topic)
        self._topics.append(topic)
        return topic.name

    def _create(self, topic: Topic) -> None:
        create_topics(self._admin, [topic])
        allow(self._admin, grants([topic]))

    def let_write(self, topic: str, principal: str) -> None:
        """Give the principal the right to write a topic made here."""
        written = Topic(topic, 1, {}, producers=(principal,), consumers=())
        allow(self._admin, grants([written]))
        self._topics.append(written)

    def remove(self) -> None:
        """Take away the topics made here, and the rights on them."""
        if self._topics:
            names = {topic.name for topic in self._topics}
            withdraw(self._admin, frozenset(one for one in grants(self._topics) if one.name in names))
            for answer in self._admin.delete_topics(sorted(names)).values():
                answer.result()

    async def producer(self, principal: str | None = None) -> AIOKafkaProducer:
        """A started idempotent producer of the principal (the administrator if none is named)."""
        login = self.login(principal) if principal else self.admin
        if login.username not in self._producers:
            producer = AIOKafkaProducer(
                **login.aiokafka(),
                acks="all",
                enable_idempotence=True,
                max_request_size=LARGEST_RECORD + 65_536,
            )
            self._producers[login.username] = await self._stack.enter_async_context(running(producer))
        return self._producers[login.username]

    async def publish(
        self,
        topic: str,
        value: bytes | None,
        *,
        key: bytes | None = None,
        headers: Sequence[tuple[str, bytes]] = (),
        partition: int | None = None,
        principal: str | None = None,
    ) -> RecordMetadata:
        """Write one record and wait until the broker has it."""
        producer = await self.producer(principal)
        return await producer.send_and_wait(topic, value, key=key, headers=list(headers), partition=partition)

    def ends(self, topic: str) -> Mapping[int, int]:
        """Where the next record of each partition will lie."""
        found = self._admin.list_topics(topic).topics[topic].partitions
        wanted = {TopicEnd(topic, number): OffsetSpec.latest() for number in found}
        answers = self._admin.list_offsets(wanted)
        return {place.partition: answer.result().offset for place, answer in answers.items()}

    async def records(self, topic: str, *, principal: str | None = None) -> list[ConsumerRecord]:
        """Everything committed in the topic now, partition after partition."""
        login = self.login(principal) if principal else self.admin
        consumer = AIOKafkaConsumer(
            topic,
            **login.aiokafka(),
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            max_partition_fetch_bytes=LARGEST_RECORD,
            fetch_max_wait_ms=50,
        )
        async with running(consumer), asyncio.timeout(60):
            partitions = sorted(consumer.assignment())
            ends = await consumer.end_offsets(partitions)
            found: dict[TopicPartition, list[ConsumerRecord]] = {one: [] for one in partitions}
            for one in partitions:
                while await consumer.position(one) < ends[one]:
                    for place, records in (await consumer.getmany(timeout_ms=100)).items():
                        found[place] += [record for record in records if record.offset < ends[place]]
        return [record for one in partitions for record in found[one]]


@pytest.fixture
async def kafka(platform: PlatformAccess) -> AsyncIterator[Broker]:
    """The broker, with everything made through it removed after the test."""
    admin = AdminClient({**platform.kafka_admin.librdkafka(), "log_level": 0})
    async with AsyncExitStack() as stack:
        broker = Broker(platform, stack, admin)
        yield broker
    await asyncio.to_thread(broker.remove)
