"""A secretariat works the run clock while the meeting sits."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.agenda.domain.items import TabledItem
from services.agenda.domain.meeting import Meeting
from services.agenda.domain.meeting_refusals import MeetingNotBegun
from services.agenda.domain.permissions import Command
from services.agenda.domain.run_clock import ClockFace, Run, RunCommand, face
from services.agenda.domain.time_budget import TimeBudget
from services.agenda.store.runs import put_run, run_of
from services.agenda.store.steps import run_steps
from services.agenda.usecases.access import audit_of, meeting_for
from services.agenda.usecases.budgeting import time_of_run
from services.agenda.usecases.keep_minutes import agreed_items
from services.agenda.usecases.staleness import stale_answer
from services.chassis.clock import Clock
from services.chassis.database import Database
from services.chassis.once import Once
from services.kernel.parties import Reader
from services.kernel.policy import Policy


@dataclass(frozen=True, slots=True)
class RunView:
    """The clock and what it shows now; `time` is by section and day."""

    run: Run
    face: ClockFace
    time: TimeBudget


async def read_run(
    database: Database, reader: Reader, meeting_id: UUID, *, policy: Policy, clock: Clock
) -> RunView:
    """Raises `NoAccess` or `AgendaNotAgreed`."""
    async with database.transaction() as tx:
        meeting = await meeting_for(tx, reader, Command.READ_RUN, meeting_id, policy)
        items = await agreed_items(tx, meeting)
        return _view(await run_of(tx, meeting.id), items, meeting, clock())


async def start_item(
    once: Once[RunView],
    reader: Reader,
    meeting_id: UUID,
    item_id: UUID,
    expected: int,
    *,
    policy: Policy,
    clock: Clock,
) -> RunView:
    """Raises `NoAccess`, `MeetingNotBegun`, `AgendaNotAgreed`, `StaleVersion`, `UnknownItem`, `ItemFinished`
    or `IllegalTransition`.
    """
    return await _move(
        once,
        reader,
        meeting_id,
        expected,
        "item-started",
        lambda run, items, at: run.start(item_id, items, at),
        policy,
        clock,
        item_id,
    )


_MOVES: dict[RunCommand, Callable[[Run, datetime], Run]] = {
    RunCommand.FINISH: Run.finish,
    RunCommand.PAUSE: Run.pause,
    RunCommand.RESUME: Run.resume,
}


async def move_clock(
    once: Once[RunView],
    reader: Reader,
    meeting_id: UUID,
    command: RunCommand,
    expected: int,
    *,
    policy: Policy,
    clock: Clock,
) -> RunView:
    """FINISH, PAUSE or RESUME. Raises as `start_item` does, save for what is wrong with an item."""
    move = _MOVES[command]
    action = {
        RunCommand.FINISH: "item-finished",
        RunCommand.PAUSE: "break-begun",
        RunCommand.RESUME: "break-ended",
    }[command]
    return await _move(
        once,
        reader,
        meeting_id,
        expected,
        action,
        lambda run, _, at: move(run, at),
        policy,
        clock,
    )


async def _move(
    once: Once[RunView],
    reader: Reader,
    meeting_id: UUID,
    expected: int,
    action: str,
    move: Callable[[Run, Sequence[TabledItem], datetime], Run],
    policy: Policy,
    clock: Clock,
    item_id: UUID | None = None,
) -> RunView:
    now = clock()
    async with once.transaction() as tx:
        meeting = await meeting_for(tx, reader, Command.RUN_MEETING, meeting_id, policy, lock=True)
        if now < meeting.starts_at:
            raise MeetingNotBegun("the meeting has not begun")
        items = await agreed_items(tx, meeting)
        run = await run_of(tx, meeting.id)
        if run.version != expected:
            raise await stale_answer(
                tx,
                reader,
                run_steps(meeting.id),
                run.version,
                expected,
                {"state": run.state, "item_id": run.current, "finished": sorted(map(str, run.finished))},
                state=run.state.value,
                item_id=str(run.current or ""),
            )
        moved = move(run, items, now)
        audit = audit_of(
            once,
            reader,
            f"run.{action}",
            "meeting",
            meeting.id,
            now,
            item_id=str(item_id or run.current or ""),
        )
        await put_run(tx, moved, expected, audit)
        return await once.answer(tx, _view(moved, items, meeting, now))


def _view(run: Run, items: Sequence[TabledItem], meeting: Meeting, now: datetime) -> RunView:
    time = time_of_run(run, items, meeting.sitting, now)
    return RunView(run, face(run, items, meeting.ends_at, now, forecast=time.ends_at), time)
