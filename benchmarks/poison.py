"""Whether poison among good submissions delays the good ones: `python -m benchmarks.poison`.

Submissions are published at a fixed rate. The latency of one reaches from the moment at which it was due to
be published, whatever the publisher was doing, to the moment at which its receipt is read. Pairs of runs,
without and with poison in turn, on one running worker; medians over the pairs.
"""

import argparse
import asyncio
import json
import statistics
import sys
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from benchmarks.platform import (
    AGENCY,
    RECEIPTS,
    SUBMISSIONS,
    fresh_database,
    measuring_platform,
    wait_until_ready,
)
from benchmarks.rates import ingesting
from benchmarks.submissions import NARRATIVE, narrative
from deploy.local.access import KafkaLogin

_TICK = 0.01
_ANSWERED_WITHIN = 60.0
_MOST_TIMES = 1.5
_MOST_MS = 50.0
_GOOD = narrative(0)
_POISON = (
    _GOOD[:-40],
    _GOOD.replace(b"energy", b"\xff\xfe"),
    b"[" * 100_000,
    _GOOD.replace(b'"version": 1', b'"version": NaN'),
    _GOOD.replace(b"TLP:GREEN", b"TLP:PURPLE"),
    b"",
)

Place = tuple[int, int]
"""Partition and offset of a submission."""


@dataclass(slots=True)
class Receipts:
    """When the receipt of each submission was read."""

    read_at: dict[Place, float] = field(default_factory=dict)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def follow(self, consumer: AIOKafkaConsumer) -> None:
        async for message in consumer:
            receipt = json.loads(message.value)
            self.read_at[receipt["partition"], int(receipt["offset"])] = time.monotonic()
            self.changed.set()

    async def all_of(self, places: Iterable[Place]) -> None:
        missing = set(places)
        while missing := missing - self.read_at.keys():
            await asyncio.wait_for(self.changed.wait(), _ANSWERED_WITHIN)
            self.changed.clear()


@asynccontextmanager
async def following(login: KafkaLogin) -> AsyncIterator[Receipts]:
    consumer = AIOKafkaConsumer(RECEIPTS, **login.aiokafka(), auto_offset_reset="latest")
    await consumer.start()
    receipts = Receipts()
    task = asyncio.create_task(receipts.follow(consumer))
    try:
        yield receipts
    finally:
        task.cancel()
        await asyncio.wait([task])
        await consumer.stop()


async def run(
    producer: AIOKafkaProducer, receipts: Receipts, *, first: int, count: int, rate: int, poison: int
) -> list[float]:
    """The latencies of the good ones, in milliseconds; every so many of `poison` is poison, 0 is none."""
    headers = [("content-type", NARRATIVE.encode())]
    due: list[tuple[float, bool]] = []
    sent: list[asyncio.Future[object]] = []
    started = time.monotonic()
    for number in range(count):
        at = started + number / rate
        if (early := at - time.monotonic()) > _TICK:
            await asyncio.sleep(early)
        good = not poison or number % poison != poison - 1
        value = narrative(first + number) if good else _POISON[number // poison % len(_POISON)]
        due.append((at, good))
        key = f"{first + number}".encode()
        sent.append(await producer.send(SUBMISSIONS, value, key=key, headers=headers))
    places = [(placed.partition, placed.offset) for placed in await asyncio.gather(*sent)]  # type: ignore[attr-defined]
    await receipts.all_of(places)
    return [
        (receipts.read_at[place] - at) * 1_000 for place, (at, good) in zip(places, due, strict=True) if good
    ]


def percentiles(latencies: list[float]) -> tuple[float, float]:
    cut = statistics.quantiles(latencies, n=100)
    return cut[49], cut[98]


async def compare(login: KafkaLogin, *, rate: int, seconds: int, pairs: int, every: int) -> bool:
    producer = AIOKafkaProducer(**login.aiokafka(), acks="all")
    await producer.start()
    plain: list[tuple[float, float]] = []
    poisoned: list[tuple[float, float]] = []
    count = rate * seconds
    numbers = iter(range(0, 10**9, count))
    try:
        async with following(login) as receipts:
            await run(producer, receipts, first=next(numbers), count=count // 4, rate=rate, poison=0)
            for pair in range(1, pairs + 1):
                # Which of the two goes first alternates: the database grows meanwhile.
                for poison in (0, every) if pair % 2 else (every, 0):
                    latencies = await run(
                        producer, receipts, first=next(numbers), count=count, rate=rate, poison=poison
                    )
                    (poisoned if poison else plain).append(percentiles(latencies))
                print(
                    f"pair {pair}: without p50 {plain[-1][0]:.0f} ms, p99 {plain[-1][1]:.0f} ms; "
                    f"with p50 {poisoned[-1][0]:.0f} ms, p99 {poisoned[-1][1]:.0f} ms",
                    flush=True,
                )
    finally:
        await producer.stop()
    without, among = (statistics.median(p99 for _, p99 in side) for side in (plain, poisoned))
    middle = [statistics.median(p50 for p50, _ in side) for side in (plain, poisoned)]
    good = among <= without * _MOST_TIMES and among <= without + _MOST_MS
    print(
        f"median: p50 {middle[0]:.0f} ms without, {middle[1]:.0f} ms with; p99 {without:.0f} ms without, "
        f"{among:.0f} ms with: {among / without:.2f} times, {among - without:+.0f} ms "
        f"({'as' if good else 'NOT as'} wanted: at most {_MOST_TIMES} times and {_MOST_MS:.0f} ms more)"
    )
    return good


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=int, default=500, help="submissions a second")
    parser.add_argument("--seconds", type=int, default=15, help="length of one run")
    parser.add_argument("--pairs", type=int, default=5, help="pairs of runs")
    parser.add_argument("--every", type=int, default=100, help="one of so many is poison")
    asked = parser.parse_args()
    with measuring_platform("bench") as access:
        fresh_database(access)
        with ingesting(access) as (worker, _):
            wait_until_ready(worker)
            good = asyncio.run(
                compare(
                    access.agency(AGENCY),
                    rate=asked.rate,
                    seconds=asked.seconds,
                    pairs=asked.pairs,
                    every=asked.every,
                )
            )
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
