"""How many records wait for an operator, as a metric."""

import asyncio
from contextlib import suppress

from services.chassis.database import TRANSIENT, Database
from services.chassis.quarantine.store import depth
from services.chassis.telemetry import Metrics

_EVERY = 15.0


class DepthGauge:
    """Counts the open records by reason, over and over; a database that is away is asked again."""

    def __init__(self, database: Database, metrics: Metrics) -> None:
        self._database = database
        self._metrics = metrics
        self._seen: set[str] = set()

    async def run(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            try:
                await self.count()
            except TRANSIENT:
                self._metrics.retries.labels("quarantine depth").inc()
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), _EVERY)

    async def count(self) -> None:
        """Sets the gauge; a reason that is gone stands at 0."""
        async with self._database.transaction() as tx:
            found = await depth(tx)
        self._seen |= set(found)
        for reason in self._seen:
            self._metrics.quarantine_depth.labels(reason).set(found.get(reason, 0))
