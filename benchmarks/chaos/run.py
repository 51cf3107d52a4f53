"""Kills every kind of process while submissions pour in.

Submissions come in every format. Two workers share the ingest; a relay publishes, and a worker does where
the relay is gone; views are made, pictures drawn, and readers follow the api. Each kill is SIGKILL, at a
seeded random moment at which something is under way: a record not yet applied, an event not yet
published, a change not yet viewed, counted or read. Every named crash point is passed through as well. An
oracle knows from the plan what must be there in the end.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

from tenacity import RetryError

from benchmarks.chaos.backlog import Backlog
from benchmarks.chaos.oracle import Tally, verify
from benchmarks.chaos.plan import plan
from benchmarks.chaos.processes import API, NAMES, PICTURE, RELAY, VIEWS, WORKERS, Processes
from benchmarks.chaos.publishing import publish
from benchmarks.chaos.reader import Follower
from benchmarks.chaos.reading import (
    expected_pictures,
    published_pictures,
    verify_pictures,
    verify_reading,
    verify_views,
)
from benchmarks.platform import fresh_database
from benchmarks.waiting import until
from deploy.local.platform import PlatformAccess
from services.chassis.crashpoints import (
    AFTER_DATABASE_COMMIT,
    AFTER_SEND,
    BEFORE_DATABASE_COMMIT,
    BEFORE_MARK,
)
from services.cli.accounts import account

_LONGEST: Final = 3_600
"""Seconds of submissions that a plan holds: publishing goes on for as long as there are kills to come."""
_STARTING: Final = 0.2
"""How many of the kills hit a process that may still be starting."""
_SETTLED_WITHIN: Final = 180.0
READERS: Final = ("fcdo-secretariat", "eeas-secretariat")
CRASH_POINTS: Final = (BEFORE_DATABASE_COMMIT, AFTER_DATABASE_COMMIT, AFTER_SEND, BEFORE_MARK)
CRASHED_AT_POINT: Final = 9


class Chaos:
    """Processes of which one is always about to die."""

    def __init__(
        self,
        processes: Processes,
        backlog: Backlog,
        readers: list[Follower],
        tally: Tally,
        rng: random.Random,
    ) -> None:
        self._processes = processes
        self._backlog = backlog
        self._readers = readers
        self._tally = tally
        self._rng = rng
        self._deck: list[str] = []

    def lag(self) -> int:
        return len(self._tally.sent) - self._backlog.taken_in()

    def unread(self) -> int:
        """How far the readers are behind what their parties may read, in places of their orders."""
        return sum(self._backlog.shown(reader.party) - reader.sequence for reader in self._readers)

    async def kill_one(self) -> None:
        self._restart_fallen()
        name = self._next()

        async def at_work() -> bool:
            if (code := self._processes.fallen().get(name)) is not None:
                raise RuntimeError(f"{name} ended by itself with code {code}: see its log")
            connected = name != API or all(reader.connected for reader in self._readers)
            return connected and self._processes.ready(name)

        async def under_way() -> str:
            return await self._under_way(name)

        if self._rng.random() >= _STARTING:
            await until(at_work, within=90)
        await asyncio.sleep(self._rng.uniform(0.0, 1.0))
        hit = await until(under_way, within=60)
        self._processes.kill(name)
        self._tally.note_kill(name, hit)
        self._processes.start(name)

    def _restart_fallen(self) -> None:
        """As a supervisor does; a process that nobody killed should not have ended."""
        for name, code in self._processes.fallen().items():
            self._tally.problems.append(f"{name} ended by itself with code {code}")
            self._processes.start(name)

    def _next(self) -> str:
        """Each in a random order before any comes again."""
        if not self._deck:
            self._deck = self._rng.sample(NAMES, len(NAMES))
        return self._deck.pop()

    async def _under_way(self, name: str) -> str:
        """What a kill would hit now; empty when that is nothing."""
        if name == VIEWS:
            unviewed = await self._backlog.unviewed()
            return f"{unviewed} records not applied" if unviewed > 0 else ""
        if name == PICTURE:
            unpictured = await self._backlog.unpictured()
            return f"{unpictured} records not committed" if unpictured > 0 else ""
        if name == API:
            unread = self.unread()
            return f"{len(self._readers)} readers, {unread} places behind" if unread > 0 else ""
        lag, unpublished = self.lag(), self._backlog.unpublished()
        relaying = "relaying, " if self._backlog.relays(self._processes.pid(name)) else ""
        if name == RELAY:
            return f"{relaying or 'standing by, '}{unpublished} events not published" if unpublished else ""
        hit = f"{relaying}{lag} records not applied, {unpublished} events not published"
        return hit if lag > 0 or unpublished > 0 else ""

    async def die_at(self, point: str) -> None:
        """Runs one worker alone until it has died at a crash point."""
        # Not at the first pass: the first that a relay sends is the policy alone.
        after = str(1 + self._rng.randrange(3))
        doomed = self._processes.start_alone(
            WORKERS[0], ENTENTE_CHAOS__CRASH_AT=point, ENTENTE_CHAOS__CRASH_AFTER=after
        )

        async def dead() -> bool:
            return not doomed.alive()

        await until(dead, within=90)
        if doomed.child.returncode == CRASHED_AT_POINT:
            self._tally.crash_points[point] += 1
        else:
            self._tally.problems.append(f"exit code {doomed.child.returncode} at {point}")

    async def settle(self, access: PlatformAccess) -> None:
        """Until nothing is under way and everything is ready. Notes what does not come to rest."""

        async def settled() -> bool:
            return self.lag() == 0 and self._backlog.unpublished() == 0

        async def read() -> bool:
            return await self._backlog.unviewed() == 0 and self.unread() == 0

        async def ready() -> bool:
            return all(map(self._processes.ready, NAMES))

        self._restart_fallen()
        await self._expect("submissions are taken in and published", settled)
        await self._expect("views are made and read", read)
        await self._expect("every process is ready", ready)
        expected = await expected_pictures(access)

        async def drawn() -> bool:
            return await published_pictures(access) == expected

        await self._expect("the pictures are drawn", drawn)
        await verify_pictures(access, self._tally, expected)

    async def _expect(self, what: str, look: Callable[[], Awaitable[bool]]) -> None:
        try:
            await until(look, within=_SETTLED_WITHIN, every=0.1)
        except RetryError:
            self._tally.problems.append(f"not in time: {what}")


async def run(access: PlatformAccess, *, seed: int, kills: int, seconds: int, rate: int, log: Path) -> Tally:
    rng = random.Random(seed)
    tally = Tally(seed)
    dsn = fresh_database(access)
    submissions = plan(random.Random(seed), _LONGEST * rate)
    processes = Processes(access, log)
    readers = [Follower(access, account(name), processes.http, processes.rpc) for name in READERS]

    def done(number: int) -> bool:
        return number >= seconds * rate and len(tally.kills) >= kills

    async with asyncio.TaskGroup() as tasks, Backlog.opened(access, dsn) as backlog:
        following: list[asyncio.Task[None]] = []
        try:
            chaos = Chaos(processes, backlog, readers, tally, rng)
            processes.start(VIEWS, PICTURE, API)
            following += [tasks.create_task(reader.follow()) for reader in readers]
            publishing = tasks.create_task(publish(access, tally, submissions, rate, done))
            with tally.timed("crash points"):
                for point in CRASH_POINTS:
                    await chaos.die_at(point)
            processes.start(RELAY, *WORKERS)
            with tally.timed("kills"):
                while len(tally.kills) < kills:
                    await chaos.kill_one()
                await publishing
            with tally.timed("coming to rest"):
                await chaos.settle(access)
            with tally.timed("comparing reading"):
                await verify_reading(dsn, tally, readers)
        finally:
            for task in following:
                task.cancel()
            processes.end()
    with tally.timed("comparing views"):
        await verify_views(dsn, tally)
    with tally.timed("comparing events"):
        await verify(access, dsn, tally)
    return tally
