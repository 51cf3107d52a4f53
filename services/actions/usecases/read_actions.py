"""Read one action, a page of them, or the thread around an id, as the reader may see them."""

import base64
import binascii
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from uuid import UUID

import orjson

from services.actions.domain.action import Action
from services.actions.domain.evidence import Evidence
from services.actions.domain.visibility import READERS, may_see, seen_by
from services.actions.store.actions import Position, find, find_by_any_id, page
from services.chassis.database import Database
from services.kernel.parties import Reader
from services.kernel.policy import Policy
from services.kernel.refusals import InvalidValue, NoAccess, Refusal, RefusalKind

DEFAULT_PAGE = 50
LARGEST_PAGE = 200
_LONGEST_ID = 200


class PageTokenInvalid(Refusal):
    """The page token was not given out here, or for other arguments."""

    kind = RefusalKind.INVALID
    reason = "PAGE_TOKEN_INVALID"


async def read_action(
    database: Database, reader: Reader, action_id: UUID, *, policy: Policy, now: datetime
) -> Action:
    async with database.transaction() as tx:
        action = await find(tx, action_id)
    if action is None:
        raise NoAccess(f"action {action_id}")
    return seen_by(action, reader, policy, now)


async def trace_action(
    database: Database, reader: Reader, identity: str, *, policy: Policy, now: datetime
) -> Action:
    """The action that an outcome, action, evidence or closure id, or a reference, leads to."""
    if not identity or len(identity) > _LONGEST_ID or not identity.isprintable():
        raise InvalidValue("this is no id of ours", pointer="/id")
    async with database.transaction() as tx:
        action = await find_by_any_id(tx, identity)
    if action is None:
        raise NoAccess(identity)
    try:
        seen = seen_by(action, reader, policy, now)
    except NoAccess:
        raise NoAccess(identity) from None
    if _names_any(identity, set(action.evidence) - set(seen.evidence)):
        raise NoAccess(identity)
    return seen


def _names_any(identity: str, evidence: Iterable[Evidence]) -> bool:
    try:
        return UUID(identity) in {item.id for item in evidence}
    except ValueError:
        return False


@dataclass(frozen=True, slots=True)
class Listing:
    """What is asked for. `size` 0 is the default; more than the largest page gives the largest."""

    series: str
    open_only: bool
    size: int
    token: str


@dataclass(frozen=True, slots=True)
class Page:
    """Actions, and the token of what follows; empty at the end."""

    actions: tuple[Action, ...]
    next_token: str


async def list_actions(
    database: Database, reader: Reader, listing: Listing, *, policy: Policy, now: datetime
) -> Page:
    """What the reader may not see is left out without a trace: no short page, no count, no gap.

    Raises `NoAccess`, `InvalidValue` or `PageTokenInvalid`.
    """
    if not policy.roles(reader, listing.series) & READERS:
        raise NoAccess(f"series {listing.series}")
    if listing.size < 0:
        raise InvalidValue("a page size is not negative", pointer="/page_size")
    size = min(listing.size or DEFAULT_PAGE, LARGEST_PAGE)
    asked = _fingerprint(reader, listing)
    after = _read_token(listing.token, asked)
    visible: list[Action] = []
    async with database.transaction() as tx:
        while len(visible) <= size:
            rows = await page(tx, listing.series, open_only=listing.open_only, after=after, limit=size + 1)
            visible.extend(
                seen_by(action, reader, policy, now)
                for action in rows
                if may_see(action, reader.party, policy, now)
            )
            if len(rows) <= size:
                break
            after = _position(rows[-1])
    shown = visible[:size]
    more = len(visible) > size
    return Page(tuple(shown), _write_token(_position(shown[-1]), asked) if more else "")


def _position(action: Action) -> Position:
    return action.original_due_date, action.reference


def _fingerprint(reader: Reader, listing: Listing) -> str:
    asked = [reader.party, listing.series, listing.open_only]
    return sha256(orjson.dumps(asked)).hexdigest()[:16]


def _write_token(position: Position, asked: str) -> str:
    document = orjson.dumps([asked, position[0].isoformat(), position[1]])
    return base64.urlsafe_b64encode(document).decode().rstrip("=")


def _read_token(token: str, asked: str) -> Position | None:
    if not token:
        return None
    try:
        padded = token + "=" * (-len(token) % 4)
        document = orjson.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        given, day, reference = document
        position = date.fromisoformat(day), str(reference)
        if not position[1].isprintable():
            raise ValueError("no reference of ours")
    except (binascii.Error, ValueError, TypeError):
        raise PageTokenInvalid("the page token was not given out here", pointer="/page_token") from None
    if given != asked:
        raise PageTokenInvalid("the page token is of another request", pointer="/page_token")
    return position
