"""A partition that cannot be trusted stops for an operator, and only that one."""

import asyncio
import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from uuid import uuid4

import pytest
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.record.util import calc_crc32c
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient

from services.chassis.consumer.halts import ConsumerDesk, PartitionNotHalted, Standing
from services.chassis.consumer.positions import Partition
from services.chassis.consumer.records import Delivery, Quarantined
from services.chassis.database import Transaction
from services.chassis.once import Answer, Once
from services.chassis.process import Process
from services.chassis.quarantine.entries import Operator
from tests.support.plumbing import Plumbing, store_applied
from tests.support.processes import running
from tests.support.waiting import eventually


async def delete_records(plumbing: Plumbing, topic: str, before: int, partition: int = 0) -> None:
    """What retention does: the log now starts at that offset."""
    admin = AdminClient({**plumbing.kafka.admin.librdkafka(), "log_level": 0})
    (answer,) = admin.delete_records([TopicPartition(topic, partition, before)]).values()
    await asyncio.to_thread(answer.result)


async def not_ready(process: Process, group: str, topic: str, partition: int = 0) -> str:
    async def reason() -> str | None:
        return (await process.health.not_ready()).get(f"consumer {group} {topic}/{partition}")

    return await eventually(reason, within=30, describe="the partition is halted") or ""


def halted(process: Process, group: str, topic: str, partition: int = 0) -> float | None:
    labels = {"group": group, "topic": topic, "partition": str(partition)}
    return process.telemetry.metrics.registry.get_sample_value("entente_partition_halted", labels)


async def test_records_gone_unread_stop_their_partition_and_no_other(plumbing: Plumbing) -> None:
    topic = await plumbing.topic(partitions=2)
    for partition in (0, 1):
        await plumbing.publish(topic, *(f"text {n}" for n in range(8)), partition=partition)
    plumbing.set_position(topic, 2)
    await delete_records(plumbing, topic, before=5)
    process = await plumbing.process()
    async with running(process.consumer(plumbing.subscription(topic))):
        assert await not_ready(process, plumbing.group, topic) == "gap: records 2 to 5 are gone unread"
        await plumbing.reached(topic, 8, partition=1)
        assert halted(process, plumbing.group, topic) == 1
        assert halted(process, plumbing.group, topic, partition=1) == 0
    assert plumbing.applied(topic, 0) == []
    assert plumbing.rows("SELECT next_offset FROM consumed WHERE part = 0") == [(2,)]


async def test_a_log_that_ends_before_our_position_stops_its_partition(plumbing: Plumbing) -> None:
    topic = await plumbing.topic(partitions=2)
    for partition in (0, 1):
        await plumbing.publish(topic, "a", "b", partition=partition)
    plumbing.set_position(topic, 40)
    process = await plumbing.process()
    async with running(process.consumer(plumbing.subscription(topic))):
        assert await not_ready(process, plumbing.group, topic) == "rewound: the log ends at 2, we are at 40"
        await plumbing.reached(topic, 2, partition=1)
    assert plumbing.applied(topic, 0) == []


async def test_retention_that_overtakes_a_slow_member_stops_the_partition(plumbing: Plumbing) -> None:
    topic = await plumbing.topic()
    # More than a batch and what is fetched ahead of it, at 8 MiB a fetch.
    await plumbing.publish(topic, *(b"x" * 1_500_000 for _ in range(20)))
    being_applied, overtaken = asyncio.Event(), asyncio.Event()

    async def apply_late(tx: Transaction, batch: Sequence[Delivery[str]]) -> Sequence[Quarantined]:
        being_applied.set()
        await overtaken.wait()
        return await store_applied(tx, batch)

    process = await plumbing.process()
    subscription = plumbing.subscription(topic, apply=apply_late)
    async with running(process.consumer(subscription)):
        await asyncio.wait_for(being_applied.wait(), 60)
        await delete_records(plumbing, topic, before=20)
        await plumbing.publish(topic, "after the gap")
        overtaken.set()
        why = await not_ready(process, plumbing.group, topic)
        (position,) = plumbing.rows("SELECT next_offset FROM consumed")[0]
        assert why == f"gap: records {position} to 20 are gone unread"
    assert "after the gap" not in plumbing.applied(topic)


@contextmanager
def header_names_that_are_not_utf8() -> Iterator[str]:
    """Gives a name that goes out as bytes that are no text, as a hostile producer can send them."""
    name, build = "~~hostile~~", BatchBuilder._build

    def build_hostile(builder: BatchBuilder) -> bytes:
        batch = bytes(build(builder))
        if name.encode() in batch:
            forged = bytearray(batch.replace(name.encode(), b"\xff" * len(name)))
            # The checksum lies at byte 17 and covers what follows it (record batch format, version 2).
            struct.pack_into(">I", forged, 17, calc_crc32c(bytes(forged[21:])))
            builder._buffer = forged
        return bytes(builder._buffer)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BatchBuilder, "_build", build_hostile)
        yield name


