"""The bytes of a submission are JSON that every reader understands alike, or they are refused."""

import json
from collections import Counter
from pathlib import Path

import pytest

from services.threatfeed.domain import limits
from services.threatfeed.domain.refusals import JsonCharacterInvalid, SubmissionRefusal
from services.threatfeed.formats.json_text import read_json
from tests.support.submissions import HOSTILE, read

FILES = sorted((HOSTILE / "json").glob("*.json"))
READ = {
    "i_number_real_underflow.json",
    "transform_number_1000000000000000.json",
    "transform_string_with_escaped_NULL.json",
    "transform_object_key_nfc_nfd.json",
    "transform_object_key_nfd_nfc.json",
}
PARSED_DIFFERENTLY = {
    "i_number_neg_int_huge_exp.json": "JSON_NUMBER_INVALID",
    "i_number_real_neg_overflow.json": "JSON_NUMBER_INVALID",
    "i_number_real_pos_overflow.json": "JSON_NUMBER_INVALID",
    "i_number_too_big_neg_int.json": "JSON_NUMBER_INVALID",
    "i_number_too_big_pos_int.json": "JSON_NUMBER_INVALID",
    "i_object_key_lone_2nd_surrogate.json": "JSON_CHARACTER_INVALID",
    "i_string_1st_surrogate_but_2nd_missing.json": "JSON_CHARACTER_INVALID",
    "i_string_UTF-16LE_with_BOM.json": "NOT_UTF8",
    "i_string_UTF-8_invalid_sequence.json": "NOT_UTF8",
    "i_string_incomplete_surrogate_and_escape_valid.json": "JSON_CHARACTER_INVALID",
    "i_string_incomplete_surrogate_pair.json": "JSON_CHARACTER_INVALID",
    "i_string_lone_utf8_continuation_byte.json": "NOT_UTF8",
    "i_string_overlong_sequence_2_bytes.json": "NOT_UTF8",
    "i_string_overlong_sequence_6_bytes.json": "NOT_UTF8",
    "i_string_truncated-utf-8.json": "NOT_UTF8",
    "i_structure_UTF-8_BOM_empty_object.json": "JSON_MALFORMED",
    "transform_number_-9223372036854775809.json": "JSON_NUMBER_INVALID",
    "transform_number_9223372036854775808.json": "JSON_NUMBER_INVALID",
    "transform_object_same_key_different_values.json": "JSON_DUPLICATE_KEY",
    "transform_object_same_key_unclear_values.json": "JSON_DUPLICATE_KEY",
    "transform_string_2_invalid_codepoints.json": "NOT_UTF8",
    "transform_string_3_escaped_invalid_codepoints.json": "JSON_CHARACTER_INVALID",
    "transform_string_3_invalid_codepoints.json": "NOT_UTF8",
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
def test_json_is_read_as_any_parser_reads_it(file: Path) -> None:
    assert read_json(file.read_bytes()) == json.loads(file.read_bytes())


@pytest.mark.parametrize(
    "file", [f for f in FILES if f.name.startswith(("i_", "transform_"))], ids=lambda f: f.stem
)
def test_what_parsers_read_differently_is_refused_or_read_as_it_stands(file: Path) -> None:
    if file.name in READ:
        assert read_json(file.read_bytes()) == json.loads(file.read_bytes())
    else:
        assert reason(file.read_bytes()) == PARSED_DIFFERENTLY[file.name]


def test_the_whole_suite_is_here() -> None:
    kinds = Counter(file.name.partition("_")[0] for file in FILES)
    assert kinds == {"n": 68, "y": 41, "i": 17, "transform": 11}


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


@pytest.mark.parametrize(
    ("raw", "pointer"),
    [
        (rb'{"type": "bundle", "objects": [{"a": "\u0000"}]}', "/objects/0/a"),
        (rb'{"type": "bundle", "a/b": {"x\u0000": 1}}', "/a~1b"),
    ],
)
def test_the_character_that_no_database_holds_is_read_and_refused_in_a_submission(
    raw: bytes, pointer: str
) -> None:
    read_json(raw)
    with pytest.raises(JsonCharacterInvalid) as caught:
        read(raw)
    assert caught.value.pointer == pointer


def test_escaped_pairs_of_surrogates_are_characters() -> None:
    assert read_json(b'{"a": "\\ud83d\\ude00"}') == {"a": "\U0001f600"}


def test_a_backslash_before_u0000_is_no_escape() -> None:
    assert read_json(b'{"a": "\\\\u0000"}') == {"a": "\\u0000"}
