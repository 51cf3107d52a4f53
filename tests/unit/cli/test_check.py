"""`entente check` says what ingest would answer, to a machine as JSON and to a person safely."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from services.cli.__main__ import create_app
from services.cli.layout import SAMPLES
from services.cli.terminal import json_line, printable
from tests.support.submissions import bundle, narrative, report

NARRATIVE = SAMPLES / "ncsc" / "ransomware-msp.v1.json"
HOSTILE = "\x1b[31mred\x1b[0m \u202egnp.exe \x9b2J\x07 p\u0430ypal \u200b\ufeff end"


def check(*arguments: object) -> Result:
    return CliRunner().invoke(create_app(), ["check", *map(str, arguments)])


def written(folder: Path, name: str, document: Any) -> Path:
    file = folder / name
    file.write_text(json.dumps(document), "utf-8")
    return file


def test_accepted_files_end_in_exit_code_0_and_one_line_each() -> None:
    result = check("--json", NARRATIVE, SAMPLES / "unit42" / "CodeCov_Breach.json")
    assert result.exit_code == 0
    first, second = map(json.loads, result.stdout.splitlines())
    assert (first["file"], first["format"], first["verdict"]) == (str(NARRATIVE), "NARRATIVE", "accepted")
    assert first["assessments"][0]["marking"]["national"] == "UK OFFICIAL-SENSITIVE - HMG USE ONLY"
    assert (second["agency"], second["rejections"]) == ("unit42", [])


def test_any_rejection_ends_in_exit_code_1(tmp_path: Path) -> None:
    other = "report--2f0f9f5d-0c4a-4c54-9d0c-0a4c7e8d1b01"
    partial = written(tmp_path, "partial.json", bundle(report(), report(id=other, name=None)))
    result = check("--json", NARRATIVE, partial)
    assert result.exit_code == 1
    assert [json.loads(line)["verdict"] for line in result.stdout.splitlines()] == ["accepted", "partial"]


@pytest.mark.parametrize(
    "arguments",
    [[], ["missing.json"], [SAMPLES], ["--as", "nobody", NARRATIVE], ["--content-typ", "x", NARRATIVE]],
)
def test_wrong_usage_ends_in_exit_code_2(arguments: list[object]) -> None:
    assert check(*arguments).exit_code == 2


def test_an_agency_can_be_named() -> None:
    assert check("--as", "enisa", NARRATIVE).exit_code == 1
    assert check("--as", "ncsc", NARRATIVE).exit_code == 0


def test_a_person_reads_a_table(tmp_path: Path) -> None:
    result = check(NARRATIVE, written(tmp_path, "bad.json", narrative(title=None)))
    assert result.exit_code == 1
    for words in (
        "NCSC-2026-0142",
        "UK OFFICIAL-SENSITIVE - HMG USE ONLY",
        "Highly likely",
        "FIELD_MISSING",
        "/title",
    ):
        assert words in result.stdout


def test_no_character_of_a_file_commands_a_terminal(tmp_path: Path) -> None:
    named = written(tmp_path, "a\x1b[2J\u202e.json", narrative(text=HOSTILE))
    bad = written(tmp_path, "bad.json", {HOSTILE: 1} | narrative())
    spoken = written(
        tmp_path, "spoken.json", narrative(actors=["APT \u202e82"], title="Title \u2066x\u2069 [bold]")
    )
    for flags in ([], ["--json"]):
        result = check(*flags, named, bad, spoken)
        shown = result.stdout
        assert printable(shown, lines=True) == shown
    assert "\\u202e82" in result.stdout


def test_markup_in_a_file_is_text(tmp_path: Path) -> None:
    file = written(tmp_path, "markup.json", narrative(title="[red]Title[/red] [link=https://a.example]"))
    assert "[red]Title[/red] [link=https://a.example]" in check(file).stdout


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain ü €", "plain ü €"),
        ("\x1b[0m", "\\u001b[0m"),
        ("\x9b\x7f\u2028\ud800", "\\u009b\\u007f\\u2028\\ud800"),
        (
            "\u202a\u202b\u202d\u202e\u2066\u2067\u2068\u2069",
            "\\u202a\\u202b\\u202d\\u202e\\u2066\\u2067\\u2068\\u2069",
        ),
        ("\U000e0041\U000f0000", "\\U000e0041\\U000f0000"),
        ("two\nlines", "two\\u000alines"),
    ],
)
def test_what_a_terminal_obeys_or_nobody_sees_is_escaped(text: str, expected: str) -> None:
    assert printable(text) == expected


def test_json_lines_are_ascii_and_mean_the_same() -> None:
    document = {"a": HOSTILE + "\x7f\u2028"}
    line = json_line(document)
    assert line.isascii()
    assert line.isprintable()
    assert json.loads(line) == document
