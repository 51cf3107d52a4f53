"""The actions of a series that name a beneficiary."""

from services.actions.domain.action import Action
from services.actions.store.actions import find_all
from services.chassis.database import Transaction

_MOST = 1_000


async def benefiting(tx: Transaction, series: str, name: str) -> list[Action]:
    """Those that name it, in whichever case, by reference; those that name any where it is empty."""
    cursor = await tx.execute(
        """
        SELECT id FROM action
        WHERE series = %(series)s AND cardinality(beneficiaries) > 0 AND (
            %(name)s = '' OR EXISTS (
                SELECT FROM unnest(beneficiaries) AS beneficiary WHERE lower(beneficiary) = lower(%(name)s)
            )
        )
        ORDER BY reference LIMIT %(most)s
        """,
        {"series": series, "name": name, "most": _MOST},
    )
    ids = [row[0] for row in await cursor.fetchall()]
    found = {action.id: action for action in await find_all(tx, ids)}
    return [found[identity] for identity in ids]
