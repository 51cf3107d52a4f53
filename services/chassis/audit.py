"""The audit record: a required argument of every write, stored in the write's own transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from services.chassis.database import Transaction


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Who did what to which subject, and when."""

    action: str
    actor: str
    party: str | None
    subject_kind: str
    subject_id: str
    at: datetime
    request_id: str | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)


async def append(tx: Transaction, *entries: AuditEntry) -> None:
    await append_all(tx, entries)


async def append_all(tx: Transaction, entries: Sequence[AuditEntry]) -> None:
    if not entries:
        return
    await tx.execute(
        """
        INSERT INTO audit
            (at, actor, party, action, subject_kind, subject_id, request_id, detail)
        SELECT * FROM unnest(
            %s::timestamptz[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[],
            %s::text[], %s::jsonb[])
        """,
        [
            [entry.at for entry in entries],
            [entry.actor for entry in entries],
            [entry.party for entry in entries],
            [entry.action for entry in entries],
            [entry.subject_kind for entry in entries],
            [entry.subject_id for entry in entries],
            [entry.request_id for entry in entries],
            [Jsonb(dict(entry.detail)) for entry in entries],
        ],
    )
