"""Bytes as an operator may look at them: nothing in them reaches the terminal as it is."""

from collections.abc import Iterator

from services.cli.terminal import printable

_WIDTH = 16


def escaped(raw: bytes) -> str:
    r"""The bytes as text, with what is no UTF-8 or what a terminal would obey escaped: `\xff`, `\u001b`."""
    return printable(raw.decode("utf-8", "backslashreplace"), lines=True)


def hexdump(raw: bytes) -> Iterator[str]:
    """Lines of an offset, 16 bytes and the ASCII among them."""
    for start in range(0, len(raw), _WIDTH):
        row = raw[start : start + _WIDTH]
        codes = " ".join(f"{byte:02x}" for byte in row)
        shown = "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in row)
        yield f"{start:08x}  {codes:<{_WIDTH * 3 - 1}}  |{shown}|"
