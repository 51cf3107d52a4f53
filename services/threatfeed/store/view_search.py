"""Looks for assessments in what one party may read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from services.chassis.database import Transaction
from services.threatfeed.domain.paging import Position
from services.threatfeed.domain.search import Kind, Search
from services.threatfeed.domain.subjects import SectorScheme
from services.threatfeed.domain.views import ViewState

_WORDS: Final = """
    (words @@ websearch_to_tsquery('english', %(words)s)
     OR words @@ websearch_to_tsquery('simple', %(words)s))
"""

_CODED: Final = tuple(f"{scheme.value} ".casefold() for scheme in SectorScheme)
"""How a sector begins that is kept by its scheme, beside its word."""


@dataclass(frozen=True, slots=True)
class Hit:
    """An assessment in the view of the party; `shown` is when it was last shown a change of it."""

    assessment_id: UUID
    revision: int
    state: ViewState
    published: datetime
    shown: datetime

    @property
    def position(self) -> Position:
        return self.published, self.assessment_id


async def search_views(
    tx: Transaction, party: str, search: Search, after: Position | None, limit: int
) -> list[Hit]:
    """The latest published first, after a position in that order."""
    statement, arguments = search_statement(party, search, after, limit)
    cursor = await tx.execute(statement.encode(), arguments)
    return [
        Hit(identity, int(revision), ViewState(state), published, shown)
        for identity, revision, state, published, shown in await cursor.fetchall()
    ]


def search_statement(
    party: str, search: Search, after: Position | None, limit: int
) -> tuple[str, dict[str, object]]:
    """The statement with only those conditions that are asked for, so that each gets a plan of its own."""
    conditions, arguments = conditions_of(search)
    arguments |= {"party": party, "limit": limit}
    if after is not None:
        conditions.append("(published_at, assessment_id) < (%(at)s, %(id)s::uuid)")
        arguments |= {"at": after[0], "id": after[1]}
    statement = (
        "SELECT assessment_id, revision, state, published_at, shown_at FROM party_view "  # noqa: S608 constants
        f"WHERE party = %(party)s AND rendition IS NOT NULL AND {' AND '.join(conditions)} "
        "ORDER BY published_at DESC, assessment_id DESC LIMIT %(limit)s"
    )
    return statement, arguments


async def count_facts(
    tx: Transaction, party: str, search: Search, kinds: Sequence[Kind], most: int
) -> tuple[int, dict[Kind, list[tuple[str, int]]]]:
    """How many there are, counted up to one beyond `most`; and of the latest `most`, how often each value of
    a kind occurs, the most frequent first.
    """
    conditions, arguments = conditions_of(search)
    arguments |= {"party": party, "most": most, "kinds": [kind.value for kind in kinds]}
    statement = (
        "WITH found AS MATERIALIZED (SELECT facts FROM party_view "  # noqa: S608 constants
        f"WHERE party = %(party)s AND rendition IS NOT NULL AND {' AND '.join(conditions)} "
        "ORDER BY published_at DESC, assessment_id DESC LIMIT %(most)s + 1) "
        "SELECT NULL AS fact, count(*) AS number FROM found UNION ALL "
        "SELECT fact, count(*) FROM (SELECT facts FROM found LIMIT %(most)s) AS latest, "
        "unnest(facts) AS fact "
        "WHERE split_part(fact, ':', 1) = ANY(%(kinds)s) GROUP BY fact ORDER BY number DESC, fact"
    )
    cursor = await tx.execute(statement.encode(), arguments)
    total, values = 0, {kind: list[tuple[str, int]]() for kind in kinds}
    for fact, number in await cursor.fetchall():
        if fact is None:
            total = int(number)
            continue
        kind, _, value = fact.partition(":")
        if not (kind == Kind.SECTOR and value.startswith(_CODED)):
            values[Kind(kind)].append((value, int(number)))
    return total, values


def conditions_of(search: Search) -> tuple[list[str], dict[str, object]]:
    """Conditions on the columns of a view, at least one, with their arguments."""
    conditions: list[str] = []
    arguments: dict[str, object] = {}
    if search.words:
        conditions.append(_WORDS)
        arguments["words"] = search.words
    for number, facts in enumerate(search.facts()):
        conditions.append(f"facts && %(facts{number})s::text[]")
        arguments[f"facts{number}"] = facts
    if search.since is not None:
        conditions.append("published_at >= %(since)s")
        arguments["since"] = search.since
    if search.until is not None:
        conditions.append("published_at < %(until)s")
        arguments["until"] = search.until
    return conditions or ["TRUE"], arguments
