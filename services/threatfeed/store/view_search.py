"""Looks for assessments in what one party may read."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from services.chassis.database import Transaction
from services.threatfeed.domain.paging import Position
from services.threatfeed.domain.search import Search
from services.threatfeed.domain.views import ViewState

_WORDS: Final = """
    (words @@ websearch_to_tsquery('english', %(words)s)
     OR words @@ websearch_to_tsquery('simple', %(words)s))
"""


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
