"""What the state folder remembers of a system: its addresses for good, its processes while it is up."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final, Self

import psutil
from pydantic import BaseModel, ConfigDict

from deploy.local.access import KafkaLogin
from deploy.local.credentials import Credentials, Realm
from deploy.local.files import write_private
from deploy.local.folders import Folders
from deploy.local.keys import KeyRing
from deploy.local.ports import LOOPBACK, free_port
from services.cli.failures import CommandFailed

ADDRESSES_FILE: Final = "addresses.json"
SYSTEM_FILE: Final = "system.json"
CLOCK_FILE: Final = "clock"


class _Document(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Address(_Document):
    """The loopback ports of one service; those of processes that it does not have are 0."""

    api_http: int
    api_rpc: int
    worker_http: int
    picture_http: int = 0
    views_http: int = 0
    relay_http: int = 0

    @property
    def rest(self) -> str:
        return f"http://{LOOPBACK}:{self.api_http}"

    def probes(self, kind: str) -> int:
        """The port on which a process of that kind answers for its health."""
        others = {
            "worker": self.worker_http,
            "picture": self.picture_http,
            "views": self.views_http,
            "relay": self.relay_http,
        }
        return others.get(kind, self.api_http)

    @property
    def rpc(self) -> str:
        return f"{LOOPBACK}:{self.api_rpc}"


class Addresses(_Document):
    """The ports of all services: chosen once, kept as long as nobody else takes them."""

    services: dict[str, Address]

    @classmethod
    def choose(cls, path: Path, services: tuple[str, ...]) -> Self:
        kept = cls.model_validate_json(path.read_text()).services if path.exists() else {}
        taken: set[int] = set()

        def port(preferred: int | None) -> int:
            chosen = free_port(preferred=preferred)
            while chosen in taken:
                chosen = free_port()
            taken.add(chosen)
            return chosen

        chosen = {}
        for name in services:
            old = kept.get(name)
            chosen[name] = Address(
                api_http=port(old.api_http if old else None),
                api_rpc=port(old.api_rpc if old else None),
                worker_http=port(old.worker_http if old else None),
                picture_http=port(old.picture_http or None if old else None) if name == "threatfeed" else 0,
                views_http=port(old.views_http or None if old else None) if name == "threatfeed" else 0,
                relay_http=port(old.relay_http or None if old else None) if name == "threatfeed" else 0,
            )
        addresses = cls(services=chosen)
        write_private(path, addresses.model_dump_json(indent=2))
        return addresses


def port_of(addresses: Mapping[str, Address], process: str) -> int:
    """The port on which a process answers for its health, by its name such as `agenda-worker`."""
    service, _, kind = process.partition("-")
    return addresses[service].probes(kind)


class ProcessMark(_Document):
    """A process that cannot be mistaken for a later one with the same pid."""

    pid: int
    started: float

    @classmethod
    def of(cls, pid: int) -> Self:
        return cls(pid=pid, started=psutil.Process(pid).create_time())

    def find(self) -> psutil.Process | None:
        """The process, if it still runs."""
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.started) < 1.0
        except psutil.NoSuchProcess:
            return None
        return process if same and process.status() != psutil.STATUS_ZOMBIE else None


class SystemRecord(_Document):
    """A system that is up, as other commands find it. No secret is in it."""

    supervisor: ProcessMark
    children: dict[str, ProcessMark]
    restarts: dict[str, int]
    services: dict[str, Address]
    bootstrap_servers: str
    security_protocol: str

    def write(self, folders: Folders) -> None:
        write_private(folders.state / SYSTEM_FILE, self.model_dump_json(indent=2))

    @classmethod
    def read(cls, folders: Folders) -> Self | None:
        path = folders.state / SYSTEM_FILE
        return cls.model_validate_json(path.read_text()) if path.exists() else None

    @classmethod
    def require(cls, folders: Folders) -> Self:
        """Raises `CommandFailed` when no system is up in the folder."""
        record = cls.read(folders)
        if record is None or record.supervisor.find() is None:
            raise CommandFailed(f"no system is up in {folders.state}: start one with `entente up`")
        return record


class Access:
    """The ways into a running system, from its state folder alone."""

    def __init__(self, folders: Folders, record: SystemRecord) -> None:
        self.folders = folders
        self.services = record.services
        self.keys = KeyRing(folders.keys)
        self.clock_file = folders.state / CLOCK_FILE
        self._record = record
        self._credentials = Credentials(folders.state / "credentials.json")

    @classmethod
    def find(cls, folders: Folders) -> "Access":
        """Raises `CommandFailed` when no system is up in the folder."""
        return cls(folders, SystemRecord.require(folders))

    def login(self, principal: str) -> KafkaLogin:
        """The broker login of a principal of the catalogue."""
        return KafkaLogin(
            bootstrap_servers=self._record.bootstrap_servers,
            username=principal,
            password=self._credentials.password(Realm.KAFKA, principal),
            security_protocol=self._record.security_protocol,
        )
