"""Work that one process of many does at a time: a session of the database holds a lock, and goes with it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import structlog
from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from services.chassis.database import TRANSIENT, connection_options
from services.chassis.health import Health
from services.chassis.lifecycle import Component
from services.chassis.settings import PostgresSettings

Session = AsyncConnection[TupleRow]

_IDLE_FOR = 90
"""Seconds without a word after which the database ends a session, and a frozen process's lock with it."""
_LOOKED_EVERY = 1.0
_SILENT_FOR = 60.0
_GRACE = 65.0


@asynccontextmanager
async def open_session(settings: PostgresSettings, name: str) -> AsyncIterator[Session]:
    """A connection of its own, without transactions, which must say something now and then."""
    async with await AsyncConnection.connect(
        settings.checked_dsn(),
        autocommit=True,
        application_name=name,
        options=f"{connection_options(settings)} -c idle_session_timeout={_IDLE_FOR}s",
        connect_timeout=5,
    ) as session:
        yield session


async def try_lock(session: Session, lock: int) -> bool:
    """Whether the session holds the lock now. No other does before it ends."""
    cursor = await session.execute("SELECT pg_try_advisory_lock(%s)", [lock])
    row = await cursor.fetchone()
    return row is not None and bool(row[0])


def sole(
    name: str,
    lock: int,
    work: Callable[[], Awaitable[None]],
    *,
    postgres: PostgresSettings,
    service: str,
    health: Health,
) -> Component:
    """Work without an end, begun in whichever process gets the lock and cancelled where the session is lost.

    A process notices that within a second, and another may have begun by then: the work must bear it.
    The database may be away: that is tried again. Whatever else the work raises ends the process.
    """
    heart = health.add_heart(name, limit=_SILENT_FOR)
    log = structlog.get_logger("sole").bind(work=name)

    async def run(stop: asyncio.Event) -> None:
        while not stop.is_set():
            heart.beat()
            try:
                await hold(stop)
                health.set_warning(name, None)
            except TRANSIENT as error:
                health.set_warning(name, f"the database fails: {type(error).__name__}")
                log.warning("begins anew", error=repr(error))
            await _wait(stop)

    async def hold(stop: asyncio.Event) -> None:
        async with open_session(postgres, f"{service}-{name}") as session:
            while not await try_lock(session, lock):
                heart.beat()
                await _wait(stop)
                if stop.is_set():
                    return
            log.info("holds the lock")
            working = asyncio.ensure_future(work())
            try:
                while not stop.is_set() and not working.done():
                    heart.beat()
                    await session.execute("SELECT 1")
                    await asyncio.wait({working}, timeout=_LOOKED_EVERY)
            finally:
                working.cancel()
                with suppress(asyncio.CancelledError):
                    await working

    return Component(name, run, grace=_GRACE)


async def _wait(stop: asyncio.Event) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), _LOOKED_EVERY)
