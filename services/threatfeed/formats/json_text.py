"""Reads the bytes of a submission as JSON, and refuses what two readers could understand differently."""

import json
import math
import re
from collections.abc import Iterator
from typing import Final, NoReturn, TypeAlias

from services.threatfeed.domain import limits
from services.threatfeed.domain.refusals import (
    JsonCharacterInvalid,
    JsonDuplicateKey,
    JsonMalformed,
    JsonNumberInvalid,
    JsonTooDeep,
    JsonTruncated,
    NotUtf8,
    NullRecord,
    SubmissionTooLarge,
)

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"

# Possessive, so that text made of quotes and backslashes is still read once.
_STRING_OR_BRACKET: Final = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)|[\[\]{}]', re.DOTALL)
_SURROGATE_ESCAPE: Final = re.compile(rb"\\u[dD][89a-fA-F]")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_NUL_ESCAPE: Final = b"\\u0000"
_NUL: Final = re.compile("\x00")
_OPENING: Final = (b"[", b"{")
_LONGEST_INTEGER: Final = 19
_LARGEST_INTEGER: Final = 2**63 - 1


def read_json(raw: bytes | None) -> Json:
    """The JSON value of a record.

    Raises a `SubmissionRefusal` for a null record, more than 4 MiB, other encodings than UTF-8 (a byte order
    mark included), nesting beyond 64, truncated or malformed text, a name twice in one object, NaN,
    infinities, whole numbers beyond 64 bits and unpaired surrogates, which no UTF-8 can hold.
    """
    if raw is None:
        raise NullRecord("the record has no value; withdrawal is a notice with a reason")
    if len(raw) > limits.SUBMISSION_BYTES:
        raise SubmissionTooLarge(
            f"{len(raw)} bytes are more than the {limits.SUBMISSION_BYTES} that are accepted"
        )
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NotUtf8(f"byte {error.start} is not UTF-8") from None
    _refuse_deep_nesting(raw)
    try:
        document: Json = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise _syntax_refusal(error) from None
    if _SURROGATE_ESCAPE.search(raw):
        for pointer in _places(document, _SURROGATE, ""):
            raise JsonCharacterInvalid("an unpaired surrogate", pointer=pointer)
    return document


def refuse_unstorable(raw: bytes, document: Json) -> None:
    """Raises `JsonCharacterInvalid` for an escaped U+0000: it is JSON, and no database holds it as text."""
    if _NUL_ESCAPE in raw:
        for pointer in _places(document, _NUL, ""):
            raise JsonCharacterInvalid("U+0000", pointer=pointer)


def pointer_token(name: str | int) -> str:
    """One reference token of a JSON pointer (RFC 6901), with its slash."""
    return "/" + str(name).replace("~", "~0").replace("/", "~1")


def _syntax_refusal(error: json.JSONDecodeError) -> JsonMalformed | JsonTruncated:
    cut_off = error.msg.startswith("Unterminated string") or not error.doc[error.pos :].strip()
    place = f"line {error.lineno}, column {error.colno}"
    if cut_off:
        return JsonTruncated(f"the text ends inside a JSON value, at {place}")
    return JsonMalformed(f"not JSON at {place}: {error.msg}")


def _refuse_deep_nesting(raw: bytes) -> None:
    # Most submissions hold fewer brackets than that: no need to look which are in strings.
    if sum(map(raw.count, _OPENING)) <= limits.NESTING_DEPTH:
        return
    depth = 0
    for match in _STRING_OR_BRACKET.finditer(raw):
        token = match.group()
        if token in _OPENING:
            depth += 1
            if depth > limits.NESTING_DEPTH:
                raise JsonTooDeep(f"nested deeper than {limits.NESTING_DEPTH} levels at byte {match.start()}")
        elif token in (b"]", b"}"):
            depth -= 1


def _object(members: list[tuple[str, Json]]) -> dict[str, Json]:
    read = dict(members)
    if len(read) != len(members):
        names = [name for name, _ in members]
        twice = next(name for name in names if names.count(name) > 1)
        raise JsonDuplicateKey(f"the name {twice[:100]!r} stands twice in one object")
    return read


def _integer(digits: str) -> int:
    number = int(digits) if len(digits) <= _LONGEST_INTEGER + 1 else _LARGEST_INTEGER + 1
    if abs(number) > _LARGEST_INTEGER:
        raise JsonNumberInvalid("a whole number does not fit into 64 bits")
    return number


def _float(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise JsonNumberInvalid("a number is too large")
    return number


def _constant(name: str) -> NoReturn:
    raise JsonNumberInvalid(f"{name} is not a JSON number")


def _places(value: Json, pattern: re.Pattern[str], pointer: str) -> Iterator[str]:
    if isinstance(value, str):
        if pattern.search(value):
            yield pointer
    elif isinstance(value, list):
        for index, element in enumerate(value):
            yield from _places(element, pattern, pointer + pointer_token(index))
    elif isinstance(value, dict):
        for name, member in value.items():
            if pattern.search(name):
                yield pointer
            yield from _places(member, pattern, pointer + pointer_token(name))


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_object,
    parse_int=_integer,
    parse_float=_float,
    parse_constant=_constant,
)
