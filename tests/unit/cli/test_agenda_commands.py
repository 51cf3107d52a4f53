"""What officials read of meetings and agendas on a terminal."""

from collections.abc import Callable, Iterable
from io import StringIO
from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner

from services.cli.__main__ import create_app
from services.cli.clock_table import ClockBoard, clock_lines
from services.cli.commands.agenda.history import history_lines
from services.cli.commands.agenda.meetings import matter_lines, meeting_lines, plan_lines
from services.cli.commands.agenda.own_side import assembly_lines, explanation_lines, ranking_lines
from services.cli.commands.agenda.running import register_lines
from services.cli.commands.agenda.table import agenda_lines, difference_lines

HOSTILE = "A \x1b[31mtitle\u202e\n2. Another \x9bline"
MEETING_ID = "6f2c9d0e-5b7a-5c41-9a53-3d1f0a8c7e10"
MEETING: dict[str, Any] = {
    "id": MEETING_ID,
    "series": "uk-eu",
    "edition": 2026,
    "host_party": "EU",
    "venue": HOSTILE,
    "starts_at": "2026-12-09T09:00:00Z",
    "ends_at": "2026-12-10T16:00:00Z",
    "state": "AGENDA_DRAFT",
    "time_zone": "Europe/Brussels",
    "level": "EDITION",
    "parent": None,
}
PLAN: dict[str, Any] = {
    "meeting": MEETING,
    "deadlines": [
        {"name": "call for items", "nominal": "2026-10-10", "due": "2026-10-09", "state": "PAST"},
        {"name": HOSTILE, "nominal": "2026-12-02", "due": "2026-12-02", "state": "AHEAD"},
    ],
    "moves": [
        {
            "number": 1,
            "command": "PLAN",
            "starts_at": "2026-12-09T09:00:00Z",
            "ends_at": "2026-12-10T16:00:00Z",
            "time_zone": "Europe/Brussels",
            "venue": HOSTILE,
            "reason": HOSTILE,
            "moved_by": "fcdo-secretariat",
            "moved_at": "2026-09-01T09:00:00Z",
        }
    ],
}
MATTERS: dict[str, Any] = {
    "since": "2025-12-09T16:00:00Z",
    "until": "2026-12-09T09:00:00Z",
    "matters": [
        {
            "reference": "UKEU-2025-A01",
            "text": HOSTILE,
            "marking": "TLP:GREEN",
            "state_before": "OPEN",
            "state": "IN_PROGRESS",
            "due_date": "2026-06-30",
            "moves": [{"from_date": "2026-05-30", "to_date": "2026-06-30", "reason": HOSTILE}],
            "slips": 1,
            "slipped_days": 31,
            "overdue": True,
            "ended": False,
        }
    ],
}
AGENDA: dict[str, Any] = {
    "version": 2,
    "state": "TABLED",
    "content_hash": "sha256:00",
    "document": {
        "items": [
            {"itemId": "a", "title": "Opening", "minutes": 10},
            {"itemId": "b", "title": HOSTILE},
        ]
    },
    "items": [
        {"item_id": "a", "answers": [], "open_for": []},
        {
            "item_id": "b",
            "answers": [
                {
                    "party": "EU",
                    "answer": "AMENDED",
                    "comment": HOSTILE,
                    "proposal": {"title": HOSTILE, "minutes": 5, "position": None},
                    "since_version": 1,
                }
            ],
            "open_for": ["EU"],
        },
    ],
    "agreements": [
        {"party": "UK", "needed": ["DSIT", "FCDO"], "agreed": ["FCDO"]},
        {"party": "EU", "needed": ["EEAS"], "agreed": []},
    ],
    "stale_references": [
        {"item_id": "b", "assessment_id": "5a0f", "state": "WITHDRAWN", "what_to_do": HOSTILE}
    ],
}
DIFFERENCE: dict[str, Any] = {
    "from_version": 1,
    "to_version": 2,
    "whole": [{"name": "marking", "before": None, "after": "TLP:GREEN"}],
    "added": [{"title": HOSTILE, "position": 3}],
    "removed": [{"title": HOSTILE, "position": 1}],
    "moved": [{"item_id": "b", "before": 4, "after": 2}],
    "rewritten": [{"item_id": "b", "fields": [{"name": "minutes", "before": 30, "after": 25}]}],
}
BASIS: dict[str, Any] = {"party": "UK", "as_of": "2026-11-01", "weights_version": "1", "complete": True}
RANKING: dict[str, Any] = {
    **BASIS,
    "subjects": [
        {
            "position": 1,
            "subject": "theme:X",
            "title": HOSTILE,
            "points": "12.5",
            "rules": [{"rule": "TEMPO", "points": "12.5"}],
            "not_releasable": 1,
            "in_tear_line": 0,
        }
    ],
}
EXPLANATION: dict[str, Any] = {
    **BASIS,
    "position": 1,
    "title": HOSTILE,
    "points": "12.5",
    "contributions": [
        {
            "rule": "TEMPO",
            "points": "12.5",
            "weight": 5,
            "inputs": 1,
            "found": 2,
            "counted": [{"source": HOSTILE, "part": "x", "points": "1", "values": {"days": HOSTILE}}],
        }
    ],
    "sources": [
        {
            "source": "assessment:1",
            "title": HOSTILE,
            "itself": False,
            "loss": "3",
            "denials": [{"mode": "RELEASE", "rendition": "FULL", "party": "EU", "rule_id": "REL_MISSING"}],
        }
    ],
    "rises": None,
    "falls": {
        "neighbour": "theme:Y",
        "needs": "2",
        "changes": [{"kind": "SOURCE_GONE", "what": HOSTILE, "amount": 1, "moves": "3"}],
    },
}
CONFLICT: dict[str, Any] = {"feasible": False, "conflict": [HOSTILE, "the day has 60 minutes"]}
FITS: dict[str, Any] = {
    "feasible": True,
    "conflict": [],
    "items": [{"item_id": "b", "position": 1, "starts_at": "2026-12-09T09:00:00Z", "minutes": 10}],
    "left_out": ["b"],
}
REGISTER: dict[str, Any] = {
    "participants": [
        {
            "side": "UK",
            "role": "CO_CHAIR",
            "name": HOSTILE,
            "organisation": "FCDO",
            "nationality": "GBR",
            "represents": HOSTILE,
            "presence": "ATTENDED",
            "note": HOSTILE,
        }
    ],
    "closed_by": ["UK"],
}
CLOCK: dict[str, Any] = {
    "title": HOSTILE,
    "edition": 2026,
    "as_of": "2026-12-09T09:14:12Z",
    "time_zone": "Europe/Brussels",
    "state": "ON_ITEM",
    "current": {
        "number": 1,
        "title": HOSTILE,
        "planned_minutes": 10,
        "elapsed_minutes": 14.2,
        "left_minutes": 0.0,
        "over_by": 4.2,
    },
    "coming": [
        {
            "number": 2,
            "title": HOSTILE,
            "planned_minutes": 30,
            "minutes": 26,
            "starts_at": "2026-12-09T09:15:00Z",
        },
        {"number": 3, "title": "Last", "planned_minutes": 5, "minutes": None, "starts_at": None},
    ],
    "remaining_minutes": 35.0,
    "predicted_end": "2026-12-09T09:49:12Z",
    "late_by": 4.2,
    "replanned_end": "2026-12-09T09:45:00Z",
}
HISTORY: dict[str, Any] = {
    "entries": [
        {
            "at": "2026-12-01T09:30:00Z",
            "by": {"party": "EU", "organisation": "EEAS", "official": None, "roles": []},
            "words": "answered items",
            "item_id": None,
            "item_title": None,
            "section": None,
            "reason": None,
            "changes": [
                {
                    "item_id": "b",
                    "item_title": HOSTILE,
                    "field": "answer",
                    "before": "ACCEPTED",
                    "after": "DECLINED",
                }
            ],
        },
        {
            "at": "2026-12-02T09:30:00Z",
            "by": {"party": None, "organisation": None, "official": None, "roles": []},
            "words": "opened a task: a text no longer stands",
            "item_id": "b",
            "item_title": HOSTILE,
            "section": None,
            "reason": HOSTILE,
            "changes": [
                {"item_id": "b", "item_title": HOSTILE, "field": "title", "before": None, "after": None}
            ],
        },
    ]
}
TITLES = {"b": HOSTILE}
Lines = Callable[[dict[str, Any]], Iterable[str]]


