"""Tokens of pages: where the next one begins, for the same question only (AIP-158). They hold no secret."""

import base64
import hashlib
from datetime import UTC, datetime
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


def read_ranking_token(token: str, *question: object) -> tuple[int, int, str] | None:
    """The same for a place in a ranking: score, kind and id, in the order of the ranking."""
    if not token:
        return None
    try:
        score, kind, identity = _read(token, question)
        if type(score) is not int or type(kind) is not int or type(identity) is not str:
            raise ValueError("no place")
        return score, kind, identity
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
