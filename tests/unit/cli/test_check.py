"""`entente check` says what ingest would answer, to a machine as JSON and to a person safely."""

import io
import json
import logging
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import structlog
from entente.threatfeed.v1 import submission_receipt_pb2
from rich.console import Console
from typer.testing import CliRunner, Result

from services.chassis.telemetry import start_logging
from services.cli.__main__ import create_app
from services.cli.chain import Chain, Node
from services.cli.check_tables import print_check
from services.cli.environment import CEILING, HOME_PARTY
from services.cli.layout import SAMPLES, read_policy, read_reference
from services.cli.terminal import json_line, printable
from services.cli.thread.publishing import describe
from services.threatfeed.usecases.check_files import Checker
from tests.support.formats import event
from tests.support.submissions import HOSTILE as HOSTILE_FILES
from tests.support.submissions import bundle, narrative, report

AT = datetime(2026, 3, 5, 9, 0, tzinfo=UTC)

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


def test_many_files_are_summed_up_by_folder(tmp_path: Path) -> None:
    for name in ("a/deep/er", "b"):
        (tmp_path / name).mkdir(parents=True)
    files = [
        written(tmp_path / "a" / "deep" / "er", "1.json", narrative()),
        written(tmp_path / "b", "1.json", bundle(report(), report(name="Something else"))),
        written(tmp_path / "b", "2.json", narrative(title=None, text=None)),
    ]
    result = check("--summary", *files)
    assert result.exit_code == 1
    *_, first, second, whole = result.stdout.splitlines()
    assert first == "| a/deep | 1 | 1 | 0 | 0 | ncsc 1 |  |"
    assert second == "| b | 2 | 0 | 1 | 1 | ncsc 1 | `FIELD_MISSING` 1, `REVISION_CONFLICT` 1 |"
    assert whole.startswith("| all | 3 | 1 | 1 | 1 | ncsc 2 |")
    assert check("--summary", "--json", *files).exit_code == 2


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


def test_a_naughty_string_never_commands_a_terminal() -> None:
    naughty: list[str] = json.loads((HOSTILE_FILES / "naughty-strings.json").read_text("utf-8"))
    checker = Checker.of(read_policy(), read_reference(), home_party=HOME_PARTY, ceiling=CEILING)
    screen = io.StringIO()
    for text in naughty:
        for document in (
            narrative(title=text, actors=[text], locations=[text]),
            narrative(judgements=[{"id": "J1", "statement": text or "x"}], marking={"national": text}),
            event(info=text, Tag=[{"name": f"tlp:{text}"}]),
        ):
            checked = checker.check(text, json.dumps(document).encode(), at=AT)
            print_check(checked, Console(file=screen, width=10_000))
            assert json_line(checked.to_document()).isascii()
    shown = screen.getvalue()
    assert printable(shown, lines=True) == shown


def test_a_receipt_and_a_chain_are_shown_without_commands() -> None:
    result = submission_receipt_pb2.AssessmentResult(source_object_id=HOSTILE)
    result.refusals.add(reason="FIELD_INVALID", pointer=HOSTILE, detail=HOSTILE)
    assert "\\u001b" in printable(describe("ncsc", result))
    node = Node("ASSESSMENT", "1", HOSTILE + "[red]", "ACTIVE", "")
    screen = io.StringIO()
    Console(file=screen, width=10_000).print(Chain((node,), ()).tree("title"))
    shown = screen.getvalue()
    assert printable(shown, lines=True) == shown
    assert "[red]" in shown


@pytest.mark.usefixtures("logging_as_before")
def test_a_line_of_the_log_is_json_in_ascii(capfd: pytest.CaptureFixture[str]) -> None:
    start_logging("INFO", service="threatfeed")
    logging.getLogger("other").warning("refused %s", HOSTILE)
    structlog.get_logger("own").warning("refused", detail=HOSTILE)
    lines = capfd.readouterr().err.splitlines()
    assert len(lines) == 2
    assert all(line.isascii() and line.isprintable() for line in lines)
    assert json.loads(lines[1])["detail"] == HOSTILE
