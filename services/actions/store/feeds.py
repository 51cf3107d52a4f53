"""Where the feed of each audience stands, and what it last showed of each action."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from services.chassis.database import Transaction
from services.chassis.ids import IdSource


@dataclass(frozen=True, slots=True)
class FeedPosition:
    """The last sequence number given out in an epoch."""

    epoch: str
    sequence: int

    def next(self) -> "FeedPosition":
        return FeedPosition(self.epoch, self.sequence + 1)


async def shown_digests(tx: Transaction, actions: Iterable[UUID]) -> dict[tuple[str, UUID], bytes]:
    """What each audience was last shown of actions whose rows are locked, as digests."""
    cursor = await tx.execute(
        "SELECT audience, action_id, digest FROM audience_status WHERE action_id = ANY(%s)",
        [list(actions)],
    )
    return {(audience, action): bytes(digest) for audience, action, digest in await cursor.fetchall()}


async def lock_positions(tx: Transaction, audiences: Iterable[str], ids: IdSource) -> dict[str, FeedPosition]:
    """Where the feeds stand, locked in the order of their names; a feed's first use begins its epoch."""
    names = sorted(set(audiences))
    if not names:
        return {}
    cursor = await tx.execute("SELECT audience FROM audience_feed WHERE audience = ANY(%s)", [names])
    known = {name for (name,) in await cursor.fetchall()}
    for name in names:
        if name not in known:
            await tx.execute(
                """
                INSERT INTO audience_feed (audience, epoch, sequence) VALUES (%s, %s, 0)
                ON CONFLICT DO NOTHING
                """,
                [name, str(ids())],
            )
    cursor = await tx.execute(
        """
        SELECT audience, epoch, sequence FROM audience_feed
        WHERE audience = ANY(%s) ORDER BY audience FOR UPDATE
        """,
        [names],
    )
    return {name: FeedPosition(epoch, sequence) for name, epoch, sequence in await cursor.fetchall()}


async def store_positions(tx: Transaction, positions: Mapping[str, FeedPosition]) -> None:
    await tx.execute(
        """
        UPDATE audience_feed AS feed SET sequence = reached.sequence
        FROM unnest(%s::text[], %s::bigint[]) AS reached (audience, sequence)
        WHERE feed.audience = reached.audience
        """,
        [list(positions), [position.sequence for position in positions.values()]],
    )


async def store_digests(tx: Transaction, told: Sequence[tuple[str, UUID, bytes]]) -> None:
    """What each audience has now been told last: audience, action, digest."""
    if not told:
        return
    audiences, actions, digests = zip(*told, strict=True)
    await tx.execute(
        """
        INSERT INTO audience_status (audience, action_id, digest)
        SELECT * FROM unnest(%s::text[], %s::uuid[], %s::bytea[])
        ON CONFLICT (audience, action_id) DO UPDATE SET digest = excluded.digest
        """,
        [list(audiences), list(actions), list(digests)],
    )
