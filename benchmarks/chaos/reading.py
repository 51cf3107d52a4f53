"""Whether what is made of the assessments agrees with them: views, pictures, and what readers hold."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

import psycopg

from benchmarks.chaos.oracle import Expected, Tally, expect, read_topic
from benchmarks.chaos.processes import PICTURED_AT
from benchmarks.chaos.reader import Follower
from benchmarks.platform import CHANGES
from deploy.local.platform import PlatformAccess
from services.chassis.clock import system_clock
from services.chassis.database import Database
from services.chassis.ids import random_ids
from services.chassis.settings import PostgresSettings
from services.cli.layout import read_policy
from services.kernel.policy import Policy
from services.threatfeed.domain.picture import WINDOWS, pictures
from services.threatfeed.picture.records import picture_bytes
from services.threatfeed.picture.told import Reader, state_after
from services.threatfeed.picture.topics import picture_topic
from services.threatfeed.usecases.make_views import ViewMaker, make_all_views

_READABLE: Final = """
    SELECT party_view.party, agency, object_id, party_view.state, version_ordinal
    FROM party_view JOIN assessment USING (assessment_id) WHERE rendition IS NOT NULL
"""
_DIFFERENT: Final = """
    WITH kept AS (SELECT to_jsonb(kept_view) - 'sequence' - 'shown_at' AS view FROM kept_view
            WHERE rendition IS NOT NULL),
        anew AS (SELECT to_jsonb(party_view) - 'sequence' - 'shown_at' AS view FROM party_view
            WHERE rendition IS NOT NULL)
    SELECT view->>'party', view->>'assessment_id'
    FROM ((TABLE kept EXCEPT TABLE anew) UNION (TABLE anew EXCEPT TABLE kept)) AS different
"""
"""All of a view but when it was shown."""


async def expected_pictures(access: PlatformAccess) -> dict[str, bytes]:
    """What the topic of assessments tells each audience, in the form in which it is published."""
    state: dict[bytes, bytes] = {}
    for record in await read_topic(access, CHANGES):
        after = state_after(state.get(record.key), record.key, record.headers, record.value)
        if after is not None:
            state[record.key] = after
    drawn = pictures(Reader().read(state.items()), _policy(), PICTURED_AT)
    return {audience: picture_bytes(picture) for audience, picture in drawn.items()}


async def published_pictures(access: PlatformAccess) -> dict[str, bytes]:
    """The last picture published for each audience."""
    found = {}
    for audience in _audiences(_policy()):
        if records := await read_topic(access, picture_topic(audience)):
            found[audience] = records[-1].value
    return found


async def verify_pictures(access: PlatformAccess, tally: Tally, expected: Mapping[str, bytes]) -> None:
    """Compares with the topic, and the counts of the longest window with the plan."""
    published = await published_pictures(access)
    planned, policy = Expected.of(tally.sent), _policy()
    for audience, party in _audiences(policy).items():
        if published.get(audience) != expected[audience]:
            tally.problems.append(f"picture of {audience}: {published.get(audience)!r}")
            continue
        told = json.loads(published[audience])
        counted = Counter({one["subject"]: one["windows"][-1]["count"] for one in told["parties"]})
        readable = Counter(policy.agency(agency).party for agency, _ in planned.readable(party))
        expect(tally, f"{WINDOWS[-1]} days in the picture of {audience}", counted, readable)


async def verify_reading(dsn: str, tally: Tally, readers: Sequence[Follower]) -> None:
    """Compares what each reader holds with its party's order, with a list, and with the plan."""
    planned = Expected.of(tally.sent)
    for reader in readers:
        tally.problems += reader.problems
        what = f"held by the reader of {reader.party}"
        with psycopg.connect(dsn) as connection:
            order = connection.execute(
                "SELECT assessment_id::text, sequence FROM party_view "
                "WHERE party = %s AND rendition IS NOT NULL",
                [reader.party],
            ).fetchall()
        places = Counter((identity, sequence) for identity, (sequence, _) in reader.held.items())
        expect(tally, f"places {what}", places, Counter(order))
        listed = await reader.listed()
        words = Counter((identity, words) for identity, (_, words) in reader.held.items())
        expect(tally, f"texts {what}", words, Counter(listed.items()))
        if len(listed) != (count := len(planned.readable(reader.party))):
            tally.problems.append(f"{len(listed)} assessments listed to {reader.party}, expected {count}")
        tally.figures |= {
            f"assessments {what}": len(reader.held),
            f"steps told to the reader of {reader.party}": reader.steps,
            f"times the reader of {reader.party} resumed": reader.resumed,
        }


async def verify_views(dsn: str, tally: Tally) -> None:
    """Compares the views with the plan, and with those that are made anew from the record."""
    planned, policy = Expected.of(tally.sent), _policy()
    with psycopg.connect(dsn) as connection:
        found = Counter(connection.execute(_READABLE).fetchall())
        reached = connection.execute("SELECT party, last_sequence FROM party_feed").fetchall()
        connection.execute("CREATE TABLE kept_view AS SELECT * FROM party_view")
        connection.execute("TRUNCATE party_view, party_feed, view_source, view_due")
    expected = Counter(
        (party, *identity, *planned.ends[identity])
        for party in policy.parties
        for identity in planned.readable(party)
    )
    expect(tally, "views that stand as published", found, expected)
    for party, last in reached:
        if last > (most := planned.told(party)):
            tally.problems.append(f"the order of {party} moved on {last} times for {most} changes")
    async with Database.opened(PostgresSettings(dsn=dsn), "making-anew") as database:
        await make_all_views(database, ViewMaker(policy, random_ids), system_clock())
    with psycopg.connect(dsn) as connection:
        different = connection.execute(_DIFFERENT).fetchall()
    if different:
        tally.problems.append(f"{len(different)} views differ from those made anew, such as {different[:3]}")
    tally.figures["views that are as if made anew"] = found.total()


def _policy() -> Policy:
    return read_policy().hosted_by("UK")


def _audiences(policy: Policy) -> dict[str, str]:
    """The party of each audience, by its id."""
    return {one.id: one.party for series in policy.series for one in policy.audiences(series)}
