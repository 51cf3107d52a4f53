"""Forward-only migrations, plain SQL, run by `python -m services.<name> migrate` under a lock."""

from pathlib import Path

import psycopg
from psycopg import sql
from yoyo import get_backend, read_migrations

from services.chassis.database import Transaction

PLUMBING = Path(__file__).parent / "migrations"
_LOCK = 7_241_911


def migrate(dsn: str, folder: Path) -> list[str]:
    """Applies what is missing of the plumbing and of a service, in order; gives the ids applied.

    A session lock of PostgreSQL makes concurrent runs wait for each other, and goes with its session;
    yoyo's own lock table would outlive a killed run, so it is broken first, under ours.
    """
    with psycopg.connect(dsn, autocommit=True) as guard:
        guard.execute(sql.SQL("SELECT pg_advisory_lock({})").format(_LOCK))
        backend = get_backend(dsn.replace("postgresql://", "postgresql+psycopg://", 1))
        try:
            backend.break_lock()
            with backend.lock():
                pending = backend.to_apply(read_migrations(str(PLUMBING), str(folder)))
                backend.apply_migrations(pending)
                return [migration.id for migration in pending]
        finally:
            backend.connection.close()


async def missing_migrations(tx: Transaction, folder: Path) -> list[str]:
    """The ids that this code needs and the database lacks; empty when it is up to date."""
    needed = {path.stem for place in (PLUMBING, folder) for path in place.glob("*.sql")}
    found = await tx.execute("SELECT to_regclass('_yoyo_migration') IS NOT NULL")
    row = await found.fetchone()
    if row is None or not row[0]:
        return sorted(needed)
    applied = await tx.execute("SELECT migration_id FROM _yoyo_migration")
    return sorted(needed - {identity for (identity,) in await applied.fetchall()})
