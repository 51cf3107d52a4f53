"""Reads where texts were used: the decisions that stood for a meeting when it came."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.chassis.database import Transaction
from services.kernel.release_terms import Mode, Rendition
from services.threatfeed.domain.paging import Position


@dataclass(frozen=True, slots=True)
class TextUse:
    """A text that every party of a meeting could have when the meeting came."""

    text_id: UUID
    assessment_id: UUID
    revision: int
    rendition: Rendition
    mode: Mode
    series: str
    meeting_id: UUID
    used_at: datetime
    decided_at: datetime


async def page_of_uses(
    tx: Transaction,
    agencies: Sequence[str],
    series: Sequence[str],
    assessment: UUID | None,
    *,
    now: datetime,
    before: Position | None,
    limit: int,
) -> list[TextUse]:
    """Of texts of some agencies at meetings of some series that have begun, the latest first."""
    cursor = await tx.execute(
        """
        SELECT text_id, assessment_id, decided_text.revision, rendition, mode, series, meeting_id, used_at,
               evaluated_at
        FROM decided_text JOIN assessment USING (assessment_id)
        WHERE agency = ANY (%(agencies)s) AND series = ANY (%(series)s) AND allowed AND used_at <= %(now)s
          AND (%(assessment)s::uuid IS NULL OR assessment_id = %(assessment)s)
          AND (%(at)s::timestamptz IS NULL OR (used_at, text_id) < (%(at)s, %(place)s::uuid))
        ORDER BY used_at DESC, text_id DESC LIMIT %(limit)s
        """,
        {
            "agencies": list(agencies),
            "series": list(series),
            "assessment": assessment,
            "now": now,
            "at": before and before[0],
            "place": before and before[1],
            "limit": limit,
        },
    )
    return [
        TextUse(
            text_id=row[0],
            assessment_id=row[1],
            revision=row[2],
            rendition=Rendition(row[3]),
            mode=Mode(row[4]),
            series=row[5],
            meeting_id=row[6],
            used_at=row[7],
            decided_at=row[8],
        )
        for row in await cursor.fetchall()
    ]


async def last_use_decided(tx: Transaction, series: str, meeting: UUID) -> datetime | None:
    """The latest time of use that was decided on for a meeting of a series."""
    cursor = await tx.execute(
        "SELECT max(used_at) FROM decided_text WHERE series = %s AND meeting_id = %s", [series, meeting]
    )
    row = await cursor.fetchone()
    return None if row is None else row[0]
