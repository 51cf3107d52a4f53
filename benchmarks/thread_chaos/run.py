"""Kills every process of all three services, the broker and the database, while all of them work.

The system is the one of `make run`, under its own supervisor, with a second worker beside that of each
service. Agencies publish; officials conclude their meetings and work on the actions; leaders follow the
feeds on every channel; ten weeks go by, with their reporting rounds and notices. A kill is SIGKILL at a
seeded random moment at which something is under way. A second worker is not killed but stopped until its
group has given its partitions away, and continued: it comes back as a zombie that believes it has them still.
"""

import asyncio
import os
import random
import shutil
import signal
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Final

import httpx
from tenacity import RetryError

from benchmarks.chaos.ends import Ends, topic_ends
from benchmarks.chaos.oracle import Tally, verify
from benchmarks.chaos.plan import plan
from benchmarks.chaos.publishing import publish
from benchmarks.platform import CHANGES, ROOT, state_folder
from benchmarks.thread_chaos.counts import Counts
from benchmarks.thread_chaos.days import Days
from benchmarks.thread_chaos.leaders import Leader, leaders
from benchmarks.thread_chaos.officials import PATIENCE, Officials
from benchmarks.thread_chaos.verifying import verify_actions, verify_agendas, verify_feeds
from benchmarks.waiting import until
from deploy.local.access import ExternalAddresses
from deploy.local.folders import Folders
from deploy.local.platform import SERVICES, Platform
from deploy.local.ports import free_port
from services.cli.environment import service_command, service_environment
from services.cli.layout import deployment
from services.cli.supervisor import ChildSpec, ChildState, Supervisor
from services.cli.system import Options, System, running_system
from services.cli.thread.stage import open_stage
from services.threatfeed.consumers import GROUP as INGEST

BROKER: Final = "broker"
DATABASE: Final = "database"
ZOMBIE: Final = "-worker-2"
_SESSION: Final = 6.0
"""Seconds of silence after which a group gives the partitions of a second worker away."""
_MOMENT: Final = 8.0
"""Seconds that are waited for something to be under way; then it is killed as it is."""
_LONGEST: Final = 3_600
_OFTEN: Final = {
    "ENTENTE_ESCALATION__EVERY_SECONDS": "0.3",
    "ENTENTE_ESCALATION__SILENT_AFTER": "1000",
    "ENTENTE_ROUNDS__EVERY_SECONDS": "0.3",
}
"""How often the second worker looks what is due, so that a day can go by each second."""
_UNPUBLISHED: Final = "SELECT coalesce(sum(cardinality(ids)), 0) FROM outbox"
_TAKEN_IN: Final = "SELECT coalesce(sum(next_offset), 0) FROM consumed WHERE grp = %s"
_FOLLOWED: Final = "SELECT coalesce(sum(next_offset), 0) FROM consumed WHERE topic = %s"
_SEQUENCE: Final = "SELECT coalesce(max(sequence), 0) FROM audience_feed WHERE audience = %s"
_SETTLED_WITHIN: Final = 180.0


