"""How somebody reaches the broker, a database, or the platform as a whole."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class KafkaLogin:
    """One principal's way into the broker."""

    bootstrap_servers: str
    username: str
    password: str = field(repr=False)
    security_protocol: str = "SASL_PLAINTEXT"
    mechanism: str = "SCRAM-SHA-512"

    def environment(self) -> dict[str, str]:
        """The environment of a process that works as this principal."""
        return {
            "ENTENTE_KAFKA__BOOTSTRAP_SERVERS": self.bootstrap_servers,
            "ENTENTE_KAFKA__USERNAME": self.username,
            "ENTENTE_KAFKA__PASSWORD": self.password,
            "ENTENTE_KAFKA__SECURITY_PROTOCOL": self.security_protocol,
            "ENTENTE_KAFKA__MECHANISM": self.mechanism,
        }

    def aiokafka(self) -> dict[str, str]:
        """Keyword arguments of an aiokafka client."""
        return {
            "bootstrap_servers": self.bootstrap_servers,
            "security_protocol": self.security_protocol,
            "sasl_mechanism": self.mechanism,
            "sasl_plain_username": self.username,
            "sasl_plain_password": self.password,
        }

    def librdkafka(self) -> dict[str, str | int | float | bool]:
        """Configuration of a confluent-kafka client."""
        return {
            "bootstrap.servers": self.bootstrap_servers,
            "security.protocol": self.security_protocol,
            "sasl.mechanism": self.mechanism,
            "sasl.username": self.username,
            "sasl.password": self.password,
        }


@dataclass(frozen=True, slots=True)
class ServiceAccess:
    """What one service's processes are given.

    `official_keys` is not in the environment by itself: only services that check officials'
    signatures have a setting for it, and an unknown setting stops a process.
    """

    name: str
    dsn: str = field(repr=False)
    kafka: KafkaLogin
    issuer: str
    jwks: Path
    accounts: Path
    token_file: Path
    official_keys: Path

    def environment(self) -> dict[str, str]:
        """The part of a service process's environment that comes from the platform."""
        return {
            **self.kafka.environment(),
            "ENTENTE_POSTGRES__DSN": self.dsn,
            "ENTENTE_IDENTITY__ISSUER": self.issuer,
            "ENTENTE_IDENTITY__AUDIENCE": "entente",
            "ENTENTE_IDENTITY__JWKS": self.jwks.as_uri(),
            "ENTENTE_IDENTITY__ACCOUNTS": self.accounts.as_uri(),
            "ENTENTE_IDENTITY__SERVICE_TOKEN_FILE": str(self.token_file),
        }


@dataclass(frozen=True, slots=True)
class ExternalAddresses:
    """A broker or a database that somebody else runs, to be used instead of the embedded one."""

    kafka: KafkaLogin | None = None
    postgres_admin_dsn: str | None = field(default=None, repr=False)

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> "ExternalAddresses":
        """Read ENTENTE_KAFKA__BOOTSTRAP_SERVERS with its __ADMIN_USERNAME and __ADMIN_PASSWORD, and
        ENTENTE_POSTGRES__ADMIN_DSN. Raises KeyError when a broker comes without its credentials.
        """
        kafka = None
        if bootstrap_servers := environ.get("ENTENTE_KAFKA__BOOTSTRAP_SERVERS"):
            kafka = KafkaLogin(
                bootstrap_servers=bootstrap_servers,
                username=environ["ENTENTE_KAFKA__ADMIN_USERNAME"],
                password=environ["ENTENTE_KAFKA__ADMIN_PASSWORD"],
                security_protocol=environ.get("ENTENTE_KAFKA__SECURITY_PROTOCOL", "SASL_SSL"),
                mechanism=environ.get("ENTENTE_KAFKA__MECHANISM", "SCRAM-SHA-512"),
            )
        return cls(kafka=kafka, postgres_admin_dsn=environ.get("ENTENTE_POSTGRES__ADMIN_DSN"))
