"""The local platform: one broker, one database server, their users and keys, in one state folder."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Self

from deploy.local.access import ExternalAddresses, KafkaLogin, ServiceAccess
from deploy.local.catalogue import Catalogue, Topic
from deploy.local.credentials import Credentials, Realm
from deploy.local.databases import provision_databases
from deploy.local.files import sole_holder, write_private
from deploy.local.folders import Folders
from deploy.local.kafka import BrokerPorts, EmbeddedKafka
from deploy.local.keys import ISSUER, KeyRing, Official, write_service_token
from deploy.local.ports import LOOPBACK
from deploy.local.postgres import EmbeddedPostgres
from deploy.local.provision import Provisioned, principals, provision_broker

SERVICES: Final = ("threatfeed", "agenda", "actions")


@dataclass(frozen=True, slots=True)
class Deployment:
    """Whom the platform is made for: the catalogue, and the ids of the policy data."""

    catalogue: Catalogue
    agencies: tuple[str, ...]
    audiences: tuple[str, ...]
    officials: tuple[Official, ...] = ()
    services: tuple[str, ...] = SERVICES
    home_party: str = "UK"


@dataclass(frozen=True, slots=True)
class PlatformAccess:
    """A platform that is up, and every way into it."""

    kafka_admin: KafkaLogin
    postgres_admin_dsn: str = field(repr=False)
    services: dict[str, ServiceAccess]
    logins: dict[str, KafkaLogin]
    keys: KeyRing
    provisioned: Provisioned
    found_running: bool

    def agency(self, agency: str) -> KafkaLogin:
        """The broker login of an agency's feed."""
        return self.logins[f"agency-{agency}"]

    def audience(self, audience: str) -> KafkaLogin:
        """The broker login of an audience's readers."""
        return self.logins[f"audience-{audience}"]


@dataclass(frozen=True, slots=True)
class PlatformStatus:
    """The embedded processes as they are now; None where there is none."""

    kafka_pid: int | None
    kafka_address: str | None
    postgres_pid: int | None
    postgres_address: str | None


@dataclass(frozen=True, slots=True)
class _Kept:
    """What the state file remembers between two starts. No secret is in it."""

    kafka: BrokerPorts | None = None
    postgres_port: int | None = None

    @classmethod
    def read(cls, path: Path) -> Self:
        if not path.exists():
            return cls()
        document = json.loads(path.read_text())
        kafka = document["kafka"]
        return cls(
            kafka=BrokerPorts(**kafka) if kafka else None,
            postgres_port=document["postgres"],
        )

    def write(self, path: Path) -> None:
        kafka = self.kafka and {"client": self.kafka.client, "controller": self.kafka.controller}
        write_private(path, json.dumps({"kafka": kafka, "postgres": self.postgres_port}, indent=2))


