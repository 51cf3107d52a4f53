"""The policies that decisions were made under, and the decisions that fell otherwise."""

from services.chassis.clock import Clock
from services.chassis.database import Database
from services.kernel.parties import Reader, Role
from services.kernel.policy import NotEntitled, Policy
from services.threatfeed.store.decided_texts import DecisionChange, page_of_changes
from services.threatfeed.store.policies import AdoptedPolicy, page_of_policies
from services.threatfeed.store.readings import find_revision
from services.threatfeed.usecases.read_assessment import rendition_for

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
    before: int | None,
    size: int,
    policy: Policy,
    clock: Clock,
) -> tuple[list[DecisionChange], int | None]:
    """A page of a series, the latest first, of the texts that the reader's party may have; the others
    leave no trace. Raises `NotEntitled`.
    """
    if not policy.entitled(reader, Role.AUDITOR, series):
        policy.require(reader, Role.SECRETARIAT, series)
    at = clock()
    page: list[DecisionChange] = []
    async with database.transaction() as tx:
        while True:
            chunk = await page_of_changes(tx, series, before, _CHUNK)
            for entry in chunk:
                before = entry.number
                held = await find_revision(tx, entry.assessment_id, entry.revision)
                own = held and await rendition_for(tx, held, reader.party, policy, at)
                if own is not None:
                    page.append(entry)
                if len(page) == size:
                    return page, before
            if len(chunk) < _CHUNK:
                return page, None
