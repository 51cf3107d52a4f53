"""A whole system on one machine: platform, migrations, and eight service processes kept running."""

import asyncio
import fcntl
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Final

import httpx
import psutil

from deploy.local.access import ExternalAddresses, ServiceAccess
from deploy.local.files import write_whole
from deploy.local.folders import Folders
from deploy.local.platform import SERVICES, Deployment, Platform, PlatformAccess
from services.cli.board import Board
from services.cli.environment import service_command, service_environment
from services.cli.failures import CommandFailed
from services.cli.layout import deployment
from services.cli.probing import probe
from services.cli.record import (
    ADDRESSES_FILE,
    CLOCK_FILE,
    SYSTEM_FILE,
    Access,
    Address,
    Addresses,
    ProcessMark,
    SystemRecord,
    port_of,
)
from services.cli.supervisor import ChildSpec, ChildState, Supervisor
from services.cli.waiting import until

KINDS: Final = ("api", "worker")
PICTURE: Final = "picture"
VIEWS: Final = "views"
RELAY: Final = "relay"
READY_WITHIN: Final = 90.0
_PATIENCE: Final = 4.0
_RENEW_TOKENS_EVERY: Final = 4 * 3600.0
_PROBE_EVERY: Final = 2.0


@dataclass(slots=True)
class Options:
    """How a system is started. `shuffle` starts its processes in a random order drawn from the seed."""

    folders: Folders
    external: ExternalAddresses = field(default_factory=ExternalAddresses)
    spans: bool = False
    shuffle: int | None = None
    say: Callable[[str], None] = lambda _: None
    board: Board | None = None


@dataclass(frozen=True, slots=True)
class System:
    """A system that is up and ready."""

    access: Access
    platform: PlatformAccess
    supervisor: Supervisor


class _Timer:
    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._last = time.monotonic()

    def done(self, what: str) -> None:
        now = time.monotonic()
        self._say(f"{what} ({now - self._last:.1f} s)")
        self._last = now


@asynccontextmanager
async def running_system(options: Options) -> AsyncIterator[System]:
    """Brings the system up, and takes all of it down at the end, also when it is cancelled.

    Raises `CommandFailed` when the folder has a system already, or when it does not get ready.
    """
    folders = options.folders
    folders.create()
    with _sole_supervisor(folders):
        end_orphans(folders)
        clock = folders.state / CLOCK_FILE
        if not clock.exists():
            write_whole(clock, "0")
        platform = Platform(folders, options.external)
        made_for = deployment()
        supervisor: Supervisor | None = None
        showing: asyncio.Task[None] | None = None
        try:
            timer = _Timer(options.say)
            access = await _start_platform(platform, made_for)
            timer.done("broker and database " + ("found" if access.found_running else "started"))
            addresses = Addresses.choose(folders.state / ADDRESSES_FILE, SERVICES).services
            await _migrate(folders, access, addresses)
            timer.done("migrations done")
            supervisor = Supervisor(service_specs(options, access, addresses), patience=_PATIENCE)
            if options.board is not None:
                supervisor.on_change = options.board.note_change
                showing = asyncio.create_task(options.board.show(supervisor.children))
            supervisor.start()
            async with _watched(supervisor, folders, access, addresses, platform, made_for) as record:
                await _wait_until_ready(supervisor)
                timer.done("all processes ready")
                yield System(Access(folders, record()), access, supervisor)
        finally:
            await asyncio.shield(_take_down(supervisor, platform, folders))
            if showing is not None:
                showing.cancel()
                await asyncio.wait([showing])


async def _take_down(supervisor: Supervisor | None, platform: Platform, folders: Folders) -> None:
    if supervisor is not None:
        await supervisor.stop()
    await asyncio.to_thread(platform.stop)
    (folders.state / SYSTEM_FILE).unlink(missing_ok=True)


