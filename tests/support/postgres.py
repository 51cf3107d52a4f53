"""A database for each test, copied in some 30 ms from a template that is migrated once a session."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from deploy.local.databases import close_to_public, ensure_database, ensure_role, login_dsn
from deploy.local.platform import PlatformAccess

_PASSWORD = "only-for-tests"


@dataclass(slots=True)
class DatabaseServer:
    """The session's database server: templates by name, and copies of them."""

    admin_dsn: str = field(repr=False)
    _templates: dict[str, str] = field(default_factory=dict)

    def template_database(self, name: str, migrate: Callable[[str], object]) -> str:
        """The template of that name, built at the first call by `migrate(dsn)`; gives its name.

        The name is also that of the login role which owns the template and its copies, as a service's
        role owns its database.
        """
        if name not in self._templates:
            template = f"template-{name}"
            role = _role(name)
            with self._administrator() as connection:
                ensure_role(connection, role, _PASSWORD)
                ensure_database(connection, template, owner=role)
                migrate(login_dsn(self.admin_dsn, role, _PASSWORD, template))
                # A template that somebody is connected to cannot be copied.
                connection.execute(
                    sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(sql.Identifier(template))
                )
            self._templates[name] = template
        return self._templates[name]

    def copy(self, name: str) -> tuple[str, str]:
        """A fresh copy of the template of that name: the database's name, and its owner's DSN."""
        database = f"{name}-{uuid4().hex[:12]}"
        role = _role(name)
        with self._administrator() as connection:
            connection.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER {}").format(
                    sql.Identifier(database), sql.Identifier(self._templates[name]), sql.Identifier(role)
                )
            )
            close_to_public(connection, database)
        return database, login_dsn(self.admin_dsn, role, _PASSWORD, database)

    def drop(self, database: str) -> None:
        """Remove a copy, ending whatever is still connected to it."""
        with self._administrator() as connection:
            connection.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(database))
            )

    @contextmanager
    def _administrator(self) -> Iterator[psycopg.Connection]:
        with psycopg.connect(self.admin_dsn, autocommit=True) as connection:
            yield connection


@dataclass(slots=True)
class Databases:
    """The databases of one test."""

    server: DatabaseServer
    _made: list[str] = field(default_factory=list)

    def template_database(self, name: str, migrate: Callable[[str], object]) -> str:
        """See `DatabaseServer.template_database`: built once a session, however often asked for."""
        return self.server.template_database(name, migrate)

    def database(self, name: str, migrate: Callable[[str], object]) -> str:
        """The DSN of a fresh database of this test's own, migrated as `migrate` does."""
        self.server.template_database(name, migrate)
        made, dsn = self.server.copy(name)
        self._made.append(made)
        return dsn

    def drop_all(self) -> None:
        """Remove the databases made here."""
        for made in self._made:
            self.server.drop(made)


def _role(name: str) -> str:
    return f"test-{name}"


@pytest.fixture(scope="session")
def database_server(platform: PlatformAccess) -> DatabaseServer:
    """The session's database server."""
    return DatabaseServer(platform.postgres_admin_dsn)


@pytest.fixture
def postgres(database_server: DatabaseServer) -> Iterator[Databases]:
    """Databases for one test, dropped after it."""
    databases = Databases(database_server)
    yield databases
    databases.drop_all()
