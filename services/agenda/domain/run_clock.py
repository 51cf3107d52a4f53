"""The run clock of a meeting: which item runs, since when, and when the day will end.

A joint fact: there is one clock, and any delegation's secretariat works it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from services.agenda.domain.items import TabledItem
from services.agenda.domain.refusals import UnknownItem
from services.agenda.domain.transitions import Table, step
from services.kernel.refusals import Refusal, RefusalKind


class ItemFinished(Refusal):
    """The item has been finished."""

    kind = RefusalKind.CONFLICT
    reason = "ITEM_FINISHED"


class RunState(StrEnum):
    WAITING = "WAITING"
    """No item runs: before the first, or between two."""
    ON_ITEM = "ON_ITEM"
    ON_BREAK = "ON_BREAK"


class RunCommand(StrEnum):
    START = "START"
    FINISH = "FINISH"
    PAUSE = "PAUSE"
    RESUME = "RESUME"
    """The break ends where no item was interrupted."""
    RESUME_ITEM = "RESUME_ITEM"
    """The break ends and the interrupted item goes on."""


RUN_TRANSITIONS: Table[RunState, RunCommand] = {
    RunState.WAITING: {
        RunCommand.START: RunState.ON_ITEM,
        RunCommand.FINISH: None,
        RunCommand.PAUSE: RunState.ON_BREAK,
        RunCommand.RESUME: None,
        RunCommand.RESUME_ITEM: None,
    },
    RunState.ON_ITEM: {
        RunCommand.START: None,
        RunCommand.FINISH: RunState.WAITING,
        RunCommand.PAUSE: RunState.ON_BREAK,
        RunCommand.RESUME: None,
        RunCommand.RESUME_ITEM: None,
    },
    RunState.ON_BREAK: {
        RunCommand.START: None,
        RunCommand.FINISH: None,
        RunCommand.PAUSE: None,
        RunCommand.RESUME: RunState.WAITING,
        RunCommand.RESUME_ITEM: RunState.ON_ITEM,
    },
}


@dataclass(frozen=True, slots=True)
class Stretch:
    """A time in which one item ran, or a break where `item_id` is None. `finished` ends the item."""

    item_id: UUID | None
    started_at: datetime
    ended_at: datetime | None = None
    finished: bool = False


@dataclass(frozen=True, slots=True)
class Run:
    """The clock of one meeting. Stretches follow one another and never overlap."""

    meeting_id: UUID
    stretches: tuple[Stretch, ...] = ()
    version: int = 0

    @property
    def state(self) -> RunState:
        if not self.stretches or self.stretches[-1].ended_at is not None:
            return RunState.WAITING
        return RunState.ON_BREAK if self.stretches[-1].item_id is None else RunState.ON_ITEM

    @property
    def current(self) -> UUID | None:
        """The item that runs."""
        return self.stretches[-1].item_id if self.state is RunState.ON_ITEM else None

    @property
    def interrupted(self) -> UUID | None:
        """The item that the present break interrupts."""
        if self.state is not RunState.ON_BREAK or len(self.stretches) < 2:
            return None
        before = self.stretches[-2]
        return None if before.finished else before.item_id

    @property
    def finished(self) -> frozenset[UUID]:
        return frozenset(one.item_id for one in self.stretches if one.finished and one.item_id is not None)

    def start(self, item_id: UUID, items: Sequence[TabledItem], at: datetime) -> "Run":
        """An item begins, in whatever order. Raises `UnknownItem`, `ItemFinished` or `IllegalTransition`."""
        if item_id not in {item.id for item in items}:
            raise UnknownItem("the agenda has no such item", pointer="/item_id")
        step(RUN_TRANSITIONS, self.state, RunCommand.START)
        if item_id in self.finished:
            raise ItemFinished("the item has been finished", pointer="/item_id")
        return self._with((*self.stretches, Stretch(item_id, self._not_before(at))))

    def finish(self, at: datetime) -> "Run":
        """The item that runs is done. Raises `IllegalTransition`."""
        step(RUN_TRANSITIONS, self.state, RunCommand.FINISH)
        return self._with(self._ended(at, finished=True))

    def pause(self, at: datetime) -> "Run":
        """A break, between items or in the middle of one. Raises `IllegalTransition`."""
        step(RUN_TRANSITIONS, self.state, RunCommand.PAUSE)
        ended = self._ended(at, finished=False) if self.state is RunState.ON_ITEM else self.stretches
        return self._with((*ended, Stretch(None, self._not_before(at))))

    def resume(self, at: datetime) -> "Run":
        """The break ends; an item that it interrupted goes on. Raises `IllegalTransition`."""
        item = self.interrupted
        command = RunCommand.RESUME if item is None else RunCommand.RESUME_ITEM
        step(RUN_TRANSITIONS, self.state, command)
        ended = self._ended(at, finished=False)
        going_on = () if item is None else (Stretch(item, self._not_before(at)),)
        return self._with((*ended, *going_on))

    def _with(self, stretches: tuple[Stretch, ...]) -> "Run":
        return replace(self, stretches=stretches, version=self.version + 1)

    def _ended(self, at: datetime, *, finished: bool) -> tuple[Stretch, ...]:
        last = replace(self.stretches[-1], ended_at=self._not_before(at), finished=finished)
        return (*self.stretches[:-1], last)

    def _not_before(self, at: datetime) -> datetime:
        """A clock that went back never makes a stretch run backwards."""
        if not self.stretches:
            return at
        last = self.stretches[-1]
        return max(at, last.ended_at or last.started_at)


@dataclass(frozen=True, slots=True)
class ItemClock:
    """An item on the clock. Minutes are whole for the plan, exact for what was used."""

    item_id: UUID
    position: int
    planned_minutes: int
    used_minutes: float
    started_at: datetime | None
    finished_at: datetime | None

    @property
    def over_by(self) -> float:
        """The minutes used beyond the plan."""
        return max(0.0, self.used_minutes - self.planned_minutes)


@dataclass(frozen=True, slots=True)
class ClockFace:
    """The clock as it stands. `late_by` is in minutes against the planned end of the meeting."""

    state: RunState
    current: UUID | None
    items: tuple[ItemClock, ...]
    break_minutes: float
    remaining_minutes: float
    predicted_end: datetime
    late_by: float


def face(
    run: Run,
    items: Sequence[TabledItem],
    planned_end: datetime,
    now: datetime,
    *,
    forecast: datetime | None = None,
) -> ClockFace:
    """What the clock shows: what is left is what is planned for items not finished, less what they used.

    `forecast` is when the meeting will end where what is left does not simply follow from now on.
    """
    used = _used(run, now)
    clocks = tuple(_clock(item, run, used.get(item.id, timedelta())) for item in items)
    left = sum(
        max(0.0, clock.planned_minutes - clock.used_minutes)
        for clock in clocks
        if clock.item_id not in run.finished
    )
    predicted = now + timedelta(minutes=left) if forecast is None else forecast
    return ClockFace(
        state=run.state,
        current=run.current,
        items=clocks,
        break_minutes=_minutes(used.get(None, timedelta())),
        remaining_minutes=left,
        predicted_end=predicted,
        late_by=max(0.0, _minutes(predicted - planned_end)),
    )


def _used(run: Run, now: datetime) -> Mapping[UUID | None, timedelta]:
    used: dict[UUID | None, timedelta] = {}
    for stretch in run.stretches:
        end = stretch.ended_at or max(now, stretch.started_at)
        used[stretch.item_id] = used.get(stretch.item_id, timedelta()) + (end - stretch.started_at)
    return used


def _clock(item: TabledItem, run: Run, used: timedelta) -> ItemClock:
    own = [stretch for stretch in run.stretches if stretch.item_id == item.id]
    return ItemClock(
        item_id=item.id,
        position=item.position,
        planned_minutes=item.minutes,
        used_minutes=_minutes(used),
        started_at=own[0].started_at if own else None,
        finished_at=own[-1].ended_at if own and own[-1].finished else None,
    )


def _minutes(length: timedelta) -> float:
    return length.total_seconds() / 60
