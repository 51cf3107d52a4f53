"""Read what an official's organisation was told of actions that are not carried out."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.actions.domain.action import Action
from services.actions.domain.escalation import Notice
from services.actions.domain.visibility import may_see
from services.actions.store.actions import find, find_all
from services.actions.store.escalation import Addressed, find_notice, page_notices
from services.actions.usecases.paging import (
    page_size,
    question_of,
    read_moment,
    read_token,
    write_moment,
    write_token,
)
from services.chassis.database import Database, Transaction
from services.kernel.parties import Reader
from services.kernel.policy import Policy
from services.kernel.refusals import NoAccess


@dataclass(frozen=True, slots=True)
class Told:
    """A notice with the action that it is about."""

    notice: Notice
    action: Action


@dataclass(frozen=True, slots=True)
class NoticeListing:
    """What is asked for: those that nobody has acknowledged and that still hold, or all; see `Listing`."""

    series: str
    open_only: bool
    size: int
    token: str


@dataclass(frozen=True, slots=True)
class NoticePage:
    notices: tuple[Told, ...]
    next_token: str


async def list_notices(
    database: Database, reader: Reader, listing: NoticeListing, *, policy: Policy, now: datetime
) -> NoticePage:
    """What is addressed to the reader's organisation in a role that the reader holds, the latest first.

    What tells of an action that the reader's party may not see is left out without a trace. Raises
    `NoAccess`, `InvalidValue` or `PageTokenInvalid`.
    """
    roles = policy.roles(reader, listing.series)
    if not roles:
        raise NoAccess(f"series {listing.series}")
    size = page_size(listing.size)
    asked = question_of(reader, listing.series, listing.open_only)
    before = read_moment(read_token(listing.token, asked, 2))
    to = Addressed(listing.series, reader.party, reader.organisation, roles)
    visible: list[Told] = []
    async with database.transaction() as tx:
        while len(visible) <= size:
            rows = await page_notices(tx, to, open_only=listing.open_only, before=before, limit=size + 1)
            actions = {action.id: action for action in await find_all(tx, [row.action_id for row in rows])}
            visible.extend(
                Told(row, actions[row.action_id])
                for row in rows
                if may_see(actions[row.action_id], reader.party, policy, now)
            )
            if len(rows) <= size:
                break
            before = rows[-1].sent_at, rows[-1].id
    shown = visible[:size]
    more = len(visible) > size
    return NoticePage(tuple(shown), write_token(asked, _place(shown[-1].notice)) if more else "")


async def read_notice(
    database: Database, reader: Reader, notice_id: UUID, *, policy: Policy, now: datetime
) -> Told:
    """Raises `NoAccess`."""
    async with database.transaction() as tx:
        return await addressed_to(tx, reader, notice_id, policy=policy, now=now)


async def addressed_to(
    tx: Transaction, reader: Reader, notice_id: UUID, *, policy: Policy, now: datetime, lock: bool = False
) -> Told:
    """The notice, for one of those to whom it is addressed.

    Raises `NoAccess`, in the same words whether it is addressed to others or does not exist.
    """
    notice = await find_notice(tx, notice_id, lock=lock)
    action = None if notice is None else await find(tx, notice.action_id)
    if (
        notice is None
        or action is None
        or notice.party != reader.party
        or reader.organisation not in notice.bodies
        or notice.role not in policy.roles(reader, notice.series)
        or not may_see(action, reader.party, policy, now)
    ):
        raise NoAccess(f"notice {notice_id}")
    return Told(notice, action)


def _place(last: Notice) -> list[str]:
    return write_moment(last.sent_at, last.id)
