"""Pages (AIP-158): their size, and tokens of where the next one begins, for one reader and question only.

Tokens hold no secret: what one leads to is decided for whoever brings it.
"""

import base64
import binascii
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from uuid import UUID

import orjson

from services.kernel.parties import Reader
from services.kernel.refusals import InvalidValue, Refusal, RefusalKind

DEFAULT_PAGE = 50
LARGEST_PAGE = 200


class PageTokenInvalid(Refusal):
    """The page token was not given out here, or for other arguments."""

    kind = RefusalKind.INVALID
    reason = "PAGE_TOKEN_INVALID"


def page_size(asked: int) -> int:
    """0 is the default; more than the largest is the largest. Raises `InvalidValue` for less than 0."""
    if asked < 0:
        raise InvalidValue("a page size is not negative", pointer="/page_size")
    return min(asked or DEFAULT_PAGE, LARGEST_PAGE)


def question_of(reader: Reader, *asked: object) -> str:
    """What a token is bound to: who asked, and what for."""
    return sha256(repr((reader.party, reader.subject, *asked)).encode()).hexdigest()[:32]


def write_token(question: str, place: Sequence[str]) -> str:
    return base64.urlsafe_b64encode(orjson.dumps([question, *place])).decode().rstrip("=")


def read_token(token: str, question: str, members: int) -> list[str] | None:
    """The place in a token; None for an empty one: the first page. Raises `PageTokenInvalid`."""
    if not token:
        return None
    try:
        padded = token + "=" * (-len(token) % 4)
        document = orjson.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError):
        raise invalid_token() from None
    if not isinstance(document, list) or not all(isinstance(one, str) for one in document):
        raise invalid_token()
    given, *place = document or [""]
    if given != question:
        raise PageTokenInvalid("the page token is of another request", pointer="/page_token")
    if len(place) != members or not all(one.isprintable() for one in place):
        raise invalid_token()
    return place


def invalid_token() -> PageTokenInvalid:
    return PageTokenInvalid("the page token was not given out here", pointer="/page_token")


def write_moment(at: datetime, identity: UUID) -> list[str]:
    """The place of what is listed by when it happened."""
    return [at.isoformat(), str(identity)]


def read_moment(place: list[str] | None) -> tuple[datetime, UUID] | None:
    """The inverse. Raises `PageTokenInvalid`."""
    if place is None:
        return None
    try:
        at, identity = datetime.fromisoformat(place[0]), UUID(place[1])
    except ValueError:
        raise invalid_token() from None
    if at.tzinfo is None:
        raise invalid_token()
    return at, identity
