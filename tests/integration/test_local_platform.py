"""The local platform: real Kafka and PostgreSQL that let everybody do what the catalogue says, no more."""

import asyncio
import json
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import psycopg
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import (
    GroupAuthorizationFailedError,
    KafkaConnectionError,
    KafkaError,
    MessageSizeTooLargeError,
    TopicAuthorizationFailedError,
)
from confluent_kafka.admin import AdminClient
from joserfc import jwt
from joserfc.jwk import KeySet

from deploy.local.access import ExternalAddresses, KafkaLogin
from deploy.local.databases import login_dsn
from deploy.local.folders import Folders
from deploy.local.keys import AUDIENCE, ISSUER, issue_token
from deploy.local.platform import Platform, PlatformAccess
from tests.support.kafka import Broker, running
from tests.support.platform import REPOSITORY, temporary_folders, whole_deployment
from tests.support.postgres import Databases
from tests.support.waiting import eventually

STARTER = """
import os, sys
from pathlib import Path
from deploy.local.folders import Folders
from deploy.local.platform import Platform
from tests.support.platform import whole_deployment
Platform(Folders(Path(sys.argv[1]), Path(sys.argv[2]))).start(whole_deployment())
print("up", flush=True)
sys.stdin.read()
"""


async def _send(login: KafkaLogin, topic: str, value: bytes = b"{}") -> None:
    producer = AIOKafkaProducer(**login.aiokafka(), max_request_size=9 * 1024 * 1024)
    async with running(producer):
        await producer.send_and_wait(topic, value, key=b"key")


async def _first(login: KafkaLogin, topic: str, *, group: str | None = None) -> bytes | None:
    consumer = AIOKafkaConsumer(
        topic, **login.aiokafka(), group_id=group, auto_offset_reset="earliest", enable_auto_commit=False
    )
    async with running(consumer), asyncio.timeout(20):
        record = await consumer.getone()
        value: bytes | None = record.value
        return value


class TestBroker:
    async def test_takes_a_submission_and_gives_it_to_its_consumer(self, kafka: Broker) -> None:
        topic = await kafka.topic("submission", producers=["agency-ncsc"], consumers=["threatfeed"])
        await _send(kafka.login("agency-ncsc"), topic, b"as published")
        group = kafka.group("threatfeed")
        assert await _first(kafka.login("threatfeed"), topic, group=group) == b"as published"

    async def test_refuses_a_wrong_password(self, platform: PlatformAccess) -> None:
        good = platform.agency("ncsc")
        wrong = KafkaLogin(good.bootstrap_servers, good.username, "not the password")
        with pytest.raises(KafkaConnectionError):
            await _send(wrong, "threatfeed.submission.ncsc.v1")

    async def test_refuses_who_gives_no_password(self, platform: PlatformAccess) -> None:
        producer = AIOKafkaProducer(bootstrap_servers=platform.kafka_admin.bootstrap_servers)
        with pytest.raises(KafkaError):
            async with running(producer):
                pass

    async def test_refuses_another_agencys_submission_topic(self, platform: PlatformAccess) -> None:
        with pytest.raises(TopicAuthorizationFailedError):
            await _send(platform.agency("enisa"), "threatfeed.submission.ncsc.v1")

    @pytest.mark.parametrize(
        "topic", ["threatfeed.submission.ncsc.v1", "threatfeed.receipt.enisa.v1", "threatfeed.assessment.v1"]
    )
    async def test_refuses_an_agency_reading_what_is_not_its_receipts(
        self, platform: PlatformAccess, topic: str
    ) -> None:
        with pytest.raises(TopicAuthorizationFailedError):
            await _first(platform.agency("ncsc"), topic)

    async def test_gives_an_agency_its_own_receipts(self, platform: PlatformAccess, kafka: Broker) -> None:
        topic = "threatfeed.receipt.cisa.v1"
        await _send(platform.services["threatfeed"].kafka, topic, b"accepted")
        assert await _first(platform.agency("cisa"), topic, group=kafka.group("agency-cisa")) == b"accepted"

    async def test_gives_an_audience_its_own_feed_only(self, platform: PlatformAccess) -> None:
        await _send(platform.services["actions"].kafka, "actions.status.uk-eu.uk.v1", b"status")
        assert await _first(platform.audience("uk-eu.uk"), "actions.status.uk-eu.uk.v1") == b"status"
        with pytest.raises(TopicAuthorizationFailedError):
            await _first(platform.audience("uk-eu.eu"), "actions.status.uk-eu.uk.v1")

    async def test_lets_nobody_but_its_producer_write_a_feed(self, platform: PlatformAccess) -> None:
        for login in (platform.audience("uk-eu.uk"), platform.services["agenda"].kafka):
            with pytest.raises(TopicAuthorizationFailedError):
                await _send(login, "actions.status.uk-eu.uk.v1")

    async def test_keeps_consumer_groups_to_their_principal(self, platform: PlatformAccess) -> None:
        topic = "actions.status.uk-eu.uk.v1"
        with pytest.raises(GroupAuthorizationFailedError):
            await _first(platform.audience("uk-eu.uk"), topic, group="actions.board")

    async def test_takes_eight_mebibytes_and_no_more(self, platform: PlatformAccess) -> None:
        topic, login = "threatfeed.submission.unit42.v1", platform.agency("unit42")
        await _send(login, topic, bytes(8 * 1024 * 1024 - 1024))
        with pytest.raises(MessageSizeTooLargeError):
            await _send(login, topic, bytes(8 * 1024 * 1024 + 1))

    async def test_makes_no_topic_on_its_own(self, kafka: Broker) -> None:
        absent = kafka.unique("never.created")
        producer = AIOKafkaProducer(**kafka.admin.aiokafka(), request_timeout_ms=1_000)
        with pytest.raises(KafkaError):
            async with running(producer):
                await producer.send_and_wait(absent, b"{}")
        assert absent not in AdminClient(kafka.admin.librdkafka()).list_topics(timeout=10).topics

    async def test_keeps_what_one_test_writes_readable_for_it(self, kafka: Broker) -> None:
        topic = await kafka.topic("many", partitions=3)
        for number in range(9):
            await kafka.publish(topic, b"%d" % number, partition=number % 3)
        assert [record.value for record in await kafka.records(topic)] == [
            b"0", b"3", b"6", b"1", b"4", b"7", b"2", b"5", b"8",
        ]  # fmt: skip


