"""The public tracker of the United States' Federal Data Strategy, replayed as actions of ours.

The tracker keeps no history: its page is rewritten. What stands in one snapshot and not in the next is all
that it tells, and it is made here by the moves that an action allows.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

from services.actions.domain.action import Action, Rag
from services.actions.domain.owners import Owner
from services.actions.domain.proposals import ProposalKind, Terms
from services.actions.domain.states import MOVES, Move, State
from tests.support.actions import agreed, evidence, reader

SNAPSHOTS = Path(__file__).parents[1] / "data" / "actions" / "us-fds-2020"
OMB = reader("OMB", "US")
STANDS_FOR: Mapping[tuple[str, ...], State] = {
    ("milestone-future",): State.AGREED,
    ("milestone-current", "status-partial-complete"): State.IN_PROGRESS,
    ("milestone-current", "status-complete"): State.COMPLETION_CLAIMED,
}
"""COMPLETED is what the programme writes of itself: a claim, which nobody else confirms."""

_ALONE = (Move.ACCEPT, Move.REPORT, Move.CLAIM)


class Gap(StrEnum):
    """What the tracker shows and an action cannot be."""

    NO_DUE_DATE = "NO_DUE_DATE"
    LISTED_TWICE = "LISTED_TWICE"
    LISTED_UNDER_ANOTHER_ID = "LISTED_UNDER_ANOTHER_ID"
    VANISHED = "VANISHED"
    TEXT_REWRITTEN = "TEXT_REWRITTEN"


@dataclass(frozen=True, slots=True)
class Milestone:
    """A line of the tracker."""

    id: str
    text: str
    status: tuple[str, ...]
    due_date: date | None
    told: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The tracker's page as it was committed."""

    commit: str
    at: datetime
    milestones: tuple[Milestone, ...]


@dataclass(frozen=True, slots=True)
class Transition:
    """What was made of the difference between two snapshots for one milestone."""

    commit: str
    milestone: str
    moves: tuple[Move, ...]
    state: State
    due_date: date


@dataclass(slots=True)
class Replay:
    """Actions by the milestone's id, what was made with them, and what could not be."""

    actions: dict[str, Action] = field(default_factory=dict)
    transitions: list[Transition] = field(default_factory=list)
    gaps: set[tuple[str, str, Gap]] = field(default_factory=set)
    """The first digits of the commit, the milestone's id, and what is amiss."""


def read_snapshots() -> list[Snapshot]:
    """In the order in which they were committed."""
    documents = [json.loads(path.read_text()) for path in SNAPSHOTS.glob("*.json")]
    snapshots = [
        Snapshot(
            commit=document["commit"][:8],
            at=datetime.fromisoformat(document["committed"]),
            milestones=tuple(
                Milestone(
                    id=entry["id"],
                    text=entry["text"],
                    status=tuple(entry["status_class"]),
                    due_date=_day(entry["due_text"]),
                    told=entry["status_text"] or "",
                )
                for entry in document["milestones"]
            ),
        )
        for document in documents
    ]
    return sorted(snapshots, key=lambda snapshot: snapshot.at)


def replay(snapshots: Sequence[Snapshot]) -> Replay:
    """Raises `KeyError` for a status that is not known, `IllegalMove` for a move that is not allowed."""
    result = Replay()
    known: dict[str, Milestone] = {}
    for snapshot in snapshots:
        _note_gaps(result, snapshot, known)
        for milestone in _first_of_each(snapshot):
            _follow(result, snapshot, milestone)
            known[milestone.id] = milestone
    return result


def _note_gaps(result: Replay, snapshot: Snapshot, known: Mapping[str, Milestone]) -> None:
    listed = [milestone.id for milestone in snapshot.milestones]
    texts = {milestone.text: milestone.id for milestone in known.values()}
    found = {(identity, Gap.LISTED_TWICE) for identity in listed if listed.count(identity) > 1}
    for milestone in _first_of_each(snapshot):
        before = known.get(milestone.id)
        if milestone.due_date is None and before is None:
            found.add((milestone.id, Gap.NO_DUE_DATE))
        if before is None and milestone.text in texts:
            found.add((milestone.id, Gap.LISTED_UNDER_ANOTHER_ID))
        if before is not None and before.text != milestone.text:
            found.add((milestone.id, Gap.TEXT_REWRITTEN))
    noted = {identity for _, identity, gap in result.gaps if gap is Gap.VANISHED}
    found |= {(identity, Gap.VANISHED) for identity in known.keys() - set(listed) - noted}
    result.gaps |= {(snapshot.commit, identity, gap) for identity, gap in found}


def _first_of_each(snapshot: Snapshot) -> list[Milestone]:
    return list({milestone.id: milestone for milestone in reversed(snapshot.milestones)}.values())[::-1]


def _follow(result: Replay, snapshot: Snapshot, milestone: Milestone) -> None:
    """Makes of a milestone what the snapshot says of it. One without a due date is no action."""
    due = milestone.due_date
    if due is None:
        return
    action = result.actions.get(milestone.id) or _opened(milestone, due, snapshot.at)
    moves = list(_way(action.state, STANDS_FOR[milestone.status]))
    for move in moves:
        action = _made(action, move, milestone, snapshot.at)
    if due != action.due_date:
        terms = Terms(ProposalKind.MOVE_DUE_DATE, "The tracker names another day.", due)
        action = action.proposed(terms, OMB, [OMB.party], uuid5(action.id, str(due)), snapshot.at)
        moves.append(Move.MOVE_DUE_DATE)
    if moves:
        transition = Transition(snapshot.commit, milestone.id, tuple(moves), action.state, action.due_date)
        result.transitions.append(transition)
    result.actions[milestone.id] = action


def _way(origin: State, target: State) -> tuple[Move, ...]:
    """The fewest moves of the table that the owner makes alone. Raises `LookupError` where there are none."""
    ways: dict[State, tuple[Move, ...]] = {origin: ()}
    reached = [origin]
    for state in reached:
        for move in _ALONE:
            after = MOVES.get((state, move))
            if after is not None and after not in ways:
                ways[after] = (*ways[state], move)
                reached.append(after)
    if target not in ways:
        raise LookupError(f"no owner alone brings an action from {origin} to {target}")
    return ways[target]


def _made(action: Action, move: Move, milestone: Milestone, at: datetime) -> Action:
    match move:
        case Move.ACCEPT:
            return action.accepted(OMB, at)
        case Move.REPORT:
            return action.reported(Rag.GREEN, milestone.told, OMB, at)
        case _:
            shown = evidence(
                id=uuid5(action.id, at.isoformat()),
                title="What the tracker says",
                description=milestone.told,
                submitted_by=OMB.subject,
                party=OMB.party,
                organisation=OMB.organisation,
                submitted_at=at,
            )
            return action.claimed([shown], milestone.told, OMB, at)


def _opened(milestone: Milestone, due: date, at: datetime) -> Action:
    return agreed(
        id=uuid5(NAMESPACE_URL, f"us-fds-2020/{milestone.id}"),
        reference=f"FDS-2020-{milestone.id}",
        text=milestone.text,
        owners=(Owner(OMB.party, OMB.organisation, accountable=True),),
        original_due_date=due,
        due_date=due,
        opened_at=at,
        changed_at=at,
        basis=(),
    )


def _day(text: str | None) -> date | None:
    return None if text is None else datetime.strptime(text, "%B %d, %Y").date()  # noqa: DTZ007 a day only
