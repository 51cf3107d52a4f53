"""Counts what a search finds by theme, agency, party and sector, in what the reader's party may read."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.chassis.audit import AuditEntry, append
from services.chassis.database import Database
from services.kernel.parties import Reader
from services.kernel.policy import NotEntitled, Policy
from services.threatfeed.domain.search import Kind, Search
from services.threatfeed.store.view_search import count_facts

MOST_COUNTED: Final = 10_000
KINDS: Final = (Kind.THEME, Kind.AGENCY, Kind.PARTY, Kind.SECTOR)


@dataclass(frozen=True, slots=True)
class Counts:
    """How many assessments there are, and how many of each value of a kind, the most frequent first.

    Where there are more than can be counted at once, these are the latest published of them.
    """

    assessments: int
    complete: bool
    values: dict[Kind, list[tuple[str, int]]]


async def count_assessments(
    database: Database, reader: Reader, search: Search, *, policy: Policy, at: datetime
) -> Counts:
    """Audited. Raises `NotEntitled`. Views are counted as they stand: they follow their assessments."""
    if not policy.series_of(reader):
        raise NotEntitled("Permission to read assessments denied")
    async with database.transaction() as tx:
        number, counted = await count_facts(tx, reader.party, search, KINDS, MOST_COUNTED)
        await append(
            tx,
            AuditEntry(
                action="assessments.counted",
                actor=reader.subject,
                party=reader.party,
                subject_kind="search",
                subject_id=search.question(),
                at=at,
                detail={"assessments": min(number, MOST_COUNTED)},
            ),
        )
    return Counts(min(number, MOST_COUNTED), number <= MOST_COUNTED, counted)
