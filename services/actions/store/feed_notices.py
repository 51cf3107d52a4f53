"""What the topic of each audience was last told about the feed itself."""

from collections.abc import Sequence
from datetime import datetime

from services.chassis.database import Transaction


async def note_silence(
    tx: Transaction, audiences: Sequence[str], name: str, since: datetime, rounds: int
) -> list[str]:
    """The audiences that were not told of this silence yet, as told of it from now on.

    `rounds` are those that had ended when it was found: who has not yet seen a later one tells nothing.
    """
    cursor = await tx.execute(
        """
        INSERT INTO feed_notice AS told (audience, name, state, since, rounds)
        SELECT audience, %s, 'silent', %s, %s FROM unnest(%s::text[]) AS audience ORDER BY audience
        ON CONFLICT (audience, name) DO UPDATE
            SET state = excluded.state, since = excluded.since, rounds = excluded.rounds
            WHERE told.state <> 'silent' AND told.rounds <= excluded.rounds
        RETURNING audience
        """,
        [name, since, rounds, list(audiences)],
    )
    return sorted(audience for (audience,) in await cursor.fetchall())


async def note_resumption(
    tx: Transaction, audiences: Sequence[str], name: str, since: datetime, rounds: int
) -> list[str]:
    """The audiences that were told of a silence after which more rounds have ended, as told of that now."""
    cursor = await tx.execute(
        """
        WITH waiting AS (
            SELECT audience, name FROM feed_notice
            WHERE audience = ANY(%s) AND name = %s AND state = 'silent' AND rounds < %s
            ORDER BY audience FOR UPDATE
        )
        UPDATE feed_notice AS told SET state = 'resumed', since = %s, rounds = %s
        FROM waiting WHERE told.audience = waiting.audience AND told.name = waiting.name
        RETURNING told.audience
        """,
        [list(audiences), name, rounds, since, rounds],
    )
    return sorted(audience for (audience,) in await cursor.fetchall())
