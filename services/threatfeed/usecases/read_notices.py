"""Who may know of a notice of withdrawal: the delegation that it is for, and the originator of the text."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from uuid import UUID

from services.chassis.database import Database
from services.kernel.parties import Reader, Role
from services.kernel.policy import NotEntitled, Policy
from services.kernel.refusals import NoAccess
from services.threatfeed.domain.paging import Position
from services.threatfeed.domain.withdrawal_notices import NoticeSelection, WithdrawalNotice
from services.threatfeed.store.withdrawal_notices import Known, find_notice, page_of_notices
from services.threatfeed.usecases.read_clearances import open_series

READERS = frozenset({Role.SECRETARIAT, Role.CHAIR, Role.OWNER, Role.LEADERSHIP, Role.AUDITOR})
"""Whoever reads assessments hears of those that are gone."""
Listing = Callable[..., Awaitable[tuple[list[WithdrawalNotice], Position | None]]]
"""How notices are listed, by those to whom they went or by those whose texts they are about."""


async def read_notice(
    database: Database, reader: Reader, notice_id: UUID, *, policy: Policy
) -> WithdrawalNotice:
    """One to a delegation of the reader's. Raises `NoAccess`."""
    async with database.transaction() as tx:
        found = await find_notice(tx, notice_id, receiving(policy, reader, READERS))
    if found is None:
        raise NoAccess(f"withdrawal notice {notice_id}")
    return found


async def list_notices(
    database: Database,
    reader: Reader,
    selection: NoticeSelection,
    *,
    after: Position | None,
    size: int,
    policy: Policy,
    at: datetime,
) -> tuple[list[WithdrawalNotice], Position | None]:
    """A page of the notices to the reader's delegations. Raises `NotEntitled`."""
    known = receiving(policy, reader, READERS)
    if not known.received:
        raise NotEntitled("the caller belongs to no delegation")
    return await _page(database, known, selection, after, size, at)


async def list_recipients(
    database: Database,
    reader: Reader,
    selection: NoticeSelection,
    *,
    after: Position | None,
    size: int,
    policy: Policy,
    at: datetime,
) -> tuple[list[WithdrawalNotice], Position | None]:
    """A page of the notices of the texts of a release officer's organisation, with their answers. Of a series
    that is kept to a list only those on it know. Raises `NotEntitled`.
    """
    if not any(policy.entitled(reader, Role.RELEASE_OFFICER, series) for series in policy.series):
        raise NotEntitled("the caller is no release officer")
    known = Known(None, (), reader.organisation, open_series(policy, reader))
    return await _page(database, known, selection, after, size, at)


def receiving(policy: Policy, reader: Reader, roles: frozenset[Role]) -> Known:
    """The notices to the delegations in which the reader holds one of the roles."""
    series = tuple(one.id for one in policy.series_of(reader) if policy.roles(reader, one.id) & roles)
    return Known(reader.party, series, None, ())


async def _page(
    database: Database,
    known: Known,
    selection: NoticeSelection,
    after: Position | None,
    size: int,
    at: datetime,
) -> tuple[list[WithdrawalNotice], Position | None]:
    async with database.transaction() as tx:
        found = await page_of_notices(tx, known, selection, after, at, size + 1)
    page = found[:size]
    return page, (page[-1].issued_at, page[-1].id) if len(found) > size else None
