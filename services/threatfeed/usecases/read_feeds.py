"""Tells how the feeds do: an operator of the host all of them, others those of their own party's agencies."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from services.chassis.consumer.positions import Partition, stored_positions
from services.chassis.database import Database, Transaction
from services.chassis.log_ends import Ends
from services.kernel.parties import Reader, Role
from services.kernel.policy import Policy
from services.kernel.refusals import NoAccess
from services.threatfeed.domain.feed_health import FeedHealth
from services.threatfeed.domain.rhythm import usual_gap
from services.threatfeed.store.feeds import Seen, read_feeds

READERS = frozenset({Role.OPERATOR, Role.SECRETARIAT})


@dataclass(slots=True)
class LatestEnds:
    """How far the submission topics have come, as the broker said last; None while it does not answer."""

    ends: Ends | None = None

    def note(self, ends: Ends | None) -> None:
        self.ends = ends


@dataclass(frozen=True, slots=True)
class Feeds:
    """What reading the feeds needs: whose host this is, and in which topic and group each is taken in."""

    policy: Policy
    home_party: str
    group: str
    topics: Mapping[str, str]
    """By agency."""
    latest: LatestEnds = field(default_factory=LatestEnds)


async def list_feeds(database: Database, reader: Reader, feeds: Feeds, at: datetime) -> list[FeedHealth]:
    """The feeds that the reader may see, by agency. Raises `NoAccess` for who may see none."""
    agencies = visible_agencies(reader, feeds)
    if not agencies:
        raise NoAccess("feeds")
    async with database.transaction() as tx:
        return await healths(tx, agencies, feeds, at)


async def get_feed(database: Database, reader: Reader, agency: str, feeds: Feeds, at: datetime) -> FeedHealth:
    """Raises `NoAccess`, also for an agency that does not exist."""
    if agency not in visible_agencies(reader, feeds):
        raise NoAccess(f"feed {agency}")
    async with database.transaction() as tx:
        (health,) = await healths(tx, [agency], feeds, at)
    return health


def visible_agencies(reader: Reader, feeds: Feeds) -> list[str]:
    """All for an operator of the host, who runs them; else those of the party in which a role is held."""
    policy = feeds.policy
    roles = {role for series in policy.series_of(reader) for role in policy.roles(reader, series.id)}
    if Role.OPERATOR in roles and reader.party == feeds.home_party:
        return sorted(policy.agencies)
    if not roles & READERS:
        return []
    return sorted(key for key, agency in policy.agencies.items() if agency.party == reader.party)


async def healths(tx: Transaction, agencies: Iterable[str], feeds: Feeds, at: datetime) -> list[FeedHealth]:
    """How these feeds do now."""
    agencies = list(agencies)
    seen = await read_feeds(tx, agencies, at)
    positions = await stored_positions(tx, feeds.group)
    return [_health(agency, seen[agency], feeds, positions, at) for agency in agencies]


def _health(
    agency: str, seen: Seen, feeds: Feeds, positions: Mapping[Partition, int], at: datetime
) -> FeedHealth:
    return FeedHealth(
        agency=agency,
        party=feeds.policy.agency(agency).party,
        at=at,
        last_seen=seen.last_seen,
        usual_gap=usual_gap(seen.hours),
        rates=seen.rates,
        rejects=seen.rejects,
        lag=_lag(feeds.latest.ends, feeds.topics[agency], positions),
    )


def _lag(ends: Ends | None, topic: str, positions: Mapping[Partition, int]) -> int | None:
    if ends is None:
        return None
    return sum(
        max(extent.end - max(positions.get(partition, 0), extent.begin), 0)
        for partition, extent in ends.items()
        if partition.topic == topic
    )
