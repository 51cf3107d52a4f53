"""Where a page of assessments ends, and the token that takes a reader there again (AIP-158)."""

import base64
import hashlib
import json
from datetime import UTC, datetime
from uuid import UUID

from services.kernel.refusals import InvalidValue

Position = tuple[datetime, UUID]
"""Publication and id of the last assessment of a page, in the order from the latest published."""

Moment = tuple[datetime, int]
"""An instant, and how many entries of it were given, where entries have no numbers for readers."""

_DEFAULT, _LARGEST, _LONGEST_TOKEN = 50, 200, 1_000


def page_size(asked: int) -> int:
    """0 is the default; more than the largest is the largest. Raises `InvalidValue` for less than 0."""
    if asked < 0:
        raise InvalidValue("must not be negative", pointer="/page_size")
    return min(asked or _DEFAULT, _LARGEST)


def page_token(position: Position | None, asked: str) -> str:
    """Where the next page begins, for the same question of the same reader only; empty for no position: the
    only sign that there is no more.
    """
    if position is None:
        return ""
    document = [position[0].isoformat(), str(position[1]), _digest(asked)]
    return base64.urlsafe_b64encode(json.dumps(document).encode()).decode()


def number_token(number: int | None, asked: str) -> str:
    """The same for a list whose rows are numbered; empty where there is no more."""
    if number is None:
        return ""
    return base64.urlsafe_b64encode(json.dumps([number, _digest(asked)]).encode()).decode()


def read_number_token(token: str, asked: str) -> int | None:
    """None for an empty token: the first page. Raises `InvalidValue` for one given for another question."""
    if not token:
        return None
    try:
        if len(token) > _LONGEST_TOKEN:
            raise ValueError("too long")
        number, given = json.loads(base64.b64decode(token, b"-_", validate=True))
        if type(number) is not int or not 0 <= number < 2**63:
            raise ValueError("no number")
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise InvalidValue("not a page token", pointer="/page_token") from error
    if given != _digest(asked):
        raise InvalidValue("the page token is of another question", pointer="/page_token")
    return number


def moment_token(moment: Moment | None, asked: str) -> str:
    """The same for a list in the order of instants; empty where there is no more."""
    if moment is None:
        return ""
    document = [moment[0].isoformat(), moment[1], _digest(asked)]
    return base64.urlsafe_b64encode(json.dumps(document).encode()).decode()


def read_moment_token(token: str, asked: str) -> Moment | None:
    """None for an empty token: the first page. Raises `InvalidValue` for one given for another question."""
    if not token:
        return None
    try:
        if len(token) > _LONGEST_TOKEN:
            raise ValueError("too long")
        at, given, digest = json.loads(base64.b64decode(token, b"-_", validate=True))
        moment = (datetime.fromisoformat(at).astimezone(UTC), given)
        if type(given) is not int or not 0 <= given < 2**31:
            raise ValueError("no number")
    except (ValueError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise InvalidValue("not a page token", pointer="/page_token") from error
    if digest != _digest(asked):
        raise InvalidValue("the page token is of another question", pointer="/page_token")
    return moment


def read_page_token(token: str, asked: str) -> Position | None:
    """None for an empty token: the first page. Raises `InvalidValue` for one given for another question."""
    if not token:
        return None
    try:
        if len(token) > _LONGEST_TOKEN:
            raise ValueError("too long")
        at, identity, given = json.loads(base64.b64decode(token, b"-_", validate=True))
        position = (datetime.fromisoformat(at).astimezone(UTC), UUID(identity))
    except (ValueError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise InvalidValue("not a page token", pointer="/page_token") from error
    if given != _digest(asked):
        raise InvalidValue("the page token is of another question", pointer="/page_token")
    return position


def _digest(asked: str) -> str:
    return hashlib.sha256(asked.encode()).hexdigest()[:32]
