"""Text from elsewhere, made safe to be shown on a terminal."""

import json
import unicodedata
from typing import Any, Final

# Controls (with C1, of which U+009B starts a terminal command), formats (the bidi controls of Trojan Source,
# zero-width characters), line and paragraph separators, unpaired surrogates, private and unassigned ones.
_UNSEEN: Final = frozenset({"Cc", "Cf", "Zl", "Zp", "Cs", "Co", "Cn"})


def printable(text: str, *, lines: bool = False) -> str:
    r"""The text with every character escaped that a terminal would obey or nobody would see: `\u202e`.

    With `lines`, line feeds stay.
    """
    return "".join(
        _escaped(character)
        if unicodedata.category(character) in _UNSEEN and not (lines and character == "\n")
        else character
        for character in text
    )


def json_line(document: Any) -> str:
    """The document on one line of ASCII, that a terminal shows as it is."""
    return json.dumps(document, ensure_ascii=True, separators=(",", ":")).replace("\x7f", "\\u007f")


def _escaped(character: str) -> str:
    code = ord(character)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
