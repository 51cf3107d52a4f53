"""Parts of a service process, run inside a test against the session's broker and a test's database."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from deploy.local.access import KafkaLogin
from deploy.local.platform import PlatformAccess
from services.chassis.crashpoints import crash_points
from services.chassis.database import Database
from services.chassis.health import Health
from services.chassis.identity import TokenVerifier
from services.chassis.ids import random_ids
from services.chassis.lifecycle import Component
from services.chassis.process import Process
from services.chassis.settings import (
    ChaosSettings,
    IdentitySettings,
    KafkaSettings,
    ListenerSettings,
    PostgresSettings,
    ProcessSettings,
)
from services.chassis.telemetry import DiscreetExporter, Metrics, Telemetry

POLICY = Path(__file__).resolve().parents[2] / "deploy" / "policy"


class SettableClock:
    """A clock that a test sets."""

    def __init__(self, at: datetime | None = None) -> None:
        self.at = at or datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.at

    def forward(self, **span: float) -> None:
        self.at += timedelta(**span)


def kafka_settings(login: KafkaLogin) -> KafkaSettings:
    return KafkaSettings(
        bootstrap_servers=login.bootstrap_servers,
        username=login.username,
        password=login.password,
        security_protocol="SASL_PLAINTEXT",
        session_timeout_ms=6_000,
    )


def process_settings(platform: PlatformAccess, service: str, dsn: str) -> ProcessSettings:
    access = platform.services[service]
    return ProcessSettings(
        deployment="local",
        home_party="UK",
        ceiling="UK OFFICIAL-SENSITIVE",
        policy=POLICY,
        kafka=kafka_settings(access.kafka),
        postgres=PostgresSettings(dsn=dsn),
        identity=IdentitySettings(
            issuer=access.issuer, jwks=access.jwks.as_uri(), accounts=access.accounts.as_uri()
        ),
        http=ListenerSettings(port=0),
    )


@dataclass(frozen=True, slots=True)
class Traces:
    """The spans that a process under test has ended."""

    telemetry: Telemetry
    exporter: InMemorySpanExporter

    @classmethod
    def kept_in_memory(cls) -> "Traces":
        exporter = InMemorySpanExporter()
        provider = TracerProvider()
        provider.add_span_processor(SimpleSpanProcessor(DiscreetExporter(exporter)))
        return cls(Telemetry(provider, Metrics()), exporter)


@asynccontextmanager
async def process_parts(
    platform: PlatformAccess,
    service: str,
    dsn: str,
    *,
    clock: SettableClock | None = None,
    traces: Traces | None = None,
) -> AsyncIterator[Process]:
    """The parts of one process of a service."""
    settings = process_settings(platform, service, dsn)
    traces = traces or Traces.kept_in_memory()
    async with Database.opened(settings.postgres, f"test-{service}") as database:
        yield Process(
            service=service,
            kind="test",
            settings=settings,
            clock=clock or SettableClock(),
            ids=random_ids,
            telemetry=traces.telemetry,
            health=Health(),
            database=database,
            verifier=TokenVerifier(settings.identity),
            crash=crash_points(ChaosSettings()),
        )


@asynccontextmanager
async def running(*components: Component) -> AsyncIterator[None]:
    """Components at work for as long as the block lasts; a crash in one fails the test."""
    tasks: Mapping[str, asyncio.Task[None]] = {}
    async with AsyncExitStack():
        tasks = {part.name: asyncio.create_task(_run(part)) for part in components}
        try:
            yield
        finally:
            for part in reversed(components):
                part.stop.set()
                await asyncio.wait_for(tasks[part.name], part.grace)


async def _run(component: Component) -> None:
    await component.run(component.stop)
