"""The latest known of each assessment.

A row is made and locked before anything is read or written that depends on it, also for an assessment
nobody has heard of: so an outcome and an assessment event that cross cannot miss each other.
"""

from collections.abc import Iterable, Sequence
from uuid import UUID

from services.actions.domain.basis import AssessmentStanding, Standing
from services.chassis.database import Transaction


async def lock_standings(tx: Transaction, assessments: Iterable[UUID]) -> dict[UUID, AssessmentStanding]:
    """What is known of each, locked in the order of the ids until the end of the transaction."""
    ids = sorted(set(assessments))
    if not ids:
        return {}
    await tx.execute(
        """
        INSERT INTO assessment_state (assessment_id, standing, revision, version)
        SELECT id, %s, 0, 0 FROM unnest(%s::uuid[]) AS id ORDER BY id
        ON CONFLICT DO NOTHING
        """,
        [Standing.UNKNOWN.value, ids],
    )
    cursor = await tx.execute(
        """
        SELECT assessment_id, standing, revision, version FROM assessment_state
        WHERE assessment_id = ANY(%s) ORDER BY assessment_id FOR UPDATE
        """,
        [ids],
    )
    return {
        identity: AssessmentStanding(identity, Standing(standing), revision, version)
        for identity, standing, revision, version in await cursor.fetchall()
    }


async def store_standings(tx: Transaction, standings: Sequence[AssessmentStanding]) -> None:
    """Replaces what is known of assessments whose rows are locked."""
    await tx.execute(
        """
        UPDATE assessment_state AS known
        SET standing = told.standing, revision = told.revision, version = told.version
        FROM unnest(%s::uuid[], %s::text[], %s::integer[], %s::bigint[])
            AS told (assessment_id, standing, revision, version)
        WHERE known.assessment_id = told.assessment_id
        """,
        [
            [standing.assessment_id for standing in standings],
            [standing.standing.value for standing in standings],
            [standing.revision for standing in standings],
            [standing.version for standing in standings],
        ],
    )