@pytest.mark.parametrize(
    ("found", "lines"),
    [
        ({"meetings": [MEETING]}, meeting_lines),
        (PLAN, plan_lines),
        (MATTERS, matter_lines),
        (AGENDA, agenda_lines),
        (DIFFERENCE, lambda found: difference_lines(found, TITLES)),
        (RANKING, ranking_lines),
        (EXPLANATION, explanation_lines),
        (CONFLICT, lambda found: assembly_lines(found, TITLES)),
        (FITS, lambda found: assembly_lines(found, TITLES)),
        (REGISTER, register_lines),
        (CLOCK, clock_lines),
        (HISTORY, history_lines),
    ],
)
def test_words_of_others_command_no_terminal_and_make_no_lines(found: dict[str, Any], lines: Lines) -> None:
    shown = list(lines(found))
    assert shown
    assert all(line.isprintable() for line in shown), shown


def test_a_plan_is_counted_back_from_the_first_day_and_says_where_a_day_was_moved() -> None:
    lines = list(plan_lines(PLAN))
    assert lines[1].endswith("from 2026-12-09 10:00 to 2026-12-10 17:00 Europe/Brussels")
    assert lines[2] == (
        "  T-60  2026-10-09  PAST     call for items, for 2026-10-10 is no common working day"
    )
    assert lines[3].startswith("  T-7   2026-12-02  AHEAD")


