"""Notice that the scheduler of escalation has stopped, by the reader's clock: a dead one tells nobody."""

import time
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.actions.events import write_instant
from services.actions.store.feed_notices import note_resumption, note_silence
from services.actions.store.heartbeats import Heartbeat, read_heartbeat
from services.actions.usecases.publication import Publication
from services.chassis.clock import Clock
from services.chassis.database import Database, Transaction
from services.chassis.feed import FeedView, Notice

NOTICE = "scheduler"
"""The name of the notice on the streams; its states are `silent`, and `resumed` once that is over."""
SILENT = "silent"
RESUMED = "resumed"

Elapsed = Callable[[], float]
"""Seconds that only ever go forward, wherever the business clock is moved."""


@dataclass(frozen=True, slots=True)
class SchedulerState:
    """`age` is the time since a round was last seen to end, `at` the instant of the look."""

    silent: bool
    age: timedelta
    at: datetime
    heartbeat: Heartbeat | None

    @property
    def since(self) -> datetime:
        return self.at - self.age if self.silent else self.at

    @property
    def notice(self) -> Notice:
        return Notice(NOTICE, SILENT if self.silent else RESUMED, write_instant(self.since))


def announcing(views: Collection[FeedView]) -> Callable[[SchedulerState], None]:
    """Tells the readers of every stream when the scheduler has stopped, and when it runs again."""
    told: list[bool] = [False]

    def announce(state: SchedulerState) -> None:
        if state.silent is told[0]:
            return
        told[0] = state.silent
        for view in views:
            view.announce(state.notice)

    return announce


Record = Callable[[Transaction, SchedulerState], Awaitable[None]]


def recording(publication: Publication) -> Record:
    """Has the topics of the audiences say it too, once whoever finds it: each api and worker looks."""

    async def record(tx: Transaction, state: SchedulerState) -> None:
        policy, rounds = publication.policy, _successes(state.heartbeat)
        audiences = [one.id for series in policy.series for one in policy.audiences(series)]
        note = note_silence if state.silent else note_resumption
        told = await note(tx, audiences, NOTICE, state.since, rounds)
        await publication.announce(tx, told, state.notice, rounds, state.at)

    return record


class SchedulerWatch:
    """Looks at the heartbeat of a scheduler and tells what it finds, each time.

    How long nothing has happened is measured by the reader: a business clock that jumps raises no alarm,
    and one that stands still or goes back hides none. Only how old the heartbeat was at the first look is
    taken from its instants.
    """

    def __init__(
        self,
        database: Database,
        scheduler: str,
        clock: Clock,
        tell: Callable[[SchedulerState], None],
        record: Record,
        *,
        silent_after: timedelta,
        elapsed: Elapsed = time.monotonic,
    ) -> None:
        self._database = database
        self._scheduler = scheduler
        self._clock = clock
        self._tell = tell
        self._record = record
        self._silent_after = silent_after
        self._elapsed = elapsed
        self._seen: Heartbeat | None = None
        self._seen_at: float | None = None

    async def turn(self) -> bool:
        """One look; also where the database cannot be asked, for that is silence too."""
        state: SchedulerState | None = None
        try:
            async with self._database.transaction() as tx:
                self._note(await read_heartbeat(tx, self._scheduler))
                state = self._state()
                await self._record(tx, state)
        finally:
            self._tell(state or self._state())
        return False

    def _note(self, found: Heartbeat | None) -> None:
        now = self._elapsed()
        if self._seen_at is None:
            last = None if found is None else found.last_success_at
            age = timedelta() if last is None else max(self._clock() - last, timedelta())
            self._seen_at = now - age.total_seconds()
        elif _successes(found) != _successes(self._seen):
            self._seen_at = now
        self._seen = found

    def _state(self) -> SchedulerState:
        now = self._elapsed()
        if self._seen_at is None:
            self._seen_at = now
        age = timedelta(seconds=now - self._seen_at)
        return SchedulerState(age > self._silent_after, age, self._clock(), self._seen)


def _successes(heartbeat: Heartbeat | None) -> int:
    return 0 if heartbeat is None else heartbeat.successes
