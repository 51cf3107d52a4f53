"""The table of states is whole: every move from every state is allowed to one place, or refused."""

import itertools

import pytest

from services.actions.domain.refusals import IllegalMove
from services.actions.domain.states import FINAL, MOVES, RULES, Move, State, after, diagram
from tests.support.actions import agreed

PAIRS = list(itertools.product(State, Move))


@pytest.mark.parametrize(("state", "move"), PAIRS)
def test_every_move_from_every_state_leads_somewhere_or_is_refused(state: State, move: Move) -> None:
    if (state, move) in MOVES:
        assert after(state, move) is MOVES[state, move]
    else:
        with pytest.raises(IllegalMove) as refused:
            after(state, move)
        assert refused.value.metadata == {"state": state.value, "move": move.value}


def test_the_table_is_this_one() -> None:
    working = ("ASSIGNED", "IN_PROGRESS", "BLOCKED")
    still_open = ("AGREED", *working, "COMPLETION_CLAIMED")
    assert {(a.value, m.value, b.value) for (a, m), b in MOVES.items()} == {
        ("AGREED", "ACCEPT", "ASSIGNED"),
        ("AGREED", "DECLINE", "AGREED"),
        ("ASSIGNED", "REPORT", "IN_PROGRESS"),
        ("IN_PROGRESS", "REPORT", "IN_PROGRESS"),
        ("BLOCKED", "REPORT", "BLOCKED"),
        ("ASSIGNED", "BLOCK", "BLOCKED"),
        ("IN_PROGRESS", "BLOCK", "BLOCKED"),
        ("BLOCKED", "UNBLOCK", "IN_PROGRESS"),
        ("IN_PROGRESS", "CLAIM", "COMPLETION_CLAIMED"),
        ("COMPLETION_CLAIMED", "CONFIRM", "COMPLETION_CLAIMED"),
        ("COMPLETION_CLAIMED", "CLOSE", "CLOSED"),
        ("COMPLETION_CLAIMED", "REJECT", "IN_PROGRESS"),
        ("CLOSED", "REOPEN", "IN_PROGRESS"),
        *((state, move, state) for state in working for move in ("PLAN", "REVIEW", "MOVE_DUE_DATE")),
        ("AGREED", "MOVE_DUE_DATE", "AGREED"),
        *((state, "EXPECT_EVIDENCE", state) for state in ("AGREED", *working)),
        *(
            (state, move, state)
            for state in (*working, "COMPLETION_CLAIMED")
            for move in ("SUBMIT_EVIDENCE", "REVISE_EVIDENCE", "WITHDRAW_EVIDENCE")
        ),
        ("CLOSED", "WITHDRAW_EVIDENCE", "CLOSED"),
        ("CLOSED", "REVIEW_CLOSURE", "CLOSED"),
        *((state, "NAME_LEAD", state) for state in still_open),
        *((state, "SUPERSEDE", "SUPERSEDED") for state in still_open),
        *((state, "WITHDRAW", "WITHDRAWN") for state in still_open),
        *((state, "CLOSE_NOT_IMPLEMENTED", "CLOSED_NOT_IMPLEMENTED") for state in still_open),
    }


@pytest.mark.parametrize("state", sorted(FINAL))
def test_only_a_meeting_reopens_what_is_closed_and_nothing_else_leaves_a_final_state(state: State) -> None:
    leaving = {move for (origin, move), target in MOVES.items() if origin is state and target is not state}
    assert leaving == ({Move.REOPEN} if state is State.CLOSED else set())
    assert not agreed(state=state).is_open


def test_every_move_says_who_may_make_it_and_how_it_is_recorded() -> None:
    assert set(RULES) == set(Move)
    assert all(rule.roles and rule.audit.startswith("action.") for rule in RULES.values())


def test_the_diagram_shows_every_move() -> None:
    drawn = diagram().splitlines()
    for (origin, move), target in MOVES.items():
        assert any(
            line.strip().startswith(f"{origin} --> {target}:") and move.value in line for line in drawn
        ), (origin, move)


@pytest.mark.parametrize("state", sorted(set(State) - FINAL))
def test_every_open_state_can_be_left(state: State) -> None:
    assert [move for (origin, move), target in MOVES.items() if origin is state and target is not state]
    assert agreed(state=state).is_open
