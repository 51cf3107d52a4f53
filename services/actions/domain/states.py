"""Where an action can stand, the moves between, and who may make them: one table, the rest is refused."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from services.actions.domain.refusals import IllegalMove
from services.kernel.parties import Role


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
    """What can happen to an action. CLOSE and those from MOVE_DUE_DATE to REOPEN are reached when enough
    parties have agreed.
    """

    ACCEPT = "ACCEPT"
    DECLINE = "DECLINE"
    PLAN = "PLAN"
    NAME_LEAD = "NAME_LEAD"
    REPORT = "REPORT"
    BLOCK = "BLOCK"
    UNBLOCK = "UNBLOCK"
    REVIEW = "REVIEW"
    CLAIM = "CLAIM"
    CONFIRM = "CONFIRM"
    CLOSE = "CLOSE"
    REJECT = "REJECT"
    MOVE_DUE_DATE = "MOVE_DUE_DATE"
    EXPECT_EVIDENCE = "EXPECT_EVIDENCE"
    SUPERSEDE = "SUPERSEDE"
    WITHDRAW = "WITHDRAW"
    CLOSE_NOT_IMPLEMENTED = "CLOSE_NOT_IMPLEMENTED"
    REOPEN = "REOPEN"
    SUBMIT_EVIDENCE = "SUBMIT_EVIDENCE"
    REVISE_EVIDENCE = "REVISE_EVIDENCE"
    WITHDRAW_EVIDENCE = "WITHDRAW_EVIDENCE"
    REVIEW_CLOSURE = "REVIEW_CLOSURE"


FINAL = frozenset({State.CLOSED, State.SUPERSEDED, State.WITHDRAWN, State.CLOSED_NOT_IMPLEMENTED})
"""States in which nothing is left to be done; an action in any other state is open."""

_WORKING = (State.ASSIGNED, State.IN_PROGRESS, State.BLOCKED)
_SHOWING = (*_WORKING, State.COMPLETION_CLAIMED)
_OPEN = (State.AGREED, *_WORKING, State.COMPLETION_CLAIMED)

MOVES: Mapping[tuple[State, Move], State] = {
    (State.AGREED, Move.ACCEPT): State.ASSIGNED,
    (State.AGREED, Move.DECLINE): State.AGREED,
    **{(state, Move.PLAN): state for state in _WORKING},
    **{(state, Move.NAME_LEAD): state for state in _OPEN},
    (State.ASSIGNED, Move.REPORT): State.IN_PROGRESS,
    (State.IN_PROGRESS, Move.REPORT): State.IN_PROGRESS,
    (State.BLOCKED, Move.REPORT): State.BLOCKED,
    (State.ASSIGNED, Move.BLOCK): State.BLOCKED,
    (State.IN_PROGRESS, Move.BLOCK): State.BLOCKED,
    (State.BLOCKED, Move.UNBLOCK): State.IN_PROGRESS,
    **{(state, Move.REVIEW): state for state in _WORKING},
    (State.IN_PROGRESS, Move.CLAIM): State.COMPLETION_CLAIMED,
    (State.COMPLETION_CLAIMED, Move.CONFIRM): State.COMPLETION_CLAIMED,
    (State.COMPLETION_CLAIMED, Move.CLOSE): State.CLOSED,
    (State.COMPLETION_CLAIMED, Move.REJECT): State.IN_PROGRESS,
    **{(state, Move.MOVE_DUE_DATE): state for state in (State.AGREED, *_WORKING)},
    **{(state, Move.EXPECT_EVIDENCE): state for state in (State.AGREED, *_WORKING)},
    **{(state, Move.SUPERSEDE): State.SUPERSEDED for state in _OPEN},
    **{(state, Move.WITHDRAW): State.WITHDRAWN for state in _OPEN},
    **{(state, Move.CLOSE_NOT_IMPLEMENTED): State.CLOSED_NOT_IMPLEMENTED for state in _OPEN},
    (State.CLOSED, Move.REOPEN): State.IN_PROGRESS,
    **{(state, Move.SUBMIT_EVIDENCE): state for state in _SHOWING},
    **{(state, Move.REVISE_EVIDENCE): state for state in _SHOWING},
    **{(state, Move.WITHDRAW_EVIDENCE): state for state in (*_SHOWING, State.CLOSED)},
    (State.CLOSED, Move.REVIEW_CLOSURE): State.CLOSED,
}


@dataclass(frozen=True, slots=True)
class Rule:
    """Who may make a move, and the kind of its audit entry.

    A role counts as an entitlement in the action's series. Moves of an owner belong besides to an
    organisation that is accountable for the action.
    """

    roles: frozenset[Role]
    audit: str


_OWNERS = frozenset({Role.OWNER})
_JUDGES = frozenset({Role.OWNER, Role.SECRETARIAT, Role.CHAIR})
_DELEGATIONS = frozenset({Role.SECRETARIAT, Role.CHAIR})
_CHAIRS = frozenset({Role.CHAIR})

RULES: Mapping[Move, Rule] = {
    Move.ACCEPT: Rule(_OWNERS, "action.accepted"),
    Move.DECLINE: Rule(_OWNERS, "action.declined"),
    Move.PLAN: Rule(_OWNERS, "action.planned"),
    Move.NAME_LEAD: Rule(_OWNERS, "action.lead-official-named"),
    Move.REPORT: Rule(_OWNERS, "action.progress-reported"),
    Move.BLOCK: Rule(_OWNERS, "action.blocked"),
    Move.UNBLOCK: Rule(_OWNERS, "action.unblocked"),
    Move.REVIEW: Rule(_OWNERS, "action.reviewed"),
    Move.CLAIM: Rule(_OWNERS, "action.completion-claimed"),
    Move.CONFIRM: Rule(_JUDGES, "action.completion-confirmed"),
    Move.CLOSE: Rule(_JUDGES, "action.completion-confirmed"),
    Move.REJECT: Rule(_JUDGES, "action.completion-rejected"),
    Move.MOVE_DUE_DATE: Rule(_JUDGES, "action.due-date-moved"),
    Move.EXPECT_EVIDENCE: Rule(_JUDGES, "action.expected-evidence-agreed"),
    Move.SUPERSEDE: Rule(_DELEGATIONS, "action.superseded"),
    Move.WITHDRAW: Rule(_DELEGATIONS, "action.withdrawn"),
    Move.CLOSE_NOT_IMPLEMENTED: Rule(_DELEGATIONS, "action.closed-not-implemented"),
    Move.REOPEN: Rule(_CHAIRS, "action.reopened"),
    Move.SUBMIT_EVIDENCE: Rule(_OWNERS, "action.evidence-submitted"),
    Move.REVISE_EVIDENCE: Rule(_OWNERS, "action.evidence-revised"),
    Move.WITHDRAW_EVIDENCE: Rule(_OWNERS, "action.evidence-withdrawn"),
    Move.REVIEW_CLOSURE: Rule(_OWNERS, "action.closure-reviewed"),
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


def diagram() -> str:
    """The table as a Mermaid state diagram, one arrow for all moves between two states."""
    arrows: dict[tuple[State, State], list[str]] = {}
    for (origin, move), target in MOVES.items():
        arrows.setdefault((origin, target), []).append(move.value)
    lines = [
        f"    {origin} --> {target}: {', '.join(moves)}" for (origin, target), moves in sorted(arrows.items())
    ]
    ends = [f"    {state} --> [*]" for state in sorted(FINAL)]
    return "\n".join(["stateDiagram-v2", f"    [*] --> {State.AGREED}", *lines, *ends])
