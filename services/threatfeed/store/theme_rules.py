"""Which versions of the theme rules there are, which one is applied, and the runs that apply another one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import LiteralString
from uuid import UUID

import orjson

from services.chassis.audit import AuditEntry, append
from services.chassis.database import Transaction
from services.kernel.themes import ThemeRules


class RunState(StrEnum):
    """How far a run has come. Everything that arrives is matched by its rules once it is RUNNING."""

    REQUESTED = "REQUESTED"
    RUNNING = "RUNNING"
    DONE = "DONE"


@dataclass(frozen=True, slots=True)
class RulesRun:
    """One application of a version of the rules to everything that is held."""

    run_id: UUID
    version: str
    replaces: str
    state: RunState
    requested_by: str
    party: str
    requested_at: datetime
    reached: UUID | None = None
    examined: int = 0
    changed: int = 0
    finished_at: datetime | None = None


_RUN = """
    run_id, version, replaces, state, requested_by, party, requested_at, reached, examined, changed,
    finished_at
"""


async def applied_version(tx: Transaction, *, lock: LiteralString = "") -> str | None:
    """The version that is applied; None before the first. `lock` is a locking clause of PostgreSQL."""
    cursor = await tx.execute(f"SELECT version FROM theme_rules_applied {lock}")  # noqa: S608 only constants
    row = await cursor.fetchone()
    return None if row is None else str(row[0])


async def held_version(tx: Transaction) -> str | None:
    """The version that is applied, and stays so until the transaction ends."""
    return await applied_version(tx, lock="FOR SHARE")


async def store_rules(tx: Transaction, rules: ThemeRules, at: datetime) -> None:
    """Keeps a version of the rules, once."""
    await tx.execute(
        """
        INSERT INTO theme_rules (version, document, stored_at) VALUES (%s, %s::json, %s)
        ON CONFLICT DO NOTHING
        """,
        [rules.version, orjson.dumps(rules.document).decode(), at],
    )


async def rules_document(tx: Transaction, version: str) -> Mapping[str, object]:
    """The document of a version that is kept."""
    cursor = await tx.execute("SELECT document FROM theme_rules WHERE version = %s", [version])
    row = await cursor.fetchone()
    if row is None:
        raise LookupError(f"theme rules {version} are not kept")
    document: Mapping[str, object] = row[0]
    return document


async def apply_first(tx: Transaction, version: str, at: datetime, audit: AuditEntry) -> None:
    """Has a version applied where none is yet; who comes second changes nothing."""
    applied = await tx.execute(
        "INSERT INTO theme_rules_applied (version, applied_at) VALUES (%s, %s) ON CONFLICT DO NOTHING",
        [version, at],
    )
    if applied.rowcount == 1:
        await append(tx, audit)


async def switch_rules(tx: Transaction, run: RulesRun, at: datetime, audit: AuditEntry) -> None:
    """From here on everything that arrives is matched by the rules of the run."""
    await tx.execute("UPDATE theme_rules_applied SET version = %s, applied_at = %s", [run.version, at])
    await tx.execute(
        "UPDATE theme_rules_run SET state = %s WHERE run_id = %s", [RunState.RUNNING.value, run.run_id]
    )
    await append(tx, audit)


async def insert_run(tx: Transaction, run: RulesRun, audit: AuditEntry) -> None:
    await tx.execute(
        """
        INSERT INTO theme_rules_run (run_id, version, replaces, state, requested_by, party, requested_at)
        VALUES (%s, %s, %s, %s, %s, %s, %s)
        """,
        [
            *(run.run_id, run.version, run.replaces, run.state.value),
            *(run.requested_by, run.party, run.requested_at),
        ],
    )
    await append(tx, audit)


async def unfinished_run(tx: Transaction, *, locked: bool = False) -> RulesRun | None:
    """The run that is not done, if any; `locked`: only where nobody else is at it."""
    lock = "FOR UPDATE SKIP LOCKED" if locked else ""
    return await _run(tx, f"WHERE state <> 'DONE' {lock}")


async def latest_run(tx: Transaction) -> RulesRun | None:
    """The run that was asked for last."""
    return await _run(tx, "ORDER BY requested_at DESC, run_id LIMIT 1")


async def _run(tx: Transaction, clause: LiteralString) -> RulesRun | None:
    cursor = await tx.execute(f"SELECT {_RUN} FROM theme_rules_run {clause}")  # noqa: S608 only constants
    row = await cursor.fetchone()
    if row is None:
        return None
    identity, version, replaces, state, *rest = row
    return RulesRun(identity, version, replaces, RunState(state), *rest)


async def store_progress(tx: Transaction, run: RulesRun) -> None:
    await tx.execute(
        """
        UPDATE theme_rules_run SET state = %s, reached = %s, examined = %s, changed = %s, finished_at = %s
        WHERE run_id = %s
        """,
        [run.state.value, run.reached, run.examined, run.changed, run.finished_at, run.run_id],
    )
