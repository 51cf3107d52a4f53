"""How many records wait for an operator, as a metric."""

from services.chassis.database import Database
from services.chassis.quarantine.store import depth
from services.chassis.telemetry import Metrics


class DepthGauge:
    """Counts the open records by reason."""

    def __init__(self, database: Database, metrics: Metrics) -> None:
        self._database = database
        self._metrics = metrics
        self._seen: set[str] = set()

    async def count(self) -> bool:
        """Sets the gauge; a reason that is gone stands at 0. There is never more to do at once."""
        async with self._database.transaction() as tx:
            found = await depth(tx)
        self._seen |= set(found)
        for reason in self._seen:
            self._metrics.quarantine_depth.labels(reason).set(found.get(reason, 0))
        return False
