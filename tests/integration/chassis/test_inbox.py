"""A relay may send twice; whoever consumes applies once."""

from collections.abc import Sequence

from services.chassis.consumer.records import Delivery, Quarantined, Subscription
from services.chassis.database import Transaction
from services.chassis.envelope import Event, read_event
from services.chassis.inbox import first_deliveries, first_delivery
from tests.support.plumbing import AT, Plumbing, event
from tests.support.processes import running


async def test_an_event_is_new_once_for_each_consumer(plumbing: Plumbing) -> None:
    process = await plumbing.process()
    async with process.database.transaction() as tx:
        assert await first_delivery(tx, "agenda", event("one"), AT)
        assert not await first_delivery(tx, "agenda", event("one"), AT)
        assert await first_delivery(tx, "actions", event("one"), AT)
    async with process.database.transaction() as tx:
        assert not await first_delivery(tx, "agenda", event("one"), AT)


async def test_of_a_batch_only_what_is_new_is_told_also_when_it_repeats_within(plumbing: Plumbing) -> None:
    process = await plumbing.process()
    one, two = event("one"), event("two")
    async with process.database.transaction() as tx:
        await first_delivery(tx, "agenda", one, AT)
        new = await first_deliveries(tx, "agenda", [one, two, two], AT)
        assert new == {(two.source, str(two.id))}
        assert await first_deliveries(tx, "agenda", [], AT) == set()


async def test_an_event_is_new_again_when_its_effect_was_rolled_back(plumbing: Plumbing) -> None:
    process = await plumbing.process()
    try:
        async with process.database.transaction() as tx:
            await first_delivery(tx, "agenda", event("one"), AT)
            raise KeyError
    except KeyError:
        pass
    async with process.database.transaction() as tx:
        assert await first_delivery(tx, "agenda", event("one"), AT)


async def test_a_consumer_with_an_inbox_applies_what_was_sent_twice_once(plumbing: Plumbing) -> None:
    async def apply(tx: Transaction, batch: Sequence[Delivery[Event]]) -> Sequence[Quarantined]:
        for item in batch:
            assert isinstance(item.content, Event)
            if await first_delivery(tx, "test", item.content, AT):
                await tx.execute(
                    "INSERT INTO applied (topic, part, position, content) VALUES (%s, 0, 0, %s)",
                    [item.record.topic, item.content.subject],
                )
        return []

    topic = await plumbing.topic()
    producer = await plumbing.kafka.producer()
    for name in ("one", "two", "one", "two", "three"):
        headers = [(key, value.encode()) for key, value in event(name).headers().items()]
        await producer.send_and_wait(topic, b"{}", key=b"k", headers=headers, partition=0)
    subscription = Subscription(
        group=plumbing.group,
        topics=(topic,),
        decode=lambda record: read_event(record.headers, record.value),
        apply=apply,
    )
    async with running((await plumbing.process()).consumer(subscription)):
        await plumbing.reached(topic, 5)
    assert plumbing.applied(topic) == ["one", "two", "three"]
