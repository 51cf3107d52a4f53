"""The consents that a reader may know of.

An organisation's release officers know their own, an auditor those of their party's organisations, and
secretariats and auditors those given to their party in the series that they work in.
"""

from uuid import UUID

from services.chassis.database import Database
from services.kernel.parties import Reader, Role
from services.kernel.policy import NotEntitled, Policy
from services.kernel.refusals import NoAccess
from services.threatfeed.domain.consents import RecordedConsent
from services.threatfeed.domain.paging import Position
from services.threatfeed.store.consents import Knowable, Wanted, page_of_consents

OUTSIDE_MEETINGS = ""


async def read_consent(
    database: Database, reader: Reader, consent_id: UUID, *, policy: Policy
) -> RecordedConsent:
    """Raises `NoAccess`."""
    async with database.transaction() as tx:
        found = await page_of_consents(tx, knowable(policy, reader), Wanted(consent=consent_id), None, 1)
    if not found:
        raise NoAccess(f"consent {consent_id}")
    return found[0]


async def list_consents(
    database: Database,
    reader: Reader,
    wanted: Wanted,
    *,
    after: Position | None,
    size: int,
    policy: Policy,
) -> tuple[list[RecordedConsent], Position | None]:
    """A page; no position when there is no more. Raises `NotEntitled` for who may know of none."""
    known = knowable(policy, reader)
    if known == Knowable(None, None, None, ()):
        raise NotEntitled("the caller may know of no consents")
    async with database.transaction() as tx:
        found = await page_of_consents(tx, known, wanted, after, size + 1)
    page = found[:size]
    return page, (page[-1].recorded_at, page[-1].id) if len(found) > size else None


def knowable(policy: Policy, reader: Reader) -> Knowable:
    roles = {series.id: policy.roles(reader, series.id) for series in policy.series_of(reader)}
    held = frozenset(role for found in roles.values() for role in found)
    working = tuple(sorted(key for key, found in roles.items() if found & {Role.SECRETARIAT, Role.AUDITOR}))
    return Knowable(
        originator=reader.organisation if Role.RELEASE_OFFICER in held else None,
        originator_party=reader.party if Role.AUDITOR in held else None,
        party=reader.party if working else None,
        series=(OUTSIDE_MEETINGS, *working) if working else (),
    )
