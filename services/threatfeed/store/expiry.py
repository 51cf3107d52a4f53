"""Finds and marks assessments whose `valid_until` has passed."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from services.chassis.audit import AuditEntry, append_all
from services.chassis.database import Transaction
from services.threatfeed.domain.assessment import Assessment
from services.threatfeed.domain.documents import revision_from_document
from services.threatfeed.domain.status import State
from services.threatfeed.store.histories import COLUMNS, Standing, read_standing


@dataclass(frozen=True, slots=True)
class Due:
    """An assessment that is no longer valid, its content, and the trace of what made it as it is."""

    standing: Standing
    content: Assessment
    traceparent: str | None

    def expired(self, cause: str) -> "Due":
        standing = replace(
            self.standing,
            state=State.EXPIRED.value,
            cause=cause,
            aggregate_version=self.standing.aggregate_version + 1,
        )
        return replace(self, standing=standing)


async def lock_due(tx: Transaction, at: datetime, limit: int) -> list[Due]:
    """What is due and no other worker has, the longest due first."""
    cursor = await tx.execute(
        f"""
        SELECT {COLUMNS}, document, traceparent
        FROM assessment JOIN assessment_revision USING (assessment_id, revision)
        WHERE state = 'ACTIVE' AND valid_until <= %s
        ORDER BY valid_until LIMIT %s FOR UPDATE OF assessment SKIP LOCKED
        """,  # noqa: S608 the columns are a constant
        [at, limit],
    )
    return [_due(row) for row in await cursor.fetchall()]


def _due(row: tuple[Any, ...]) -> Due:
    *columns, document, traceparent = row
    content = revision_from_document(document)
    if not isinstance(content, Assessment):
        raise TypeError("what is active has content")
    return Due(read_standing(tuple(columns)), content, traceparent)


async def expire(tx: Transaction, due: Sequence[Due], audit: Sequence[AuditEntry], at: datetime) -> None:
    """Changes assessments whose rows are locked."""
    async with tx.cursor() as cursor:
        await cursor.executemany(
            """
            UPDATE assessment SET state = %s, cause = %s, aggregate_version = %s, changed_at = %s
            WHERE assessment_id = %s
            """,
            [
                (
                    one.standing.state,
                    one.standing.cause,
                    one.standing.aggregate_version,
                    at,
                    one.standing.assessment_id,
                )
                for one in due
            ],
        )
    await append_all(tx, audit)
