"""The health of the feeds as metrics, for those who watch the system."""

from prometheus_client import CollectorRegistry, Gauge

from services.chassis.clock import Clock
from services.chassis.database import Database
from services.threatfeed.domain.feed_health import FeedHealth
from services.threatfeed.domain.rhythm import Rhythm
from services.threatfeed.store.conflicts import count_open_conflicts
from services.threatfeed.usecases.read_feeds import Feeds, healths


class FeedGauges:
    """Figures of every feed, made anew at each turn; labels are ids that stand in the names of topics too."""

    def __init__(self, database: Database, feeds: Feeds, clock: Clock, registry: CollectorRegistry) -> None:
        self._database = database
        self._feeds = feeds
        self._clock = clock
        agency = ["agency"]
        self._last_seen = Gauge(
            "entente_feed_last_seen_seconds", "Unix time of the last submission", agency, registry=registry
        )
        self._silent = Gauge(
            "entente_feed_silent", "1 while silent against its own rhythm", agency, registry=registry
        )
        self._lag = Gauge("entente_feed_lag", "Records that wait to be taken in", agency, registry=registry)
        self._rate = Gauge(
            "entente_feed_submissions_per_hour",
            "Submissions an hour over the window",
            [*agency, "window_hours"],
            registry=registry,
        )
        self._rejected = Gauge(
            "entente_feed_rejected_last_week",
            "Assessments rejected in the last week",
            [*agency, "reason"],
            registry=registry,
        )
        self._conflicts = Gauge(
            "entente_revision_conflicts_open",
            "Revisions between which a human has still to choose",
            agency,
            registry=registry,
        )
        self._reasons: set[tuple[str, str]] = set()

    async def measure(self) -> bool:
        """One turn; there is never more to do at once."""
        async with self._database.transaction() as tx:
            found = await healths(tx, sorted(self._feeds.policy.agencies), self._feeds, self._clock())
            conflicts = await count_open_conflicts(tx)
        for feed in found:
            self._set(feed)
            self._conflicts.labels(feed.agency).set(conflicts.get(feed.agency, 0))
        return False

    def _set(self, feed: FeedHealth) -> None:
        if feed.last_seen is not None:
            self._last_seen.labels(feed.agency).set(feed.last_seen.timestamp())
        self._silent.labels(feed.agency).set(feed.rhythm is Rhythm.SILENT)
        if feed.lag is not None:
            self._lag.labels(feed.agency).set(feed.lag)
        for rate in feed.rates:
            self._rate.labels(feed.agency, str(rate.hours)).set(rate.submissions / rate.hours)
        counts = {(feed.agency, reason): count for reason, count in feed.rejects}
        self._reasons |= set(counts)
        for agency, reason in self._reasons:
            if agency == feed.agency:
                self._rejected.labels(agency, reason).set(counts.get((agency, reason), 0))
