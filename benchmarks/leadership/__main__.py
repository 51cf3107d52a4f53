"""How fast leadership sees a change: `python -m benchmarks.leadership`.

Broker, database, worker, one api and all readers share this machine. A change is made by the code that the
service runs, in a burst many in one transaction; its time begins when that is committed and ends when the
reader's process has the record. Every reader that was not stalled must have seen every sequence in order,
or, where it was slow, been told that older ones were left out; and must end with the newest of every action.
"""

import argparse
import asyncio
import json
import os
import pickle
import statistics
import sys
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import psutil

from benchmarks.leadership.changes import Changes
from benchmarks.leadership.readers import Plan, Seen
from benchmarks.platform import (
    POLICY,
    ROOT,
    WorkerProcess,
    environment_of,
    measured,
    measuring_platform,
    start,
    state_folder,
    wait_until_ready,
)
from deploy.local.keys import issue_token
from deploy.local.platform import PlatformAccess
from deploy.local.ports import free_port
from services.actions.app import MIGRATIONS
from services.actions.usecases.publication import Publication
from services.chassis.database import Database
from services.chassis.documents import LiveDocuments
from services.chassis.ids import random_ids
from services.chassis.migrations import migrate
from services.chassis.settings import PostgresSettings
from services.kernel.policy import Policy

NAME = "bench-leadership"
AUDIENCE = "uk-eu.uk"
_PACE = 0.9
"""Of the rate that is asked for, what the writer must have kept for the phase to count."""


@dataclass(frozen=True, slots=True)
class Phase:
    """Readers, and changes for them. `p99` and `converged` are what is wanted, in seconds."""

    name: str
    sse: int
    grpc: int
    stalled: int
    rate: float
    seconds: float
    together: int = 1
    p99: float | None = None
    converged: float | None = None


PHASES = (
    Phase("200 readers, 10 changes/s", 180, 20, 50, 10, 60, p99=0.5),
    Phase("1,000 readers, 1 change/s", 980, 20, 0, 1, 60, p99=2.0),
    Phase("200 readers, a burst of 200 changes/s", 180, 20, 50, 200, 10, together=25, converged=5.0),
)


@dataclass(slots=True)
class Memory:
    """Resident memory of a process, looked at every half second."""

    process: psutil.Process
    figures: list[float] = field(default_factory=list)

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        async def look() -> None:
            while True:
                self.figures.append(self.process.memory_info().rss / 2**20)
                await asyncio.sleep(0.5)

        looking = asyncio.create_task(look())
        try:
            yield
        finally:
            looking.cancel()


@contextmanager
def processes(access: PlatformAccess) -> Iterator[tuple[WorkerProcess, dict[str, str]]]:
    """A worker and one api of actions; the api with its environment."""
    started = []
    logs = state_folder(NAME) / "logs"
    try:
        for kind in ("worker", "api"):
            environment = {**environment_of(access, "actions"), "ENTENTE_RPC__PORT": str(free_port())}
            started.append(start(["-m", "services.actions", kind], environment, logs / f"{kind}.log"))
        wait_until_ready(*started)
        yield started[1], environment
    finally:
        for one in started:
            if one.alive():
                one.terminate()


async def measure(
    phase: Phase, access: PlatformAccess, api: WorkerProcess, environment: dict[str, str], changes: Changes
) -> bool:
    folder = state_folder(NAME)
    token = issue_token(
        access.keys,
        subject="uk-leadership",
        party="UK",
        organisation="FCDO",
        roles=("leadership",),
        at=datetime.now(UTC),
    )
    plan = Plan(
        http_port=int(environment["ENTENTE_HTTP__PORT"]),
        rpc=f"127.0.0.1:{environment['ENTENTE_RPC__PORT']}",
        token=token,
        audience=AUDIENCE,
        sse=phase.sse,
        grpc=phase.grpc,
        stalled=phase.stalled,
        within=30.0,
        result=str(folder / "seen.pickle"),
    )
    (folder / "plan.json").write_text(json.dumps(asdict(plan)))
    server = psutil.Process(api.child.pid)
    memory = Memory(server)
    async with memory.watched():
        before = server.memory_info().rss / 2**20
        readers = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "benchmarks.leadership.readers",
            str(folder / "plan.json"),
            cwd=ROOT,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'proto'}"},
        )
        if readers.stdin is None or readers.stdout is None or await readers.stdout.readline() != b"ready\n":
            raise RuntimeError("the readers did not come up")
        changes.committed.clear()
        changes.late = 0.0
        load, busy = os.getloadavg()[0], server.cpu_times()
        await changes.run(phase.rate, phase.seconds, phase.together)
        last, ended = max(changes.committed), time.monotonic()
        readers.stdin.write(f"{last}\n".encode())
        await readers.stdin.drain()
        await readers.stdout.readline()
        await readers.wait()
        used = server.cpu_times()
    told = pickle.loads(await asyncio.to_thread(Path(plan.result).read_bytes))  # noqa: S301 our own file
    seen = [Seen(*one) for one in told]
    cpu = (used.user + used.system - busy.user - busy.system) / changes.seconds
    print(f"\n{phase.name} (load {load:.1f} at the start, {os.getloadavg()[0]:.1f} at the end)")
    print(
        f"  api: {cpu:.0%} of a core; memory {before:.0f} MiB before, at most {max(memory.figures):.0f} MiB"
    )
    return judge(phase, seen, changes, ended)