class Upheaval:
    """A whole system of which one part is always about to die."""

    def __init__(
        self,
        system: System,
        zombies: Supervisor,
        officials: Officials,
        followers: Sequence[Leader],
        ends: Ends,
        tally: Tally,
        rng: random.Random,
    ) -> None:
        self._ends = ends
        self._system = system
        self._zombies = zombies
        self._officials = officials
        self._followers = followers
        self._tally = tally
        self._rng = rng
        self._platform = Platform(system.access.folders, ExternalAddresses())
        self._counts = Counts(system.platform)
        self._deck: list[str] = []

    @property
    def names(self) -> list[str]:
        children = [*self._system.supervisor.children, *self._zombies.children]
        return [BROKER, DATABASE, *(child.spec.name for child in children)]

    async def kill_one(self) -> None:
        """The next part, each in a random order before any comes again, once all are at work again."""
        if not self._deck:
            self._deck = self._rng.sample(self.names, len(self.names))
        name = self._deck.pop()
        await until(self._all_ready, within=_SETTLED_WITHIN, every=0.2)
        await asyncio.sleep(self._rng.uniform(0.0, 1.0))
        hit = await self._moment(name)
        if name in (BROKER, DATABASE):
            await self._restart(name)
        elif name.endswith(ZOMBIE):
            hit = await self._stop_for_a_while(name, hit)
        else:
            os.kill(self._pid(name), signal.SIGKILL)
        self._tally.note_kill(name, hit)

    async def settle(self) -> None:
        """Until everything is ready, and nothing is left to be published."""

        async def published() -> bool:
            return not any(self._unpublished(service) for service in SERVICES)

        async def read() -> bool:
            ends = {one.audience: self._sequence(one.audience) for one in self._followers}
            return all(one.sequence >= ends[one.audience] for one in self._followers)

        await until(self._all_ready, within=_SETTLED_WITHIN, every=0.2)
        await until(self._taken_in, within=_SETTLED_WITHIN, every=0.2)
        await until(published, within=_SETTLED_WITHIN, every=0.2)
        await until(read, within=_SETTLED_WITHIN, every=0.2)

    async def _taken_in(self) -> bool:
        return self._lag() == 0

    async def _all_ready(self) -> bool:
        return all(child.state is ChildState.READY for child in self._system.supervisor.children) and all(
            [await self._answers(child.spec) for child in self._zombies.children]
        )

    async def _answers(self, spec: ChildSpec) -> bool:
        async with httpx.AsyncClient(trust_env=False, timeout=5) as client:
            with suppress(httpx.TransportError):
                answer = await client.get(f"http://127.0.0.1:{spec.environment['ENTENTE_HTTP__PORT']}/readyz")
                return answer.is_success
        return False

    async def _moment(self, name: str) -> str:
        """What a kill hits now, once that is something."""

        async def under_way() -> str:
            return await self._under_way(name)

        try:
            return await until(under_way, within=_MOMENT, every=0.01)
        except RetryError:
            return "nothing under way"

    async def _under_way(self, name: str) -> str:
        found: dict[str, int] = {}
        if name in (BROKER, DATABASE):
            found = {f"requests of {service}": self._officials.under_way[service] for service in SERVICES}
            found |= {
                f"events of {service} not published": self._unpublished(service) for service in SERVICES
            }
            found["submissions not taken in"] = self._lag()
        else:
            service, _, kind = name.partition("-")
            if kind == "api":
                found["requests"] = self._officials.under_way[service]
                if service == "actions":
                    found["readers"] = sum(one.connected for one in self._followers)
            else:
                found["events not published"] = self._unpublished(service)
                found["changes of assessments not taken in"] = await self._behind(service)
            if service == "threatfeed":
                found["submissions not taken in"] = self._lag()
        return ", ".join(f"{count} {what}" for what, count in found.items() if count)

    async def _restart(self, name: str) -> None:
        status = self._platform.status()
        pid = status.kafka_pid if name == BROKER else status.postgres_pid
        if pid is None:
            raise RuntimeError(f"the {name} is not there")
        os.kill(pid, signal.SIGKILL)
        await asyncio.sleep(self._rng.uniform(0.0, 2.0))
        await asyncio.to_thread(self._platform.start, deployment())

    async def _stop_for_a_while(self, name: str, hit: str) -> str:
        pid = self._pid(name)
        os.kill(pid, signal.SIGSTOP)
        seconds = _SESSION + self._rng.uniform(2.0, 6.0)
        await asyncio.sleep(seconds)
        os.kill(pid, signal.SIGCONT)
        return f"stopped for {seconds:.0f} s and continued, {hit}"

    def _pid(self, name: str) -> int:
        for child in (*self._system.supervisor.children, *self._zombies.children):
            if child.spec.name == name and child.pid is not None:
                return child.pid
        raise RuntimeError(f"{name} does not run")

    def _unpublished(self, service: str) -> int:
        return self._counts.of(service, _UNPUBLISHED)

    def _lag(self) -> int:
        return max(0, len(self._tally.sent) - self._counts.of("threatfeed", _TAKEN_IN, INGEST))

    async def _behind(self, service: str) -> int:
        """Changes of assessments that a service has yet to take in."""
        if service == "threatfeed":
            return 0
        return max(0, await self._ends.of(CHANGES) - self._counts.of(service, _FOLLOWED, CHANGES))

    def _sequence(self, audience: str) -> int:
        return self._counts.of("actions", _SEQUENCE, audience)


