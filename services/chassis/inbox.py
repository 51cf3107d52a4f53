"""The inbox: what a consumer of relayed events has already applied, since a relay may send twice."""

from collections.abc import Sequence
from datetime import datetime

from services.chassis.database import Transaction
from services.chassis.envelope import Event


async def first_deliveries(
    tx: Transaction, consumer: str, events: Sequence[Event], at: datetime
) -> set[tuple[str, str]]:
    """Records the events and gives (source, id) of those never recorded before."""
    if not events:
        return set()
    keys = sorted({(event.source, str(event.id)) for event in events})
    cursor = await tx.execute(
        """
        INSERT INTO inbox (consumer, ce_source, ce_id, received_at)
        SELECT %s, source, id, %s FROM unnest(%s::text[], %s::text[]) AS event (source, id)
        ON CONFLICT DO NOTHING
        RETURNING ce_source, ce_id
        """,
        [consumer, at, [source for source, _ in keys], [identity for _, identity in keys]],
    )
    return {(source, identity) for source, identity in await cursor.fetchall()}


async def first_delivery(tx: Transaction, consumer: str, event: Event, at: datetime) -> bool:
    """Records one event; False when it was recorded before."""
    return bool(await first_deliveries(tx, consumer, [event], at))
