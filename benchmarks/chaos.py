"""Kills ingest workers and relays while submissions pour in, then counts: `python -m benchmarks.chaos`.

Two workers share the ingest; one of them holds the relay. Each kill is SIGKILL, at a seeded random moment
at which something is under way: a record not yet applied, or an event not yet published. Every named
crash point is passed through as well. An oracle knows what must be there in the end.
"""

import argparse
import asyncio
import json
import random
import sys
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import psycopg
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from entente.threatfeed.v1 import assessment_event_pb2
from tenacity import AsyncRetrying, retry_if_result, stop_after_delay, wait_fixed

from benchmarks.applying import apply_events
from benchmarks.platform import (
    AGENCY,
    CHANGES,
    RECEIPTS,
    SUBMISSIONS,
    WorkerProcess,
    fresh_database,
    measuring_platform,
    start,
    state_folder,
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
_HEADERS = [("content-type", b"application/vnd.entente.assessment+json;version=1")]


@dataclass(frozen=True, slots=True)
class Sent:
    """A submission of the plan."""

    key: str
    value: bytes
    version: int | None
    """None for a malformed one."""


def plan(rng: random.Random, count: int) -> Iterator[Sent]:
    """20 % repeats of earlier submissions, 5 % malformed, the rest new assessments and revisions."""
    valid: list[Sent] = []
    versions: dict[str, int] = {}
    for number in range(count):
        draw = rng.random()
        if draw < 0.05:
            broken = rng.choice([b'{"id": "%d', b"\xff\xfe%d", b'{"id": "M-%d", "version": NaN}', b"[%d]"])
            yield Sent(f"M-{number}", broken % number, None)
        elif draw < 0.25 and valid:
            yield rng.choice(valid)
        else:
            known = list(versions)
            key = rng.choice(known) if known and rng.random() < 0.2 else f"CHAOS-{number:06d}"
            versions[key] = versions.get(key, 0) + 1
            sent = Sent(key, _narrative(key, versions[key]), versions[key])
            valid.append(sent)
            yield sent


def _narrative(key: str, version: int) -> bytes:
    return json.dumps(
        {
            "id": key,
            "version": version,
            "title": f"Assessment {key}",
            "text": f"Version {version}: ransomware against operators of energy services. " * 8,
            "published": f"2026-11-{1 + version % 28:02d}T09:00:00Z",
            "marking": {"tlp": "TLP:GREEN"},
        }
    ).encode()


@dataclass(slots=True)
class Tally:
    """What was done, and what each kill hit."""

    seed: int
    sent: list[Sent] = field(default_factory=list)
    kills: list[str] = field(default_factory=list)
    crash_points: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    figures: dict[str, int] = field(default_factory=dict)

    def report(self) -> str:
        lines = [f"seed {self.seed}: {len(self.sent)} submissions, {len(self.kills)} kills", *self.kills]
        lines += [
            f"crash point {name}: died there {count} times" for name, count in self.crash_points.items()
        ]
        lines += [f"{name}: {count}" for name, count in self.figures.items()]
        lines += [f"PROBLEM {problem}" for problem in self.problems] or ["nothing lost, nothing doubled"]
        return "\n".join(lines)


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
    producer = AIOKafkaProducer(**access.agency(AGENCY).aiokafka(), acks="all", enable_idempotence=True)
    await producer.start()
    try:
        for number, sent in enumerate(submissions):
            await asyncio.sleep(max(0.0, started + number / rate - loop.time()))
            await producer.send_and_wait(SUBMISSIONS, sent.value, key=sent.key.encode(), headers=_HEADERS)
            tally.sent.append(sent)
            if done(number):
                return
    finally:
        await producer.stop()


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


async def verify(access: PlatformAccess, dsn: str, tally: Tally) -> None:
    """Compares what is there with what must be there."""
    valid = {(sent.key, sent.version) for sent in tally.sent if sent.version is not None}
    malformed = Counter(sent.value for sent in tally.sent if sent.version is None)
    with psycopg.connect(dsn) as connection:
        stored = connection.execute(
            "SELECT object_id, assessment_revision.version_ordinal"
            " FROM assessment_revision JOIN assessment USING (assessment_id)"
        ).fetchall()
        quarantined = Counter(
            bytes(value) for (value,) in connection.execute("SELECT value FROM quarantine").fetchall()
        )
        ids: dict[str, str] = dict(
            connection.execute("SELECT assessment_id::text, object_id FROM assessment").fetchall()
        )
    _expect(tally, "valid submissions stored once", Counter(stored), Counter(valid))
    _expect(tally, "malformed submissions in quarantine with their bytes", quarantined, malformed)
    events = await read_topic(access, CHANGES)
    order: dict[str, list[int]] = defaultdict(list)
    for _, value in events:
        event = assessment_event_pb2.AssessmentChanged.FromString(value)
        order[ids.get(event.assessment_id, "?")].append(event.aggregate_version)
    newest: Counter[str] = Counter()
    for key, _ in valid:
        newest[key] += 1
    for key, count in newest.items():
        first = list(dict.fromkeys(order[key]))
        if first != list(range(1, count + 1)):
            tally.problems.append(f"events of {key} came as {order[key]}, expected 1 to {count}")
    applied, distinct = await apply_events(access, dsn, CHANGES, len(events))
    if not applied == distinct == len(valid):
        tally.problems.append(f"{applied} events applied, {distinct} different, of {len(valid)}")
    receipts = await read_topic(access, RECEIPTS)
    answered = {(json.loads(value)["partition"], json.loads(value)["offset"]) for _, value in receipts}
    if len(answered) != len(tally.sent):
        tally.problems.append(f"{len(answered)} submissions have a receipt, of {len(tally.sent)}")
    tally.figures["assessment versions stored once"] = len(stored)
    tally.figures["malformed in quarantine"] = quarantined.total()
    tally.figures["events published"] = len(events)
    tally.figures["events published again after a kill"] = len(events) - len(valid)
    tally.figures["events applied once"] = applied
    tally.figures["receipts published"] = len(receipts)


def _expect(tally: Tally, what: str, found: Counter[Any], expected: Counter[Any]) -> None:
    if found != expected:
        missing, surplus = expected - found, found - expected
        tally.problems.append(f"{what}: {missing.total()} missing, {surplus.total()} too many")


async def read_topic(access: PlatformAccess, topic: str) -> list[tuple[bytes, bytes]]:
    consumer = AIOKafkaConsumer(topic, **access.kafka_admin.aiokafka(), auto_offset_reset="earliest")
    await consumer.start()
    found: list[tuple[bytes, bytes]] = []
    try:
        places = consumer.assignment()
        ends = await consumer.end_offsets(places)
        while any([await consumer.position(place) < end for place, end in ends.items()]):
            for messages in (await consumer.getmany(timeout_ms=200)).values():
                found.extend((message.key, message.value) for message in messages)
    finally:
        await consumer.stop()
    return found


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
