"""The local platform: real Kafka and PostgreSQL that let everybody do what the catalogue says, no more."""

import json
import stat
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import psutil
import psycopg
import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.errors import (
    GroupAuthorizationFailedError,
    KafkaConnectionError,
    KafkaError,
    MessageSizeTooLargeError,
    TopicAuthorizationFailedError,
)
from confluent_kafka.admin import AclOperation, AdminClient
from joserfc import jwt
from joserfc.jwk import KeySet

from deploy.local.access import KafkaLogin
from deploy.local.catalogue import Topic
from deploy.local.credentials import Credentials
from deploy.local.databases import login_dsn
from deploy.local.failures import PlatformFailed
from deploy.local.folders import Folders
from deploy.local.keys import AUDIENCE, ISSUER, issue_token
from deploy.local.platform import PlatformAccess
from deploy.local.provision import Provisioned, provision_broker
from tests.support.kafka import Broker, first, running, send
from tests.support.postgres import Databases


class TestBroker:
    async def test_takes_a_submission_and_gives_it_to_its_consumer(self, kafka: Broker) -> None:
        topic = await kafka.topic("submission", producers=["agency-ncsc"], consumers=["threatfeed"])
        await send(kafka.login("agency-ncsc"), topic, b"as published")
        group = kafka.group("threatfeed")
        assert await first(kafka.login("threatfeed"), topic, group=group) == b"as published"

    async def test_refuses_a_wrong_password(self, platform: PlatformAccess) -> None:
        good = platform.agency("ncsc")
        wrong = KafkaLogin(good.bootstrap_servers, good.username, "not the password")
        with pytest.raises(KafkaConnectionError):
            await send(wrong, "threatfeed.submission.ncsc.v1")

    async def test_refuses_who_gives_no_password(self, platform: PlatformAccess) -> None:
        producer = AIOKafkaProducer(bootstrap_servers=platform.kafka_admin.bootstrap_servers)
        with pytest.raises(KafkaError):
            async with running(producer):
                pass

    async def test_refuses_another_agencys_submission_topic(self, platform: PlatformAccess) -> None:
        with pytest.raises(TopicAuthorizationFailedError):
            await send(platform.agency("enisa"), "threatfeed.submission.ncsc.v1")

    @pytest.mark.parametrize(
        "topic",
        [
            "threatfeed.submission.ncsc.v1",
            "threatfeed.receipt.enisa.v1",
            "threatfeed.clearance.enisa.v1",
            "threatfeed.assessment.v1",
        ],
    )
    async def test_refuses_an_agency_reading_what_is_not_for_it(
        self, platform: PlatformAccess, topic: str
    ) -> None:
        with pytest.raises(TopicAuthorizationFailedError):
            await first(platform.agency("ncsc"), topic)

    async def test_gives_an_agency_its_own_receipts(self, platform: PlatformAccess, kafka: Broker) -> None:
        topic = "threatfeed.receipt.cert-eu.v1"
        await send(platform.services["threatfeed"].kafka, topic, b"accepted")
        group = kafka.group("agency-cert-eu")
        assert await first(platform.agency("cert-eu"), topic, group=group) == b"accepted"

    async def test_gives_an_audience_its_own_feed_only(self, platform: PlatformAccess, kafka: Broker) -> None:
        # A tombstone: whatever else reads the session's feeds passes over it.
        topic, key = "actions.status.uk-us-cmr.us.v1", uuid4().bytes
        await kafka.publish(topic, None, key=key, principal="actions")
        told = await kafka.records(topic, principal="audience-uk-us-cmr.us")
        assert key in {record.key for record in told}
        with pytest.raises(TopicAuthorizationFailedError):
            await first(platform.audience("uk-us-cmr.uk"), topic)

    async def test_lets_nobody_but_its_producer_write_a_feed(self, platform: PlatformAccess) -> None:
        for login in (platform.audience("uk-eu.uk"), platform.services["agenda"].kafka):
            with pytest.raises(TopicAuthorizationFailedError):
                await send(login, "actions.status.uk-eu.uk.v1")

    async def test_keeps_consumer_groups_to_their_principal(self, platform: PlatformAccess) -> None:
        topic = "actions.status.uk-eu.uk.v1"
        with pytest.raises(GroupAuthorizationFailedError):
            await first(platform.audience("uk-eu.uk"), topic, group="actions.board")

    async def test_takes_eight_mebibytes_and_no_more(self, platform: PlatformAccess) -> None:
        topic, login = "threatfeed.submission.unit42.v1", platform.agency("unit42")
        await send(login, topic, bytes(8 * 1024 * 1024 - 1024))
        with pytest.raises(MessageSizeTooLargeError):
            await send(login, topic, bytes(8 * 1024 * 1024 + 1))

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


class TestProvisioning:
    @pytest.fixture
    def topic(self, kafka: Broker) -> Topic:
        return Topic(
            name=kafka.unique("provisioned"),
            partitions=2,
            config={"cleanup.policy": "compact"},
            producers=("agency-new",),
            consumers=("audience-new",),
        )

    @pytest.fixture
    def provision(self, kafka: Broker, tmp_path: Path) -> Callable[[Topic], Provisioned]:
        credentials = Credentials(tmp_path / "credentials.json")
        return lambda topic: provision_broker(kafka.admin, (topic,), credentials)

    def test_makes_what_is_missing_once(
        self, topic: Topic, provision: Callable[[Topic], Provisioned]
    ) -> None:
        first = provision(topic)
        assert (first.topics, first.users) == ((topic.name,), ("agency-new", "audience-new"))
        assert len(first.granted) == 3
        assert provision(topic) == Provisioned((), (), (), (), ())

    def test_takes_back_what_the_catalogue_no_longer_gives(
        self, topic: Topic, provision: Callable[[Topic], Provisioned]
    ) -> None:
        provision(topic)
        changed = provision(replace(topic, consumers=("agency-new",)))
        assert ("agency-new", AclOperation.READ, topic.name) in {
            (grant.principal, grant.operation, grant.name) for grant in changed.granted
        }
        withdrawn = provision(replace(topic, producers=("audience-new",), consumers=())).revoked
        assert {grant.principal for grant in withdrawn} == {"audience-new"}

    def test_follows_a_changed_configuration(
        self, topic: Topic, provision: Callable[[Topic], Provisioned]
    ) -> None:
        provision(topic)
        assert provision(replace(topic, config={"cleanup.policy": "delete"})).configurations == (topic.name,)

    def test_refuses_to_move_keys_to_other_partitions(
        self, topic: Topic, provision: Callable[[Topic], Provisioned]
    ) -> None:
        provision(topic)
        with pytest.raises(PlatformFailed, match="has 2 partitions, the catalogue wants 3"):
            provision(replace(topic, partitions=3))


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
