"""Kills ingest workers and relays while submissions pour in, then counts: `python -m benchmarks.chaos`.

Submissions come in every format. Two workers share the ingest; one of them holds the relay. Each kill is
SIGKILL, at a seeded random moment at which something is under way: a record not yet applied, or an event
not yet published. Every named crash point is passed through as well. An oracle (`chaos_oracle`) knows from
the plan (`chaos_plan`) what must be there in the end.
"""

import argparse
import asyncio
import random
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TypeVar

import psycopg
from aiokafka import AIOKafkaProducer
from tenacity import AsyncRetrying, retry_if_result, stop_after_delay, wait_fixed

from benchmarks.chaos_oracle import Tally, verify
from benchmarks.chaos_plan import Sent, plan
from benchmarks.platform import (
    AGENCY,
    CATALOGUE_AGENCY,
    WorkerProcess,
    fresh_database,
    measuring_platform,
    start,
    state_folder,
    submissions_of,
    worker_environment,
)
from deploy.local.platform import PlatformAccess
from services.chassis.crashpoints import (
    AFTER_DATABASE_COMMIT,
    AFTER_SEND,
    BEFORE_DATABASE_COMMIT,
    BEFORE_MARK,
)

Found = TypeVar("Found")

_LONGEST = 3_600
"""Seconds of submissions that a plan holds: publishing goes on for as long as there are kills to come."""

CRASH_POINTS = (BEFORE_DATABASE_COMMIT, AFTER_DATABASE_COMMIT, AFTER_SEND, BEFORE_MARK)
CRASHED_AT_POINT = 9


class Chaos:
    """Two workers, one of which is always about to die."""

    def __init__(self, access: PlatformAccess, dsn: str, tally: Tally, rng: random.Random, log: Path) -> None:
        self._access = access
        self._tally = tally
        self._rng = rng
        self._log = log
        self._connection = psycopg.connect(dsn, autocommit=True)
        self._workers = [self._start(0), self._start(1)]

    def _start(self, number: int, **chaos: str) -> WorkerProcess:
        environment = worker_environment(
            self._access,
            ENTENTE_KAFKA__BATCH_RECORDS="50",
            ENTENTE_KAFKA__INSTANCE=f"worker-{number}",
            # Here the workers relay too, so that a kill hits both.
            ENTENTE_RELAY_STANDBY_SECONDS="0",
            **chaos,
        )
        log = self._log / f"worker-{number}.log"
        return start(["-m", "services.threatfeed", "worker"], environment, log)

    def _count(self, query: str) -> int:
        row = self._connection.execute(query).fetchone()
        return int(row[0] or 0) if row else 0

    def unpublished(self) -> int:
        return self._count("SELECT coalesce(sum(cardinality(ids)), 0) FROM outbox")

    def applied(self) -> int:
        return self._count("SELECT sum(next_offset) FROM consumed")

    def lag(self) -> int:
        return len(self._tally.sent) - self.applied()

    async def _until_busy(self) -> tuple[int, int]:
        """Waits for a moment at which something is under way; gives lag and unpublished events."""

        async def look() -> tuple[int, ...]:
            lag, unpublished = self.lag(), self.unpublished()
            return (lag, unpublished) if lag > 0 or unpublished > 0 else ()

        lag, unpublished = await _until(look, within=60)
        return lag, unpublished

    async def kill_one(self) -> None:
        number = self._rng.randrange(2)

        async def at_work() -> bool:
            return self._workers[number].ready()

        await _until(at_work, within=90)
        await asyncio.sleep(self._rng.uniform(0.0, 1.0))
        lag, unpublished = await self._until_busy()
        self._workers[number].kill()
        self._tally.kills.append(
            f"kill {len(self._tally.kills) + 1}: worker {number}, {lag} records not applied, "
            f"{unpublished} events not published"
        )
        self._workers[number] = self._start(number)

    async def die_at(self, point: str) -> None:
        """Runs one worker alone until it has died at a crash point."""
        for worker in self._workers:
            worker.kill()
        after = str(self._rng.randrange(3))
        doomed = self._start(0, ENTENTE_CHAOS__CRASH_AT=point, ENTENTE_CHAOS__CRASH_AFTER=after)

        async def dead() -> bool:
            return not doomed.alive()

        await _until(dead, within=90)
        if doomed.child.returncode == CRASHED_AT_POINT:
            self._tally.crash_points[point] += 1
        else:
            self._tally.problems.append(f"exit code {doomed.child.returncode} at {point}")
        self._workers = [self._start(0), self._start(1)]

    async def settle(self) -> None:
        async def settled() -> bool:
            return self.lag() == 0 and self.unpublished() == 0

        await _until(settled, within=120)

    def end(self) -> None:
        for worker in self._workers:
            worker.terminate()
        self._connection.close()


async def _until(look: Callable[[], Awaitable[Found]], within: float) -> Found:
    waiting = AsyncRetrying(
        retry=retry_if_result(lambda found: not found), wait=wait_fixed(0.005), stop=stop_after_delay(within)
    )
    return await waiting(look)


async def publish(
    access: PlatformAccess,
    tally: Tally,
    submissions: Iterator[Sent],
    rate: int,
    done: Callable[[int], bool],
) -> None:
    """Publishes at a steady rate until done; a submission counts as sent when the broker has it."""
    loop = asyncio.get_running_loop()
    started = loop.time()
    async with AsyncExitStack() as open_producers:
        producers = {}
        for agency in (AGENCY, CATALOGUE_AGENCY):
            login = access.agency(agency)
            producer = AIOKafkaProducer(**login.aiokafka(), acks="all", enable_idempotence=True)
            producers[agency] = await open_producers.enter_async_context(producer)
        for number, sent in enumerate(submissions):
            await asyncio.sleep(max(0.0, started + number / rate - loop.time()))
            headers = [("content-type", sent.content_type.encode())]
            await producers[sent.agency].send_and_wait(
                submissions_of(sent.agency), sent.value, key=sent.key.encode(), headers=headers
            )
            tally.sent.append(sent)
            if done(number):
                return


async def run(access: PlatformAccess, *, seed: int, kills: int, seconds: int, rate: int, log: Path) -> Tally:
    rng = random.Random(seed)
    tally = Tally(seed)
    dsn = fresh_database(access)
    submissions = plan(random.Random(seed), _LONGEST * rate)
    chaos = Chaos(access, dsn, tally, rng, log)
    try:

        def done(number: int) -> bool:
            return number >= seconds * rate and len(tally.kills) >= kills

        publishing = asyncio.create_task(publish(access, tally, submissions, rate, done))
        for point in CRASH_POINTS:
            await chaos.die_at(point)
        while len(tally.kills) < kills:
            await chaos.kill_one()
        await publishing
        await chaos.settle()
    finally:
        chaos.end()
    await verify(access, dsn, tally)
    return tally


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kills", type=int, default=8)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--rate", type=int, default=200)
    asked = parser.parse_args()
    log = state_folder("chaos") / "logs"
    with measuring_platform("chaos") as access:
        tally = asyncio.run(
            run(access, seed=asked.seed, kills=asked.kills, seconds=asked.seconds, rate=asked.rate, log=log)
        )
    print(tally.report())
    return 1 if tally.problems else 0


if __name__ == "__main__":
    sys.exit(main())
