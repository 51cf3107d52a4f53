"""The processes that a chaos run kills: each is started again where it was, under its own addresses."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from benchmarks.platform import WorkerProcess, picture_environment, start, worker_environment
from deploy.local.platform import PlatformAccess
from deploy.local.ports import free_port

WORKERS: Final = ("worker 0", "worker 1")
RELAY: Final = "relay"
VIEWS: Final = "views"
PICTURE: Final = "picture"
API: Final = "api"
NAMES: Final = (*WORKERS, RELAY, VIEWS, PICTURE, API)

PICTURED_AT: Final = datetime(2026, 12, 1, 12, tzinfo=UTC)
"""When the picture worker believes the run to begin: after every publication of the plan."""

_ALONE: Final = {"ENTENTE_RELAY_STANDBY_SECONDS": "0"}
_MORE: Final[Mapping[str, Mapping[str, str]]] = {
    **{
        name: {"ENTENTE_KAFKA__BATCH_RECORDS": "50", "ENTENTE_KAFKA__INSTANCE": name.replace(" ", "-")}
        for name in WORKERS
    },
    VIEWS: {"ENTENTE_KAFKA__BATCH_RECORDS": "50", "ENTENTE_KAFKA__INSTANCE": VIEWS},
}


class Processes:
    """Those that run now, by name."""

    def __init__(self, access: PlatformAccess, folder: Path) -> None:
        self._access = access
        self._folder = folder
        self._clock = folder / "picture-clock"
        self._ports = {name: str(free_port()) for name in NAMES}
        self._rpc = str(free_port())
        self._running: dict[str, WorkerProcess] = {}
        folder.mkdir(parents=True, exist_ok=True)
        self._clock.write_text(str((PICTURED_AT - datetime.now(UTC)).total_seconds()))

    @property
    def http(self) -> str:
        """Where the api answers REST."""
        return f"http://127.0.0.1:{self._ports[API]}"

    @property
    def rpc(self) -> str:
        """Where the api answers gRPC."""
        return f"127.0.0.1:{self._rpc}"

    def start(self, *names: str, **settings: str) -> None:
        for name in names:
            kind = name.split()[0]
            command = ["-m", "services.threatfeed", kind]
            environment = self._environment(name, settings)
            self._running[name] = start(command, environment, self._folder / f"{kind}.log")

    def start_alone(self, name: str, **settings: str) -> WorkerProcess:
        """A worker that publishes what it writes at once, as no relay runs beside it."""
        self.start(name, **_ALONE, **settings)
        return self._running[name]

    def kill(self, *names: str) -> None:
        for name in names:
            self._running.pop(name).kill()

    def ready(self, name: str) -> bool:
        return name in self._running and self._running[name].ready()

    def pid(self, name: str) -> int:
        return self._running[name].child.pid

    def fallen(self) -> dict[str, int]:
        """The exit codes of those that have ended by themselves."""
        ended = {name: process.child.poll() for name, process in self._running.items()}
        return {name: code for name, code in ended.items() if code is not None}

    def end(self) -> None:
        for process in self._running.values():
            process.child.terminate()
        for process in self._running.values():
            process.child.wait(timeout=60)
        self._running.clear()

    def _environment(self, name: str, settings: Mapping[str, str]) -> dict[str, str]:
        own = {"ENTENTE_HTTP__PORT": self._ports[name], **_MORE.get(name, {}), **settings}
        if name == PICTURE:
            return picture_environment(self._access, ENTENTE_CLOCK__FILE=str(self._clock), **own)
        return worker_environment(self._access, ENTENTE_RPC__PORT=self._rpc, **own)
