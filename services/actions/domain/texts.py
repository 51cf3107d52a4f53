"""Bounds of what people write about an action."""

import re
from urllib.parse import urlsplit

from services.kernel.refusals import InvalidValue

LONGEST_NARRATIVE = 4_000
LONGEST_TITLE = 200
LONGEST_DESCRIPTION = 2_000
LONGEST_ADDRESS = 2_000
LONGEST_MATERIAL = 10_000
MOST_EVIDENCE = 50
"""Items of one claim."""

_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_SCHEMES = frozenset({"https", "http", "urn"})


def plain(text: str, pointer: str, longest: int, *, required: bool = False) -> str:
    """The text without space around it. Raises `InvalidValue` for control characters, for one over
    `longest` characters, and for an empty one where it is required.
    """
    stripped = text.strip()
    if _CONTROLS.search(stripped):
        raise InvalidValue("the text holds control characters", pointer=pointer)
    if len(stripped) > longest:
        raise InvalidValue(f"the text has more than {longest} characters", pointer=pointer)
    if required and not stripped:
        raise InvalidValue("the text is empty", pointer=pointer)
    return stripped


def address(text: str, pointer: str) -> str:
    """A https, http or urn address. Raises `InvalidValue`."""
    checked = plain(text, pointer, LONGEST_ADDRESS, required=True)
    try:
        parts = urlsplit(checked)
    except ValueError:
        raise InvalidValue("this is no address", pointer=pointer) from None
    if parts.scheme not in _SCHEMES or not (parts.netloc or parts.scheme == "urn") or " " in checked:
        raise InvalidValue("evidence lies at a https, http or urn address", pointer=pointer)
    return checked


def digest(text: str, pointer: str) -> str:
    """`sha256:` with 64 lower-case hexadecimal digits, or nothing. Raises `InvalidValue`."""
    if text and not _DIGEST.fullmatch(text):
        raise InvalidValue("a digest is sha256: and 64 hexadecimal digits", pointer=pointer)
    return text
