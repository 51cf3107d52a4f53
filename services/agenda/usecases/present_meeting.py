"""What the screen in the room shows while the meeting sits."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.agenda.domain.meeting import Meeting
from services.agenda.domain.permissions import Command
from services.agenda.domain.presentation import Screen, on_screen, public_over_runs
from services.agenda.domain.run_clock import ClockFace, face
from services.agenda.domain.time_budget import OverRun
from services.agenda.store.runs import run_of
from services.agenda.usecases.access import meeting_for
from services.agenda.usecases.budgeting import time_of_run
from services.agenda.usecases.keep_minutes import agreed_items
from services.agenda.usecases.replan_rest import joint_rest
from services.chassis.clock import Clock
from services.chassis.database import Database
from services.kernel.parties import Reader
from services.kernel.policy import Policy


@dataclass(frozen=True, slots=True)
class Presentation:
    """The screen as of an instant. `replanned_end` is when the meeting would end by the new plan of its rest;
    the clock's prediction is where nothing gives way."""

    meeting: Meeting
    title: str
    as_of: datetime
    screen: Screen
    clock: ClockFace
    over_runs: tuple[OverRun, ...]
    replanned_end: datetime


async def present_meeting(
    database: Database, reader: Reader, meeting_id: UUID, *, policy: Policy, clock: Clock
) -> Presentation:
    """The same for every reader. Raises `NoAccess`, `AgendaNotAgreed`, `AssemblyUndecided` or
    `ConflictUndecided`.
    """
    now = clock()
    async with database.transaction() as tx:
        meeting = await meeting_for(tx, reader, Command.READ_RUN, meeting_id, policy)
        items = await agreed_items(tx, meeting)
        run = await run_of(tx, meeting.id)
    time = time_of_run(run, items, meeting.sitting, now)
    shown = face(run, items, meeting.ends_at, now, forecast=time.ends_at)
    rest = await joint_rest(meeting, items, run, now)
    slots = {one.item_id: (one.minutes, one.starts_at) for one in rest.items}
    return Presentation(
        meeting=meeting,
        title=policy.get_series(meeting.series).title,
        as_of=now,
        screen=on_screen(items, shown, run.current or run.interrupted, slots),
        clock=shown,
        over_runs=public_over_runs(time.over_runs),
        replanned_end=rest.ends_at,
    )
