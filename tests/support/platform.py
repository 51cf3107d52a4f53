"""One broker and one database server for a whole test session."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

import psycopg
import pytest
from psycopg import sql

from deploy.local.access import ExternalAddresses
from deploy.local.catalogue import Catalogue
from deploy.local.files import sole_holder
from deploy.local.folders import Folders
from deploy.local.keys import Official
from deploy.local.platform import Deployment, Platform, PlatformAccess

REPOSITORY = Path(__file__).parents[2]
_SESSIONS = REPOSITORY / ".entente" / "sessions"

AGENCIES = ("ncsc", "enisa", "cert-eu", "cisa", "unit42")
AUDIENCES = ("uk-eu.uk", "uk-eu.eu", "uk-us-cmr.uk", "uk-us-cmr.us")
_ORGANISATIONS = {
    "UK": ("FCDO", "DSIT", "NCSC", "HOME-OFFICE", "STRATCOM", "GCHQ"),
    "EU": ("EEAS", "CNECT", "ENISA", "CERT-EU", "EUROPOL"),
    "US": ("NSA", "USCYBERCOM", "CISA"),
}
OFFICIALS = tuple(
    Official(f"{organisation.lower()}-{office}", party, organisation)
    for party, organisations in _ORGANISATIONS.items()
    for organisation in organisations
    for office in ("secretariat", "chair", "release-officer")
)


def whole_deployment() -> Deployment:
    """The catalogue of topics as it is, for the agencies and audiences of both series."""
    return Deployment(
        catalogue=Catalogue.read(REPOSITORY / "proto" / "topics.yaml"),
        agencies=AGENCIES,
        audiences=AUDIENCES,
        officials=OFFICIALS,
    )


@contextmanager
def temporary_folders() -> Iterator[Folders]:
    """A state folder for as long as the block lasts, and the jars that every session shares.

    Sessions that were killed cannot clean up: whatever they left running is ended here first.
    """
    _SESSIONS.mkdir(parents=True, exist_ok=True)
    cache = Folders.from_environment(os.environ, REPOSITORY).cache
    with sole_holder(_SESSIONS / "lock"):
        _end_abandoned(cache)
        home = Path(mkdtemp(dir=_SESSIONS))
        owner = (home / "owner").open("w")
        fcntl.flock(owner, fcntl.LOCK_EX)
    folders = Folders(state=home / "state", cache=cache)
    try:
        yield folders
    finally:
        Platform(folders).stop()
        shutil.rmtree(home)
        owner.close()


def _end_abandoned(cache: Path) -> None:
    for owner in _SESSIONS.glob("*/owner"):
        with owner.open() as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            Platform(Folders(state=owner.parent / "state", cache=cache)).stop()
            shutil.rmtree(owner.parent)


@pytest.fixture(scope="session")
def folders() -> Iterator[Folders]:
    """The state folder of this session's platform."""
    with temporary_folders() as temporary:
        yield temporary


@pytest.fixture(scope="session")
def platform(folders: Folders) -> PlatformAccess:
    """The session's platform. A platform that cannot start fails every test that needs it."""
    external = ExternalAddresses.from_environment(os.environ)
    access = Platform(folders, external).start(whole_deployment())
    if external.postgres_admin_dsn is None:
        _write_to_memory(access.postgres_admin_dsn)
    return access


def _write_to_memory(admin_dsn: str) -> None:
    """What a killed process wrote is there all the same: only a machine that fails would lose it."""
    with psycopg.connect(admin_dsn, autocommit=True) as connection:
        for setting in ("fsync", "full_page_writes"):
            connection.execute(sql.SQL("ALTER SYSTEM SET {} = off").format(sql.Identifier(setting)))
        connection.execute("SELECT pg_reload_conf()")
