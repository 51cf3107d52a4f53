"""Who calls, and what the arguments of a call say."""

import base64
import binascii
from datetime import datetime
from uuid import UUID

import orjson

from services.chassis.identity import current_principal
from services.kernel.parties import Reader
from services.kernel.refusals import InvalidValue
from services.threatfeed.usecases.list_candidates import Position


def reader_of_call() -> Reader:
    principal = current_principal.get()
    return Reader.from_claims(principal.subject, principal.claims)


def read_uuid(text: str, pointer: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise InvalidValue("not a UUID", pointer=pointer) from error


def read_number(number: int, pointer: str) -> int:
    if number < 0:
        raise InvalidValue("must not be negative", pointer=pointer)
    return number


def page_token(position: Position, asked: str) -> str:
    document = [position[0].isoformat(), str(position[1]), asked]
    return base64.urlsafe_b64encode(orjson.dumps(document)).decode()


def read_page_token(token: str, asked: str) -> Position | None:
    """Raises `InvalidValue` for a token that was not given for the same question (AIP-158)."""
    if not token:
        return None
    try:
        at, identity, given = orjson.loads(base64.urlsafe_b64decode(token))
        position = (datetime.fromisoformat(at), UUID(identity))
    except (binascii.Error, ValueError, TypeError, AttributeError) as error:
        raise InvalidValue("not a page token", pointer="/page_token") from error
    if given != asked:
        raise InvalidValue("the page token is of another question", pointer="/page_token")
    return position
