"""Whatever breaks and wherever a reader goes on, over Kafka, gRPC or SSE: no gap, no repeat, one state."""

import asyncio
import random
from asyncio import FIRST_COMPLETED
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from uuid import uuid4

import pytest
from entente.exchange.v1.action_status_pb2 import ActionStatus
from google.protobuf.json_format import Parse

from services.actions.app import make_publication
from services.actions.usecases.refresh_statuses import StatusRefresh
from services.cli.clients.status_feeds import Feed, Kind
from tests.support.following import CHANNELS, Follower, channels
from tests.support.tracking import Tracker
from tests.support.waiting import eventually

AUDIENCE = "uk-eu.uk"
LEADER = ("FCDO", "UK", "leadership")
OWNER = ("DSIT", "UK", "owner")
LONG = [pytest.mark.long, pytest.mark.timeout(1_000)]
_OWNERS = 3
_LONGEST_LEG = 2.0
"""Seconds."""


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


async def change_together(tracker: Tracker, actions: list[str], changes: int) -> None:
    """So many changes by owners who work at once, each on actions of its own."""
    async with asyncio.TaskGroup() as group:
        for seed in range(_OWNERS):
            mine = actions[seed::_OWNERS]
            group.create_task(change(tracker, mine, changes // _OWNERS, random.Random(seed)))


async def everything(tracker: Tracker) -> list[ActionStatus]:
    return [Parse(value, ActionStatus()) for _, value, _ in await tracker.told(AUDIENCE)]


@dataclass(slots=True)
class Wanderer:
    """A reader who is cut off all the time and goes on over another channel."""

    connect: dict[str, Callable[[str], Feed]]
    chance: random.Random
    longest: int
    """Steps of a leg; each has fewer, as drawn."""
    follower: Follower = field(default_factory=Follower)
    switches: int = 0
    """How often it went on elsewhere from a place in the stream."""

    async def wander(self, writing: asyncio.Task[None]) -> None:
        """Until all is written. A leg that brings nothing for long is cut too."""
        name = self.chance.choice(CHANNELS)
        while not writing.done():
            feed = self.connect[name](self.follower.token)
            leg = asyncio.create_task(self.follower.leg(feed, steps=self.chance.randint(1, self.longest)))
            try:
                await asyncio.wait({leg, writing}, timeout=_LONGEST_LEG, return_when=FIRST_COMPLETED)
            finally:
                leg.cancel()
                await asyncio.wait({leg})
            if not leg.cancelled():
                leg.result()
            name = self.chance.choice([other for other in CHANNELS if other != name])
            self.switches += bool(self.follower.token)


async def renewed(tracker: Tracker) -> None:
    """The projection is built anew: another epoch, in which everything is told again."""
    await tracker.drained()
    async with tracker.process.database.transaction() as tx:
        await tx.execute("UPDATE audience_feed SET epoch = %s, sequence = 0", [str(uuid4())])
        await tx.execute("DELETE FROM audience_status")
    publication = make_publication(tracker.process, tracker.settings)
    await StatusRefresh(tracker.process.database, publication, tracker.process.clock).turn()


@pytest.mark.parametrize(
    ("actions", "changes", "wanderers", "longest", "switches", "within"),
    [(3, 30, 2, 6, 2, 60), pytest.param(12, 600, 6, 40, 60, 600, marks=LONG)],
)
async def test_a_reader_that_is_cut_off_and_changes_its_channel_misses_and_repeats_nothing(
    tracker: Tracker, actions: int, changes: int, wanderers: int, longest: int, switches: int, within: float
) -> None:
    work = await agree(tracker, actions)
    connect = channels(tracker, AUDIENCE, LEADER)
    last = f"{tracker.epoch(AUDIENCE)}:{2 * actions}"
    await eventually(lambda: arrived(tracker, last), within=30)
    settled = {name: Follower() for name in CHANNELS}
    roaming = [Wanderer(connect, random.Random(seed), longest) for seed in range(wanderers)]

    end = f"{tracker.epoch(AUDIENCE)}:{2 * actions + changes}"
    async with asyncio.timeout(within), asyncio.TaskGroup() as group:
        for name, follower in settled.items():
            group.create_task(follower.leg(connect[name](""), until=end))
        writing = group.create_task(change_together(tracker, work, changes))
        for wanderer in roaming:
            group.create_task(wanderer.wander(writing))
    assert sum(wanderer.switches for wanderer in roaming) >= switches
    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        for wanderer, name in zip(roaming, [*CHANNELS] * wanderers, strict=False):
            feed = connect[name](wanderer.follower.token)
            group.create_task(wanderer.follower.leg(feed, until=end))
    told = await everything(tracker)
    assert [status.sequence for status in told] == list(range(1, 2 * actions + changes + 1))
    for follower in [*settled.values(), *(wanderer.follower for wanderer in roaming)]:
        follower.check(told)
        assert follower.resets == 0
    assert settled["kafka"].check(told) == []

    before = settled["kafka"].token
    await renewed(tracker)
    end = f"{tracker.epoch(AUDIENCE)}:{actions}"
    assert {follower.token for follower in settled.values()} == {before}
    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        for name, follower in settled.items():
            group.create_task(follower.leg(connect[name](before), until=end))
    told = await everything(tracker)
    for follower in settled.values():
        follower.check(told)
        assert follower.resets == 1


async def arrived(tracker: Tracker, token: str) -> bool:
    """Whether the api's own view has come that far."""
    async with aclosing(channels(tracker, AUDIENCE, LEADER)["sse"]("")) as feed:
        async for step in feed:
            if step.kind is Kind.SNAPSHOT_COMPLETE:
                return step.token == token
    return False
