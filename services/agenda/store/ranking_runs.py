"""The rankings that a party had made for its draft: rows of `draft_ranking_run`."""

from uuid import UUID

from psycopg.types.json import Jsonb

from services.agenda.domain.ranking.run import RankingRun
from services.chassis.audit import AuditEntry, append
from services.chassis.database import Transaction


async def insert_run(tx: Transaction, draft_id: UUID, run: RankingRun, audit: AuditEntry) -> None:
    await tx.execute(
        """
        INSERT INTO draft_ranking_run
            (draft_id, number, as_of, weights_version, picture_as_of, complete, scores, ranked_by, ranked_at)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
        """,
        [
            draft_id,
            run.number,
            run.as_of,
            run.weights_version,
            run.picture_as_of,
            run.complete,
            Jsonb(dict(run.scores)),
            run.ranked_by,
            run.ranked_at,
        ],
    )
    await append(tx, audit)


async def latest_run(tx: Transaction, draft_id: UUID) -> RankingRun | None:
    """The run with the highest number; None before the first."""
    cursor = await tx.execute(
        """
        SELECT number, as_of, weights_version, picture_as_of, complete, scores, ranked_by, ranked_at
        FROM draft_ranking_run WHERE draft_id = %s ORDER BY number DESC LIMIT 1
        """,
        [draft_id],
    )
    row = await cursor.fetchone()
    return None if row is None else RankingRun(*row)
