"""Keeps what came over each feed by hour, and reads how the feeds do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.chassis.database import Transaction
from services.threatfeed.domain.feed_health import RATE_HOURS, FeedRate, Tally
from services.threatfeed.domain.rhythm import LATEST_GAPS

_MOST_PARTITIONS = 64


@dataclass(frozen=True, slots=True)
class Seen:
    """What is kept of one feed: the last moment, the latest hours in which something came, rates, rejects."""

    last_seen: datetime | None
    hours: tuple[datetime, ...]
    rates: tuple[FeedRate, ...]
    rejects: tuple[tuple[str, int], ...]


async def add_tallies(tx: Transaction, tallies: Mapping[tuple[str, int], Tally], at: datetime) -> None:
    """Adds what came in a batch, by agency and partition, to the present hour."""
    hour = _hour(at)
    for (agency, part), tally in sorted(tallies.items()):
        await tx.execute(
            """
            INSERT INTO feed_hour AS held
                (agency, part, hour, submissions, taken, unchanged, rejected, last_seen)
            VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
            ON CONFLICT (agency, part, hour) DO UPDATE SET
                submissions = held.submissions + excluded.submissions,
                taken = held.taken + excluded.taken,
                unchanged = held.unchanged + excluded.unchanged,
                rejected = held.rejected + excluded.rejected,
                last_seen = greatest(held.last_seen, excluded.last_seen)
            """,
            [
                agency,
                part,
                hour,
                tally.submissions,
                tally.taken,
                tally.unchanged,
                tally.rejects.total(),
                at,
            ],
        )
        for reason, count in sorted(tally.rejects.items()):
            await tx.execute(
                """
                INSERT INTO feed_reject AS held (agency, part, hour, reason, count)
                VALUES (%s, %s, %s, %s, %s)
                ON CONFLICT (agency, hour, part, reason) DO UPDATE SET count = held.count + excluded.count
                """,
                [agency, part, hour, reason, count],
            )


async def read_feeds(tx: Transaction, agencies: Sequence[str], at: datetime) -> dict[str, Seen]:
    """What is kept of each of these feeds."""
    moments = await _moments(tx, agencies)
    rates = {hours: await _rates(tx, agencies, hours, at) for hours in RATE_HOURS}
    rejects = await _rejects(tx, agencies, at)
    return {
        agency: Seen(
            last_seen=moments[agency][0],
            hours=moments[agency][1],
            rates=tuple(rates[hours].get(agency, FeedRate(hours)) for hours in RATE_HOURS),
            rejects=tuple(rejects.get(agency, ())),
        )
        for agency in agencies
    }


async def _moments(
    tx: Transaction, agencies: Sequence[str]
) -> dict[str, tuple[datetime | None, tuple[datetime, ...]]]:
    """The rows of the latest hour hold the last moment: there are at most as many as partitions."""
    cursor = await tx.execute(
        """
        SELECT asked.agency,
            (SELECT max(last_seen) FROM (
                SELECT last_seen FROM feed_hour WHERE feed_hour.agency = asked.agency
                ORDER BY hour DESC LIMIT %s) AS latest),
            ARRAY(SELECT DISTINCT hour FROM feed_hour WHERE feed_hour.agency = asked.agency
                ORDER BY hour DESC LIMIT %s)
        FROM unnest(%s::text[]) AS asked (agency)
        """,
        [_MOST_PARTITIONS, LATEST_GAPS + 1, list(agencies)],
    )
    return {agency: (last, tuple(hours)) for agency, last, hours in await cursor.fetchall()}


async def _rates(tx: Transaction, agencies: Sequence[str], hours: int, at: datetime) -> dict[str, FeedRate]:
    cursor = await tx.execute(
        """
        SELECT agency, sum(submissions)::bigint, sum(taken)::bigint, sum(unchanged)::bigint,
            sum(rejected)::bigint
        FROM feed_hour WHERE agency = ANY(%s) AND hour > %s AND hour <= %s GROUP BY agency
        """,
        [list(agencies), _hour(at) - timedelta(hours=hours), at],
    )
    return {agency: FeedRate(hours, *counts) for agency, *counts in await cursor.fetchall()}


async def _rejects(
    tx: Transaction, agencies: Sequence[str], at: datetime
) -> dict[str, list[tuple[str, int]]]:
    cursor = await tx.execute(
        """
        SELECT agency, reason, sum(count)::bigint AS total FROM feed_reject
        WHERE agency = ANY(%s) AND hour > %s AND hour <= %s
        GROUP BY agency, reason ORDER BY agency, total DESC, reason
        """,
        [list(agencies), _hour(at) - timedelta(hours=RATE_HOURS[-1]), at],
    )
    found: dict[str, list[tuple[str, int]]] = {}
    for agency, reason, count in await cursor.fetchall():
        found.setdefault(agency, []).append((reason, count))
    return found


def _hour(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)
