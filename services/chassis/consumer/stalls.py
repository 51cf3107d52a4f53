"""Which partitions have a batch under way, and for how long: one that takes too long is told of."""

import asyncio

import structlog

from services.chassis.consumer.positions import Partition
from services.chassis.health import Health
from services.chassis.telemetry import Metrics


class Underway:
    """The batches under way. A handler that is blocked, or a database that is away, holds up its own
    partition only: the process says so, and the others go on.
    """

    def __init__(self, name: str, group: str, after: float, health: Health, metrics: Metrics) -> None:
        self._name = name
        self._group = group
        self._after = after
        self._health = health
        self._metrics = metrics
        self._since: dict[Partition, float] = {}
        self._stalled: set[Partition] = set()
        self._log = structlog.get_logger("consumer").bind(group=group)

    def __contains__(self, partition: Partition) -> bool:
        return partition in self._since

    def partitions(self) -> frozenset[Partition]:
        return frozenset(self._since)

    def begin(self, partition: Partition) -> None:
        self._since[partition] = asyncio.get_running_loop().time()

    def end(self, partition: Partition) -> None:
        self._since.pop(partition, None)
        if partition in self._stalled:
            self._stalled.discard(partition)
            self._tell(partition, None)

    def look(self) -> None:
        """Tells of each that has begun to take too long."""
        now = asyncio.get_running_loop().time()
        for partition, since in self._since.items():
            if now - since > self._after and partition not in self._stalled:
                self._stalled.add(partition)
                self._tell(
                    partition, f"stalled: a batch has been under way for more than {self._after:.0f} s"
                )
                self._log.error("partition stalled", topic=partition.topic, partition=partition.number)

    def _tell(self, partition: Partition, why: str | None) -> None:
        self._metrics.stalled.labels(*partition.labels(self._group)).set(why is not None)
        self._health.set_problem(f"{self._name} {partition.topic}/{partition.number} stalled", why)
