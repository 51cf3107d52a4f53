"""The local platform's life: started, found again, stopped, killed, and never doubled."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from deploy.local.access import ExternalAddresses
from deploy.local.folders import Folders
from deploy.local.platform import Platform, PlatformAccess
from tests.support.kafka import first, send
from tests.support.platform import REPOSITORY, temporary_folders, whole_deployment
from tests.support.waiting import eventually

STARTER = """
import os, sys
from pathlib import Path
from deploy.local.failures import PlatformFailed
from deploy.local.folders import Folders
from deploy.local.platform import Platform
from tests.support.platform import whole_deployment
Platform(Folders(Path(sys.argv[1]), Path(sys.argv[2]))).start(whole_deployment())
print("up", flush=True)
sys.stdin.read()
"""


@pytest.fixture(scope="class")
def own_folders() -> Iterator[Folders]:
    """A state folder for a test that starts and stops a platform itself."""
    with temporary_folders() as folders:
        yield folders


class TestLife:
    @pytest.mark.long
    async def test_a_restart_keeps_addresses_data_and_credentials(self, own_folders: Folders) -> None:
        platform, topic = Platform(own_folders), "threatfeed.receipt.ncsc.v1"
        before = platform.start(whole_deployment())
        await send(before.services["threatfeed"].kafka, topic, b"kept")
        with psycopg.connect(before.services["agenda"].dsn) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 1 AS item")
        platform.stop()
        assert platform.status().kafka_pid is None
        assert platform.status().postgres_pid is None

        after = platform.start(whole_deployment())

        assert after.logins == before.logins
        assert not after.found_running
        assert not after.provisioned.topics + after.provisioned.users
        assert await first(after.agency("ncsc"), topic) == b"kept"
        with psycopg.connect(after.services["agenda"].dsn) as connection:
            assert connection.execute("SELECT item FROM kept").fetchone() == (1,)

    def test_a_second_start_uses_what_runs_and_changes_nothing(
        self, platform: PlatformAccess, folders: Folders
    ) -> None:
        before = Platform(folders).status()
        again = Platform(folders).start(whole_deployment())
        assert again.found_running
        assert Platform(folders).status() == before
        changed = again.provisioned
        assert (changed.topics, changed.configurations, changed.users) == ((), (), ())
        assert (changed.granted, changed.revoked) == ((), ())
        assert again.logins == platform.logins

    def test_addresses_that_are_given_are_used_instead(
        self, platform: PlatformAccess, folders: Folders, tmp_path: Path
    ) -> None:
        given = ExternalAddresses.from_environment(
            {
                "ENTENTE_KAFKA__BOOTSTRAP_SERVERS": platform.kafka_admin.bootstrap_servers,
                "ENTENTE_KAFKA__ADMIN_USERNAME": platform.kafka_admin.username,
                "ENTENTE_KAFKA__ADMIN_PASSWORD": platform.kafka_admin.password,
                "ENTENTE_KAFKA__SECURITY_PROTOCOL": "SASL_PLAINTEXT",
                "ENTENTE_POSTGRES__ADMIN_DSN": platform.postgres_admin_dsn,
            }
        )
        (tmp_path / "credentials.json").write_bytes((folders.state / "credentials.json").read_bytes())
        own = Platform(Folders(state=tmp_path, cache=folders.cache), given)
        access = own.start(whole_deployment())
        assert access.kafka_admin == platform.kafka_admin
        assert access.services["agenda"].dsn == platform.services["agenda"].dsn
        assert own.status().kafka_pid is None
        assert own.status().postgres_pid is None

    @pytest.mark.long
    async def test_two_starters_at_once_make_one_platform(self, own_folders: Folders) -> None:
        Platform(own_folders).stop()
        both = await asyncio.gather(
            *(asyncio.to_thread(Platform(own_folders).start, whole_deployment()) for _ in range(2))
        )
        assert sorted(access.found_running for access in both) == [False, True]
        assert both[0].logins == both[1].logins

    @pytest.mark.long
    async def test_what_a_killed_starter_leaves_is_found_again(self, own_folders: Folders) -> None:
        Platform(own_folders).stop()
        with _starter(own_folders) as starter:
            before = Platform(own_folders).status()
            starter.kill()
        access = await asyncio.to_thread(Platform(own_folders).start, whole_deployment())
        assert access.found_running
        assert Platform(own_folders).status() == before

    @pytest.mark.long
    async def test_an_interrupt_at_the_terminal_does_not_reach_broker_and_database(
        self, own_folders: Folders
    ) -> None:
        Platform(own_folders).stop()
        with _starter(own_folders) as starter:
            before = Platform(own_folders).status()
            starter.send_signal(signal.SIGINT)
        for pid in (before.kafka_pid, before.postgres_pid):
            assert _session(pid) == pid
        assert Platform(own_folders).status() == before

    @pytest.mark.long
    async def test_a_killed_broker_and_database_come_back_with_their_data(self, own_folders: Folders) -> None:
        platform, topic = Platform(own_folders), "threatfeed.receipt.enisa.v1"
        before = platform.start(whole_deployment())
        await send(before.services["threatfeed"].kafka, topic, b"kept")
        with psycopg.connect(before.services["agenda"].dsn) as connection:
            connection.execute("CREATE TABLE kept_after_kill AS SELECT 1 AS item")
        status = platform.status()
        for pid in (status.kafka_pid, status.postgres_pid):
            psutil.Process(pid).kill()
        await eventually(
            lambda: platform.status().kafka_pid is None and platform.status().postgres_pid is None
        )

        after = platform.start(whole_deployment())

        assert after.logins == before.logins
        assert await first(after.agency("enisa"), topic) == b"kept"
        with psycopg.connect(after.services["agenda"].dsn) as connection:
            assert connection.execute("SELECT item FROM kept_after_kill").fetchone() == (1,)


def _starter(folders: Folders) -> "subprocess.Popen[str]":
    starter = subprocess.Popen(
        [sys.executable, "-c", STARTER, str(folders.state), str(folders.cache)],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert starter.stdout is not None
    assert starter.stdout.readline() == "up\n"
    return starter


def _session(pid: int | None) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[3])
