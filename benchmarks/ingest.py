"""Ingest throughput end to end against a bare consumer, in one run: `python -m benchmarks.ingest`.

Kafka in, PostgreSQL, events and receipts out, for narrative submissions of 1.5 KB. Both sides read the
same preloaded topic with one process, in turn. Ours ends when the last event is acknowledged, the bare
one when the last row is committed.
"""

import argparse
import asyncio
import json
import statistics
import time
import uuid
from collections.abc import Callable

import psycopg
from aiokafka import AIOKafkaProducer
from tenacity import Retrying, retry_if_result, stop_after_delay, wait_fixed

from benchmarks.platform import (
    AGENCY,
    ROOT,
    SUBMISSIONS,
    fresh_database,
    measuring_platform,
    start,
    worker_environment,
)
from deploy.local.platform import PlatformAccess

LOGS = ROOT / ".entente" / "bench" / "logs"


def narrative(number: int) -> bytes:
    """About 1.5 KB, as an agency publishes it."""
    words = "The group used a compromised supplier to reach operators of energy and water services. "
    document = {
        "id": f"NCSC-BENCH-{number:07d}",
        "version": 1,
        "title": f"Ransomware against operators, case {number}",
        "text": (words * 14)[:1_000],
        "published": "2026-11-20T09:00:00Z",
        "marking": {"tlp": "TLP:GREEN", "national": "UK OFFICIAL-SENSITIVE REL EU"},
        "judgements": [
            {
                "id": "J1",
                "statement": "Further intrusions through this supplier will follow.",
                "likelihood": {"scheme": "PHIA_2025", "term": "Likely or probable"},
                "confidence": {"level": "MODERATE", "grounds": "Two independent victims."},
            }
        ],
        "sectors": ["energy", "water"],
    }
    return json.dumps(document).encode()


async def preload(access: PlatformAccess, count: int) -> int:
    """Fills the topic; gives the mean size of a value."""
    producer = AIOKafkaProducer(
        **access.agency(AGENCY).aiokafka(), acks="all", linger_ms=5, max_batch_size=262_144
    )
    headers = [("content-type", b"application/vnd.entente.assessment+json;version=1")]
    await producer.start()
    size = 0
    try:
        for first in range(0, count, 1_000):
            sent = []
            for number in range(first, min(first + 1_000, count)):
                value = narrative(number)
                size += len(value)
                sent.append(
                    await producer.send(SUBMISSIONS, value, key=f"{number}".encode(), headers=headers)
                )
            await asyncio.gather(*sent)
    finally:
        await producer.stop()
    return size // count


def rate(dsn: str, count: int, position: str, finished: Callable[[psycopg.Connection], bool]) -> float:
    """Submissions a second from the first stored batch to the end."""
    with psycopg.connect(dsn, autocommit=True) as connection:

        def applied() -> int:
            row = connection.execute(position).fetchone()
            return int(row[0] or 0) if row else 0

        waiting = Retrying(
            retry=retry_if_result(lambda done: not done), wait=wait_fixed(0.01), stop=stop_after_delay(300)
        )
        waiting(lambda: applied() > 0)
        started, before = time.monotonic(), applied()
        waiting(lambda: applied() >= count and finished(connection))
        return (count - before) / (time.monotonic() - started)


def measure_ours(access: PlatformAccess, count: int) -> float:
    dsn = fresh_database(access)
    worker = start(["-m", "services.threatfeed", "worker"], worker_environment(access), LOGS / "worker.log")
    try:
        return rate(
            dsn,
            count,
            "SELECT sum(next_offset) FROM consumed",
            lambda connection: connection.execute("SELECT 1 FROM outbox LIMIT 1").fetchone() is None,
        )
    finally:
        worker.terminate()


def measure_bare(access: PlatformAccess, count: int) -> float:
    dsn = fresh_database(access)
    with psycopg.connect(dsn) as connection:
        connection.execute(
            "CREATE TABLE bare (topic text, part int, position bigint, key bytea, value bytea,"
            " PRIMARY KEY (topic, part, position))"
        )
        connection.execute("CREATE TABLE bare_position (part int PRIMARY KEY, next_offset bigint)")
    environment = worker_environment(access, BARE_GROUP=f"threatfeed.bare-{uuid.uuid4().hex}")
    consumer = start(["-m", "benchmarks.bare"], environment, LOGS / "bare.log")
    try:
        return rate(dsn, count, "SELECT sum(next_offset) FROM bare_position", lambda _: True)
    finally:
        consumer.terminate()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=30_000, help="submissions in the topic")
    parser.add_argument("--rounds", type=int, default=5, help="interleaved runs of each side")
    arguments = parser.parse_args()
    with measuring_platform("bench") as access:
        size = asyncio.run(preload(access, arguments.count))
        print(f"{arguments.count} submissions of {size} bytes, {arguments.rounds} interleaved rounds")
        ours, bare = [], []
        for number in range(1, arguments.rounds + 1):
            bare.append(measure_bare(access, arguments.count))
            ours.append(measure_ours(access, arguments.count))
            print(f"round {number}: entente {ours[-1]:,.0f}/s, bare {bare[-1]:,.0f}/s", flush=True)
        ratio = statistics.median(ours) / statistics.median(bare)
        print(
            f"median: entente {statistics.median(ours):,.0f}/s, bare {statistics.median(bare):,.0f}/s, "
            f"ratio {ratio:.2f}"
        )


if __name__ == "__main__":
    main()
