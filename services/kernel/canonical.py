"""The one canonical form of a JSON document, and its content hash.

RFC 8785 (JSON Canonicalization Scheme) without fractions: two parties that hash one document on two
machines must get the same bytes, so a float is refused rather than rounded.
"""

import hashlib
from collections.abc import Mapping, Sequence
from json.encoder import encode_basestring
from typing import TypeAlias

from services.kernel.refusals import Refusal, RefusalKind

Json: TypeAlias = "bool | int | str | Sequence[Json] | Mapping[str, Json] | None"

LARGEST_INTEGER = 2**53 - 1


class NotCanonical(Refusal):
    """The document holds something that has no canonical form here."""

    kind = RefusalKind.INVALID
    reason = "NOT_CANONICAL"


def canonical_json(document: object) -> bytes:
    """The RFC 8785 bytes of `document`: UTF-8, no white space, members sorted by UTF-16 code
    units.

    Raises `NotCanonical` for a float, an integer beyond 2^53 - 1 (RFC 7493), a lone surrogate, a
    member name that is not a string, or any other type.
    """
    parts: list[str] = []
    _write(document, "", parts)
    return "".join(parts).encode("utf-8")


def content_hash(document: object) -> str:
    """`sha256:` and the hexadecimal SHA-256 of the canonical bytes."""
    return "sha256:" + hashlib.sha256(canonical_json(document)).hexdigest()


def _write(value: object, pointer: str, parts: list[str]) -> None:
    if value is None:
        parts.append("null")
    elif isinstance(value, bool):
        parts.append("true" if value else "false")
    elif isinstance(value, str):
        parts.append(_text(value, pointer))
    elif isinstance(value, int):
        if abs(value) > LARGEST_INTEGER:
            raise NotCanonical("a whole number is larger than 2^53 - 1", pointer=pointer)
        parts.append(int.__repr__(value))
    elif isinstance(value, list | tuple):
        parts.append("[")
        for index, element in enumerate(value):
            if index:
                parts.append(",")
            _write(element, f"{pointer}/{index}", parts)
        parts.append("]")
    elif isinstance(value, Mapping):
        _write_object(value, pointer, parts)
    else:
        raise NotCanonical(f"a value of type {type(value).__name__} is not allowed", pointer=pointer)


def _write_object(value: Mapping[object, object], pointer: str, parts: list[str]) -> None:
    members: list[tuple[bytes, str, str, object]] = []
    for name, member in value.items():
        if not isinstance(name, str):
            raise NotCanonical("a member name is not a string", pointer=pointer)
        within = f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}"
        written = _text(name, within)
        members.append((name.encode("utf-16-be"), within, written, member))
    members.sort(key=lambda entry: entry[0])
    parts.append("{")
    for index, (_, within, written, member) in enumerate(members):
        if index:
            parts.append(",")
        parts.append(written)
        parts.append(":")
        _write(member, within, parts)
    parts.append("}")


def _text(value: str, pointer: str) -> str:
    if not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value):
        raise NotCanonical(
            "a string holds a lone surrogate", pointer=pointer.encode("ascii", "replace").decode()
        )
    return encode_basestring(value)
