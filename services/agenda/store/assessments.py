"""What is known of assessments from their owner's events."""

from collections.abc import Iterable
from uuid import UUID

from psycopg.rows import TupleRow

from services.agenda.domain.references import AssessmentStanding, AssessmentState
from services.chassis.database import Transaction

_UNHEARD = 0
"""The aggregate version of an assessment of which no event has come yet."""


def _standing(row: TupleRow) -> AssessmentStanding:
    identity, state, revision, aggregate_version, traceparent = row
    return AssessmentStanding(identity, AssessmentState(state), revision, aggregate_version, traceparent)


async def record_standing(tx: Transaction, standing: AssessmentStanding) -> bool:
    """Stores what is newer than what is known; False for what is not."""
    written = await tx.execute(
        """
        INSERT INTO assessment_state (assessment_id, state, revision, aggregate_version, traceparent)
        VALUES (%s, %s, %s, %s, %s)
        ON CONFLICT (assessment_id) DO UPDATE SET
            state = EXCLUDED.state,
            revision = EXCLUDED.revision,
            aggregate_version = EXCLUDED.aggregate_version,
            traceparent = EXCLUDED.traceparent
        WHERE assessment_state.aggregate_version < EXCLUDED.aggregate_version
        """,
        [
            standing.assessment_id,
            standing.state,
            standing.revision,
            standing.aggregate_version,
            standing.traceparent,
        ],
    )
    return written.rowcount == 1


async def standings(tx: Transaction, ids: Iterable[UUID]) -> dict[UUID, AssessmentStanding]:
    """What is known; those never heard of are absent."""
    cursor = await tx.execute(
        """
        SELECT assessment_id, state, revision, aggregate_version, traceparent FROM assessment_state
        WHERE assessment_id = ANY(%s) AND aggregate_version > %s
        """,
        [list(ids), _UNHEARD],
    )
    return {row[0]: _standing(row) for row in await cursor.fetchall()}


async def hold_standings(
    tx: Transaction, ids: Iterable[UUID], *, alone: bool = False
) -> dict[UUID, AssessmentStanding]:
    """The same, kept from changing until the commit, also those never heard of; `alone` also keeps others
    from holding them.

    Without the placeholder rows an event that comes while references are being written would neither be
    seen here nor find them.
    """
    wanted = sorted(set(ids))
    await tx.execute(
        """
        INSERT INTO assessment_state (assessment_id, state, revision, aggregate_version)
        SELECT id, %s, 0, %s FROM unnest(%s::uuid[]) AS id ORDER BY id ON CONFLICT DO NOTHING
        """,
        [AssessmentState.ACTIVE, _UNHEARD, wanted],
    )
    await tx.execute(
        "SELECT 1 FROM assessment_state WHERE assessment_id = ANY(%s) ORDER BY assessment_id FOR SHARE"
        if not alone
        else "SELECT 1 FROM assessment_state WHERE assessment_id = ANY(%s) ORDER BY assessment_id FOR UPDATE",
        [wanted],
    )
    return await standings(tx, wanted)