async def test_a_record_that_the_client_cannot_read_stops_its_partition_and_no_other(
    plumbing: Plumbing,
) -> None:
    topic = await plumbing.topic(partitions=3)
    for partition in range(3):
        await plumbing.publish(topic, *(f"text {n}" for n in range(5)), partition=partition)
    process = await plumbing.process()
    async with running(process.consumer(plumbing.subscription(topic))):
        await plumbing.reached(topic, 5)
        with header_names_that_are_not_utf8() as hostile:
            await plumbing.kafka.publish(topic, b"hostile", headers=[(hostile, b"")], partition=0)
        for partition in range(3):
            await plumbing.publish(topic, *(f"text {n}" for n in range(5, 40)), partition=partition)
        why = await not_ready(process, plumbing.group, topic)
        assert why == "unreadable: a record from 5 on has a header whose name is not UTF-8"
        await plumbing.publish(topic, "text 40", partition=1)
        for partition in (1, 2):
            await plumbing.reached(topic, 41 if partition == 1 else 40, partition)
    texts = [f"text {n}" for n in range(41)]
    assert [plumbing.applied(topic, partition) for partition in range(3)] == [texts[:5], texts, texts[:40]]


async def test_too_many_refusals_in_a_row_stop_a_partition_and_the_others_go_on(plumbing: Plumbing) -> None:
    topic = await plumbing.topic(partitions=2)
    await plumbing.publish(topic, "bad", "good", "bad", "bad", "bad", partition=0)
    await plumbing.publish(topic, "bad", "bad", "good", "bad", "bad", partition=1)
    process = await plumbing.process()
    subscription = plumbing.subscription(topic, quarantine_limit=3)
    async with running(process.consumer(subscription)):
        why = await not_ready(process, plumbing.group, topic)
        assert why == "3 records in a row went to quarantine"
        await plumbing.publish(topic, "good", partition=0)
        await plumbing.publish(topic, "good", partition=1)
        await plumbing.reached(topic, 6, partition=1)
    assert plumbing.applied(topic, 1) == ["good", "good"]
    assert plumbing.applied(topic, 0) == ["good"]


async def test_an_operator_who_mends_the_position_has_the_partition_back(plumbing: Plumbing) -> None:
    topic = await plumbing.topic()
    await plumbing.publish(topic, *(f"text {n}" for n in range(4)))
    plumbing.set_position(topic, 9)
    stopped = await plumbing.process()
    async with running(stopped.consumer(plumbing.subscription(topic))):
        await not_ready(stopped, plumbing.group, topic)
    plumbing.set_position(topic, 1)
    mended = await plumbing.process()
    async with running(mended.consumer(plumbing.subscription(topic))):
        await plumbing.reached(topic, 4)
        assert await mended.health.not_ready() == {}
    assert plumbing.applied(topic) == ["text 1", "text 2", "text 3"]


class Host:
    """An operator of the host."""

    def may_run(self) -> bool:
        return True

    def may_see(self, topic: str, ceiling: str) -> bool:
        return bool(topic and ceiling)

    def may_open(self, topic: str, ceiling: str) -> bool:
        return self.may_see(topic, ceiling)


def once(process: Process) -> Once[Standing]:
    return Once(
        process.database,
        principal="operator",
        key=str(uuid4()),
        request="resume",
        at=process.clock(),
        encode=lambda standing: Answer(200, str(standing.next_offset).encode(), "text/plain"),
    )


async def written_down(desk: ConsumerDesk) -> Standing:
    async def found() -> Standing | None:
        return next((one for one in await desk.standings(Host()) if one.why), None)

    return await eventually(found, within=30, describe="the halt is written down")


async def test_an_operator_lets_a_stopped_partition_go_on_without_a_restart(plumbing: Plumbing) -> None:
    topic = await plumbing.topic()
    await plumbing.publish(topic, "bad", "bad", "bad", "bad", "bad")
    process = await plumbing.process()
    desk = ConsumerDesk(process.database, process.clock)
    subscription = plumbing.subscription(topic, quarantine_limit=3)
    async with running(process.consumer(subscription)):
        standing = await written_down(desk)
        assert standing.why is not None
        assert "went to quarantine" in standing.why
        await desk.resume(
            once(process), Host(), plumbing.group, Partition(topic, 0), None, "fixed", Operator("ops", "UK")
        )
        await plumbing.publish(topic, "last")
        await plumbing.reached(topic, 6)
        assert await process.health.not_ready() == {}
        assert halted(process, plumbing.group, topic) == 0
    assert plumbing.applied(topic)[-1] == "last"
    (audited,) = plumbing.rows("SELECT actor, detail->>'note' FROM audit WHERE action = 'consumer.resumed'")
    assert audited == ("ops", "fixed")


async def test_an_operator_leaves_out_what_is_gone_by_naming_where_to_go_on(plumbing: Plumbing) -> None:
    topic = await plumbing.topic()
    await plumbing.publish(topic, *(f"text {n}" for n in range(8)))
    plumbing.set_position(topic, 2)
    await delete_records(plumbing, topic, before=5)
    process = await plumbing.process()
    desk = ConsumerDesk(process.database, process.clock)
    async with running(process.consumer(plumbing.subscription(topic))):
        assert (await written_down(desk)).why == "gap: records 2 to 5 are gone unread"
        place, who = Partition(topic, 0), Operator("ops", "UK")
        await desk.resume(once(process), Host(), plumbing.group, place, 3, "a guess", who)
        # A position that the log does not hold either stops the partition again.
        assert (await written_down(desk)).why == "gap: records 3 to 5 are gone unread"
        await desk.resume(once(process), Host(), plumbing.group, place, 5, "they are lost", who)
        await plumbing.reached(topic, 8)
        with pytest.raises(PartitionNotHalted):
            await desk.resume(once(process), Host(), plumbing.group, place, 0, "once more", who)
    assert plumbing.applied(topic) == ["text 5", "text 6", "text 7"]
