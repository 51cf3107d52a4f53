"""What the picture worker tells of itself: counts without content."""

from prometheus_client import CollectorRegistry, Counter, Gauge


class Figures:
    """The metrics of the picture worker."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.handled = 0
        self._handled = Counter("entente_picture_records", "Records handled", registry=registry)
        self._refused = Counter(
            "entente_picture_refused", "Records passed over", ["reason"], registry=registry
        )
        self._published = Counter(
            "entente_picture_published", "Pictures acknowledged", ["audience"], registry=registry
        )
        self._failed = Counter("entente_picture_failures", "Looks that were given up", registry=registry)
        self._behind = Gauge("entente_picture_lag", "Records not yet handled", registry=registry)

    def handle(self) -> None:
        self.handled += 1
        self._handled.inc()

    def refuse(self, reason: str) -> None:
        self._refused.labels(reason).inc()

    def publish(self, audience: str) -> None:
        self._published.labels(audience).inc()

    def fail(self) -> None:
        self._failed.inc()

    def lag(self, records: int) -> None:
        self._behind.set(records)
