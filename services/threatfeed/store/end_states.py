"""Reads what the state of everything that was taken in is made of."""

from uuid import UUID

from services.chassis.database import Transaction
from services.threatfeed.domain.end_state import EndState
from services.threatfeed.domain.status import NO_CHOICES
from services.threatfeed.store.conflicts import choices_of
from services.threatfeed.store.histories import COLUMNS, read_standing, recorded_versions


async def read_end_states(tx: Transaction) -> list[EndState]:
    """Of every assessment; for comparing whole databases, not for the hot path."""
    cursor = await tx.execute(
        f"""
        SELECT {COLUMNS}, content_sha256
        FROM assessment LEFT JOIN assessment_revision USING (assessment_id, revision)
        """  # noqa: S608 the columns are a constant
    )
    rows = {row[0]: (read_standing(row[:-1]), row[-1]) for row in await cursor.fetchall()}
    ids: list[UUID] = list(rows)
    versions, choices = await recorded_versions(tx, [], ids), await choices_of(tx, ids)
    return [
        EndState(
            assessment_id=key,
            state=standing.state,
            cause=standing.cause,
            version=standing.current,
            content_sha256=content_sha256,
            themes=tuple(item.theme for item in standing.themes),
            versions=versions.get(key, {}),
            choices=choices.get(key, NO_CHOICES),
        )
        for key, (standing, content_sha256) in rows.items()
    ]
