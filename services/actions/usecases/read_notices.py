"""Read what an official's organisation was told of actions that are not carried out."""

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import UUID

import orjson

from services.actions.domain.action import Action
from services.actions.domain.escalation import Notice
from services.actions.domain.visibility import may_see
from services.actions.store.actions import find, find_all
from services.actions.store.escalation import Addressed, NoticePosition, find_notice, page_notices
from services.actions.usecases.paging import DEFAULT_PAGE, LARGEST_PAGE, PageTokenInvalid
from services.chassis.database import Database, Transaction
from services.kernel.parties import Reader
from services.kernel.policy import Policy
from services.kernel.refusals import InvalidValue, NoAccess


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
    if listing.size < 0:
        raise InvalidValue("a page size is not negative", pointer="/page_size")
    size = min(listing.size or DEFAULT_PAGE, LARGEST_PAGE)
    asked = _fingerprint(reader, listing)
    before = _read_token(listing.token, asked)
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
    return NoticePage(tuple(shown), _write_token(shown[-1].notice, asked) if more else "")


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


def _fingerprint(reader: Reader, listing: NoticeListing) -> str:
    asked = [reader.party, reader.organisation, listing.series, listing.open_only]
    return sha256(orjson.dumps(asked)).hexdigest()[:16]


def _write_token(last: Notice, asked: str) -> str:
    document = orjson.dumps([asked, last.sent_at.isoformat(), str(last.id)])
    return base64.urlsafe_b64encode(document).decode().rstrip("=")


def _read_token(token: str, asked: str) -> NoticePosition | None:
    if not token:
        return None
    try:
        padded = token + "=" * (-len(token) % 4)
        given, at, identity = orjson.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        position = datetime.fromisoformat(at), UUID(identity)
    except (binascii.Error, ValueError, TypeError, AttributeError):
        raise PageTokenInvalid("the page token was not given out here", pointer="/page_token") from None
    if given != asked or position[0].tzinfo is None:
        raise PageTokenInvalid("the page token is of another request", pointer="/page_token")
    return position
