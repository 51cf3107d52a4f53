"""What officials read of requests for clearance on a terminal."""

from typing import Any

import pytest
from typer.testing import CliRunner

from services.cli.__main__ import create_app
from services.cli.commands.clearance import shown_lines, state_of

FOUND: dict[str, Any] = {
    "id": "6f2c",
    "state": "TEAR_LINE_OFFERED",
    "overdue": False,
    "needed_by_time": "2026-11-25T09:00:00Z",
    "use": {
        "assessment_id": "5a0f",
        "revision": 1,
        "rendition": "FULL",
        "mode": "RELEASE",
        "party": "EU",
        "series": "uk-eu",
        "meeting": None,
    },
    "asked_by": "fcdo-secretariat",
    "asked_by_organisation": "FCDO",
    "originator": "NCSC",
    "reason": "Because \x1b[31mso\u202e",
    "closed_by": "ncsc-release-officer",
    "closing_words": "Only \x9bthis",
    "consent_id": None,
    "tear_line": {"marking": "TLP:GREEN", "text": "Patch.\nNow\x1b[2J."},
}


def test_a_request_is_shown_in_lines_that_command_no_terminal() -> None:
    lines = shown_lines(FOUND)
    assert all(line.replace("\n", "").isprintable() for line in lines)
    assert lines[2] == "RELEASE to EU, uk-eu, outside meetings"
    assert lines[-2:] == ["tear line, TLP:GREEN:", "Patch.\nNow\\u001b[2J."]


def test_a_late_answer_is_seen_as_one() -> None:
    assert state_of({**FOUND, "state": "OPEN", "overdue": True}) == "OVERDUE"
    assert state_of(FOUND) == "TEAR_LINE_OFFERED"


def test_the_commands_of_the_clearance_desk_are_there() -> None:
    (group,) = (one.typer_instance for one in create_app().registered_groups if one.name == "clearance")
    assert group is not None
    names = {one.name for one in group.registered_commands}
    assert names == {"ask", "list", "withdraw", "queue", "show", "answer", "uses"}


@pytest.mark.parametrize(
    "verdicts",
    [(), ("--refuse", "--tear-line", "x"), ("--refuse", "--grant-until", "2027-01-01T00:00:00+0000")],
)
def test_an_answer_is_one_of_three(verdicts: tuple[str, ...]) -> None:
    typed = ["clearance", "answer", "6f2c9d0e-5b7a-5c41-9a53-3d1f0a8c7e10", "--words", "Words.", *verdicts]
    assert CliRunner().invoke(create_app(), typed).exit_code == 2
