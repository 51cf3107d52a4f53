"""What is known of the release of texts for meetings, from the events of who decides it."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from services.agenda.domain.references import Reference, ReleaseStanding
from services.chassis.database import Transaction
from services.kernel.release_terms import Mode, Rendition


async def record_release(tx: Transaction, news: ReleaseStanding) -> bool:
    """Stores what was decided later than what is known; False for what was not."""
    written = await tx.execute(
        """
        INSERT INTO release_state
            (meeting_id, assessment_id, revision, rendition, mode, allowed, evaluated_at)
        VALUES (%s, %s, %s, %s, %s, %s, %s)
        ON CONFLICT (meeting_id, assessment_id, revision, rendition, mode) DO UPDATE SET
            allowed = EXCLUDED.allowed, evaluated_at = EXCLUDED.evaluated_at
        WHERE release_state.evaluated_at < EXCLUDED.evaluated_at
        """,
        [
            news.meeting_id,
            news.reference.assessment_id,
            news.reference.revision,
            news.reference.rendition.value,
            news.reference.mode.value,
            news.allowed,
            news.evaluated_at,
        ],
    )
    return written.rowcount == 1


async def denials(
    tx: Transaction, meeting_id: UUID, assessments: Iterable[UUID]
) -> dict[Reference, datetime]:
    """The texts that were denied last for a meeting, and when."""
    cursor = await tx.execute(
        """
        SELECT assessment_id, revision, rendition, mode, evaluated_at FROM release_state
        WHERE meeting_id = %s AND assessment_id = ANY(%s) AND NOT allowed
        """,
        [meeting_id, list(assessments)],
    )
    return {
        Reference(row[0], row[1], Rendition(row[2]), Mode(row[3])): row[4] for row in await cursor.fetchall()
    }
