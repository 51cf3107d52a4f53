"""The order in which a party was shown what it may read, for those who follow it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.chassis.database import Transaction
from services.kernel.release_terms import Rendition
from services.threatfeed.domain.search import Search
from services.threatfeed.domain.views import ViewState
from services.threatfeed.store.view_search import conditions_of


@dataclass(frozen=True, slots=True)
class Feed:
    """An order: its epoch, its last sequence, and up to where it has forgotten what is gone."""

    epoch: str
    last: int
    forgotten: int


@dataclass(frozen=True, slots=True)
class Place:
    """An assessment in an order. `asked_for` says that a search finds it; what is gone, none finds."""

    assessment_id: UUID
    sequence: int
    state: ViewState
    readable: bool
    asked_for: bool


@dataclass(frozen=True, slots=True)
class ShownPlace:
    """An assessment in an order as the party was last shown it; what is gone has no rendition.

    `shown` is a moment of its own: no other place of the order has it, and a later place a later one.
    """

    assessment_id: UUID
    sequence: int
    revision: int
    rendition: Rendition | None
    published: datetime
    shown: datetime

    @property
    def readable(self) -> bool:
        return self.rendition is not None


async def shown_places(
    tx: Transaction,
    party: str,
    sequence: int,
    after: datetime | None,
    only: Sequence[UUID] | None,
    limit: int,
) -> list[ShownPlace]:
    """From a sequence on, shown after a moment, in their order; of some assessments only where those are
    given.
    """
    cursor = await tx.execute(
        """
        SELECT assessment_id, sequence, revision, rendition, published_at, shown_at FROM party_view
        WHERE party = %(party)s AND sequence >= %(sequence)s
          AND (%(after)s::timestamptz IS NULL OR shown_at > %(after)s)
          AND (%(only)s::uuid[] IS NULL OR assessment_id = ANY(%(only)s))
        ORDER BY sequence LIMIT %(limit)s
        """,
        {
            "party": party,
            "sequence": sequence,
            "after": after,
            "only": None if only is None else list(only),
            "limit": limit,
        },
    )
    return [
        ShownPlace(
            identity,
            int(place),
            int(revision),
            None if rendition is None else Rendition(rendition),
            published,
            shown,
        )
        for identity, place, revision, rendition, published, shown in await cursor.fetchall()
    ]


async def feed_of(tx: Transaction, party: str) -> Feed | None:
    """None before anything was made for the party."""
    cursor = await tx.execute(
        "SELECT epoch, last_sequence, forgotten_sequence FROM party_feed WHERE party = %s", [party]
    )
    row = await cursor.fetchone()
    return None if row is None else Feed(str(row[0]), int(row[1]), int(row[2]))


async def last_sequences(tx: Transaction) -> dict[str, int]:
    cursor = await tx.execute("SELECT party, last_sequence FROM party_feed")
    return {party: int(sequence) for party, sequence in await cursor.fetchall()}


async def places_after(tx: Transaction, party: str, sequence: int, search: Search, limit: int) -> list[Place]:
    """In their order."""
    conditions, arguments = conditions_of(search)
    statement = (
        "SELECT assessment_id, sequence, state, rendition IS NOT NULL, "  # noqa: S608 constants
        f"rendition IS NOT NULL AND {' AND '.join(conditions)} FROM party_view "
        "WHERE party = %(party)s AND sequence > %(after)s ORDER BY sequence LIMIT %(limit)s"
    )
    arguments |= {"party": party, "after": sequence, "limit": limit}
    cursor = await tx.execute(statement.encode(), arguments)
    return [
        Place(identity, int(place), ViewState(state), bool(readable), bool(asked_for))
        for identity, place, state, readable, asked_for in await cursor.fetchall()
    ]


async def forget_gone(tx: Transaction, before: datetime) -> None:
    """Forgets what was gone before then; who resumes from further back must begin again."""
    await tx.execute(
        """
        WITH gone AS (
            DELETE FROM party_view WHERE rendition IS NULL AND shown_at < %s RETURNING party, sequence
        ), furthest AS (SELECT party, max(sequence) AS sequence FROM gone GROUP BY party)
        UPDATE party_feed SET forgotten_sequence = greatest(forgotten_sequence, furthest.sequence)
        FROM furthest WHERE party_feed.party = furthest.party
        """,
        [before],
    )
