"""How fast one side takes a preloaded topic in, and what processor time each process spends on it."""

import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import psutil
import psycopg
from tenacity import Retrying, retry_if_result, stop_after_delay, wait_fixed

from benchmarks.platform import ROOT, WorkerProcess, fresh_database, servers, start, worker_environment
from deploy.local.platform import PlatformAccess

LOGS = ROOT / ".entente" / "bench" / "logs"
BATCH = 500
"""Records a batch, of both sides."""


@dataclass(frozen=True, slots=True)
class Measured:
    """Submissions a second, and microseconds of processor time a submission by process."""

    rate: float
    processor: Mapping[str, float]

    def told(self) -> str:
        spent = ", ".join(f"{name} {value:.0f}" for name, value in self.processor.items())
        return f"{self.rate:,.0f}/s ({spent} us)"


def processor_seconds(pid: int | None) -> float:
    """What a process and its children have used, those that have ended included."""
    if pid is None:
        return 0.0
    parent = psutil.Process(pid)
    own = parent.cpu_times()
    total: float = own.user + own.system + own.children_user + own.children_system
    for child in parent.children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            used = child.cpu_times()
            total += used.user + used.system
    return total


def measure(
    dsn: str,
    count: int,
    position: str,
    finished: Callable[[psycopg.Connection], bool],
    processes: Mapping[str, int | None],
) -> Measured:
    """From the first stored batch to the end."""
    with psycopg.connect(dsn, autocommit=True) as connection:

        def applied() -> int:
            row = connection.execute(position).fetchone()
            return int(row[0] or 0) if row else 0

        waiting = Retrying(
            retry=retry_if_result(lambda done: not done), wait=wait_fixed(0.01), stop=stop_after_delay(300)
        )
        waiting(lambda: applied() > 0)
        started, before = time.monotonic(), applied()
        used = {name: processor_seconds(pid) for name, pid in processes.items()}
        waiting(lambda: applied() >= count and finished(connection))
        taken, seconds = count - before, time.monotonic() - started
        spent = {name: (processor_seconds(pid) - used[name]) / taken * 1e6 for name, pid in processes.items()}
        return Measured(taken / seconds, spent)


def published(connection: psycopg.Connection) -> bool:
    """Whether every event and receipt is acknowledged by the broker."""
    return connection.execute("SELECT 1 FROM outbox LIMIT 1").fetchone() is None


@contextmanager
def ingesting(access: PlatformAccess, batch: int = BATCH) -> Iterator[tuple[WorkerProcess, WorkerProcess]]:
    """One worker and the relay, as they are deployed."""
    relay = start(["-m", "services.threatfeed", "relay"], worker_environment(access), LOGS / "relay.log")
    try:
        environment = worker_environment(access, ENTENTE_KAFKA__BATCH_RECORDS=str(batch))
        worker = start(["-m", "services.threatfeed", "worker"], environment, LOGS / "worker.log")
        try:
            yield worker, relay
        finally:
            worker.terminate()
    finally:
        relay.terminate()


def measure_ours(access: PlatformAccess, count: int, *, platform: str, batch: int = BATCH) -> Measured:
    """One worker and the relay, from Kafka over PostgreSQL to the acknowledged events and receipts."""
    dsn = fresh_database(access)
    with ingesting(access, batch) as (worker, relay):
        pids = {"worker": worker.child.pid, "relay": relay.child.pid, **servers(platform)}
        measured = measure(dsn, count, "SELECT sum(next_offset) FROM consumed", published, pids)
    with psycopg.connect(dsn) as connection:
        stored = connection.execute("SELECT count(*) FROM assessment").fetchone()
    if stored != (count,):
        raise AssertionError(f"{stored} assessments are stored of {count}")
    return measured


def measure_bare(
    access: PlatformAccess, topic: str, count: int, *, platform: str, batch: int = BATCH
) -> Measured:
    """A consumer that inserts the raw rows, with our batches and our durability."""
    dsn = fresh_database(access)
    with psycopg.connect(dsn) as connection:
        connection.execute(
            "CREATE TABLE bare (topic text, part int, position bigint, key bytea, value bytea,"
            " PRIMARY KEY (topic, part, position))"
        )
        connection.execute("CREATE TABLE bare_position (part int PRIMARY KEY, next_offset bigint)")
    environment = worker_environment(
        access, BARE_GROUP=f"threatfeed.bare-{uuid.uuid4().hex}", BARE_TOPIC=topic, BARE_BATCH=str(batch)
    )
    consumer = start(["-m", "benchmarks.bare"], environment, LOGS / "bare.log")
    try:
        position = "SELECT sum(next_offset) FROM bare_position"
        pids = {"consumer": consumer.child.pid, **servers(platform)}
        return measure(dsn, count, position, lambda _: True, pids)
    finally:
        consumer.terminate()
