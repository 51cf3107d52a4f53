"""Pages (AIP-158): their size, and tokens of where the next one begins, for the same question only.

Tokens hold no secret: what one leads to is decided for whoever brings it.
"""

import base64
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TypeVar
from uuid import UUID

import orjson

from services.kernel.refusals import InvalidValue

T = TypeVar("T")
Key = tuple[int | str, ...]
"""The place of an entry in an ascending order."""

_DEFAULT, _LARGEST = 50, 200


def page_size(asked: int) -> int:
    """0 is the default; more than the largest is the largest. Raises `InvalidValue` for less than 0."""
    if asked < 0:
        raise InvalidValue("must not be negative", pointer="/page_size")
    return min(asked or _DEFAULT, _LARGEST)


def cut(
    entries: Sequence[T], key_of: Callable[[T], Key], after: Key | None, size: int
) -> tuple[Sequence[T], Key | None]:
    """The page after a key, of entries in the order of their keys, and the key to go on from, if any."""
    left = [entry for entry in entries if after is None or key_of(entry) > after]
    shown = left[:size]
    return shown, key_of(shown[-1]) if len(left) > size else None


def sortable(at: datetime) -> str:
    """An instant as a member of a key: of fixed length, it sorts as the instant does."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def read_key(token: str, kinds: Sequence[type[int] | type[str]], *question: object) -> Key | None:
    """The key in a token, with members of those kinds; None for an empty token: the first page.

    Raises `InvalidValue`, also for a token given for another question.
    """
    if not token:
        return None
    try:
        members = _read(token, question)
    except ValueError as error:
        raise InvalidValue("not a page token", pointer="/page_token") from error
    found = tuple(member for member in members if type(member) is int or type(member) is str)
    if [type(member) for member in found] != list(kinds) or len(found) != len(members):
        raise InvalidValue("not a page token", pointer="/page_token")
    return found


def write_token(position: tuple[object, ...] | None, *question: object) -> str:
    """Empty for no position: the only sign that there is no more."""
    if position is None:
        return ""
    document = orjson.dumps([*position, _digest(question)])
    return base64.urlsafe_b64encode(document).decode()


def read_instant_token(token: str, *question: object) -> tuple[datetime, UUID] | None:
    """The instant and the id of an entry; None for an empty token: the first page.

    Raises `InvalidValue`, also for a token given for another question.
    """
    if not token:
        return None
    try:
        at, identity = _read(token, question)
        return datetime.fromisoformat(str(at)).astimezone(UTC), UUID(str(identity))
    except (ValueError, OverflowError) as error:
        raise InvalidValue("not a page token", pointer="/page_token") from error


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a ranking as of a day; `order` is that of its entry."""

    as_of: date
    order: tuple[int, int, str]


def read_ranking_token(token: str, *question: object) -> Place | None:
    """The same for a place in a ranking."""
    if not token:
        return None
    try:
        as_of, score, kind, identity = _read(token, question)
        if type(score) is not int or type(kind) is not int or type(identity) is not str:
            raise ValueError("no place")
        return Place(date.fromisoformat(str(as_of)), (score, kind, identity))
    except ValueError as error:
        raise InvalidValue("not a page token", pointer="/page_token") from error


def _read(token: str, question: tuple[object, ...]) -> list[object]:
    document = orjson.loads(base64.b64decode(token, b"-_", validate=True))
    if type(document) is not list or not document:
        raise ValueError("no list")
    if document.pop() != _digest(question):
        raise InvalidValue("the page token is of another question", pointer="/page_token")
    return document


def _digest(question: tuple[object, ...]) -> str:
    return hashlib.sha256(repr(question).encode()).hexdigest()[:32]
