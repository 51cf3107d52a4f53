"""Closed actions that somebody has to look at again."""

from datetime import date

from services.actions.domain.action import Action
from services.actions.domain.states import State
from services.actions.store.actions import find_all
from services.chassis.database import Transaction

_MOST = 500


async def awaiting_review(tx: Transaction, series: str, by: date) -> list[Action]:
    """Those whose review is due by a day or that were found not to have lasted, the longest closed first."""
    cursor = await tx.execute(
        """
        SELECT id FROM action
        WHERE series = %s AND state = %s
            AND (review_on <= %s OR review_on IS NULL AND closure_reviews -> -1 ->> 'sustained' = 'false')
        ORDER BY closed_at, id LIMIT %s
        """,
        [series, State.CLOSED.value, by, _MOST],
    )
    ids = [row[0] for row in await cursor.fetchall()]
    found = {action.id: action for action in await find_all(tx, ids)}
    return [found[identity] for identity in ids]
