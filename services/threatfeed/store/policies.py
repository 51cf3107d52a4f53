"""Keeps the policies that decisions were made under."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from psycopg.types.json import Jsonb

from services.chassis.audit import AuditEntry, append
from services.chassis.database import Transaction

_LOCK = 7_241_914


@dataclass(frozen=True, slots=True)
class AdoptedPolicy:
    """A policy in force from `since` until the next number's. `digest` is that of all its documents."""

    number: int
    version: str
    digest: str
    since: datetime


async def lock_policy(tx: Transaction) -> None:
    """Lets one transaction at a time adopt a policy or decide anew under it."""
    await tx.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


async def policy_in_force(tx: Transaction) -> AdoptedPolicy | None:
    found = await page_of_policies(tx, None, 1)
    return found[0] if found else None


async def page_of_policies(tx: Transaction, before: int | None, limit: int) -> list[AdoptedPolicy]:
    """The latest first, below a number."""
    cursor = await tx.execute(
        """
        SELECT number, version, digest, since FROM policy_version
        WHERE %(before)s::bigint IS NULL OR number < %(before)s ORDER BY number DESC LIMIT %(limit)s
        """,
        {"before": before, "limit": limit},
    )
    return [AdoptedPolicy(*row) for row in await cursor.fetchall()]


async def insert_policy(
    tx: Transaction, policy: AdoptedPolicy, documents: Mapping[str, object], audit: AuditEntry
) -> None:
    await tx.execute(
        "INSERT INTO policy_version (number, version, digest, documents, since) VALUES (%s, %s, %s, %s, %s)",
        [policy.number, policy.version, policy.digest, Jsonb(documents), policy.since],
    )
    await append(tx, audit)
