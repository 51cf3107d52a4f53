"""Whatever bytes an operator looks at, they do nothing to the terminal."""

from hypothesis import given
from hypothesis import strategies as st

from services.cli.hexdump import escaped, hexdump


def test_a_hexdump_shows_offset_bytes_and_ascii() -> None:
    lines = list(hexdump(b'{"id": "\x1b[2J\xff"}\n'))
    assert lines == [
        '00000000  7b 22 69 64 22 3a 20 22 1b 5b 32 4a ff 22 7d 0a  |{"id": ".[2J."}.|',
    ]
    assert list(hexdump(b"0123456789abcdefX"))[1].startswith("00000010  58 ")


def test_text_stays_readable_and_everything_else_is_escaped() -> None:
    assert escaped("Zürich\n東京".encode()) == "Zürich\n東京"
    assert escaped(b"\x1b[31m\xff\x00\r") == "\\u001b[31m\\xff\\u0000\\u000d"
    assert escaped("safe\u202eevil".encode()) == "safe\\u202eevil"


@given(st.binary(max_size=200))
def test_no_byte_reaches_the_terminal_as_a_command(raw: bytes) -> None:
    shown = escaped(raw) + "".join(hexdump(raw))
    assert all(character == "\n" or character.isprintable() for character in shown)
