"""Settings of a process: read once from the environment, frozen, unknown keys refused.

A process's own settings derive from `ProcessSettings`, or from `StreamSettings`. Secrets are `SecretStr`
and never printed.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PostgresDsn,
    SecretStr,
    ValidationError,
    field_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "ENTENTE_"


class UnknownSetting(ValueError):
    """The environment holds a key of ours that no setting has: a typing error, so the process stops."""


class Group(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class KafkaSettings(Group):
    bootstrap_servers: str = Field(description="Brokers, host:port, comma separated")
    username: str = Field(description="SASL user of this process")
    password: SecretStr
    security_protocol: Literal["SASL_PLAINTEXT", "SASL_SSL"] = "SASL_SSL"
    mechanism: Literal["SCRAM-SHA-512"] = "SCRAM-SHA-512"
    session_timeout_ms: int = Field(45_000, description="Silence after which a member is dead")
    metadata_max_age_ms: int = Field(30_000, description="A topic that is new is seen within this", ge=100)
    batch_records: int = Field(500, description="Most records in one fetch", ge=1)
    instance: str | None = Field(None, description="Stable member name, for static membership")


class PostgresSettings(Group):
    dsn: SecretStr = Field(description="postgresql:// address with the login of this service")
    pool_max: int = Field(16, ge=2)
    statement_timeout_s: int = Field(30, ge=1)

    @field_validator("dsn")
    @classmethod
    def _dsn_is_an_address(cls, dsn: SecretStr) -> SecretStr:
        try:
            PostgresDsn(dsn.get_secret_value().replace("@/", "@localhost/", 1))
        except ValidationError:
            raise ValueError("not a postgresql:// address") from None
        return dsn

    def checked_dsn(self) -> str:
        return self.dsn.get_secret_value()


class IdentitySettings(Group):
    issuer: str
    audience: str = "entente"
    jwks: str = Field(description="The issuer's keys: a https:// or file:// address")
    accounts: str | None = Field(
        None, description="The issuer's list of accounts that changed: a https:// or file:// address"
    )
    service_token_file: Path | None = Field(
        None, description="Bearer token of this process, renewed by the platform"
    )


class ListenerSettings(Group):
    host: str = "127.0.0.1"
    port: int = Field(ge=0, le=65_535)


class TelemetrySettings(Group):
    otlp_endpoint: str | None = Field(None, description="OTLP/gRPC collector")
    file: Path | None = Field(None, description="Spans as JSON lines, for tests and the demo")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"


class ClockSettings(Group):
    file: Path | None = Field(None, description="Seconds to shift the clock by; local only")


class ChaosSettings(Group):
    crash_at: str | None = Field(None, description="Name of the point to die at; local only")
    crash_after: int = Field(0, ge=0, description="How many times to pass that point first")


class StreamSettings(BaseSettings):
    """What every process has, and all that one without a database needs."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        frozen=True,
        extra="forbid",
        hide_input_in_errors=True,
    )

    deployment: Literal["local", "production"] = "production"
    home_party: str = Field(description="The party that hosts this deployment")
    ceiling: str = Field("UK OFFICIAL", description="Highest level this deployment may hold")
    policy: Path = Field(description="Folder of the policy documents")
    kafka: KafkaSettings
    http: ListenerSettings
    drain_seconds: float = Field(0.2, description="Between not ready and closing", ge=0, le=30)
    telemetry: TelemetrySettings = TelemetrySettings()
    clock: ClockSettings = ClockSettings()
    chaos: ChaosSettings = ChaosSettings()

    @classmethod
    def load(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """From the environment. Raises `UnknownSetting`, or pydantic's error naming what is missing."""
        known = {name.upper() for name in cls.model_fields}
        for key in environment:
            name = key.upper()
            if name.startswith(PREFIX) and name.removeprefix(PREFIX).split("__")[0] not in known:
                raise UnknownSetting(f"{key} is not a setting of this process")
        settings = cls()
        local_only = settings.clock.file or settings.chaos.crash_at
        if local_only and settings.deployment != "local":
            raise UnknownSetting("the clock is moved and crashes are asked for only locally")
        return settings


class ProcessSettings(StreamSettings):
    """What a process has that keeps its state in a database."""

    postgres: PostgresSettings
    identity: IdentitySettings
