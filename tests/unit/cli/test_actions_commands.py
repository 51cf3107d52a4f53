"""What officials read of actions on a terminal."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest
from entente.exchange.v1 import action_status_pb2
from typer.testing import CliRunner

from services.cli.__main__ import create_app
from services.cli.commands.actions.arguments import ActionState, Rag
from services.cli.commands.actions.figures import figure_lines, trend_lines
from services.cli.commands.actions.listing import change_lines, list_lines
from services.cli.commands.actions.notices import digest_lines, notice_lines
from services.cli.commands.actions.rounds import round_lines, rounds_lines
from services.cli.commands.actions.showing import action_lines, awaited, thread_lines

HOSTILE = "A \x1b[31mtitle\u202e\n2. Another \x9bline"
ACTION_ID = "6f2c9d0e-5b7a-5c41-9a53-3d1f0a8c7e10"
OTHER_ID = "0f2c9d0e-5b7a-5c41-9a53-3d1f0a8c7e11"
OBJECTION = {
    "party": HOSTILE,
    "organisation": HOSTILE,
    "official": HOSTILE,
    "at": "2026-10-01T09:00:00Z",
    "reason": HOSTILE,
}
EVIDENCE: dict[str, Any] = {
    "evidence_id": OTHER_ID,
    "revision": 2,
    "kind": "PUBLICATION",
    "title": HOSTILE,
    "uri": HOSTILE,
    "marking": HOSTILE,
    "expires_on": "2027-01-01",
    "organisation": HOSTILE,
    "withdrawn": OBJECTION,
}
ACTION: dict[str, Any] = {
    "id": ACTION_ID,
    "reference": "UKEU-2026-A07",
    "text": HOSTILE,
    "guidance": HOSTILE,
    "marking": HOSTILE,
    "lead_officials": [{"party": HOSTILE, "organisation": HOSTILE, "post": HOSTILE, "subject": HOSTILE}],
    "owners": [
        {"party": "UK", "organisation": "DSIT", "accountable": True},
        {"party": "EU", "organisation": HOSTILE, "accountable": False},
    ],
    "state": "COMPLETION_CLAIMED",
    "timeliness": "OVERDUE",
    "declined": OBJECTION,
    "blocked": OBJECTION,
    "rag": "GREEN",
    "rag_is_stale": True,
    "computed_rag": "RED",
    "computed_because": [HOSTILE, "OVERDUE"],
    "contradicted": True,
    "narrative": HOSTILE,
    "reported_at": "2026-09-01T09:00:00Z",
    "milestones": [
        {"title": HOSTILE, "weight": 60, "due": "2026-05-01", "reached_at": "2026-04-30T09:00:00Z"},
        {"title": "Publish", "weight": 40, "due": "2026-06-01", "reached_at": None},
    ],
    "progress_percent": 60,
    "depends_on": [OTHER_ID],
    "reviewed_yearly": False,
    "reviews": [{"organisation": HOSTILE, "reviewed_at": "2026-09-01T09:00:00Z", "finding": HOSTILE}],
    "due_date": "2026-06-30",
    "original_due_date": "2026-05-30",
    "due_date_changes": [
        {
            "from_date": "2026-05-30",
            "to_date": "2026-06-30",
            "reason": HOSTILE,
            "requested_by": HOSTILE,
            "accepted_by": ["EU", HOSTILE],
            "accepted_on": "2026-05-20",
        }
    ],
    "commitment": HOSTILE,
    "basis": [{"assessment_id": OTHER_ID, "revision": 3, "state": "WITHDRAWN"}],
    "evidence": [EVIDENCE],
    "expected_evidence": [
        {
            "kind": "ANALYTICAL",
            "wording": HOSTILE,
            "party": HOSTILE,
            "due": "2026-05-01",
            "presence": "MISSING",
            "late": True,
        }
    ],
    "confirmations": [
        {
            "party": "EU",
            "organisation": HOSTILE,
            "confirmed_at": "2026-09-02T09:00:00Z",
            "holds": False,
        }
    ],
    "rejection": {**OBJECTION, "rejected_at": "2026-09-02T09:00:00Z"},
    "proposals": [
        {
            "party": HOSTILE,
            "kind": "MOVE_DUE_DATE",
            "due_date": "2026-09-30",
            "reason": HOSTILE,
            "accepted_by": [HOSTILE],
        }
    ],
    "successor": HOSTILE,
    "closure_id": OTHER_ID,
    "dormant": True,
    "archived_on": "2028-09-03",
    "review_on": "2027-09-02",
    "closure_reviews": [{"organisation": HOSTILE, "finding": HOSTILE, "sustained": False}],
    "version": 9,
}
CLAIM: dict[str, Any] = {
    "at": "2026-09-01T09:00:00Z",
    "reference": "UKEU-2026-A07",
    "kind": "action.completion-claimed",
    "actor": HOSTILE,
    "party": "UK",
    "fields": [{"field": HOSTILE, "before": [], "after": [HOSTILE]}],
}
NODE = {"reference": "UKEU-2025-A01", "state": "CLOSED", "id": OTHER_ID}
THREAD: dict[str, Any] = {
    "meeting_id": HOSTILE,
    "item_id": HOSTILE,
    "outcome_id": HOSTILE,
    "waits_for": [NODE],
    "awaited_by": [NODE],
    "took_the_place_of": [NODE],
    "successor": NODE,
    "evidence": [EVIDENCE],
    "closure_id": OTHER_ID,
    "closed_at": "2026-09-02T09:00:00Z",
}
WHOLE: dict[str, Any] = {"action": ACTION, "changes": [CLAIM], "thread": THREAD}
FIGURES: dict[str, Any] = {
    "series": HOSTILE,
    "as_of": "2026-09-30T23:59:59.999999Z",
    "day": "2026-09-30",
    "figures": [
        {
            "name": "DUE",
            "counted": "open actions, by the date agreed now",
            "population": 7,
            "as_of": "2026-09-30T23:59:59.999999Z",
            "values": [{"key": "overdue", "value": 2}, {"key": HOSTILE, "value": 3}],
        }
    ],
}
TREND: dict[str, Any] = {
    "series": HOSTILE,
    "period": "MONTH",
    "record_began_at": "2026-01-01T00:00:00Z",
    "points": [{"as_of": FIGURES["as_of"], "day": FIGURES["day"], "figures": FIGURES["figures"]}],
}
DAYS = {
    "planned_for": "2026-10-01",
    "opens_on": "2026-10-01",
    "reminds_on": "2026-10-08",
    "due_on": "2026-10-15",
    "closes_on": "2026-10-22",
}
ROUND: dict[str, Any] = {"id": OTHER_ID, "series": HOSTILE, "state": "REMINDED", **DAYS}
ROUNDS: dict[str, Any] = {"next": DAYS, "rounds": [ROUND]}
COUNTS = {"population": 5, "submitted": 2, "late": 1, "outstanding": 2, "missed": 1, "excused": 1}
REPORT: dict[str, Any] = {
    "round": ROUND,
    "own_counts": COUNTS,
    "own": [
        {
            "reference": HOSTILE,
            "organisation": HOSTILE,
            "answer": "OUTSTANDING",
            "reminded_at": "2026-10-08T08:00:00Z",
            "submitted_at": None,
        }
    ],
    "joint": {HOSTILE: COUNTS},
    "as_of": "2026-10-09T09:00:00Z",
}
DIGESTS: dict[str, Any] = {
    "digests": [
        {
            "id": ACTION_ID,
            "series": "uk-eu",
            "party": HOSTILE,
            "organisation": HOSTILE,
            "sent_on": "2026-11-25",
            "sent_at": "2026-11-25T09:00:00Z",
            "groups": [
                {
                    "post": HOSTILE,
                    "subject": HOSTILE,
                    "entries": [
                        {
                            "action_id": ACTION_ID,
                            "reference": HOSTILE,
                            "text": HOSTILE,
                            "marking": HOSTILE,
                            "due_date": "2026-11-25",
                            "matters": ["DUE_SOON"],
                        }
                    ],
                }
            ],
        }
    ]
}
NOTICES: dict[str, Any] = {
    "notices": [
        {
            "id": OTHER_ID,
            "reference": HOSTILE,
            "text": HOSTILE,
            "marking": HOSTILE,
            "due_date": "2026-06-30",
            "trigger": "OVERDUE",
            "since": "2026-06-30",
            "step": "DEPUTY",
            "role": "secretariat",
            "organisations": ["FCDO", HOSTILE],
            "sent_on": "2026-07-07",
            "over": True,
            "acknowledged": {"official": HOSTILE, "organisation": HOSTILE, "at": "2026-07-08T09:00:00Z"},
        }
    ]
}
Lines = Callable[[dict[str, Any]], Iterable[str]]


@pytest.mark.parametrize(
    ("found", "lines"),
    [
        ({"actions": [ACTION]}, list_lines),
        (WHOLE, action_lines),
        ({"changes": [CLAIM]}, change_lines),
        (THREAD, thread_lines),
        (FIGURES, figure_lines),
        (TREND, trend_lines),
        (ROUNDS, rounds_lines),
        (REPORT, round_lines),
        (NOTICES, notice_lines),
        (DIGESTS, digest_lines),
    ],
)
def test_words_of_others_command_no_terminal_and_make_no_lines(found: dict[str, Any], lines: Lines) -> None:
    shown = list(lines(found))
    assert shown
    assert all(line.isprintable() for line in shown), shown


def test_an_action_shows_what_is_claimed_beside_what_is_computed_and_for_whom_it_waits() -> None:
    lines = list(action_lines(WHOLE))
    assert "  due 2026-06-30, overdue, first 2026-05-30  OVERDUE" in lines
    assert "  rated: claimed GREEN, computed RED, contradicted" in lines
    assert "    reported 2026-09-01T09:00:00, stale, dormant, archived 2028-09-03" in lines
    assert "  milestones, 60 % reached" in lines
    assert "    Publish, weight 40, due 2026-06-01" in lines
    assert "  waits for the confirmation of EU" in lines
    assert f"  rests on assessment {OTHER_ID} revision 3, WITHDRAWN" in lines
    assert any(line.startswith("  confirmed by EU") and "counts no more" in line for line in lines)


def test_a_history_is_shown_only_where_it_is_asked_for() -> None:
    assert "history" in list(action_lines(WHOLE))
    assert "history" not in list(action_lines(WHOLE, history=False))


def test_a_claim_waits_for_other_owners_and_for_any_other_party_where_there_are_none() -> None:
    uk, eu = ({"party": party, "organisation": party} for party in ("UK", "EU"))
    open_ = {"owners": [uk, eu], "confirmations": []}
    assert awaited(open_, [CLAIM]) == "EU"
    assert awaited(open_, [CLAIM, {**CLAIM, "party": "EU"}]) == "UK"
    assert awaited({"owners": [uk], "confirmations": []}, [CLAIM]) == "another party of the series"


def test_every_figure_has_its_population_and_its_time() -> None:
    assert list(figure_lines(FIGURES))[1:3] == [
        "DUE: 7 open actions, by the date agreed now, as of 2026-09-30T23:59:59",
        "       2  overdue",
    ]


def test_what_can_be_asked_for_is_what_the_feeds_tell_of() -> None:
    states = {f"ACTION_STATE_{one}" for one in ActionState} | {"ACTION_STATE_UNSPECIFIED"}
    assert states == set(action_status_pb2.ActionState.keys())
    assert {f"RAG_{one}" for one in Rag} | {"RAG_UNSPECIFIED"} == set(action_status_pb2.Rag.keys())


def test_the_commands_of_actions_are_there() -> None:
    (group,) = (one.typer_instance for one in create_app().registered_groups if one.name == "actions")
    assert group is not None
    names = {one.name for one in group.registered_commands}
    assert names == {
        "list",
        "show",
        "lead",
        "figures",
        "trend",
        "changed",
        "rounds",
        "round",
        "notices",
        "ack",
        "reminders",
    }


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        (("show", "not-an-id"), "neither an id nor a reference"),
        (("show", "UKEU-2026-A07/../.."), "neither an id nor a reference"),
        (("show",), "Missing argument"),
        (("list", "--in-state", "DONE"), "DONE"),
        (("list", "--computed", "PURPLE"), "PURPLE"),
        (("list", "--due-within", "31"), "31"),
        (("list", "--due-from", "2026-02-30"), "no date"),
        (("list", "--due-from", "20260230T1"), "no date"),
        (("list", "--due-within", "30", "--due-to", "2026-02-01"), "either --due-within"),
        (("list", "--due-from", "2026-02-02", "--due-to", "2026-02-01"), "after the last"),
        (("list", "--text", "x" * 201), "at most 200"),
        (("list", "--text", "a\u202eb"), "at most 200"),
        (("figures", "--as-of", "yesterday"), "no date"),
        (("figures", "--as-of", "2026-02-01T09:00:00"), "no offset"),
        (("changed",), "Missing option"),
        (("changed", "--since", "2026-13-01"), "no date"),
        (("rounds", "--before", "2026-02-01T09:00:00Z"), "no date"),
        (("round", "not-an-id"), "valid UUID"),
        (("ack", "not-an-id"), "valid UUID"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_anything_is_asked(
    typed: tuple[str, ...], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "400")
    result = CliRunner().invoke(create_app(), ["actions", *typed])
    assert (result.exit_code, told in result.output) == (2, True), result.output
