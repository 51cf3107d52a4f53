"""What a transaction enqueues is published after its commit, in order for each key, at least once."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial

import psycopg
import pytest
from aiokafka.structs import ConsumerRecord
from psycopg.types.json import Json

from services.chassis import outbox_relay
from services.chassis.crashpoints import AFTER_SEND, BEFORE_MARK
from services.chassis.database import Database
from services.chassis.envelope import read_event
from services.chassis.migrations import PLUMBING
from services.chassis.outbox import LARGEST_EVENT, OutboxMessage, enqueue, oldest_rows
from services.chassis.process import Process
from tests.support.plumbing import AT, SERVICE, Plumbing, crashing, message
from tests.support.postgres import Databases
from tests.support.processes import running
from tests.support.waiting import eventually

LOCK_HOLDERS = """
    SELECT pid FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database
    WHERE locktype = 'advisory' AND granted AND datname = current_database()
"""


class Died(Exception):
    """Stands for the end of the process."""


async def commit(database: Database, *messages: OutboxMessage) -> None:
    async with database.transaction() as tx:
        await enqueue(tx, messages, AT)


async def change(database: Database, topic: str, key: str) -> None:
    """One more version of an aggregate, as every writer makes it: locked, changed, told."""
    async with database.transaction() as tx:
        await tx.execute("INSERT INTO aggregate VALUES (%s, 0) ON CONFLICT DO NOTHING", [key])
        cursor = await tx.execute(
            "UPDATE aggregate SET version = version + 1 WHERE key = %s RETURNING version", [key]
        )
        ((version,),) = await cursor.fetchall()
        await enqueue(tx, [message(topic, key, f"{key}:{version:04}")], AT)


def names(records: list[ConsumerRecord]) -> list[str]:
    return [read_event(record.headers, record.value).subject for record in records]


def versions(records: list[ConsumerRecord]) -> dict[str, list[int]]:
    """The versions of each aggregate in the order of the topic, each at its first appearance."""
    found: dict[str, list[int]] = defaultdict(list)
    for name in names(records):
        key, _, version = name.partition(":")
        if int(version) not in found[key]:
            found[key].append(int(version))
    return found


async def test_nothing_is_sent_before_the_commit_nor_after_a_rollback(plumbing: Plumbing) -> None:
    topic = await plumbing.topic()
    process = await plumbing.process()
    async with running(process.relay()):
        with suppress(Died):
            async with process.database.transaction() as tx:
                await enqueue(tx, [message(topic, "k", "rolled back")], AT)
                raise Died
        async with process.database.transaction() as tx:
            await enqueue(tx, [message(topic, "k", "first, and late")], AT)
            await commit(process.database, message(topic, "k", "second, and early"))
            await eventually(
                lambda: (
                    plumbing.rows("SELECT nextval(pg_get_serial_sequence('outbox', 'id')) > 3")[0][0]
                    and not plumbing.rows("SELECT 1 FROM outbox")
                ),
                describe="what is committed is published",
            )
            assert names(await plumbing.kafka.records(topic)) == ["second, and early"]
        await plumbing.outbox_empty()
    assert names(await plumbing.kafka.records(topic)) == ["second, and early", "first, and late"]


async def test_an_event_arrives_as_a_cloud_event_with_its_key(plumbing: Plumbing) -> None:
    topic = await plumbing.topic()
    process = await plumbing.process()
    sent = message(topic, "the key", "one", data=b"\x00\xff", traceparent=f"00-{'a' * 32}-{'b' * 16}-01")
    await commit(process.database, sent)
    async with running(process.relay()):
        await plumbing.outbox_empty()
    (record,) = await plumbing.kafka.records(topic)
    assert record.key == b"the key"
    assert read_event(record.headers, record.value) == sent.event
    assert dict(record.headers)["ce_specversion"] == b"1.0"


async def test_events_of_one_kind_share_a_row_and_keep_their_order(plumbing: Plumbing) -> None:
    topic, other = await plumbing.topic(), await plumbing.topic()
    process = await plumbing.process()
    alike = [message(topic, f"key {number % 7}", f"event {number:04}") for number in range(2_500)]
    apart = message(other, "k", "apart")
    later = message(topic, "k", "later", traceparent=f"00-{'a' * 32}-{'b' * 16}-01")
    await commit(process.database, *alike, apart, later)
    rows = plumbing.rows("SELECT topic, cardinality(ids) FROM outbox ORDER BY id")
    assert rows == [(topic, 1_000), (topic, 1_000), (topic, 500), (other, 1), (topic, 1)]
    async with running(process.relay()):
        await plumbing.outbox_empty()
    sent = await plumbing.kafka.records(topic)
    assert [read_event(record.headers, record.value) for record in sent] == [
        *(one.event for one in alike),
        later.event,
    ]
    assert [record.key for record in sent[:3]] == [b"key 0", b"key 1", b"key 2"]
    assert names(await plumbing.kafka.records(other)) == ["apart"]


async def test_large_events_lie_in_rows_of_their_own_and_are_read_a_few_at_a_time(plumbing: Plumbing) -> None:
    topic = await plumbing.topic()
    process = await plumbing.process()
    large = [message(topic, "k", f"large {number}", data=b"x" * 3_000_000) for number in range(4)]
    await commit(process.database, *large)
    async with process.database.transaction() as tx:
        first = await oldest_rows(tx, most_bytes=4_000_000)
    assert [row.subjects for row in first] == [["large 0"], ["large 1"]]
    async with running(process.relay()):
        await plumbing.outbox_empty()
    assert names(await plumbing.kafka.records(topic)) == [one.event.subject for one in large]


async def test_what_waited_with_a_row_of_its_own_is_published_too(postgres: Databases) -> None:
    def before(dsn: str) -> None:
        with psycopg.connect(dsn) as connection:
            connection.execute((PLUMBING / "chassis-0001-delivery.sql").read_text())

    waiting = message("t", "k", "waiting", data=b"\x00", traceparent=f"00-{'a' * 32}-{'b' * 16}-01")
    dsn = postgres.database("outbox-before", before)
    with psycopg.connect(dsn) as connection:
        connection.execute(
            "INSERT INTO outbox (topic, key, value, headers, created_at) VALUES (%s, %s, %s, %s, %s)",
            [waiting.topic, waiting.key, waiting.event.data, Json(waiting.event.headers()), AT],
        )
        connection.execute((PLUMBING / "chassis-0003-outbox-of-batches.sql").read_text())
    async with await psycopg.AsyncConnection.connect(dsn) as reading:
        (row,) = await oldest_rows(reading, most_bytes=1)
    ((key, value, headers),) = row.records()
    assert (row.topic, key) == (waiting.topic, waiting.key)
    assert read_event(headers, value) == waiting.event


async def test_a_commit_wakes_the_relay(plumbing: Plumbing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox_relay, "_POLL", 3600.0)
    topic = await plumbing.topic()
    process = await plumbing.process()
    relay = process.relay()
    async with running(relay):
        for name in ("one", "two", "three"):
            await commit(process.database, message(topic, "k", name))
            await plumbing.outbox_empty()
        relay.stop.set()
        await commit(process.database, message(topic, "k", "the last"))
    assert names(await plumbing.kafka.records(topic))[:3] == ["one", "two", "three"]


async def test_the_order_of_each_key_is_that_of_its_changes_however_transactions_mingle(
    plumbing: Plumbing,
) -> None:
    topic = await plumbing.topic(partitions=3)
    process = await plumbing.process()
    async with running(process.relay()):
        async with asyncio.TaskGroup() as writers:
            for number in range(200):
                writers.create_task(change(process.database, topic, f"aggregate-{number % 7}"))
        await plumbing.outbox_empty()
    found = versions(await plumbing.kafka.records(topic))
    assert sum(map(len, found.values())) == 200
    assert all(order == sorted(order) for order in found.values())


async def test_one_relay_is_active_and_another_takes_over_when_its_connection_is_lost(
    plumbing: Plumbing,
) -> None:
    topic = await plumbing.topic(partitions=3)
    first, second = await plumbing.process(), await plumbing.process()
    killed = []
    async with running(first.relay(), second.relay()):
        for number in range(120):
            await change(first.database, topic, f"aggregate-{number % 5}")
            if number % 40 == 20:
                ((holder,),) = await eventually(
                    lambda: plumbing.rows(LOCK_HOLDERS), describe="a relay holds the lock"
                )
                plumbing.execute("SELECT pg_terminate_backend(%s)", holder)
                killed.append(holder)
        await plumbing.outbox_empty()
        assert len(plumbing.rows(LOCK_HOLDERS)) == 1
    assert len(set(killed)) == 3
    found = versions(await plumbing.kafka.records(topic))
    assert found == {f"aggregate-{n}": list(range(1, 25)) for n in range(5)}


async def test_a_relay_on_standby_leaves_the_outbox_to_another_and_takes_over_when_it_is_gone(
    plumbing: Plumbing,
) -> None:
    topic = await plumbing.topic()
    standby, relay = await plumbing.process(), await plumbing.process()

    def published(process: Process) -> float:
        registry = process.telemetry.metrics.registry
        return registry.get_sample_value("entente_events_published_total", {"topic": topic}) or 0.0

    async with running(standby.relay(standby_seconds=1.5)):
        async with running(relay.relay()):
            for name in ("one", "two", "three"):
                await commit(relay.database, message(topic, "k", name))
                await plumbing.outbox_empty()
            assert (published(relay), published(standby)) == (3.0, 0.0)
        await commit(standby.database, message(topic, "k", "four"))
        await plumbing.outbox_empty()
        assert published(standby) == 1.0
    assert names(await plumbing.kafka.records(topic)) == ["one", "two", "three", "four"]


async def test_work_that_one_process_does_goes_on_elsewhere_when_its_session_is_lost(
    plumbing: Plumbing,
) -> None:
    """Whoever loses the session is cancelled once it notices, and the work is begun by one alone."""
    lock, turns = 7_300_001, list[str]()

    async def work(name: str) -> None:
        turns.append(f"{name} begins")
        try:
            await asyncio.Event().wait()
        finally:
            turns.append(f"{name} ends")

    first, second = await plumbing.process(), await plumbing.process()
    async with running(first.sole("one", lock, partial(work, "first"))):
        await eventually(lambda: turns, describe="the first works")
        async with running(second.sole("other", lock, partial(work, "second"))):
            plumbing.execute(
                """
                SELECT pg_terminate_backend(pid) FROM pg_locks
                WHERE locktype = 'advisory' AND objid = %s AND granted
                """,
                lock,
            )
            await eventually(
                lambda: "first ends" in turns and sum(turn.endswith("begins") for turn in turns) == 2,
                describe=lambda: f"it goes on: {turns}",
            )
            assert sum(turn.endswith("ends") for turn in turns) == 1
    assert sum(turn.endswith("ends") for turn in turns) == 2


@pytest.mark.parametrize("point", [AFTER_SEND, BEFORE_MARK])
async def test_a_relay_that_dies_after_sending_sends_again_under_the_same_id(
    plumbing: Plumbing, point: str
) -> None:
    def die(name: str) -> None:
        if name == point:
            raise Died

    topic = await plumbing.topic()
    dying, successor = await plumbing.process(crash=die), await plumbing.process()
    await commit(dying.database, message(topic, "k", "one"), message(topic, "k", "two"))
    async with crashing(dying.relay().run) as task:
        await asyncio.wait([task], timeout=60)
    with pytest.raises(Died):
        task.result()
    async with running(successor.relay()):
        await plumbing.outbox_empty()
    records = await plumbing.kafka.records(topic)
    assert names(records) == ["one", "two", "one", "two"]
    assert records[0].headers == records[2].headers


async def test_a_relay_that_cannot_publish_says_so_until_it_can(plumbing: Plumbing) -> None:
    topic = await plumbing.kafka.topic("plumbing", consumers=[SERVICE])
    process = await plumbing.process()
    await commit(process.database, message(topic, "k", "one"))

    async def why_not() -> str | None:
        return (await process.health.not_ready()).get("outbox relay")

    async with running(process.relay()):
        why = await eventually(why_not, within=30)
        assert "TopicAuthorizationFailed" in (why or "")
        plumbing.kafka.let_write(topic, SERVICE)
        await plumbing.outbox_empty()
        await eventually(no_reason(why_not), within=10, describe="the relay is ready again")
    assert names(await plumbing.kafka.records(topic)) == ["one"]


def no_reason(why_not: Callable[[], Awaitable[str | None]]) -> Callable[[], Awaitable[bool]]:
    async def is_ready() -> bool:
        return await why_not() is None

    return is_ready


async def test_an_event_too_large_for_the_relay_fails_where_it_is_made(plumbing: Plumbing) -> None:
    process = await plumbing.process()
    with pytest.raises(ValueError, match=str(LARGEST_EVENT + 1)):
        await commit(process.database, message("t", "k", "large", data=b"x" * (LARGEST_EVENT + 1)))
    assert plumbing.rows("SELECT 1 FROM outbox") == []
