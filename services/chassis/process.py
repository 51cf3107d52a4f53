"""What every process has, opened in order and closed in reverse, and the ways it is run."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import psycopg
import structlog
from tenacity import AsyncRetrying, RetryCallState, retry_if_result, wait_fixed

from services.chassis.clock import Clock, ShiftedClock, system_clock
from services.chassis.consumer.batches import BatchProcessor
from services.chassis.consumer.member import GroupMember
from services.chassis.consumer.records import Subscription
from services.chassis.crashpoints import CrashPoints, crash_points
from services.chassis.database import Database
from services.chassis.health import Check, Health
from services.chassis.http.application import HttpServer, create_probe_app
from services.chassis.identity import TokenVerifier
from services.chassis.ids import IdSource, random_ids
from services.chassis.lifecycle import Component, freeze_startup_objects, run_components
from services.chassis.migrations import missing_migrations
from services.chassis.outbox_relay import OutboxRelay
from services.chassis.periodic import Work, periodic
from services.chassis.quarantine.depth import DepthGauge
from services.chassis.settings import ProcessSettings, StreamSettings
from services.chassis.sole import sole
from services.chassis.telemetry import Telemetry, start_telemetry

S = TypeVar("S", bound=ProcessSettings)
T = TypeVar("T")


_LOOKED_EVERY = 0.5
_DEPTH_EVERY = 15.0


async def _no_schema() -> str | None:
    return None


@dataclass(frozen=True, slots=True)
class Process:
    """The parts of one process."""

    service: str
    kind: str
    settings: ProcessSettings
    clock: Clock
    ids: IdSource
    telemetry: Telemetry
    health: Health
    database: Database
    verifier: TokenVerifier
    crash: CrashPoints
    schema: Check = _no_schema
    """Why the database cannot be worked on yet; None when it can."""

    def relay(self, standby_seconds: float = 0.0) -> Component:
        relay = OutboxRelay(
            self.settings.postgres,
            self.settings.kafka,
            service=self.service,
            clock=self.clock,
            telemetry=self.telemetry,
            health=self.health,
            crash=self.crash,
            standby_seconds=standby_seconds,
        )
        return self._once_migrated(Component("outbox relay", relay.run, grace=65.0))

    def consumer(self, subscription: Subscription[T]) -> Component:
        processor = BatchProcessor(
            subscription,
            self.database,
            clock=self.clock,
            telemetry=self.telemetry,
            crash=self.crash,
        )
        member = GroupMember(
            subscription,
            processor,
            self.database,
            self.settings.kafka,
            service=self.service,
            clock=self.clock,
            telemetry=self.telemetry,
            health=self.health,
        )
        return self._once_migrated(Component(f"consumer {subscription.group}", member.run, grace=30.0))

    def periodic(self, name: str, work: Work, *, every: float) -> Component:
        return self._once_migrated(periodic(name, work, every=every, health=self.health))

    def sole(self, name: str, lock: int, work: Callable[[], Awaitable[None]]) -> Component:
        """Work that one process of the service does at a time."""
        return self._once_migrated(
            sole(
                name,
                lock,
                work,
                postgres=self.settings.postgres,
                service=self.service,
                health=self.health,
            )
        )

    def quarantine_depth(self) -> Component:
        gauge = DepthGauge(self.database, self.telemetry.metrics)
        return self.periodic("quarantine depth", gauge.count, every=_DEPTH_EVERY)

    def _once_migrated(self, component: Component) -> Component:
        """The component on a database that is there and has its tables, however long that takes: nothing
        depends on the order of starts.
        """

        async def run(stop: asyncio.Event) -> None:
            def note(_: RetryCallState) -> None:
                self.health.beat_all()

            missing: str | None = await AsyncRetrying(
                retry=retry_if_result(lambda missing: missing is not None),
                wait=wait_fixed(_LOOKED_EVERY),
                stop=lambda _: stop.is_set(),
                before_sleep=note,
                retry_error_callback=lambda _: "told to stop",
            )(self.schema)
            if missing is None:
                await component.run(stop)

        return replace(component, run=run)

    def probes(self) -> Component:
        app = create_probe_app(self.health, self.telemetry, self.ids)
        return Component("probes", HttpServer(app, self.settings.http, grace=1).run)


@asynccontextmanager
async def open_process(
    settings: ProcessSettings, service: str, kind: str, migrations: Path
) -> AsyncIterator[Process]:
    telemetry = start_telemetry(settings.telemetry, service, kind)
    structlog.get_logger("process").info("starting", settings=settings.model_dump(mode="json"))
    health = Health()
    try:
        async with Database.opened(settings.postgres, f"{service}-{kind}") as database:
            schema = _database_check(database, migrations)
            health.add_check("database", schema)
            yield Process(
                service=service,
                kind=kind,
                settings=settings,
                clock=clock_of(settings),
                ids=random_ids,
                telemetry=telemetry,
                health=health,
                database=database,
                verifier=TokenVerifier(settings.identity),
                crash=crash_points(settings.chaos),
                schema=schema,
            )
    finally:
        telemetry.flush()


def clock_of(settings: StreamSettings) -> Clock:
    return system_clock if settings.clock.file is None else ShiftedClock(settings.clock.file)


def _database_check(database: Database, migrations: Path) -> Check:
    async def check() -> str | None:
        try:
            async with database.transaction() as tx:
                missing = await missing_migrations(tx, migrations)
        except psycopg.OperationalError as error:
            return f"not reachable: {type(error).__name__}"
        return f"migrations are missing: {', '.join(missing)}" if missing else None

    return check


Compose = Callable[[Process, S], AbstractAsyncContextManager[Sequence[Component]]]
"""Opens what a kind of process needs and gives its components in the order of their start."""


def run_process(settings: S, service: str, kind: str, migrations: Path, compose: Compose[S]) -> int:
    """Runs a process to its end; gives its exit code.

    An api turns not ready, waits for balancers to notice, and only then closes: components stop in the
    reverse of their order.
    """

    async def run() -> int:
        async with (
            open_process(settings, service, kind, migrations) as process,
            compose(process, settings) as components,
        ):
            freeze_startup_objects()

            async def drain() -> None:
                process.health.draining = True
                await asyncio.sleep(settings.drain_seconds)

            return await run_components(components, on_stopping=drain)

    return asyncio.run(run())
