"""Keeps the views of feeds true to their topics."""

import asyncio
from collections.abc import Callable, Mapping

from services.chassis.feed import Entry, FeedView
from services.chassis.health import Health
from services.chassis.settings import KafkaSettings
from services.chassis.topic_reader import TopicReader

ReadEntry = Callable[[bytes, bytes], Entry | None]
"""Makes an entry of a record's key and value; None where it has no place in the feed."""


class FeedReader:
    """Reads one-partition topics from the beginning and applies them to their views.

    Not ready until it has reached, on every topic, the end that it saw when it started.
    """

    def __init__(
        self,
        views: Mapping[str, FeedView],
        read_entry: ReadEntry,
        kafka: KafkaSettings,
        *,
        service: str,
        health: Health,
    ) -> None:
        self._views = views
        self._read_entry = read_entry
        self._health = health
        self._reader = TopicReader(
            tuple(views),
            self._apply,
            self._mark_caught_up,
            kafka,
            client=f"{service}-feed",
            heart=health.add_heart("feed reader", limit=60.0),
        )
        health.set_problem("feed", "is catching up")

    async def run(self, stop: asyncio.Event) -> None:
        await self._reader.run(stop)

    def _apply(self, topic: str, key: bytes, value: bytes) -> None:
        if (entry := self._read_entry(key, value)) is not None:
            self._views[topic].apply(entry)

    def _mark_caught_up(self) -> None:
        for view in self._views.values():
            view.mark_caught_up()
        self._health.set_problem("feed", None)
