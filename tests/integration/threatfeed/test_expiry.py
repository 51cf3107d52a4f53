"""What is no longer valid is told so once, whoever notices it and whatever comes between."""

import asyncio
from datetime import UTC, datetime, timedelta

from entente.threatfeed.v1 import assessment_event_pb2

from services.kernel.identifiers import assessment_id
from services.threatfeed.usecases.expire_assessments import AT_ONCE, expire_assessments
from tests.integration.threatfeed.test_ingest import Feed, as_bytes, feed, narrative

__all__ = ["feed"]

ACTIVE = assessment_event_pb2.ASSESSMENT_STATE_ACTIVE
EXPIRED = assessment_event_pb2.ASSESSMENT_STATE_EXPIRED
SOON = datetime(2030, 1, 1, tzinfo=UTC)
LATER = SOON + timedelta(days=30)


def valid_until(at: datetime, identity: str, version: int = 1) -> bytes:
    return as_bytes(narrative(id=identity, version=version, valid_until=at.isoformat()))


async def states(feed: Feed, identity: str) -> list[int]:
    return [event.state for event in await feed.events(str(assessment_id("ncsc", identity)))]


async def test_an_assessment_expires_once_and_a_revision_brings_it_back(feed: Feed) -> None:
    database = feed.process.database
    await feed.receipt(await feed.publish(valid_until(SOON, "EXP-1")))
    assert await expire_assessments(database, SOON - timedelta(seconds=1)) == 0
    told = await asyncio.gather(*(expire_assessments(database, SOON) for _ in range(4)))
    assert sum(told) == 1
    assert await expire_assessments(database, SOON) == 0
    assert feed.rows("SELECT state, cause FROM assessment") == [("EXPIRED", "VALIDITY_ENDED")]
    await feed.receipt(await feed.publish(valid_until(LATER, "EXP-1", version=2)))
    assert await expire_assessments(database, SOON) == 0
    assert await expire_assessments(database, LATER) == 1
    await feed.receipt(await feed.publish(as_bytes(narrative(id="EXP-1", version=3))))
    assert await states(feed, "EXP-1") == [ACTIVE, EXPIRED, ACTIVE, EXPIRED, ACTIVE]
    audited = feed.rows("SELECT action FROM audit WHERE action = 'assessment.expired'")
    assert audited == [("assessment.expired",), ("assessment.expired",)]


async def test_what_comes_after_its_time_has_expired_already(feed: Feed) -> None:
    await feed.receipt(await feed.publish(valid_until(datetime(2020, 1, 1, tzinfo=UTC), "EXP-2")))
    (event,) = await feed.events(str(assessment_id("ncsc", "EXP-2")))
    assert (event.state, event.cause) == (EXPIRED, assessment_event_pb2.ASSESSMENT_CAUSE_VALIDITY_ENDED)
    assert await expire_assessments(feed.process.database, SOON) == 0


async def test_an_older_version_does_not_bring_back_what_expired(feed: Feed) -> None:
    await feed.receipt(await feed.publish(valid_until(SOON, "EXP-3", version=2)))
    assert await expire_assessments(feed.process.database, SOON) == 1
    await feed.receipt(await feed.publish(valid_until(LATER, "EXP-3", version=1)))
    assert await states(feed, "EXP-3") == [ACTIVE, EXPIRED]


async def test_more_than_one_turn_takes_is_left_for_the_next(feed: Feed) -> None:
    for number in range(AT_ONCE + 3):
        offset = await feed.publish(valid_until(SOON, f"EXP-MANY-{number}"))
    await feed.settled(offset)
    turns = [await expire_assessments(feed.process.database, SOON) for _ in range(3)]
    assert turns == [AT_ONCE, 3, 0]
