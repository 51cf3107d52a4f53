"""The bytes of a submission are JSON that every reader understands alike, or they are refused."""

import json
from pathlib import Path

import pytest

from services.threatfeed.domain import limits
from services.threatfeed.domain.refusals import SubmissionRefusal
from services.threatfeed.formats.json_text import read_json
from tests.support.submissions import HOSTILE

FILES = sorted((HOSTILE / "json").glob("*.json"))
PARSED_DIFFERENTLY = {
    "transform_number_-9223372036854775809.json": "JSON_NUMBER_INVALID",
    "transform_number_9223372036854775808.json": "JSON_NUMBER_INVALID",
    "transform_object_same_key_different_values.json": "JSON_DUPLICATE_KEY",
    "transform_string_2_invalid_codepoints.json": "NOT_UTF8",
    "transform_string_3_escaped_invalid_codepoints.json": "JSON_CHARACTER_INVALID",
    "transform_string_with_escaped_NULL.json": "JSON_CHARACTER_INVALID",
}


def reason(raw: bytes | None) -> str:
    with pytest.raises(SubmissionRefusal) as caught:
        read_json(raw)
    return caught.value.reason


@pytest.mark.parametrize("file", [f for f in FILES if f.name.startswith("n_")], ids=lambda f: f.stem)
def test_what_is_not_json_is_refused(file: Path) -> None:
    assert reason(file.read_bytes()) in {
        "JSON_MALFORMED",
        "JSON_TRUNCATED",
        "JSON_NUMBER_INVALID",
        "JSON_TOO_DEEP",
        "NOT_UTF8",
    }


@pytest.mark.parametrize("file", [f for f in FILES if f.name.startswith("y_")], ids=lambda f: f.stem)
def test_json_is_read_as_any_parser_reads_it_unless_it_cannot_be_stored(file: Path) -> None:
    if file.name == "y_string_null_escape.json":
        assert reason(file.read_bytes()) == "JSON_CHARACTER_INVALID"
    else:
        assert read_json(file.read_bytes()) == json.loads(file.read_bytes())


@pytest.mark.parametrize(
    "file", [f for f in FILES if f.name.startswith(("i_", "transform_"))], ids=lambda f: f.stem
)
def test_what_parsers_read_differently_is_refused(file: Path) -> None:
    refused = reason(file.read_bytes())
    assert refused == PARSED_DIFFERENTLY.get(file.name, refused)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (None, "NULL_RECORD"),
        (b"", "JSON_TRUNCATED"),
        (b'{"a": "b', "JSON_TRUNCATED"),
        (b'{"a": ', "JSON_TRUNCATED"),
        (b'{"a": [1, 2', "JSON_TRUNCATED"),
        (b"{'a': 1}", "JSON_MALFORMED"),
        (b"\xef\xbb\xbf{}", "JSON_MALFORMED"),
        (b'{"a": NaN}', "JSON_NUMBER_INVALID"),
        (b'{"a": -Infinity}', "JSON_NUMBER_INVALID"),
        (b'{"a": 1e999}', "JSON_NUMBER_INVALID"),
        (b'{"a": ' + b"9" * 5000 + b"}", "JSON_NUMBER_INVALID"),
        (b'{"a": "\\u0000"}', "JSON_CHARACTER_INVALID"),
        (b'{"a": "\\ud800"}', "JSON_CHARACTER_INVALID"),
        (b'{"\\udfff": 1}', "JSON_CHARACTER_INVALID"),
        (b'{"a": {"b": 1, "b": 2}}', "JSON_DUPLICATE_KEY"),
        (b"\xff\xfe{}", "NOT_UTF8"),
        (b'{"a": "\xed\xa0\x80"}', "NOT_UTF8"),
        (b" " * (limits.SUBMISSION_BYTES + 1), "SUBMISSION_TOO_LARGE"),
    ],
)
def test_a_faulty_record_is_refused_with_the_reason(raw: bytes | None, expected: str) -> None:
    assert reason(raw) == expected


@pytest.mark.parametrize(("opening", "closing"), [(b"[", b"]"), (b'{"a":', b"}")])
def test_nesting_is_read_up_to_the_limit_and_refused_beyond(opening: bytes, closing: bytes) -> None:
    def nested(depth: int) -> bytes:
        return opening * depth + b"1" + closing * depth

    assert read_json(nested(limits.NESTING_DEPTH))
    for depth in (limits.NESTING_DEPTH + 1, 1_000, 100_000):
        assert reason(nested(depth)) == "JSON_TOO_DEEP"


def test_brackets_within_strings_are_not_nesting() -> None:
    text = json.dumps({"pattern": "[" * 200, "quoted": '"{' * 200}).encode()
    assert read_json(text) == json.loads(text)


@pytest.mark.parametrize("unit", [b'"', b'\\"', b'["', b'{"\\'])
def test_text_made_of_quotes_and_backslashes_is_refused_in_linear_time(unit: bytes) -> None:
    raw = b"[" * (limits.NESTING_DEPTH + 1) + unit * (limits.SUBMISSION_BYTES // len(unit) - 100)
    assert reason(raw) == "JSON_TOO_DEEP"
    raw = b'"' + unit * (limits.SUBMISSION_BYTES // len(unit) - 100)
    assert reason(raw) in {"JSON_MALFORMED", "JSON_TRUNCATED", "JSON_TOO_DEEP"}


def test_escaped_pairs_of_surrogates_are_characters() -> None:
    assert read_json(b'{"a": "\\ud83d\\ude00"}') == {"a": "\U0001f600"}


def test_a_backslash_before_u0000_is_no_escape() -> None:
    assert read_json(b'{"a": "\\\\u0000"}') == {"a": "\\u0000"}
