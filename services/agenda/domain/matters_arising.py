"""Matters arising: what became of each action since the last meeting, from what its owner told of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from services.agenda.domain.references import ReferenceState


@dataclass(frozen=True, slots=True)
class DueDateMove:
    """One accepted move of a due date."""

    from_date: date
    to_date: date
    reason: str

    @property
    def days(self) -> int:
        """Above zero for a slip."""
        return (self.to_date - self.from_date).days


@dataclass(frozen=True, slots=True)
class BasisTelling:
    """A text that an action rests on, and how it stands."""

    assessment_id: UUID
    revision: int
    state: ReferenceState


@dataclass(frozen=True, slots=True)
class ActionTelling:
    """An action as its owner told of it once. `moves` are all the moves of its due date up to then."""

    action_id: UUID
    version: int
    series: str
    reference: str
    state: str
    open: bool
    due_date: date | None
    moves: tuple[DueDateMove, ...]
    text: str
    marking: str
    commitment: str
    basis: str
    changed_at: datetime
    rests_on: tuple[BasisTelling, ...] = ()
    """As it stands now; past tellings are kept without."""


@dataclass(frozen=True, slots=True)
class Matter:
    """One action in the section. `state_before` and `due_before` are None for what was opened since.

    `moves` are those since the last meeting, `slips` counts the later moves of its whole life,
    `slipped_days` adds all moves up. `carried` counts the meetings that it has been through.
    """

    action_id: UUID
    reference: str
    text: str
    marking: str
    commitment: str
    state_before: str | None
    state: str
    due_before: date | None
    due_date: date | None
    moves: tuple[DueDateMove, ...]
    slips: int
    slipped_days: int
    carried: int
    overdue: bool
    ended: bool
    basis: str

    @property
    def changed(self) -> bool:
        return (self.state_before, self.due_before) != (self.state, self.due_date)


def matters_arising(
    tellings: Iterable[ActionTelling],
    *,
    since: datetime | None,
    until: datetime,
    meetings: Sequence[datetime],
) -> tuple[Matter, ...]:
    """Each action open at `until`, and each that ended after `since`, by reference.

    `since` is None before the second meeting of a series: then everything is new. `meetings` are the
    ends of the meetings so far.
    """
    histories: dict[UUID, list[ActionTelling]] = {}
    for telling in tellings:
        histories.setdefault(telling.action_id, []).append(telling)
    matters = []
    for history in histories.values():
        after = _as_of(history, until)
        if after is None:
            continue
        before = _as_of(history, since) if since is not None else None
        if after.open or before is None or before.open:
            matters.append(_matter(history, before, after, until, meetings))
    return tuple(sorted(matters, key=lambda matter: (matter.reference, str(matter.action_id))))


def _as_of(history: Sequence[ActionTelling], at: datetime) -> ActionTelling | None:
    told = [telling for telling in history if telling.changed_at <= at]
    return max(told, key=lambda telling: telling.version, default=None)


def _matter(
    history: Sequence[ActionTelling],
    before: ActionTelling | None,
    after: ActionTelling,
    until: datetime,
    meetings: Sequence[datetime],
) -> Matter:
    opened = min(telling.changed_at for telling in history)
    known = len(before.moves) if before else 0
    return Matter(
        action_id=after.action_id,
        reference=after.reference,
        text=after.text,
        marking=after.marking,
        commitment=after.commitment,
        state_before=before.state if before else None,
        state=after.state,
        due_before=before.due_date if before else None,
        due_date=after.due_date,
        moves=after.moves[known:],
        slips=sum(move.days > 0 for move in after.moves),
        slipped_days=sum(move.days for move in after.moves),
        carried=sum(opened < end <= until for end in meetings),
        overdue=after.open and after.due_date is not None and after.due_date < until.date(),
        ended=not after.open,
        basis=after.basis,
    )
