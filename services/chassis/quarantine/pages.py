"""Page tokens of quarantine: where the next page begins, bound to the question (AIP-158)."""

import base64
import binascii
from datetime import datetime

import orjson

from services.chassis.quarantine.entries import Place, Query
from services.chassis.quarantine.store import Arrival
from services.kernel.refusals import InvalidValue

DEFAULT_PAGE, LARGEST_PAGE = 50, 200


def asked_of(query: Query) -> str:
    """What a page token is bound to."""
    times = (query.received_from, query.received_before)
    parts = [query.state, query.reason, query.topic, *(at and at.isoformat() for at in times)]
    return "|".join(str(part or "") for part in parts)


def page_token(arrival: Arrival, asked: str) -> str:
    at, place = arrival
    document = [at.isoformat(), place.topic, place.partition, place.offset, asked]
    return base64.urlsafe_b64encode(orjson.dumps(document)).decode()


def read_page_token(token: str, asked: str) -> Arrival | None:
    """None for an empty token. Raises `InvalidValue` for one that was not given for the same question."""
    if not token:
        return None
    try:
        at, topic, partition, offset, given = orjson.loads(base64.urlsafe_b64decode(token))
        arrival = (_instant(at), Place(str(topic), _number(partition, 31), _number(offset, 63)))
    except (binascii.Error, ValueError, TypeError) as error:
        raise InvalidValue("not a page token", pointer="/page_token") from error
    if given != asked:
        raise InvalidValue("the page token is of another question", pointer="/page_token")
    return arrival


def _instant(text: object) -> datetime:
    at = datetime.fromisoformat(str(text))
    if at.tzinfo is None:
        raise ValueError("no offset from UTC")
    return at


def _number(value: object, bits: int) -> int:
    if not isinstance(value, int) or not 0 <= value < 2**bits:
        raise ValueError("no such number")
    return value
