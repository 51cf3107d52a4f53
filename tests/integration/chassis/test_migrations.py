"""Migrations: run by several at once, run again, and run after one that was killed."""

import asyncio
from pathlib import Path

import psycopg

from services.chassis.database import Database
from services.chassis.migrations import migrate, missing_migrations
from services.chassis.settings import PostgresSettings
from tests.support.plumbing import MIGRATIONS
from tests.support.postgres import Databases

ALL = [
    "chassis-0001-delivery",
    "chassis-0002-quarantine",
    "chassis-0003-outbox-of-batches",
    "chassis-test-0001-applied",
]


def empty(postgres: Databases) -> str:
    return postgres.database("empty", lambda _: None)


async def missing(dsn: str, folder: Path = MIGRATIONS) -> list[str]:
    settings = PostgresSettings(dsn=dsn)
    async with Database.opened(settings, "test") as database, database.transaction() as tx:
        return await missing_migrations(tx, folder)


async def test_what_is_missing_is_told_before_and_nothing_after(postgres: Databases) -> None:
    dsn = empty(postgres)
    assert await missing(dsn) == ALL
    assert await asyncio.to_thread(migrate, dsn, MIGRATIONS) == ALL
    assert await missing(dsn) == []


async def test_a_second_run_applies_nothing(postgres: Databases) -> None:
    dsn = empty(postgres)
    migrate(dsn, MIGRATIONS)
    assert migrate(dsn, MIGRATIONS) == []


async def test_runs_at_the_same_time_apply_each_migration_once(postgres: Databases) -> None:
    dsn = empty(postgres)
    runs = await asyncio.gather(*(asyncio.to_thread(migrate, dsn, MIGRATIONS) for _ in range(4)))
    assert sorted(runs, key=len) == [[], [], [], ALL]


async def test_a_lock_that_a_killed_run_left_is_no_obstacle(postgres: Databases, tmp_path: Path) -> None:
    dsn = empty(postgres)
    migrate(dsn, tmp_path)
    with psycopg.connect(dsn) as connection:
        connection.execute("INSERT INTO yoyo_lock (locked, ctime, pid) VALUES (1, now(), 999999)")
    assert migrate(dsn, MIGRATIONS) == ["chassis-test-0001-applied"]


async def test_a_migration_that_fails_leaves_nothing_and_can_be_mended(
    postgres: Databases, tmp_path: Path
) -> None:
    dsn = empty(postgres)
    broken = tmp_path / "broken-0001.sql"
    broken.write_text("CREATE TABLE half (id integer); SELECT 1/0;")
    try:
        migrate(dsn, tmp_path)
    except psycopg.Error as error:
        assert "division by zero" in str(error)  # noqa: PT017 the migration's own error is meant
    else:
        raise AssertionError("the broken migration passed")
    assert await missing(dsn, tmp_path) == ["broken-0001"]
    broken.write_text("CREATE TABLE half (id integer);")
    assert migrate(dsn, tmp_path) == ["broken-0001"]