def test_the_table_says_what_is_open_and_who_has_still_to_sign() -> None:
    lines = list(agenda_lines(AGENDA))
    assert "       open for EU" in lines
    assert "       EU AMENDED since version 1, “" in "\n".join(lines)
    assert lines[-2:] == [
        "UK: signed by FCDO; still to sign: DSIT",
        "EU: signed by nobody; still to sign: EEAS",
    ]


def test_a_conflict_is_told_in_its_words() -> None:
    assert list(assembly_lines(CONFLICT, {}))[-1] == "  the day has 60 minutes"
    assert list(assembly_lines(FITS, {"b": "Routers"}))[-1] == "  no room for “Routers”"


def drawn(board: ClockBoard) -> str:
    console = Console(width=140, record=True, file=StringIO())
    console.print(board.table())
    return console.export_text()


def test_the_clock_is_drawn_by_the_hours_of_the_place_with_what_gives_way() -> None:
    board = ClockBoard()
    assert "connecting" in drawn(board)
    board.take(CLOCK)
    table = drawn(board)
    assert "4 over" in table
    assert "26 of 30" in table
    assert "0 of 5" in table
    assert "09 Dec 10:15" in table
    told = "ends about 09 Dec 10:49, 4 minutes late; by a new plan of the rest at 09 Dec 10:45"
    assert told in table
    assert list(clock_lines(CLOCK))[-1] == told
    assert list(clock_lines({**CLOCK, "late_by": 0.0}))[-1] == "ends about 09 Dec 10:49, in time"
    board.lost(HOSTILE)
    gone = drawn(board)
    assert ("reconnecting" in gone, "26 of 30" in gone) == (True, True)
    assert all(line.isprintable() for line in [*table.splitlines(), *gone.splitlines()])


def test_a_matter_says_what_it_was_and_how_often_it_slipped() -> None:
    lines = list(matter_lines(MATTERS))
    assert lines[1] == "UKEU-2025-A01  OPEN -> IN_PROGRESS  due 2026-06-30, overdue"
    assert lines[-1] == "  slipped 1 times, 31 days in all"


def test_a_history_says_who_did_what_and_what_that_changed() -> None:
    lines = list(history_lines(HISTORY))
    assert lines[0] == "2026-12-01 09:30  EU EEAS      answered items"
    assert lines[1].endswith("” answer: ACCEPTED -> DECLINED")
    assert lines[2].startswith("2026-12-02 09:30  the service  opened a task: a text no longer stands: “")
    assert lines[3] == "    title changed"
    assert lines[4].startswith("    because: ")


def test_the_commands_of_the_agenda_are_there() -> None:
    (group,) = (one.typer_instance for one in create_app().registered_groups if one.name == "agenda")
    assert group is not None
    names = {one.name for one in group.registered_commands}
    assert names == {
        *("meetings", "show", "table", "diff", "ranking", "explain", "conflicts"),
        *("matters", "register", "clock", "history"),
    }


@pytest.mark.parametrize(
    "typed",
    [
        ("show", "not-an-id"),
        ("show",),
        ("table", MEETING_ID, "--version", "0"),
        ("ranking", MEETING_ID, "--top", "201"),
        ("explain", MEETING_ID, "theme:X/../../outcomes"),
        ("explain", MEETING_ID, "theme:X?series=uk-eu"),
        ("diff", MEETING_ID, "one"),
        ("history", MEETING_ID, "--since", "yesterday"),
        ("history", MEETING_ID, "--item", "1"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_anything_is_asked(typed: tuple[str, ...]) -> None:
    assert CliRunner().invoke(create_app(), ["agenda", *typed]).exit_code == 2
