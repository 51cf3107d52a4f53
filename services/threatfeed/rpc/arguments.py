"""Who calls, and what the arguments of a call say."""

from datetime import UTC, datetime
from uuid import UUID

from google.protobuf.timestamp_pb2 import Timestamp

from services.chassis.identity import current_principal
from services.kernel.parties import Reader
from services.kernel.refusals import InvalidValue


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


def read_time(time: Timestamp, pointer: str) -> datetime:
    """Raises `InvalidValue` for what is no time of the years 1 to 9999."""
    try:
        return time.ToDatetime(UTC)
    except (ValueError, OverflowError) as error:
        raise InvalidValue("not a time", pointer=pointer) from error
