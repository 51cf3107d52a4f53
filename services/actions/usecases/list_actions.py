"""List the actions of a series that a reader may see, filtered, in order, page by page."""

from dataclasses import dataclass
from datetime import UTC, date, datetime

from services.actions.domain.action import Action
from services.actions.domain.filters import ANY, ActionFilter, Order
from services.actions.domain.visibility import seen_by
from services.actions.store.actions import find_all
from services.actions.store.reading import Key, find_ids
from services.actions.usecases.asking import ask, check_question
from services.actions.usecases.paging import (
    invalid_token,
    page_size,
    question_of,
    read_token,
    write_token,
)
from services.chassis.database import Database
from services.kernel.parties import Reader
from services.kernel.policy import Policy


@dataclass(frozen=True, slots=True)
class Listing:
    """What is asked for. `size` 0 is the default; more than the largest page gives the largest."""

    series: str
    wanted: ActionFilter = ANY
    order: Order = Order.ORIGINAL_DUE_DATE
    descending: bool = False
    size: int = 0
    token: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """Actions, and the token of what follows; empty at the end."""

    actions: tuple[Action, ...]
    next_token: str


async def list_actions(
    database: Database, reader: Reader, listing: Listing, *, policy: Policy, now: datetime
) -> Page:
    """What the reader may not see is left out without a trace: no short page, no count, no gap. What is
    archived is left out unless it is asked for.

    Raises `NoAccess`, `InvalidValue` or `PageTokenInvalid`.
    """
    wanted = listing.wanted.listed()
    check_question(reader, listing.series, wanted, policy)
    size = page_size(listing.size)
    asked = question_of(reader, listing.series, wanted, listing.order, listing.descending)
    after = _read_place(read_token(listing.token, asked, 2), listing.order)
    async with database.transaction() as tx:
        question = await ask(tx, reader, listing.series, wanted, policy, now=now)
        found = await find_ids(
            tx, question, listing.order, descending=listing.descending, after=after, limit=size + 1
        )
        actions = {action.id: action for action in await find_all(tx, [entry[0] for entry in found[:size]])}
    shown = tuple(seen_by(actions[entry[0]], reader, policy, now) for entry in found[:size])
    if len(found) <= size:
        return Page(shown, "")
    _, key, reference = found[size - 1]
    return Page(shown, write_token(asked, [_write_key(key), reference]))


def _write_key(key: Key) -> str:
    return key if isinstance(key, str) else key.isoformat()


def _read_place(place: list[str] | None, order: Order) -> tuple[str, str] | None:
    """Raises `PageTokenInvalid` for a key that is not as `_write_key` writes it."""
    if place is None:
        return None
    key, reference = place
    try:
        written = _write_key(_read_key(key, order))
    except (ValueError, OverflowError):
        raise invalid_token() from None
    if written != key:
        raise invalid_token()
    return key, reference


def _read_key(text: str, order: Order) -> Key:
    match order:
        case Order.OPENED_AT:
            return datetime.fromisoformat(text).astimezone(UTC)
        case Order.ORIGINAL_DUE_DATE | Order.DUE_DATE:
            return date.fromisoformat(text)
        case Order.REFERENCE:
            return text
