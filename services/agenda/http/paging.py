"""Tokens of pages: where the next one begins, for the same question only (AIP-158). They hold no secret."""

import base64
import hashlib
from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID

import orjson

from services.kernel.refusals import InvalidValue


def write_token(position: tuple[object, ...] | None, *question: object) -> str:
    """Empty for no position: the only sign that there is no more."""
    if position is None:
        return ""
    document = orjson.dumps([*position, _digest(question)])
    return base64.urlsafe_b64encode(document).decode()


def read_proposal_token(token: str, *question: object) -> tuple[datetime, UUID] | None:
    """None for an empty token: the first page. Raises `InvalidValue` for one given for another question."""
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
