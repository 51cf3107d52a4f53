"""Whatever breaks and wherever a reader goes on, over Kafka, gRPC or SSE: no gap, no repeat, one state."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from uuid import uuid4

import pytest
from entente.exchange.v1.action_status_pb2 import ActionStatus
from google.protobuf.json_format import Parse

from services.actions.app import make_publication
from services.actions.usecases.refresh_statuses import StatusRefresh
from services.cli.clients.status_feeds import Kind
from tests.support.following import CHANNELS, Follower, channels
from tests.support.tracking import Tracker
from tests.support.waiting import eventually

AUDIENCE = "uk-eu.uk"
LEADER = ("FCDO", "UK", "leadership")
OWNER = ("DSIT", "UK", "owner")
LONG = pytest.mark.long


async def agree(tracker: Tracker, count: int) -> list[str]:
    """Actions that DSIT has taken on."""
    actions = await asyncio.gather(*(tracker.open() for _ in range(count)))
    for action in actions:
        await move(tracker, action, "accept", {}, 1)
    return list(actions)


async def move(tracker: Tracker, action: str, name: str, body: dict[str, str], version: int) -> None:
    response = await tracker.post(f"/v1/actions/{action}/{name}", body, tracker.headers(*OWNER), version)
    assert response.status_code == 200, response.text


async def change(tracker: Tracker, actions: list[str], changes: int, chance: random.Random) -> None:
    """Blocks and frees actions in an order drawn from a seed."""
    versions = dict.fromkeys(actions, 2)
    for number in range(changes):
        action = chance.choice(actions)
        blocked = versions[action] % 2
        name, body = ("unblock", {}) if blocked else ("block", {"reason": f"Reason {number}."})
        await move(tracker, action, name, body, versions[action])
        versions[action] += 1


async def everything(tracker: Tracker) -> list[ActionStatus]:
    return [Parse(value, ActionStatus()) for _, value, _ in await tracker.told(AUDIENCE)]


@asynccontextmanager
async def working(
    tracker: Tracker, actions: list[str], changes: int, seed: int
) -> AsyncIterator[asyncio.Task[None]]:
    async with asyncio.TaskGroup() as group:
        yield group.create_task(change(tracker, actions, changes, random.Random(seed)))


async def renewed(tracker: Tracker) -> None:
    """The projection is built anew: another epoch, in which everything is told again."""
    await tracker.drained()
    async with tracker.process.database.transaction() as tx:
        await tx.execute("UPDATE audience_feed SET epoch = %s, sequence = 0", [str(uuid4())])
        await tx.execute("DELETE FROM audience_status")
    publication = make_publication(tracker.process, tracker.settings)
    await StatusRefresh(tracker.process.database, publication, tracker.process.clock).turn()


@pytest.mark.parametrize(
    ("actions", "changes", "wanderers"), [(3, 30, 2), pytest.param(12, 1_500, 6, marks=LONG)]
)
async def test_a_reader_that_is_cut_off_and_changes_its_channel_misses_and_repeats_nothing(
    tracker: Tracker, actions: int, changes: int, wanderers: int
) -> None:
    work = await agree(tracker, actions)
    connect = channels(tracker, AUDIENCE, LEADER)
    last = f"{tracker.epoch(AUDIENCE)}:{2 * actions}"
    await eventually(lambda: arrived(tracker, last), within=30)
    settled = {name: Follower() for name in CHANNELS}
    roaming = [Follower() for _ in range(wanderers)]

    async def wander(follower: Follower, seed: int, writing: asyncio.Task[None]) -> None:
        """Legs of a few steps, each on a channel that is drawn; a leg that brings nothing is cut too."""
        chance = random.Random(seed)
        while not writing.done():
            feed = connect[chance.choice(CHANNELS)](follower.token)
            try:
                async with asyncio.timeout(0.5):
                    await follower.leg(feed, steps=chance.randint(1, 6))
            except TimeoutError:
                continue

    end = f"{tracker.epoch(AUDIENCE)}:{2 * actions + changes}"
    async with (
        asyncio.timeout(300),
        working(tracker, work, changes, seed=1) as writing,
        asyncio.TaskGroup() as group,
    ):
        for name, follower in settled.items():
            group.create_task(follower.leg(connect[name](""), until=end))
        for seed, follower in enumerate(roaming):
            group.create_task(wander(follower, seed, writing))
    for follower, name in zip(roaming, [*CHANNELS] * wanderers, strict=False):
        async with asyncio.timeout(30):
            await follower.leg(connect[name](follower.token), until=end)
    told = await everything(tracker)
    assert [status.sequence for status in told] == list(range(1, 2 * actions + changes + 1))
    for follower in [*settled.values(), *roaming]:
        follower.check(told)
        assert follower.resets == 0
    assert settled["kafka"].check(told) == []

    before = settled["kafka"].token
    await renewed(tracker)
    end = f"{tracker.epoch(AUDIENCE)}:{actions}"
    for name, follower in settled.items():
        assert follower.token == before
        async with asyncio.timeout(30):
            await follower.leg(connect[name](follower.token), until=end)
        follower.check(await everything(tracker))
        assert follower.resets == 1


async def arrived(tracker: Tracker, token: str) -> bool:
    """Whether the api's own view has come that far."""
    async with aclosing(channels(tracker, AUDIENCE, LEADER)["sse"]("")) as feed:
        async for step in feed:
            if step.kind is Kind.SNAPSHOT_COMPLETE:
                return step.token == token
    return False
