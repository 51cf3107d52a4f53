"""Where an action can stand, and the moves between: one table, everything else is refused."""

from collections.abc import Mapping
from enum import StrEnum

from services.actions.domain.refusals import IllegalMove


class State(StrEnum):
    """Where an action stands."""

    AGREED = "AGREED"
    ASSIGNED = "ASSIGNED"
    IN_PROGRESS = "IN_PROGRESS"
    BLOCKED = "BLOCKED"
    COMPLETION_CLAIMED = "COMPLETION_CLAIMED"
    CLOSED = "CLOSED"
    SUPERSEDED = "SUPERSEDED"
    WITHDRAWN = "WITHDRAWN"
    CLOSED_NOT_IMPLEMENTED = "CLOSED_NOT_IMPLEMENTED"


class Move(StrEnum):
    """What can happen to an action."""

    ACCEPT = "ACCEPT"
    REPORT = "REPORT"
    BLOCK = "BLOCK"
    CLAIM = "CLAIM"
    CONFIRM = "CONFIRM"
    CLOSE = "CLOSE"
    REJECT = "REJECT"


FINAL = frozenset({State.CLOSED, State.SUPERSEDED, State.WITHDRAWN, State.CLOSED_NOT_IMPLEMENTED})
"""States that nothing leaves; an action in any other state is open."""

MOVES: Mapping[tuple[State, Move], State] = {
    (State.AGREED, Move.ACCEPT): State.ASSIGNED,
    (State.ASSIGNED, Move.REPORT): State.IN_PROGRESS,
    (State.IN_PROGRESS, Move.REPORT): State.IN_PROGRESS,
    (State.IN_PROGRESS, Move.BLOCK): State.BLOCKED,
    (State.BLOCKED, Move.REPORT): State.IN_PROGRESS,
    (State.IN_PROGRESS, Move.CLAIM): State.COMPLETION_CLAIMED,
    (State.COMPLETION_CLAIMED, Move.CONFIRM): State.COMPLETION_CLAIMED,
    (State.COMPLETION_CLAIMED, Move.CLOSE): State.CLOSED,
    (State.COMPLETION_CLAIMED, Move.REJECT): State.IN_PROGRESS,
}


def after(state: State, move: Move) -> State:
    """Where a move leads. Raises `IllegalMove`."""
    target = MOVES.get((state, move))
    if target is None:
        raise IllegalMove(
            f"an action that is {state.value} does not allow {move.value}",
            state=state.value,
            move=move.value,
        )
    return target
