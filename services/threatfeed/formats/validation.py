"""From a model's complaints to refusals with a stable reason and a JSON pointer."""

from collections.abc import Iterable
from typing import Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from services.kernel.refusals import Refusal
from services.threatfeed.domain import limits
from services.threatfeed.domain.refusals import FieldInvalid, FieldMissing, FieldTooLong, FieldUnknown
from services.threatfeed.formats.json_text import pointer_token

_REFUSALS: Final[dict[str, type[Refusal]]] = {
    "missing": FieldMissing,
    "extra_forbidden": FieldUnknown,
    "string_too_long": FieldTooLong,
    "too_long": FieldTooLong,
}


def refusals_of(error: ValidationError, pointer: str = "") -> tuple[Refusal, ...]:
    """Every complaint as a refusal, up to the number that a receipt names.

    None of them repeats the input: a receipt must not carry text whose marking could not be read.
    """
    complaints = error.errors(include_url=False, include_context=False, include_input=False)
    return tuple(_refusal(complaint, pointer) for complaint in complaints[: limits.REFUSALS_PER_ASSESSMENT])


def pointer_to(location: Iterable[str | int]) -> str:
    """The JSON pointer (RFC 6901) of a path of names and positions."""
    return "".join(map(pointer_token, location))


def at(refusal: Refusal, pointer: str) -> Refusal:
    """The same refusal, with its pointer set below `pointer`."""
    return type(refusal)(refusal.detail, pointer=pointer + (refusal.pointer or ""), **refusal.metadata)


def _refusal(complaint: ErrorDetails, pointer: str) -> Refusal:
    kind = _REFUSALS.get(complaint["type"], FieldInvalid)
    return kind(complaint["msg"], pointer=pointer + pointer_to(complaint["loc"]))
