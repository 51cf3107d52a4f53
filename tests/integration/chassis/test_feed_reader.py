"""A feed is served only when it has been read to its end, and follows its topic from then on."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from services.chassis.feed import Entry, FeedCatchingUp, FeedView, Token
from services.chassis.feed_reader import FeedReader
from services.chassis.health import Health
from services.chassis.lifecycle import Component
from tests.support.plumbing import SERVICE, Plumbing
from tests.support.processes import kafka_settings, running
from tests.support.waiting import eventually


def read_entry(key: bytes, value: bytes) -> Entry:
    """These tests' records say their own sequence."""
    return Entry(Token("epoch", int(value)), key.decode(), value)


@asynccontextmanager
async def reading(plumbing: Plumbing, *topics: str) -> AsyncIterator[tuple[dict[str, FeedView], Health]]:
    views, health = {topic: FeedView() for topic in topics}, Health()
    reader = FeedReader(
        views,
        read_entry,
        kafka_settings(plumbing.kafka.login(SERVICE)),
        service=SERVICE,
        health=health,
    )
    assert await health.not_ready() == {"feed": "is catching up"}
    async with running(Component("feed", reader.run)):
        yield views, health


async def ready(health: Health) -> None:
    async def is_ready() -> bool:
        return not await health.not_ready()

    await eventually(is_ready, within=30, describe="the feed is caught up")


async def publish(plumbing: Plumbing, topic: str, *sequences: int) -> None:
    for sequence in sequences:
        await plumbing.kafka.publish(topic, str(sequence).encode(), key=f"k{sequence % 3}".encode())


async def test_a_feed_is_ready_when_all_that_was_there_at_the_start_is_read(plumbing: Plumbing) -> None:
    topic, empty = await plumbing.topic(), await plumbing.topic()
    await publish(plumbing, topic, *range(1, 31))
    async with reading(plumbing, topic, empty) as (views, health):
        await ready(health)
        assert views[topic].token == Token("epoch", 30)
        assert str(views[empty].token) == ""
        views[empty].require_caught_up()
        await publish(plumbing, topic, 31)
        await eventually(lambda: views[topic].token.sequence == 31, within=30)


async def test_a_feed_of_which_something_is_unread_has_no_readers() -> None:
    view = FeedView()
    with pytest.raises(FeedCatchingUp):
        await anext(view.follow(None, 1.0))


async def test_tombstones_and_records_without_key_are_passed_over(plumbing: Plumbing) -> None:
    topic = await plumbing.topic()
    await publish(plumbing, topic, 1)
    await plumbing.kafka.publish(topic, None, key=b"k1")
    await plumbing.kafka.publish(topic, b"7")
    await publish(plumbing, topic, 2)
    async with reading(plumbing, topic) as (views, health):
        await ready(health)
        assert views[topic].token.sequence == 2
