"""One login role and one database a service, closed to every other role."""

from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from deploy.local.credentials import Credentials, Realm


def provision_databases(
    admin_dsn: str, services: tuple[str, ...], credentials: Credentials
) -> dict[str, str]:
    """Make what is missing, and give each service's DSN. Nothing changes when all is there."""
    with psycopg.connect(admin_dsn, autocommit=True) as connection:
        close_to_public(connection, "postgres", "template1")
        for service in services:
            ensure_role(connection, service, credentials.password(Realm.POSTGRES, service))
            ensure_database(connection, service, owner=service)
    return {
        service: login_dsn(admin_dsn, service, credentials.password(Realm.POSTGRES, service), service)
        for service in services
    }


def ensure_role(connection: psycopg.Connection, role: str, password: str) -> None:
    """A role that may log in and nothing more. The server only ever sees the password's verifier."""
    verifier = connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()
    known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
    statement = "ALTER ROLE {} LOGIN PASSWORD {}" if known else "CREATE ROLE {} LOGIN PASSWORD {}"
    connection.execute(sql.SQL(statement).format(sql.Identifier(role), sql.Literal(verifier)))


def ensure_database(connection: psycopg.Connection, database: str, *, owner: str) -> None:
    """A database that its owner alone may connect to."""
    known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone()
    if not known:
        connection.execute(
            sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(database), sql.Identifier(owner))
        )
    close_to_public(connection, database)


def close_to_public(connection: psycopg.Connection, *databases: str) -> None:
    """Take the right to connect from everybody who was not given it by name."""
    for database in databases:
        connection.execute(
            sql.SQL("REVOKE CONNECT, TEMPORARY ON DATABASE {} FROM PUBLIC").format(sql.Identifier(database))
        )


def login_dsn(admin_dsn: str, login: str, password: str, database: str) -> str:
    """The administrator's URL, with another login and database."""
    parts = urlsplit(admin_dsn)
    address = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, f"{login}:{password}@{address}", f"/{database}", parts.query, ""))
