"""A platform for measurements, and worker processes on it."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psycopg
from psycopg import sql

from deploy.local.access import ExternalAddresses
from deploy.local.catalogue import Catalogue
from deploy.local.folders import Folders
from deploy.local.platform import Deployment, Platform, PlatformAccess
from deploy.local.ports import free_port
from services.chassis.migrations import migrate
from services.threatfeed.app import MIGRATIONS

ROOT = Path(__file__).resolve().parents[1]
POLICY = ROOT / "deploy" / "policy"
REFERENCE = ROOT / "deploy" / "reference"
AGENCY = "ncsc"
SUBMISSIONS = f"threatfeed.submission.{AGENCY}.v1"
RECEIPTS = f"threatfeed.receipt.{AGENCY}.v1"
CHANGES = "threatfeed.assessment.v1"
CATALOGUE_AGENCY = "cisa"
"""The agency that publishes a catalogue."""
PUBLIC_SOURCE = "unit42"
"""An agency whose unmarked reports the policy takes as public."""
PUBLIC_SUBMISSIONS = f"threatfeed.submission.{PUBLIC_SOURCE}.v1"


def submissions_of(agency: str) -> str:
    return f"threatfeed.submission.{agency}.v1"


def receipts_of(agency: str) -> str:
    return f"threatfeed.receipt.{agency}.v1"


def state_folder(name: str) -> Path:
    return ROOT / ".entente" / name


def servers(name: str) -> dict[str, int | None]:
    """The process ids of a measurement's broker and database server."""
    folders = Folders(state=state_folder(name), cache=Folders.from_environment(os.environ, ROOT).cache)
    status = Platform(folders, ExternalAddresses()).status()
    return {"broker": status.kafka_pid, "database": status.postgres_pid}


def measured() -> Deployment:
    """As many topics as measurements of one service need."""
    return Deployment(
        catalogue=Catalogue.read(ROOT / "proto" / "topics.yaml"),
        agencies=(AGENCY, CATALOGUE_AGENCY, PUBLIC_SOURCE),
        audiences=("uk-eu.uk", "uk-eu.eu"),
    )


@contextmanager
def measuring_platform(name: str, deployment: Deployment | None = None) -> Iterator[PlatformAccess]:
    """A broker and a database server of a measurement's own, empty at the start, stopped at the end."""
    cache = Folders.from_environment(os.environ, ROOT).cache
    folders = Folders(state=state_folder(name), cache=cache)
    platform = Platform(folders, ExternalAddresses())
    platform.stop()
    shutil.rmtree(folders.state, ignore_errors=True)
    try:
        yield platform.start(deployment or measured())
    finally:
        platform.stop()


def fresh_database(access: PlatformAccess) -> str:
    """Empties the threatfeed database; gives its DSN."""
    dsn = access.services["threatfeed"].dsn
    with psycopg.connect(dsn, autocommit=True) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        for (table,) in tables:
            connection.execute(sql.SQL("DROP TABLE {} CASCADE").format(sql.Identifier(table)))
    migrate(dsn, MIGRATIONS)
    return dsn


@dataclass(slots=True)
class WorkerProcess:
    """A process of ours, in a session of its own."""

    child: subprocess.Popen[bytes]
    probes: str
    """Address of its probes."""

    def ready(self) -> bool:
        """Whether it is at work: it has partitions and reaches its database."""
        try:
            return httpx.get(f"{self.probes}/readyz", timeout=5).status_code == httpx.codes.OK
        except httpx.TransportError:
            return False

    def alive(self) -> bool:
        return self.child.poll() is None

    def kill(self) -> None:
        self.child.send_signal(signal.SIGKILL)
        self.child.wait()

    def terminate(self) -> int:
        self.child.send_signal(signal.SIGTERM)
        return self.child.wait(timeout=60)


def wait_until_ready(*processes: WorkerProcess) -> None:
    """Raises `RuntimeError` where one has ended, or is not at work within a minute."""
    deadline = time.monotonic() + 60
    while not all(one.ready() for one in processes):
        if time.monotonic() > deadline or not all(one.alive() for one in processes):
            raise RuntimeError("a process did not get ready: its log says why")
        time.sleep(0.1)


def worker_environment(access: PlatformAccess, **settings: str) -> dict[str, str]:
    """Of a process of threatfeed that has a database: worker, relay, views or api."""
    return {
        **_environment(),
        **access.services["threatfeed"].environment(),
        "ENTENTE_OFFICIAL_KEYS": str(access.services["threatfeed"].official_keys),
        "ENTENTE_REFERENCE": str(REFERENCE),
        "ENTENTE_RPC__PORT": str(free_port()),
        **settings,
    }


def environment_of(access: PlatformAccess, service: str) -> dict[str, str]:
    """Of any process of a service that needs no more than they all do."""
    return {**_environment(), **access.services[service].environment()}


def picture_environment(access: PlatformAccess, **settings: str) -> dict[str, str]:
    """Of a picture worker, which has a Kafka user of its own, no database, and answers no calls."""
    return {**_environment(), **access.logins["threatfeed-picture"].environment(), **settings}


def _environment() -> dict[str, str]:
    kept = os.environ.items()
    clean = {name: value for name, value in kept if not name.startswith(("ENTENTE_", "PYTHONDONTWRITE"))}
    return {
        **clean,
        "ENTENTE_DEPLOYMENT": "local",
        "ENTENTE_HOME_PARTY": "UK",
        "ENTENTE_CEILING": "UK OFFICIAL-SENSITIVE",
        "ENTENTE_POLICY": str(POLICY),
        "ENTENTE_HTTP__PORT": str(free_port()),
        "ENTENTE_KAFKA__SESSION_TIMEOUT_MS": "6000",
        "ENTENTE_TELEMETRY__LOG_LEVEL": "WARNING",
        "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'proto'}",
    }


def start(arguments: list[str], environment: Mapping[str, str], log: Path) -> WorkerProcess:
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        return WorkerProcess(
            subprocess.Popen(
                [sys.executable, *arguments],
                env=dict(environment),
                cwd=ROOT,
                stdout=output,
                stderr=output,
                start_new_session=True,
            ),
            f"http://127.0.0.1:{environment['ENTENTE_HTTP__PORT']}",
        )