class TestDatabases:
    @pytest.mark.parametrize("service", ["threatfeed", "agenda", "actions"])
    def test_let_a_service_into_its_own_only(self, platform: PlatformAccess, service: str) -> None:
        own = platform.services[service].dsn
        with psycopg.connect(own) as connection:
            assert connection.execute("SELECT current_database(), current_user").fetchone() == (
                service,
                service,
            )
        password = own.split("@")[0].rpartition(":")[2]
        for other in {"threatfeed", "agenda", "actions", "postgres", "template1"} - {service}:
            with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
                psycopg.connect(login_dsn(own, service, password, other))

    def test_refuse_a_wrong_password(self, platform: PlatformAccess) -> None:
        own = platform.services["agenda"].dsn
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(login_dsn(own, "agenda", "not-the-password", "agenda"))

    def test_make_no_role_a_superuser(self, platform: PlatformAccess) -> None:
        with psycopg.connect(platform.services["agenda"].dsn) as connection:
            rights = "rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls"
            query = f"SELECT {rights} FROM pg_roles WHERE rolname = current_user"  # noqa: S608
            assert connection.execute(query).fetchone() == (False,)

    def test_write_to_the_disk_before_they_answer(self, platform: PlatformAccess) -> None:
        with psycopg.connect(platform.postgres_admin_dsn) as connection:
            for setting, value in (("fsync", "on"), ("synchronous_commit", "on")):
                assert connection.execute(f"SHOW {setting}").fetchone() == (value,)

    def test_are_copied_for_each_test_from_a_template_migrated_once(self, postgres: Databases) -> None:
        migrated: list[str] = []

        def migrate(dsn: str) -> None:
            migrated.append(dsn)
            with psycopg.connect(dsn) as connection:
                connection.execute("CREATE TABLE item (id int PRIMARY KEY)")

        first, second = (postgres.database("example", migrate) for _ in range(2))
        with psycopg.connect(first) as one, psycopg.connect(second) as other:
            one.execute("INSERT INTO item VALUES (1)")
            one.commit()
            assert other.execute("SELECT count(*) FROM item").fetchone() == (0,)
        assert len(migrated) == 1


