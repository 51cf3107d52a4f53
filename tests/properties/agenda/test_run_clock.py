"""The run clock against a plain stopwatch of whole minutes."""

from datetime import timedelta
from uuid import UUID

from hypothesis import settings, strategies
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from services.agenda.domain.run_clock import RUN_TRANSITIONS, Run, RunCommand, RunState, face
from services.kernel.refusals import Refusal
from tests.support.agenda import MEETING_ID, meeting, tabled_item

PLANNED = {UUID(int=1): 10, UUID(int=2): 25, UUID(int=3): 0}
ITEMS = [
    tabled_item(id=item, position=position, minutes=minutes)
    for position, (item, minutes) in enumerate(PLANNED.items(), start=1)
]
STARTS, ENDS = meeting().starts_at, meeting().starts_at + timedelta(minutes=40)


def test_every_move_in_every_state_leads_somewhere_or_is_refused() -> None:
    assert set(RUN_TRANSITIONS) == set(RunState)
    assert all(set(row) == set(RunCommand) for row in RUN_TRANSITIONS.values())


class Stopwatch(RuleBasedStateMachine):
    """The model counts each minute for whatever runs in it."""

    @initialize()
    def begin(self) -> None:
        self.run = Run(MEETING_ID)
        self.minute = 0
        self.running: UUID | None = None
        self.pausing = False
        self.held: UUID | None = None
        self.used = dict.fromkeys(PLANNED, 0)
        self.breaks = 0
        self.done: set[UUID] = set()
        self.moves = 0

    @property
    def now(self) -> object:
        return STARTS + timedelta(minutes=self.minute)

    @rule(minutes=strategies.integers(1, 20))
    def wait(self, minutes: int) -> None:
        self.minute += minutes
        if self.pausing:
            self.breaks += minutes
        elif self.running is not None:
            self.used[self.running] += minutes

    @rule(item=strategies.sampled_from([*PLANNED, UUID(int=9)]))
    def start(self, item: UUID) -> None:
        possible = item in PLANNED and not self.pausing and self.running is None and item not in self.done
        if self._move(lambda: self.run.start(item, ITEMS, self.now), possible=possible):
            self.running = item

    @rule()
    def finish(self) -> None:
        possible = self.running is not None and not self.pausing
        if self._move(lambda: self.run.finish(self.now), possible=possible):
            assert self.running is not None
            self.done.add(self.running)
            self.running = None

    @rule()
    def pause(self) -> None:
        if self._move(lambda: self.run.pause(self.now), possible=not self.pausing):
            self.pausing = True

    @rule()
    def resume(self) -> None:
        if self._move(lambda: self.run.resume(self.now), possible=self.pausing):
            self.pausing = False

    def _move(self, move: object, *, possible: bool) -> bool:
        before = self.run
        try:
            self.run = move()  # type: ignore[operator]
        except Refusal:
            assert not possible
            assert self.run is before
            return False
        assert possible
        self.moves += 1
        return True

    @invariant()
    def the_clock_shows_what_the_stopwatch_counted(self) -> None:
        if not hasattr(self, "run"):
            return
        shown = face(self.run, ITEMS, ENDS, self.now)  # type: ignore[arg-type]
        assert {one.item_id: one.used_minutes for one in shown.items} == self.used
        assert {one.item_id for one in shown.items if one.finished_at is not None} == self.done
        assert shown.break_minutes == self.breaks
        assert shown.current == (None if self.pausing else self.running)
        left = sum(max(0, PLANNED[item] - self.used[item]) for item in PLANNED if item not in self.done)
        assert shown.remaining_minutes == left
        assert shown.late_by == max(0, self.minute + left - 40)
        assert self.run.version == self.moves
        for before, after in zip(self.run.stretches, self.run.stretches[1:], strict=False):
            assert before.ended_at is not None
            assert before.ended_at <= after.started_at


TestStopwatch = Stopwatch.TestCase
TestStopwatch.settings = settings(max_examples=80, stateful_step_count=30, deadline=None)


def test_a_clock_that_goes_back_never_makes_time_run_backwards() -> None:
    run = Run(MEETING_ID).start(UUID(int=1), ITEMS, STARTS)
    run = run.pause(STARTS - timedelta(hours=1)).resume(STARTS - timedelta(hours=2))
    run = run.finish(STARTS - timedelta(hours=3))
    assert {one.started_at for one in run.stretches} == {one.ended_at for one in run.stretches} == {STARTS}
    assert face(run, ITEMS, ENDS, STARTS - timedelta(hours=1)).items[0].used_minutes == 0