def _second_workers(system: System) -> Supervisor:
    addresses, access = system.access.services, system.platform
    specs = []
    for service in SERVICES:
        environment = service_environment(
            access.services[service], "worker", addresses, clock=system.access.clock_file, spans=None
        )
        specs.append(
            ChildSpec(
                name=f"{service}{ZOMBIE}",
                command=service_command(service, "worker"),
                environment={
                    **environment,
                    "ENTENTE_KAFKA__INSTANCE": "second-worker",
                    "ENTENTE_KAFKA__SESSION_TIMEOUT_MS": f"{_SESSION * 1000:.0f}",
                    "ENTENTE_HTTP__PORT": str(free_port()),
                    **(_OFTEN if service == "actions" else {}),
                },
                log=system.access.folders.logs / f"{service}{ZOMBIE}.log",
                stage=1,
            )
        )
    return Supervisor(specs)


async def run(*, seed: int, kills: int, rate: int) -> Tally:
    tally, state = Tally(seed), state_folder("thread-chaos")
    shutil.rmtree(state, ignore_errors=True)
    folders = replace(Folders.from_environment(os.environ, ROOT), state=state)
    async with running_system(Options(folders, say=print)) as system:
        zombies = _second_workers(system)
        zombies.start()
        try:
            await _upset(system, zombies, tally, kills=kills, rate=rate)
        finally:
            await zombies.stop()
    return tally


async def _upset(system: System, zombies: Supervisor, tally: Tally, *, kills: int, rate: int) -> None:
    seed, access = tally.seed, system.platform
    followers = leaders(system.access)

    def enough() -> bool:
        return len(tally.kills) >= kills

    async with (
        open_stage(system.access, lambda _: None, patience=PATIENCE) as stage,
        topic_ends(access, CHANGES) as ends,
        asyncio.TaskGroup() as tasks,
    ):
        officials = Officials(stage, random.Random(seed + 1))
        upheaval = Upheaval(system, zombies, officials, followers, ends, tally, random.Random(seed))
        with tally.timed("sitting down"):
            years = await officials.sit_down()
        following = [tasks.create_task(one.follow()) for one in followers]
        submissions = plan(random.Random(seed), _LONGEST * rate)
        publishing = tasks.create_task(publish(access, tally, submissions, rate, lambda _: enough()))
        working = tasks.create_task(officials.work(years, enough))
        days = Days(stage.clock, officials, Counts(access))
        passing = tasks.create_task(days.pass_by())
        with tally.timed("kills"):
            while not enough():
                await upheaval.kill_one()
            await publishing
            await working
        with tally.timed("the days that were left"):
            await passing
        with tally.timed("coming to rest"):
            await upheaval.settle()
        for task in following:
            task.cancel()
        await verify_agendas(tally, years)
    tally.problems += [*officials.problems, *days.problems]
    with tally.timed("comparing submissions"):
        await verify(access, access.services["threatfeed"].dsn, tally)
    with tally.timed("comparing actions and feeds"):
        verify_actions(access, tally, officials)
        days.verify(tally)
        await verify_feeds(access, tally, officials.courses, followers)
