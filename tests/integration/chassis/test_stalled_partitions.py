"""A partition whose handler is blocked is seen from outside within 30 s, and the others go on meanwhile."""

import asyncio
import time
from collections.abc import Sequence

from services.chassis.consumer.records import Delivery, Quarantined
from services.chassis.database import Transaction
from tests.support.plumbing import Plumbing, store_applied
from tests.support.processes import running
from tests.support.waiting import eventually

WITHIN = 30.0
AFTER = 2.0


async def test_a_blocked_handler_makes_the_process_not_ready_while_the_others_go_on(
    plumbing: Plumbing,
) -> None:
    topic = await plumbing.topic(partitions=2)
    usual = plumbing.subscription(topic).stalled_after
    blocked, released = asyncio.Event(), asyncio.Event()

    async def apply(tx: Transaction, batch: Sequence[Delivery[str]]) -> Sequence[Quarantined]:
        if batch[0].record.partition == 0 and not released.is_set():
            blocked.set()
            await released.wait()
        return await store_applied(tx, batch)

    process = await plumbing.process()
    place = {"group": plumbing.group, "topic": topic, "partition": "0"}
    name = f"consumer {plumbing.group} {topic}/0 stalled"

    async def reason() -> str | None:
        return (await process.health.not_ready()).get(name)

    async def ready() -> bool:
        return not await process.health.not_ready()

    async with running(process.consumer(plumbing.subscription(topic, apply=apply, stalled_after=AFTER))):
        await plumbing.publish(topic, "kept waiting", partition=0)
        await asyncio.wait_for(blocked.wait(), 60)
        began = time.monotonic()
        told = await eventually(reason, within=WITHIN, describe="the partition is told to be stalled")
        assert told == "stalled: a batch has been under way for more than 2 s"
        assert time.monotonic() - began - AFTER + usual < WITHIN
        assert process.telemetry.metrics.registry.get_sample_value("entente_partition_stalled", place) == 1
        assert process.health.not_alive() == [], "a restart would not help the other partitions"
        await plumbing.publish(topic, "one", "two", partition=1)
        await plumbing.reached(topic, 2, partition=1)
        assert plumbing.applied(topic, 0) == []
        released.set()
        await plumbing.reached(topic, 1, partition=0)
        await eventually(ready, within=10, describe="the process is ready again")
        assert process.telemetry.metrics.registry.get_sample_value("entente_partition_stalled", place) == 0
    assert plumbing.applied(topic, 0) == ["kept waiting"]
    assert plumbing.applied(topic, 1) == ["one", "two"]
