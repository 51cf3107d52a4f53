"""What the streams are told when the scheduler of escalation stops, and when it runs again."""

from datetime import UTC, datetime, timedelta

from services.actions.store.heartbeats import Heartbeat
from services.actions.usecases.watch_scheduler import SchedulerState, announcing
from services.chassis.feed import Beat, FeedView, Notice, SnapshotEnd, Step
from tests.support.feeds import entry, one_by_one

AT = datetime(2026, 11, 25, 12, tzinfo=UTC)
QUIET = timedelta(minutes=6)


def state(minutes: int, *, silent: bool) -> SchedulerState:
    age = QUIET if silent else timedelta()
    return SchedulerState(silent, age, AT + timedelta(minutes=minutes), Heartbeat(1, AT, AT, AT))


def view() -> FeedView:
    made = FeedView()
    made.apply(entry(1, "x"))
    made.mark_caught_up()
    return made


async def first_steps(of: FeedView, count: int) -> list[Step]:
    steps = one_by_one(of.follow(None, 0.01))
    found = [await anext(steps) for _ in range(count)]
    await steps.aclose()
    return found


SILENT = Notice("scheduler", "silent", "2026-11-25T12:04:00Z")
RESUMED = Notice("scheduler", "resumed", "2026-11-25T12:20:00Z")


async def test_a_scheduler_that_runs_is_not_spoken_of() -> None:
    feed = view()
    announcing([feed])(state(1, silent=False))
    _, end, beat = await first_steps(feed, 3)
    assert (type(end), type(beat)) == (SnapshotEnd, Beat)


async def test_every_reader_is_told_once_of_silence_and_once_of_its_end_and_later_readers_too() -> None:
    feeds = [view(), view()]
    announce = announcing(feeds)
    steps = one_by_one(feeds[0].follow(None, 60.0))
    assert [type(await anext(steps)).__name__ for _ in range(2)] == ["Entry", "SnapshotEnd"]
    for minutes in (10, 11, 12):
        announce(state(minutes, silent=True))
    feeds[0].apply(entry(2, "y"))
    assert [await anext(steps), await anext(steps)] == [entry(2, "y"), SILENT]
    assert (await first_steps(feeds[1], 3))[-1] == SILENT
    announce(state(20, silent=False))
    assert await anext(steps) == RESUMED
    await steps.aclose()
    assert (await first_steps(feeds[1], 3))[-1] == RESUMED
