"""The policies that decisions were made under, and the decisions that fell otherwise."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import datetime

from services.chassis.clock import Clock
from services.chassis.database import Database, Transaction
from services.kernel.parties import Reader, Role
from services.kernel.policy import NotEntitled, Policy
from services.threatfeed.domain.paging import Moment
from services.threatfeed.store.decided_texts import DecisionChange, page_of_changes
from services.threatfeed.store.policies import AdoptedPolicy, page_of_policies
from services.threatfeed.store.readings import find_revision
from services.threatfeed.usecases.read_assessment import rendition_for
from services.threatfeed.usecases.renditions import renditions

_CHUNK = 100


async def list_policies(
    database: Database, reader: Reader, *, before: int | None, size: int, policy: Policy
) -> tuple[list[AdoptedPolicy], int | None]:
    """A page, the latest first. Raises `NotEntitled` for who works in no series."""
    if not policy.series_of(reader):
        raise NotEntitled("the caller works in no series")
    async with database.transaction() as tx:
        found = await page_of_policies(tx, before, size + 1)
    page = found[:size]
    return page, page[-1].number if len(found) > size else None


async def list_decision_changes(
    database: Database,
    reader: Reader,
    series: str,
    *,
    after: Moment | None,
    size: int,
    policy: Policy,
    clock: Clock,
) -> tuple[list[DecisionChange], Moment | None]:
    """A page of a series, the latest first, of the texts that the reader's party may have; the others
    leave no trace. Raises `NotEntitled`.

    A page ends at an instant and after so many of its entries that the reader may see: the numbers of the
    entries would count the others as well.
    """
    if not policy.entitled(reader, Role.AUDITOR, series):
        policy.require(reader, Role.SECRETARIAT, series)
    at = clock()
    page: list[DecisionChange] = []
    async with database.transaction() as tx, aclosing(_seen(tx, reader, series, after, policy, at)) as seen:
        async for entry in seen:
            if len(page) == size:
                last = page[-1].changed_at
                before = after[1] if after is not None and after[0] == last else 0
                return page, (last, before + sum(one.changed_at == last for one in page))
            page.append(entry)
    return page, None


async def _seen(
    tx: Transaction, reader: Reader, series: str, after: Moment | None, policy: Policy, at: datetime
) -> AsyncGenerator[DecisionChange, None]:
    """What follows a moment in the reader's order."""
    instant, given = after or (None, 0)
    number: int | None = None
    while True:
        chunk = await page_of_changes(tx, series, instant, number, _CHUNK)
        for entry in chunk:
            number = entry.number
            if not await _is_readers(tx, entry, reader, policy, at):
                continue
            if given and entry.changed_at == instant:
                given -= 1
                continue
            yield entry
        if len(chunk) < _CHUNK:
            return


async def _is_readers(
    tx: Transaction, entry: DecisionChange, reader: Reader, policy: Policy, at: datetime
) -> bool:
    """Whether the reader's party may have the very text; a wider one would tell how that is marked."""
    held = await find_revision(tx, entry.assessment_id, entry.revision)
    own = None if held is None else await rendition_for(tx, held, reader.party, policy, at, withdrawn=True)
    if held is None or own is None:
        return False
    wide = renditions(held.content)
    return wide.index(own) <= wide.index(entry.rendition)
