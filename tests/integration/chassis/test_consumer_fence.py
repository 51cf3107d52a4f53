"""The database knows how far a group has come: nothing is applied twice and nothing is left out."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.structs import OffsetAndMetadata, TopicPartition

from services.chassis.consumer.batches import BatchProcessor
from services.chassis.consumer.positions import Partition
from services.chassis.consumer.records import Delivery, Quarantined, Record, Subscription
from services.chassis.crashpoints import AFTER_DATABASE_COMMIT, BEFORE_DATABASE_COMMIT
from services.chassis.database import Transaction
from services.chassis.process import Process
from tests.support.kafka import running as started
from tests.support.plumbing import Plumbing, crashing, store_applied
from tests.support.processes import running
from tests.support.waiting import eventually


class Died(Exception):
    """Stands for the end of the process."""


def texts(start: int, end: int) -> list[str]:
    return [f"text {number}" for number in range(start, end)]


def records(topic: str, start: int, end: int) -> list[Record]:
    return [
        Record(topic, 0, number, None, text.encode(), (), 0)
        for number, text in enumerate(texts(start, end), start)
    ]


def processor(process: Process, subscription: Subscription[str]) -> BatchProcessor[str]:
    return BatchProcessor(
        subscription, process.database, clock=process.clock, telemetry=process.telemetry, crash=process.crash
    )


async def committed(plumbing: Plumbing, topic: str) -> int | None:
    """What Kafka believes about the group's position."""
    consumer = AIOKafkaConsumer(
        **plumbing.kafka.admin.aiokafka(), group_id=plumbing.group, enable_auto_commit=False
    )
    async with started(consumer):
        consumer.assign([TopicPartition(topic, 0)])
        offset: int | None = await consumer.committed(TopicPartition(topic, 0))
    return offset


async def commit(plumbing: Plumbing, topic: str, offset: int) -> None:
    """Changes what Kafka believes, behind the back of the group (which has no members now)."""
    consumer = AIOKafkaConsumer(
        **plumbing.kafka.admin.aiokafka(), group_id=plumbing.group, enable_auto_commit=False
    )
    async with started(consumer):
        place = TopicPartition(topic, 0)
        consumer.assign([place])
        await consumer.commit({place: OffsetAndMetadata(offset, "")})


async def test_members_that_come_and_go_apply_each_record_once_and_in_order(plumbing: Plumbing) -> None:
    topic = await plumbing.topic(partitions=4)
    first, second = await plumbing.process(), await plumbing.process()
    subscription = plumbing.subscription(topic)
    for partition in range(4):
        await plumbing.publish(topic, *texts(0, 20), partition=partition)
    async with running(second.consumer(subscription)):
        async with running(first.consumer(subscription)):
            for partition in range(4):
                await plumbing.publish(topic, *texts(20, 40), partition=partition)
            await plumbing.reached(topic, 1)
        for partition in range(4):
            await plumbing.publish(topic, *texts(40, 60), partition=partition)
        for partition in range(4):
            await plumbing.reached(topic, 60, partition)
    for partition in range(4):
        assert plumbing.applied(topic, partition) == texts(0, 60)


async def test_a_zombie_in_the_middle_of_its_batch_and_its_successor_apply_it_once(
    plumbing: Plumbing,
) -> None:
    zombie_is_inside, zombie_may_go_on = asyncio.Event(), asyncio.Event()

    async def apply_slowly(tx: Transaction, batch: Sequence[Delivery[str]]) -> Sequence[Quarantined]:
        zombie_is_inside.set()
        await zombie_may_go_on.wait()
        return await store_applied(tx, batch)

    zombie = processor(await plumbing.process(), plumbing.subscription("t", apply=apply_slowly))
    successor = processor(await plumbing.process(), plumbing.subscription("t"))
    batch = records("t", 0, 10)
    async with asyncio.TaskGroup() as work:
        work.create_task(zombie.process(Partition("t", 0), batch))
        await zombie_is_inside.wait()
        work.create_task(successor.process(Partition("t", 0), records("t", 0, 15)))
        await eventually(
            lambda: plumbing.rows("SELECT 1 FROM pg_locks WHERE NOT granted"),
            describe="the successor waits for the zombie's transaction",
        )
        zombie_may_go_on.set()
    assert plumbing.applied("t") == texts(0, 15)


async def test_a_zombie_that_wakes_late_applies_nothing(plumbing: Plumbing) -> None:
    zombie = processor(await plumbing.process(), plumbing.subscription("t"))
    successor = processor(await plumbing.process(), plumbing.subscription("t"))
    await zombie.process(Partition("t", 0), records("t", 0, 5))
    await successor.process(Partition("t", 0), records("t", 5, 20))
    assert await zombie.process(Partition("t", 0), records("t", 5, 10)) == [False] * 5
    assert plumbing.applied("t") == texts(0, 20)


@pytest.mark.parametrize("point", [BEFORE_DATABASE_COMMIT, AFTER_DATABASE_COMMIT])
async def test_a_process_that_dies_around_the_commit_neither_loses_nor_doubles(
    plumbing: Plumbing, point: str
) -> None:
    topic = await plumbing.topic()
    await plumbing.publish(topic, *texts(0, 10))
    dead = asyncio.Event()

    def die(name: str) -> None:
        if name == point:
            dead.set()
            raise Died

    dying = (await plumbing.process(crash=die)).consumer(plumbing.subscription(topic))
    with suppress(Died):
        async with crashing(dying.run) as task:
            await asyncio.wait_for(dead.wait(), 60)
            await asyncio.wait([task], timeout=60)
        task.result()
    async with running((await plumbing.process()).consumer(plumbing.subscription(topic))):
        await plumbing.publish(topic, *texts(10, 12))
        await plumbing.reached(topic, 12)
    assert plumbing.applied(topic) == texts(0, 12)


async def test_records_are_not_applied_again_when_kafka_has_forgotten_the_position(
    plumbing: Plumbing,
) -> None:
    topic = await plumbing.topic()
    await plumbing.publish(topic, *texts(0, 10))
    async with running((await plumbing.process()).consumer(plumbing.subscription(topic))):
        await plumbing.reached(topic, 10)
    assert await committed(plumbing, topic) == 10
    await commit(plumbing, topic, 3)
    async with running((await plumbing.process()).consumer(plumbing.subscription(topic))):
        await plumbing.publish(topic, *texts(10, 12))
        await plumbing.reached(topic, 12)
    assert plumbing.applied(topic) == texts(0, 12)


async def test_the_position_of_the_database_wins_over_one_of_kafka_that_is_ahead(plumbing: Plumbing) -> None:
    topic = await plumbing.topic()
    await plumbing.publish(topic, *texts(0, 10))
    plumbing.set_position(topic, 4)
    await commit(plumbing, topic, 9)
    async with running((await plumbing.process()).consumer(plumbing.subscription(topic))):
        await plumbing.reached(topic, 10)
    assert plumbing.applied(topic) == texts(4, 10)
