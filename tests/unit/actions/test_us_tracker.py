"""A real tracker of 2020 replayed: the moves it shows are those that happened, the rest is told apart."""

import json
from collections import Counter
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest

from services.actions.domain.action import Rag
from services.actions.domain.rating import Situation, rate
from services.actions.domain.refusals import IllegalMove
from services.actions.domain.states import Move, State
from tests.support.us_tracker import OMB, SNAPSHOTS, Gap, read_snapshots, replay

JUNE, JULY, LESS, AGAIN = "9a700a44", "59629fc8", "b41722ec", "eea738cb"
WHOLE_WAY = (Move.ACCEPT, Move.REPORT, Move.CLAIM)


def lines() -> dict[str, list[dict[str, Any]]]:
    """The tracker's own lines, by snapshot in the order of their names, which begin with the day."""
    found = {}
    for commit in (JUNE, JULY, LESS, AGAIN):
        (path,) = SNAPSHOTS.glob(f"*_{commit}.json")
        found[commit] = json.loads(path.read_text())["milestones"]
    return found


def counted() -> set[tuple[str, str, str, object, object]]:
    """Each pair of neighbouring snapshots set side by side, member by member: what became what."""
    found = set()
    for (_, before), (commit, after) in pairwise(lines().items()):
        for old in before:
            for new in after:
                if old["id"] == new["id"]:
                    for member in ("due_text", "status_class"):
                        if old[member] != new[member]:
                            found.add((commit, old["id"], member, str(old[member]), str(new[member])))
    return found


def test_the_snapshots_hold_five_completions_and_one_moved_date() -> None:
    future, complete = "['milestone-future']", "['milestone-current', 'status-complete']"
    assert counted() == {
        *((JULY, one, "status_class", future, complete) for one in ("13-2", "14-1", "16-2", "18-3", "18-4")),
        (JULY, "17-1", "due_text", "June 30, 2020", "July 31, 2020"),
    }


def test_replaying_the_snapshots_gives_the_transitions_that_are_in_them() -> None:
    later = [one for one in replay(read_snapshots()).transitions if one.commit != JUNE]
    completed = {
        (one.commit, one.milestone)
        for one in later
        if one.moves == WHOLE_WAY and one.state is State.COMPLETION_CLAIMED
    }
    moved = {(one.commit, one.milestone) for one in later if one.moves == (Move.MOVE_DUE_DATE,)}
    assert len(later) == len(completed) + len(moved)
    assert completed == {entry[:2] for entry in counted() if entry[2] == "status_class"}
    assert moved == {entry[:2] for entry in counted() if entry[2] == "due_text"}


def test_the_first_snapshot_is_where_the_actions_stand_from_then_on() -> None:
    dated = [line for line in lines()[JUNE] if line["due_text"] is not None]
    begun = replay(read_snapshots()[:1])
    assert len(begun.actions) == len(dated) == 18
    assert Counter(action.state for action in begun.actions.values()) == {
        State.AGREED: sum("milestone-future" in line["status_class"] for line in dated),
        State.IN_PROGRESS: sum("status-partial-complete" in line["status_class"] for line in dated),
        State.COMPLETION_CLAIMED: sum("status-complete" in line["status_class"] for line in dated),
    }


def test_what_an_action_cannot_be_is_named_and_made_into_no_move() -> None:
    told = replay(read_snapshots())
    by_gap = {gap: {entry[:2] for entry in told.gaps if entry[2] is gap} for gap in Gap}
    first, second, third, fourth = ([line["id"] for line in shown] for shown in lines().values())
    vanished = set(first) - set(second)
    assert vanished == {"3-1", "4-1", "5-1", "6-2", "19-1"}
    assert set(second) == set(third)
    assert set(fourth) - set(third) == {"2-4b", "6-1b"}
    twice = {one for one, times in Counter(second).items() if times > 1}
    assert twice == {"2-4", "6-1"}
    assert len(set(third)) == len(third)
    assert by_gap == {
        Gap.NO_DUE_DATE: {(JUNE, one) for one in ("2-4", "5-1", "6-1")}
        | {(AGAIN, one) for one in ("2-4b", "6-1b")},
        Gap.LISTED_TWICE: {(JULY, one) for one in twice},
        Gap.LISTED_UNDER_ANOTHER_ID: {(AGAIN, "2-4b"), (AGAIN, "6-1b")},
        Gap.VANISHED: {(JULY, one) for one in vanished},
        Gap.TEXT_REWRITTEN: {(JULY, "17-1")},
    }
    assert all(told.actions[one].state is State.AGREED for one in vanished if one in told.actions)


def test_a_completion_that_nobody_else_confirms_stays_a_claim() -> None:
    told = replay(read_snapshots())
    assert Counter(action.state for action in told.actions.values()) == {
        State.AGREED: 5,
        State.IN_PROGRESS: 1,
        State.COMPLETION_CLAIMED: 12,
    }


def test_a_date_moved_after_it_had_passed_improves_nothing() -> None:
    moved = replay(read_snapshots()).actions["17-1"]
    assert (moved.original_due_date, moved.due_date) == (date(2020, 6, 30), date(2020, 7, 31))
    assert "June 30" in moved.text
    (change,) = moved.due_date_changes
    assert change.accepted_on > moved.original_due_date
    day, interval = change.accepted_on, timedelta(days=90)
    unmoved = replay(read_snapshots()[:1]).actions["17-1"]
    ratings = [rate(Situation(action, day, interval)) for action in (moved, unmoved)]
    assert [rating.computed for rating in ratings] == [Rag.AMBER, Rag.AMBER]
    assert all("LATE" in rating.because for rating in ratings)


def test_a_tracker_that_takes_a_completion_back_is_not_followed() -> None:
    june, july, *_ = read_snapshots()
    with pytest.raises(LookupError):
        replay([july, june])
    with pytest.raises(IllegalMove):
        replay([june]).actions["12-1"].accepted(OMB, july.at)