def judge(phase: Phase, seen: Sequence[Seen], changes: Changes, ended: float) -> bool:
    first, last = min(changes.committed), max(changes.committed)
    awake = [one for one in seen if one.channel != "stalled"]
    late = []
    complete = coalesced = 0
    wrong = []
    for one in awake:
        live = [(number, at) for number, at in zip(one.sequences, one.times, strict=True) if number >= first]
        numbers = [number for number, _ in live]
        late += [at - changes.committed[number] for number, at in live]
        if numbers != sorted(set(numbers)):
            wrong.append("out of order or repeated")
        elif numbers == list(range(first, last + 1)):
            complete += 1
        elif one.coalesced:
            coalesced += 1
        else:
            wrong.append(f"{last + 1 - first - len(numbers)} left out and nothing says so")
        if not holds_newest(one, changes):
            wrong.append("another final state")
    converged = max(max(one.times) for one in awake) - ended
    late.sort()
    p50, p99 = statistics.median(late), late[int(len(late) * 0.99) - 1]
    print(
        f"  {len(changes.committed)} changes, {len(changes.committed) / changes.seconds:.0f} a second"
        f" of {phase.rate:.0f} asked for, begun at most {changes.late * 1000:.0f} ms late;"
        f" {len(late):,} records read"
    )
    print(
        f"  after the commit: p50 {p50 * 1000:.0f} ms, p99 {p99 * 1000:.0f} ms, max {late[-1] * 1000:.0f} ms"
    )
    print(f"  {complete} readers saw every change in order, {coalesced} were told that some were left out")
    print(f"  all had converged {max(converged, 0.0):.2f} s after the last commit")
    wrong += judge_stalled([one for one in seen if one.channel == "stalled"], changes)
    met = not wrong
    if (kept := len(changes.committed) / changes.seconds / phase.rate) < _PACE:
        met = False
        print(f"  the writer kept only {kept:.2f} of its pace: this machine has no time for it")
    if phase.p99 is not None:
        met = met and p99 <= phase.p99
        print(f"  p99 is {p99 / phase.p99:.2f} of what is allowed")
    if phase.converged is not None:
        met = met and converged <= phase.converged
        print(f"  convergence took {max(converged, 0.0) / phase.converged:.2f} of what is allowed")
    for fault in sorted(set(wrong)):
        print(f"  WRONG: {wrong.count(fault)} readers: {fault}")
    return met


def holds_newest(one: Seen, changes: Changes) -> bool:
    return changes.newest.items() <= one.newest.items()


def judge_stalled(stalled: Sequence[Seen], changes: Changes) -> list[str]:
    """One that was cut off finds out when it reads on: what lay in its window is all it has."""
    if not stalled:
        return []
    first, last = min(changes.committed), max(changes.committed)
    caught_up = [one for one in stalled if one.last == last]
    closed = sum(bool(one.ended) for one in stalled)
    kept = statistics.mean(sum(number >= first for number in one.sequences) for one in stalled)
    print(
        f"  of {len(stalled)} readers that took nothing {closed} were closed, {len(caught_up)} were at the"
        f" newest when they read again; {kept:.0f} records had been kept for each"
    )
    wrong = ["neither closed nor at the newest"] * (len(stalled) - closed - len(caught_up))
    return wrong + ["another final state" for one in caught_up if not holds_newest(one, changes)]


async def run(access: PlatformAccess, phases: Sequence[Phase]) -> bool:
    dsn = access.services["actions"].dsn
    migrate(dsn, MIGRATIONS)
    with processes(access) as (api, environment):
        async with Database.opened(PostgresSettings(dsn=dsn), "bench") as database:
            publication = Publication(
                LiveDocuments(POLICY, Policy.from_documents), random_ids, lambda _: None
            )
            changes = Changes(database, publication, AUDIENCE)
            await changes.open(200)
            return all([await measure(phase, access, api, environment, changes) for phase in phases])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--phase", type=int, choices=range(1, len(PHASES) + 1), help="only this one")
    asked = parser.parse_args()
    phases = PHASES if asked.phase is None else PHASES[asked.phase - 1 : asked.phase]
    audiences = ("uk-eu.uk", "uk-eu.eu", "uk-us-cmr.uk", "uk-us-cmr.us")
    with measuring_platform(NAME, replace(measured(), audiences=audiences)) as access:
        return 0 if asyncio.run(run(access, phases)) else 1


if __name__ == "__main__":
    sys.exit(main())