class TestKeys:
    def test_let_the_issuers_tokens_be_checked_by_anybody(self, platform: PlatformAccess) -> None:
        token = issue_token(
            platform.keys,
            subject="fcdo-secretariat",
            party="UK",
            organisation="FCDO",
            roles=["secretariat"],
            at=datetime.now(UTC),
            lifetime=timedelta(minutes=5),
        )
        keys = KeySet.import_key_set(json.loads(platform.keys.jwks.read_text()))
        claims = jwt.decode(token, keys, algorithms=["Ed25519"]).claims
        assert (claims["iss"], claims["aud"], claims["sub"]) == (ISSUER, AUDIENCE, "fcdo-secretariat")
        assert (claims["party"], claims["organisation"]) == ("UK", "FCDO")
        assert claims["roles"] == ["secretariat"]
        assert claims["exp"] - claims["iat"] == 300

    def test_say_for_which_organisation_an_official_signs(self, platform: PlatformAccess) -> None:
        keys = json.loads(platform.keys.official_keys.read_text())["keys"]
        official = next(key for key in keys if key["sub"] == "eeas-chair")
        assert (official["party"], official["organisation"]) == ("EU", "EEAS")
        assert official["kid"]

    def test_hold_no_private_part_where_others_may_read(self, platform: PlatformAccess) -> None:
        for public in (platform.keys.jwks, platform.keys.official_keys):
            assert not any("d" in key for key in json.loads(public.read_text())["keys"])

    def test_and_all_other_secrets_are_closed_to_other_users(self, folders: Folders) -> None:
        secret = [
            folders.state / "credentials.json",
            folders.state / "kafka" / "server.properties",
            *folders.keys.glob("*.jwk.json"),
            *folders.keys.glob("*.token"),
        ]
        assert len(secret) > 5
        assert {stat.S_IMODE(path.stat().st_mode) for path in secret} == {0o600}

    def test_and_passwords_are_not_printed_or_logged(
        self, platform: PlatformAccess, folders: Folders
    ) -> None:
        passwords = {
            password
            for realm in json.loads((folders.state / "credentials.json").read_text())["passwords"].values()
            for password in realm.values()
        }
        command_lines = [
            " ".join(process.info["cmdline"] or []) for process in psutil.process_iter(["cmdline"])
        ]
        shown = [
            repr(platform),
            (folders.state / "platform.json").read_text(),
            *(log.read_text() for log in folders.logs.iterdir()),
            *command_lines,
        ]
        assert not any(password in text for password in passwords for text in shown)


@pytest.fixture(scope="class")
def own_folders() -> Iterator[Folders]:
    """A state folder for a test that starts and stops a platform itself."""
    with temporary_folders() as folders:
        yield folders


class TestLife:
    async def test_a_restart_keeps_addresses_data_and_credentials(self, own_folders: Folders) -> None:
        platform, topic = Platform(own_folders), "threatfeed.receipt.ncsc.v1"
        before = platform.start(whole_deployment())
        await _send(before.services["threatfeed"].kafka, topic, b"kept")
        with psycopg.connect(before.services["agenda"].dsn) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 1 AS item")
        platform.stop()
        assert platform.status().kafka_pid is None
        assert platform.status().postgres_pid is None

        after = platform.start(whole_deployment())

        assert after.logins == before.logins
        assert not after.found_running
        assert not after.provisioned.topics + after.provisioned.users
        assert await _first(after.agency("ncsc"), topic) == b"kept"
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

    async def test_what_a_killed_starter_leaves_is_found_again(self, own_folders: Folders) -> None:
        Platform(own_folders).stop()
        with _starter(own_folders) as starter:
            before = Platform(own_folders).status()
            starter.kill()
        access = await asyncio.to_thread(Platform(own_folders).start, whole_deployment())
        assert access.found_running
        assert Platform(own_folders).status() == before

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

    async def test_a_killed_broker_and_database_come_back_with_their_data(self, own_folders: Folders) -> None:
        platform, topic = Platform(own_folders), "threatfeed.receipt.enisa.v1"
        before = platform.start(whole_deployment())
        await _send(before.services["threatfeed"].kafka, topic, b"kept")
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
        assert await _first(after.agency("enisa"), topic) == b"kept"
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
