"""A consumer of relayed events as every service has one: what a relay sends twice it applies once."""

import asyncio
from collections.abc import Sequence

from opentelemetry.sdk.trace import TracerProvider

from benchmarks.waiting import until
from deploy.local.platform import PlatformAccess
from services.chassis.clock import system_clock
from services.chassis.consumer.batches import BatchProcessor
from services.chassis.consumer.member import GroupMember
from services.chassis.consumer.records import Delivery, Quarantined, Record, Subscription
from services.chassis.crashpoints import crash_points
from services.chassis.database import Database, Transaction
from services.chassis.envelope import Event, read_event
from services.chassis.health import Health
from services.chassis.inbox import first_deliveries
from services.chassis.settings import ChaosSettings, KafkaSettings, PostgresSettings
from services.chassis.telemetry import Metrics, Telemetry
from services.kernel.refusals import Refusal

_CONSUMER = "agenda.chaos"


def _decode(record: Record) -> Event:
    return read_event(record.headers, record.value)


async def _apply(tx: Transaction, deliveries: Sequence[Delivery[Event]]) -> Sequence[Quarantined]:
    events = [item.content for item in deliveries if not isinstance(item.content, Refusal)]
    fresh = await first_deliveries(tx, _CONSUMER, events, system_clock())
    for event in {(event.source, str(event.id)): event for event in events}.values():
        if (event.source, str(event.id)) in fresh:
            await tx.execute("INSERT INTO applied (ce_id) VALUES (%s)", [event.id])
    return []


async def apply_events(access: PlatformAccess, dsn: str, topic: str, records: int) -> tuple[int, int]:
    """Consumes a topic of so many records; gives how many events were applied, and how many differ."""
    login = access.services["agenda"].kafka
    kafka = KafkaSettings(
        bootstrap_servers=login.bootstrap_servers,
        username=login.username,
        password=login.password,
        security_protocol="SASL_PLAINTEXT",
        session_timeout_ms=6_000,
    )
    telemetry = Telemetry(TracerProvider(), Metrics())
    subscription = Subscription(group=_CONSUMER, topics=(topic,), decode=_decode, apply=_apply)
    async with Database.opened(PostgresSettings(dsn=dsn), "applying") as database:
        async with database.transaction() as tx:
            await tx.execute("CREATE TABLE applied (ce_id uuid NOT NULL)")
        crash = crash_points(ChaosSettings())
        processor = BatchProcessor(
            subscription, database, clock=system_clock, telemetry=telemetry, crash=crash
        )
        member = GroupMember(
            subscription,
            processor,
            database,
            kafka,
            service="agenda",
            clock=system_clock,
            telemetry=telemetry,
            health=Health(),
        )

        async def count(query: str) -> int:
            async with database.transaction() as tx:
                row = await (await tx.execute(query)).fetchone()
                return 0 if row is None else int(row[0] or 0)

        async def consumed() -> bool:
            return await count("SELECT sum(next_offset) FROM consumed WHERE grp = 'agenda.chaos'") >= records

        stop = asyncio.Event()
        running = asyncio.create_task(member.run(stop))
        try:
            await until(consumed, within=60, every=0.05)
        finally:
            stop.set()
            await running
        return (
            await count("SELECT count(*) FROM applied"),
            await count("SELECT count(DISTINCT ce_id) FROM applied"),
        )
