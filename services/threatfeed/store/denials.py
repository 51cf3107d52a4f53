"""The denials of sources, and the list of those in force that every batch is held against."""

from functools import lru_cache
from typing import Any
from uuid import UUID

import orjson

from services.chassis.audit import AuditEntry, append
from services.chassis.database import Transaction
from services.threatfeed.domain.denials import (
    MOST_DENIALS,
    Denial,
    DeniedKind,
    DeniedSource,
    DenyList,
    DenyListFull,
    SourceAlreadyDenied,
)
from services.threatfeed.domain.paging import Position

_COLUMNS = """
    denial_id, kind, agency, value, reason, denied_by, denied_at, lifted_by, lifted_at, lift_reason
"""


async def hold_deny_list(tx: Transaction) -> DenyList:
    """The denials in force, which stay so until the transaction ends."""
    cursor = await tx.execute("SELECT in_force FROM deny_list FOR SHARE")
    row = await cursor.fetchone()
    if row is None:
        raise LookupError("the row of the deny list is missing")
    return _read(row[0])


@lru_cache(maxsize=4)
def _read(in_force: str) -> DenyList:
    return DenyList.of(
        (DeniedSource(DeniedKind(kind), agency, value), identity)
        for kind, agency, value, identity in orjson.loads(in_force)
    )


async def insert_denial(tx: Transaction, denial: Denial, audit: AuditEntry) -> None:
    """Raises `SourceAlreadyDenied` or `DenyListFull`. Batches under way end first."""
    await tx.execute("SELECT FROM deny_list FOR UPDATE")
    source = denial.source
    inserted = await tx.execute(
        """
        INSERT INTO source_denial (denial_id, kind, agency, value, reason, denied_by, denied_at)
        VALUES (%s, %s, %s, %s, %s, %s, %s)
        ON CONFLICT (kind, agency, value) WHERE lifted_at IS NULL DO NOTHING
        """,
        [
            *(denial.denial_id, source.kind.value, source.agency, source.value),
            *(denial.reason, denial.denied_by, denial.denied_at),
        ],
    )
    if inserted.rowcount == 0:
        raise SourceAlreadyDenied("this source is denied already")
    if await _put_in_force(tx) > MOST_DENIALS:
        raise DenyListFull(f"at most {MOST_DENIALS} denials are in force")
    await append(tx, audit)


async def lift_denial(tx: Transaction, denial: Denial, audit: AuditEntry) -> None:
    """Keeps who lifted a denial, when and why."""
    await tx.execute(
        "UPDATE source_denial SET lifted_by = %s, lifted_at = %s, lift_reason = %s WHERE denial_id = %s",
        [denial.lifted_by, denial.lifted_at, denial.lift_reason, denial.denial_id],
    )
    await _put_in_force(tx)
    await append(tx, audit)


async def lock_denial(tx: Transaction, denial_id: UUID) -> Denial | None:
    """With the list, so that batches under way end first."""
    await tx.execute("SELECT FROM deny_list FOR UPDATE")
    cursor = await tx.execute(
        f"SELECT {_COLUMNS} FROM source_denial WHERE denial_id = %s FOR UPDATE",  # noqa: S608 constants
        [denial_id],
    )
    row = await cursor.fetchone()
    return None if row is None else _denial(row)


async def page_of_denials(
    tx: Transaction, *, lifted: bool | None, after: Position | None, limit: int
) -> list[Denial]:
    """The latest first; `lifted` is None for all."""
    cursor = await tx.execute(
        f"""
        SELECT {_COLUMNS} FROM source_denial
        WHERE (%(lifted)s::boolean IS NULL OR (lifted_at IS NOT NULL) = %(lifted)s)
          AND (%(at)s::timestamptz IS NULL OR (denied_at, denial_id) < (%(at)s, %(id)s::uuid))
        ORDER BY denied_at DESC, denial_id DESC LIMIT %(limit)s
        """,  # noqa: S608 the columns are a constant
        {"lifted": lifted, "at": after and after[0], "id": after and after[1], "limit": limit},
    )
    return [_denial(row) for row in await cursor.fetchall()]


async def _put_in_force(tx: Transaction) -> int:
    """Writes the list anew; gives how many are on it."""
    cursor = await tx.execute(
        """
        SELECT kind, agency, value, denial_id::text FROM source_denial WHERE lifted_at IS NULL
        ORDER BY kind, agency, value
        """
    )
    rows = [list(row) for row in await cursor.fetchall()]
    await tx.execute("UPDATE deny_list SET in_force = %s", [orjson.dumps(rows).decode()])
    return len(rows)


def _denial(row: tuple[Any, ...]) -> Denial:
    identity, kind, agency, value, *rest = row
    return Denial(identity, DeniedSource(DeniedKind(kind), agency, value), *rest)
