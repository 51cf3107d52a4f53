"""Publishes the pictures that have changed: what the stream's timer does."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime
from typing import Protocol

import structlog

from services.chassis.clock import Clock
from services.chassis.envelope import Event
from services.kernel.policy import Policy
from services.threatfeed.domain.picture import pictures
from services.threatfeed.picture.figures import Figures
from services.threatfeed.picture.progress import Progress
from services.threatfeed.picture.records import picture_event
from services.threatfeed.picture.told import Reader
from services.threatfeed.picture.topics import Names

Publish = Callable[[str, Event], Awaitable[None]]
"""Sends an event to a topic and returns when the broker has it."""

_WITHIN = 65.0


class Table(Protocol):
    """What the pictures are made from."""

    changes: int

    def table(self) -> Iterable[tuple[bytes, bytes]]: ...


class Painter:
    """Makes the pictures again when something was told, when a minute has passed, and after a failure."""

    def __init__(
        self,
        stream: Table,
        progress: Progress,
        publish: Publish,
        names: Names,
        *,
        policy: Policy,
        clock: Clock,
        figures: Figures,
    ) -> None:
        self._stream = stream
        self._progress = progress
        self._publish = publish
        self._names = names
        self._policy = policy
        self._clock = clock
        self._figures = figures
        self._reader = Reader()
        self._published: dict[str, bytes] = {}
        self._painted: tuple[int, datetime] | None = None
        self._log = structlog.get_logger("picture")

    async def look(self) -> None:
        """Never raises: an exception in a timer of Faust stops the whole app."""
        try:
            await asyncio.wait_for(self._look(), _WITHIN)
        except Exception as error:  # noqa: BLE001 counted and tried again at the next look
            self._figures.fail()
            self._log.warning("the pictures are not published", error=repr(error))

    async def _look(self) -> None:
        at = self._clock()
        state = (self._stream.changes, at.replace(second=0, microsecond=0))
        if not self._progress.complete or state == self._painted:
            return
        told = self._reader.read(self._stream.table())
        for audience, picture in pictures(told, self._policy, at).items():
            event = picture_event(picture)
            if self._published.get(audience) != event.data:
                await self._publish(self._names.picture(audience), event)
                self._published[audience] = event.data
                self._figures.publish(audience)
        self._painted = state
