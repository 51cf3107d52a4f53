"""The table of states is whole: every move from every state is allowed to one place, or refused."""

import itertools

import pytest

from services.actions.domain.refusals import IllegalMove
from services.actions.domain.states import FINAL, MOVES, Move, State, after
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
    assert {(a.value, m.value, b.value) for (a, m), b in MOVES.items()} == {
        ("AGREED", "ACCEPT", "ASSIGNED"),
        ("ASSIGNED", "REPORT", "IN_PROGRESS"),
        ("IN_PROGRESS", "REPORT", "IN_PROGRESS"),
        ("IN_PROGRESS", "BLOCK", "BLOCKED"),
        ("BLOCKED", "REPORT", "IN_PROGRESS"),
        ("IN_PROGRESS", "CLAIM", "COMPLETION_CLAIMED"),
        ("COMPLETION_CLAIMED", "CONFIRM", "COMPLETION_CLAIMED"),
        ("COMPLETION_CLAIMED", "CLOSE", "CLOSED"),
        ("COMPLETION_CLAIMED", "REJECT", "IN_PROGRESS"),
    }


@pytest.mark.parametrize("state", sorted(FINAL))
def test_nothing_leaves_a_final_state(state: State) -> None:
    assert not [move for (origin, move) in MOVES if origin is state]
    assert not agreed(state=state).is_open


@pytest.mark.parametrize("state", sorted(set(State) - FINAL))
def test_every_open_state_can_be_left(state: State) -> None:
    assert [move for (origin, move), target in MOVES.items() if origin is state and target is not state]
    assert agreed(state=state).is_open