class Platform:
    """Starts or finds the platform of a state folder, and stops it.

    Broker and database live in sessions of their own and outlive their starter: a start after a
    killed start finds them. Only `stop` ends them.
    """

    def __init__(self, folders: Folders, external: ExternalAddresses | None = None) -> None:
        self._folders = folders
        self._external = external or ExternalAddresses()
        self._state_file = folders.state / "platform.json"
        self._lock_file = folders.state / "lock"

    def start(self, deployment: Deployment) -> PlatformAccess:
        """Bring everything up, reusing what runs already.

        Raises PlatformFailed when it cannot; what this call had started is then stopped again.
        """
        self._folders.create()
        with sole_holder(self._lock_file):
            before = self.status()
            try:
                return self._start(deployment, before)
            except BaseException:
                self._stop(kafka=before.kafka_pid is None, postgres=before.postgres_pid is None)
                raise

    def stop(self) -> None:
        """End broker and database, if they run; their data stays. Waits for a start in progress."""
        if self._lock_file.exists():
            with sole_holder(self._lock_file):
                self._stop(kafka=True, postgres=True)

    def status(self) -> PlatformStatus:
        """What runs now. Embedded parts only; external ones are not asked."""
        kept = _Kept.read(self._state_file)
        credentials = self._credentials()
        kafka, postgres = self._kafka(credentials).pid(), self._postgres(credentials).pid()
        return PlatformStatus(
            kafka_pid=kafka,
            kafka_address=f"{LOOPBACK}:{kept.kafka.client}" if kafka and kept.kafka else None,
            postgres_pid=postgres,
            postgres_address=f"{LOOPBACK}:{kept.postgres_port}" if postgres else None,
        )

    def renew_service_tokens(self, deployment: Deployment) -> None:
        """Write the services' own tokens anew. They hold for a day: call it every few hours."""
        for service in deployment.services:
            write_service_token(
                KeyRing(self._folders.keys),
                service,
                party=deployment.home_party,
                at=datetime.now(UTC),
            )

    def _start(self, deployment: Deployment, before: PlatformStatus) -> PlatformAccess:
        kept = _Kept.read(self._state_file)
        credentials = self._credentials()
        keys = KeyRing(self._folders.keys)
        keys.create(deployment.officials)
        self.renew_service_tokens(deployment)
        topics = deployment.catalogue.spread(deployment.agencies, deployment.audiences)
        with ThreadPoolExecutor(max_workers=2) as both:
            broker = both.submit(self._start_kafka, kept.kafka, credentials, topics)
            database = both.submit(self._start_postgres, kept.postgres_port, credentials, deployment.services)
            ports, admin, provisioned = broker.result()
            postgres_port, admin_dsn, dsns = database.result()
        _Kept(ports, postgres_port).write(self._state_file)
        logins = {
            principal: replace(
                admin, username=principal, password=credentials.password(Realm.KAFKA, principal)
            )
            for principal in principals(topics)
        }
        return PlatformAccess(
            kafka_admin=admin,
            postgres_admin_dsn=admin_dsn,
            services={
                name: ServiceAccess(
                    name=name,
                    dsn=dsns[name],
                    kafka=logins[name],
                    issuer=ISSUER,
                    jwks=keys.jwks,
                    accounts=keys.accounts,
                    token_file=keys.service_token(name),
                    official_keys=keys.official_keys,
                )
                for name in deployment.services
            },
            logins=logins,
            keys=keys,
            provisioned=provisioned,
            found_running=before.kafka_pid is not None and before.postgres_pid is not None,
        )

    def _start_kafka(
        self, kept: BrokerPorts | None, credentials: Credentials, topics: tuple[Topic, ...]
    ) -> tuple[BrokerPorts | None, KafkaLogin, Provisioned]:
        ports = None
        admin = self._external.kafka
        if admin is None:
            kafka = self._kafka(credentials)
            ports = kafka.start_or_find(kept)
            admin = kafka.login(ports)
        provisioned = provision_broker(admin, topics, credentials)
        return ports, admin, provisioned

    def _start_postgres(
        self, kept: int | None, credentials: Credentials, services: tuple[str, ...]
    ) -> tuple[int | None, str, dict[str, str]]:
        port = None
        admin_dsn = self._external.postgres_admin_dsn
        if admin_dsn is None:
            postgres = self._postgres(credentials)
            port = postgres.start_or_find(kept)
            admin_dsn = postgres.admin_dsn(port)
        return port, admin_dsn, provision_databases(admin_dsn, services, credentials)

    def _stop(self, *, kafka: bool, postgres: bool) -> None:
        credentials = self._credentials()
        with ThreadPoolExecutor(max_workers=2) as both:
            endings = [
                both.submit(part.stop)
                for part, wanted in (
                    (self._kafka(credentials), kafka),
                    (self._postgres(credentials), postgres),
                )
                if wanted
            ]
        for ending in endings:
            ending.result()

    def _credentials(self) -> Credentials:
        return Credentials(self._folders.state / "credentials.json")

    def _kafka(self, credentials: Credentials) -> EmbeddedKafka:
        folders = self._folders
        return EmbeddedKafka(folders.state / "kafka", folders.logs, folders.cache, credentials)

    def _postgres(self, credentials: Credentials) -> EmbeddedPostgres:
        return EmbeddedPostgres(self._folders.state / "postgres", self._folders.logs, credentials)
