"""Bad records go to quarantine, passing failures pass, and what nobody foresaw ends the process."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from confluent_kafka.admin import AdminClient

from services.chassis.consumer.records import Delivery, Quarantined, Unstorable
from services.chassis.database import Transaction
from tests.support.plumbing import Plumbing, crashing, store_applied
from tests.support.processes import running
from tests.support.waiting import eventually

QUARANTINED = "SELECT position, reason, value FROM quarantine ORDER BY position"


def members(plumbing: Plumbing) -> set[str]:
    admin = AdminClient({**plumbing.kafka.admin.librdkafka(), "log_level": 0})
    (answer,) = admin.describe_consumer_groups([plumbing.group]).values()
    return {member.member_id for member in answer.result().members}


async def test_one_record_that_cannot_be_stored_goes_to_quarantine_and_its_neighbours_are_stored(
    plumbing: Plumbing,
) -> None:
    topic = await plumbing.topic()
    values = [f"text {number}" for number in range(20)]
    values[7] = "nul \x00 inside"
    values[8] = "another \x00"
    await plumbing.publish(topic, *values)
    async with running((await plumbing.process()).consumer(plumbing.subscription(topic))):
        await plumbing.reached(topic, 20)
    assert plumbing.applied(topic) == [value for value in values if "\x00" not in value]
    assert plumbing.rows(QUARANTINED) == [
        (7, "UNSTORABLE", values[7].encode()),
        (8, "UNSTORABLE", values[8].encode()),
    ]


async def test_quarantine_keeps_bytes_reason_place_and_the_ceiling_of_the_topic(plumbing: Plumbing) -> None:
    topic = await plumbing.topic()
    headers = [("content-type", b"text/\xff"), ("empty", None), ("twice", b"1"), ("twice", b"\x00")]
    producer = await plumbing.kafka.producer()
    await producer.send_and_wait(topic, b"bad \xff\x00", key=b"\x00key", headers=headers, partition=0)
    await producer.send_and_wait(topic, None, key=b"null", partition=0)
    await plumbing.publish(topic, "good")
    subscription = plumbing.subscription(topic, marking_ceiling="UK OFFICIAL")
    process = await plumbing.process()
    async with running(process.consumer(subscription)):
        await plumbing.reached(topic, 3)
    found = plumbing.rows(
        """
        SELECT grp, topic, part, position, key, value, headers::text, reason, detail, pointer,
               marking_ceiling, received_at, recorded_at <= now()
        FROM quarantine ORDER BY position
        """
    )
    group, at = plumbing.group, process.clock()
    kept = '[["content-type","text/\u00ff"],["empty",""],["twice","1"],["twice","\\\\u0000"]]'
    tail = ("NOT_TEXT", "the value is no text", "/value", "UK OFFICIAL", at, True)
    assert found == [
        (group, topic, 0, 0, b"\x00key", b"bad \xff\x00", kept, *tail),
        (group, topic, 0, 1, b"null", None, "[]", *tail),
    ]
    assert plumbing.applied(topic) == ["good"]


async def test_what_apply_refuses_is_quarantined_beside_what_decoding_refused(plumbing: Plumbing) -> None:
    async def apply(tx: Transaction, batch: Sequence[Delivery[str]]) -> Sequence[Quarantined]:
        refused = [item for item in batch if item.content == "late"]
        await store_applied(tx, [item for item in batch if item.content != "late"])
        return [(item.record.without_content(), Unstorable("refused late")) for item in refused]

    topic = await plumbing.topic()
    await plumbing.publish(topic, "bad", "late", "good")
    async with running((await plumbing.process()).consumer(plumbing.subscription(topic, apply=apply))):
        await plumbing.reached(topic, 3)
    assert plumbing.rows(QUARANTINED) == [(0, "NOT_TEXT", b"bad"), (1, "UNSTORABLE", None)]
    assert plumbing.applied(topic) == ["good"]


async def test_a_record_whose_producer_claims_an_impossible_time_is_quarantined_like_any(
    plumbing: Plumbing,
) -> None:
    topic = await plumbing.topic()
    producer = await plumbing.kafka.producer()
    before_the_year_one = -62_135_596_800_001
    await producer.send_and_wait(topic, b"bad", timestamp_ms=before_the_year_one, partition=0)
    await plumbing.publish(topic, "good")
    async with running((await plumbing.process()).consumer(plumbing.subscription(topic))):
        await plumbing.reached(topic, 2)
    assert plumbing.rows("SELECT recorded_at FROM quarantine") == [(datetime(1970, 1, 1, tzinfo=UTC),)]


@pytest.mark.parametrize(
    "fault",
    [
        "SELECT pg_terminate_backend(pg_backend_pid())",
        "DO $$BEGIN RAISE EXCEPTION 'race' USING ERRCODE = 'serialization_failure'; END$$",
        "DO $$BEGIN RAISE EXCEPTION 'cycle' USING ERRCODE = 'deadlock_detected'; END$$",
        "SET LOCAL statement_timeout = 1; SELECT pg_sleep(10)",
    ],
    ids=["connection killed", "serialisation failure", "deadlock", "statement timeout"],
)
async def test_a_passing_failure_has_the_same_batch_tried_again_while_others_go_on(
    plumbing: Plumbing, fault: str
) -> None:
    topic = await plumbing.topic(partitions=2)
    passes: list[tuple[int, ...]] = []
    mended = asyncio.Event()

    async def apply(tx: Transaction, batch: Sequence[Delivery[str]]) -> Sequence[Quarantined]:
        if batch[0].record.partition == 0:
            passes.append(tuple(item.record.offset for item in batch))
            if not mended.is_set():
                await tx.execute(fault)
        return await store_applied(tx, batch)

    await plumbing.publish(topic, "a", "b", "c", partition=0)
    process = await plumbing.process()
    async with running(process.consumer(plumbing.subscription(topic, apply=apply))):
        await eventually(lambda: len(passes) >= 2, within=30, describe="tried again")
        before = members(plumbing)
        await plumbing.publish(topic, "d", partition=0)
        await plumbing.publish(topic, "x", "y", partition=1)
        await plumbing.reached(topic, 2, partition=1)
        mended.set()
        await plumbing.reached(topic, 4)
        assert members(plumbing) == before
    assert plumbing.applied(topic) == ["a", "b", "c", "d"]
    assert plumbing.applied(topic, 1) == ["x", "y"]
    assert set(passes[:-1]) == {passes[0]}
    assert plumbing.rows(QUARANTINED) == []


async def test_a_failure_that_nobody_foresaw_ends_the_member_and_loses_nothing(plumbing: Plumbing) -> None:
    async def apply(tx: Transaction, batch: Sequence[Delivery[str]]) -> Sequence[Quarantined]:
        await store_applied(tx, batch)
        if any(item.content == "third" for item in batch):
            raise KeyError("a defect")
        return []

    topic = await plumbing.topic()
    await plumbing.publish(topic, "first", "second", "third")
    defective = (await plumbing.process()).consumer(plumbing.subscription(topic, apply=apply))
    async with crashing(defective.run) as task:
        await asyncio.wait([task], timeout=60)
    with pytest.raises(KeyError, match="a defect"):
        task.result()
    assert plumbing.applied(topic) == []
    async with running((await plumbing.process()).consumer(plumbing.subscription(topic))):
        await plumbing.reached(topic, 3)
    assert plumbing.applied(topic) == ["first", "second", "third"]


async def test_a_decoder_with_a_defect_ends_the_member(plumbing: Plumbing) -> None:
    def decode(_: object) -> str:
        raise ZeroDivisionError

    topic = await plumbing.topic()
    await plumbing.publish(topic, "first")
    subscription = replace(plumbing.subscription(topic), decode=decode)
    async with crashing((await plumbing.process()).consumer(subscription).run) as task:
        await asyncio.wait([task], timeout=60)
    with pytest.raises(ZeroDivisionError):
        task.result()


async def test_a_defect_that_shows_while_the_member_stops_is_not_passed_over(plumbing: Plumbing) -> None:
    inside, stopping = asyncio.Event(), asyncio.Event()

    async def apply(_: Transaction, __: Sequence[Delivery[str]]) -> Sequence[Quarantined]:
        inside.set()
        await stopping.wait()
        raise KeyError("a defect")

    topic = await plumbing.topic()
    await plumbing.publish(topic, "first")
    component = (await plumbing.process()).consumer(plumbing.subscription(topic, apply=apply))
    task = asyncio.create_task(asyncio.wait_for(component.run(component.stop), 60))
    await asyncio.wait_for(inside.wait(), 30)
    component.stop.set()
    stopping.set()
    with pytest.raises(KeyError, match="a defect"):
        await task


async def test_positions_that_cannot_be_read_end_the_member_and_nothing_is_guessed(
    plumbing: Plumbing,
) -> None:
    topic = await plumbing.topic()
    await plumbing.publish(topic, "first")
    plumbing.execute("ALTER TABLE consumed RENAME TO misplaced")
    async with crashing((await plumbing.process()).consumer(plumbing.subscription(topic)).run) as task:
        await asyncio.wait([task], timeout=60)
    with pytest.raises(Exception, match="consumed"):
        task.result()
    assert plumbing.applied(topic) == []


async def test_a_topic_that_is_new_is_found_by_its_pattern_while_running(plumbing: Plumbing) -> None:
    first = await plumbing.topic()
    await plumbing.publish(first, "first")
    process = await plumbing.process()
    kafka = process.settings.kafka.model_copy(update={"metadata_max_age_ms": 500})
    process = replace(process, settings=process.settings.model_copy(update={"kafka": kafka}))
    stem = first.rpartition("-")[0].replace(".", r"\.")
    subscription = plumbing.subscription(pattern=rf"^{stem}-[0-9]+$")
    async with running(process.consumer(subscription)):
        await plumbing.reached(first, 1)
        second = await plumbing.topic()
        await plumbing.publish(second, "second")
        await plumbing.reached(second, 1)
    assert plumbing.applied(first) == ["first"]
    assert plumbing.applied(second) == ["second"]
