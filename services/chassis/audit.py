"""The audit record: a required argument of every write, stored in the write's own transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

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
    statement = """
        COPY audit (at, actor, party, action, subject_kind, subject_id, request_id, detail) FROM STDIN
    """
    async with tx.cursor() as cursor, cursor.copy(statement) as copy:
        for entry in entries:
            detail = orjson.dumps(dict(entry.detail)).decode()
            await copy.write_row(
                (
                    entry.at,
                    entry.actor,
                    entry.party,
                    entry.action,
                    entry.subject_kind,
                    entry.subject_id,
                    entry.request_id,
                    detail,
                )
            )