@contextmanager
def _sole_supervisor(folders: Folders) -> Iterator[None]:
    with (folders.state / "supervisor.lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CommandFailed(f"a system is up already in {folders.state}") from None
        yield


def end_orphans(folders: Folders) -> None:
    """Ends what a supervisor that was killed left running."""
    record = SystemRecord.read(folders)
    if record is None:
        return
    found = [process for mark in record.children.values() if (process := mark.find())]
    for process in found:
        with suppress(psutil.NoSuchProcess):
            process.terminate()
    _, alive = psutil.wait_procs(found, timeout=_PATIENCE)
    for process in alive:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    (folders.state / SYSTEM_FILE).unlink(missing_ok=True)


async def _start_platform(platform: Platform, made_for: Deployment) -> PlatformAccess:
    starting = asyncio.create_task(asyncio.to_thread(platform.start, made_for))
    try:
        return await asyncio.shield(starting)
    except asyncio.CancelledError:
        # The thread cannot be cancelled; without the programs that it waits for, it gives up.
        for process in psutil.Process().children():
            with suppress(psutil.NoSuchProcess):
                process.terminate()
        await asyncio.wait([starting])
        starting.exception()
        raise


async def _migrate(folders: Folders, access: PlatformAccess, addresses: dict[str, Address]) -> None:
    ends = await asyncio.gather(
        *(_migrate_one(folders, service, addresses) for service in access.services.values()),
        return_exceptions=True,
    )
    for end in ends:
        if isinstance(end, BaseException):
            raise end


async def _migrate_one(folders: Folders, service: ServiceAccess, addresses: dict[str, Address]) -> None:
    log = folders.logs / f"{service.name}-migrate.log"
    with log.open("ab") as file:
        process = await asyncio.create_subprocess_exec(
            *service_command(service.name, "migrate"),
            env=service_environment(
                service, "migrate", addresses, clock=folders.state / CLOCK_FILE, spans=None
            ),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=file,
            stderr=file,
        )
        try:
            code = await process.wait()
        except asyncio.CancelledError:
            process.kill()
            await process.wait()
            raise
    if code != 0:
        raise CommandFailed(f"{service.name} migrate ended with {code}:\n{tail(log)}")


def service_specs(
    options: Options, access: PlatformAccess, addresses: dict[str, Address]
) -> Sequence[ChildSpec]:
    """An api and a worker of each service, and what only threatfeed has; the apis are stopped first."""
    folders = options.folders
    services = access.services
    started = [(kind, service) for kind in KINDS for service in services.values()]
    started += [(kind, services["threatfeed"]) for kind in (RELAY, VIEWS)]
    started.append((PICTURE, picture_access(access)))
    specs = [
        ChildSpec(
            name=f"{service.name}-{kind}",
            command=service_command(service.name, kind),
            environment=service_environment(
                service,
                kind,
                addresses,
                clock=folders.state / CLOCK_FILE,
                spans=folders.logs if options.spans else None,
            ),
            log=folders.logs / f"{service.name}-{kind}.log",
            stage=0 if kind == "api" else 1,
        )
        for kind, service in started
    ]
    if options.shuffle is not None:
        Random(options.shuffle).shuffle(specs)  # noqa: S311
    return specs


def picture_access(access: PlatformAccess) -> ServiceAccess:
    """threatfeed's access with the Kafka user that only the picture worker has."""
    return replace(access.services["threatfeed"], kafka=access.logins["threatfeed-picture"])


@asynccontextmanager
async def _watched(
    supervisor: Supervisor,
    folders: Folders,
    access: PlatformAccess,
    addresses: dict[str, Address],
    platform: Platform,
    made_for: Deployment,
) -> AsyncIterator[Callable[[], SystemRecord]]:
    """Probes the children, keeps the record of their pids true, and renews the services' tokens."""

    def record() -> SystemRecord:
        current = SystemRecord(
            supervisor=ProcessMark.of(psutil.Process().pid),
            children={
                child.spec.name: ProcessMark(pid=child.pid, started=child.started)
                for child in supervisor.children
                if child.pid is not None
            },
            restarts={child.spec.name: child.restarts for child in supervisor.children},
            services=addresses,
            bootstrap_servers=access.kafka_admin.bootstrap_servers,
            security_protocol=access.kafka_admin.security_protocol,
        )
        current.write(folders)
        return current

    async def probe_all() -> None:
        known: list[int | None] = []
        async with httpx.AsyncClient(timeout=5, trust_env=False) as client:
            while True:
                await asyncio.gather(
                    *(
                        probe(client, supervisor, child, port_of(addresses, child.spec.name))
                        for child in supervisor.children
                    )
                )
                pids = [child.pid for child in supervisor.children]
                if pids != known:
                    record()
                    known = pids
                settled = all(child.state is ChildState.READY for child in supervisor.children)
                await asyncio.sleep(_PROBE_EVERY if settled else 0.2)

    async def renew_tokens() -> None:
        while True:
            await asyncio.sleep(_RENEW_TOKENS_EVERY)
            await asyncio.to_thread(platform.renew_service_tokens, made_for)

    record()
    watchers = [asyncio.create_task(probe_all()), asyncio.create_task(renew_tokens())]
    try:
        yield record
    finally:
        for watcher in watchers:
            watcher.cancel()
        await asyncio.gather(*watchers, return_exceptions=True)


async def _wait_until_ready(supervisor: Supervisor) -> None:
    async def all_ready() -> bool:
        return all(child.state is ChildState.READY for child in supervisor.children)

    try:
        await until(all_ready, within=READY_WITHIN, what="all processes ready")
    except CommandFailed as late:
        behind = [child for child in supervisor.children if child.state is not ChildState.READY]
        told = "\n".join(
            f"{child.spec.name}: {child.state}, restarts {child.restarts}, "
            f"{child.why_not_ready}\n{tail(child.spec.log)}"
            for child in behind
        )
        raise CommandFailed(f"{late}\n{told}") from None


def tail(log: Path, lines: int = 12) -> str:
    """The end of a log."""
    if not log.exists():
        return "(no log)"
    return "\n".join(line[:2_000] for line in log.read_text(errors="replace").splitlines()[-lines:])
