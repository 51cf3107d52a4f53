"""What the databases of the services hold while they may go away at any moment."""

from typing import Any

import psycopg

from deploy.local.platform import PlatformAccess


class Counts:
    """Reads over connections that may break."""

    def __init__(self, access: PlatformAccess) -> None:
        self._access = access
        self._connections: dict[str, psycopg.Connection[tuple[Any, ...]]] = {}

    def of(self, service: str, query: str, *arguments: object) -> int:
        """0 while the database is away."""
        rows = self.rows(service, query, *arguments)
        return int(rows[0][0]) if rows else 0

    def rows(self, service: str, query: str, *arguments: object) -> list[tuple[Any, ...]]:
        """None of them while the database is away."""
        try:
            return self._connection(service).execute(query.encode(), arguments).fetchall()
        except psycopg.OperationalError:
            if connection := self._connections.pop(service, None):
                connection.close()
            return []

    def settled(self, service: str, query: str, *arguments: object) -> list[tuple[Any, ...]]:
        """Once nothing dies any more: over a connection that no restart has broken. Raises
        `psycopg.OperationalError` where the database is away all the same.
        """
        with psycopg.connect(self._access.services[service].dsn, autocommit=True) as connection:
            return connection.execute(query.encode(), arguments).fetchall()

    def _connection(self, service: str) -> psycopg.Connection[tuple[Any, ...]]:
        if service not in self._connections:
            dsn = self._access.services[service].dsn
            self._connections[service] = psycopg.connect(dsn, autocommit=True, connect_timeout=2)
        return self._connections[service]
