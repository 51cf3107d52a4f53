"""PostgreSQL: one pool a process, explicit transactions, and which failures pass by themselves."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import psycopg
from psycopg import AsyncConnection
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool

from services.chassis.settings import PostgresSettings
from services.kernel.refusals import Refusal, RefusalKind

Transaction = AsyncConnection[TupleRow]
"""A connection inside a transaction: what stores take."""

TRANSIENT = (psycopg.OperationalError,)
"""Connection loss, serialisation failure, deadlock, shutdown, full pool: the same work may pass later."""


class DatabaseUnavailable(Refusal):
    """The database was lost while it answered; the same request under the same key may pass later."""

    kind = RefusalKind.UNAVAILABLE
    reason = "DATABASE_UNAVAILABLE"


def connection_options(settings: PostgresSettings) -> str:
    return (
        f"-c statement_timeout={settings.statement_timeout_s}s"
        " -c idle_in_transaction_session_timeout=60s -c timezone=UTC"
    )


class Database:
    """Hands out transactions on one database."""

    def __init__(self, pool: AsyncConnectionPool[Transaction]) -> None:
        self._pool = pool

    @classmethod
    @asynccontextmanager
    async def opened(cls, settings: PostgresSettings, name: str) -> AsyncIterator["Database"]:
        """Opens without waiting for the server, so that nothing depends on the order of starts."""
        arguments: dict[str, Any] = {
            "application_name": name,
            "options": connection_options(settings),
            "connect_timeout": 5,
        }
        pool: AsyncConnectionPool[Transaction] = AsyncConnectionPool(
            settings.checked_dsn(),
            min_size=1,
            max_size=settings.pool_max,
            timeout=10,
            reconnect_timeout=30,
            kwargs=arguments,
            check=AsyncConnectionPool.check_connection,
            open=False,
        )
        await pool.open(wait=False)
        try:
            yield cls(pool)
        finally:
            await pool.close()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """Commits when the block ends, rolls back when it raises."""
        async with self._pool.connection() as connection, connection.transaction():
            yield connection

    async def reachable(self) -> None:
        """Raises psycopg's error when the database does not answer."""
        async with self.transaction() as tx:
            await tx.execute("SELECT 1")
