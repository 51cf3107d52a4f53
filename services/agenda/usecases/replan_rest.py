"""When a meeting runs late: how the rest fits until the day must end, and what that costs."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from uuid import UUID

from services.agenda.domain.assembly.planning import Planning
from services.agenda.domain.assembly.problem import FixedBreak
from services.agenda.domain.assembly.progress import Replanned, the_rest
from services.agenda.domain.assembly.running import (
    Left,
    Yielded,
    fits_meeting,
    left_planned,
    left_unplanned,
    reasons,
    yielded,
)
from services.agenda.domain.draft import Draft
from services.agenda.domain.items import TabledItem
from services.agenda.domain.meeting import Meeting
from services.agenda.domain.permissions import Command, may
from services.agenda.domain.ranking.run import RankingRun
from services.agenda.domain.run_clock import Run, face
from services.agenda.solver.replan import replan
from services.agenda.store.drafts import draft_of_party
from services.agenda.store.planning import find_planning
from services.agenda.store.ranking_runs import latest_run
from services.agenda.store.runs import run_of
from services.agenda.usecases.access import meeting_for
from services.agenda.usecases.budgeting import windows_of
from services.agenda.usecases.keep_minutes import agreed_items
from services.chassis.clock import Clock
from services.chassis.database import Database, Transaction
from services.kernel.parties import Reader
from services.kernel.policy import Policy


@dataclass(frozen=True, slots=True)
class RestItem:
    """An item still to come, as it would then be. None where there is no time left for it; `why` says why it
    has fewer minutes, or none."""

    item_id: UUID
    planned_minutes: int
    minutes: int | None
    starts_at: datetime | None
    why: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RestBreak:
    """A planned break still to come."""

    id: str
    starts_at: datetime
    minutes: int


@dataclass(frozen=True, slots=True)
class Rest:
    """A proposal for the rest; nothing is changed by it. `ends_at` is when it would end.

    `planning` is the version of the own side's planning that it keeps to, 0 where there is none; `given_up`
    is what no plan of the rest can keep.
    """

    items: tuple[RestItem, ...]
    ends_at: datetime
    planning: int = 0
    breaks: tuple[RestBreak, ...] = ()
    given_up: tuple[Yielded, ...] = ()


@dataclass(frozen=True, slots=True)
class _Own:
    """What the side of the caller, and no other, planned of the meeting."""

    draft: Draft
    planning: Planning
    ranking: RankingRun | None


async def replan_rest(
    database: Database,
    reader: Reader,
    meeting_id: UUID,
    *,
    until: datetime | None,
    more: int | None,
    policy: Policy,
    clock: Clock,
) -> Rest:
    """The items that have not begun, fitted in until `until`, or the end of the meeting.

    `more` are the minutes that the running item still needs, else what is left of its own. Where the caller's
    side planned its draft, and the caller may read it, its windows, breaks, presenters, minimums and musts
    hold; else standing items are dropped last. Raises `NoAccess`, `AgendaNotAgreed`, `AssemblyUndecided` or
    `ConflictUndecided`.
    """
    now = clock()
    async with database.transaction() as tx:
        meeting = await meeting_for(tx, reader, Command.READ_RUN, meeting_id, policy)
        items = await agreed_items(tx, meeting)
        run = await run_of(tx, meeting.id)
        own = await _own_planning(tx, reader, meeting, policy)
    return await _replanned(meeting, items, run, own, now, until=until, more=more)


async def joint_rest(meeting: Meeting, items: Sequence[TabledItem], run: Run, now: datetime) -> Rest:
    """The same under no side's planning, so that it may be shown to all. Raises as `replan_rest` does of what
    cannot be decided.
    """
    return await _replanned(meeting, items, run, None, now)


async def _replanned(
    meeting: Meeting,
    items: Sequence[TabledItem],
    run: Run,
    own: _Own | None,
    now: datetime,
    *,
    until: datetime | None = None,
    more: int | None = None,
) -> Rest:
    running = run.current or run.interrupted
    needed = _needed(run, items, running, now, meeting.ends_at) if more is None else more
    waiting = [item for item in items if item.id not in run.finished and item.id != running and item.minutes]
    if own is None:
        resumes = now + timedelta(minutes=needed if running is not None else 0)
        windows = windows_of(meeting.sitting) if until is None else [(now, until)]
        left = left_unplanned(waiting, resumes, windows)
    else:
        left = left_planned(
            own.planning,
            own.draft,
            meeting,
            own.ranking,
            items,
            run,
            now=now,
            more=needed,
            until=until,
        )
    version = 0 if own is None else own.planning.version
    rest = the_rest(left.problem, left.plan, left.progress)
    if not waiting or not rest.windows:
        nothing = tuple(RestItem(item.id, item.minutes, None, None, ("no time is left",)) for item in waiting)
        return Rest(nothing, left.resumes, version)
    # Solving takes its time: beside the event loop, and with no transaction open.
    found = await asyncio.to_thread(replan, left.problem, left.plan, left.progress)
    return _rest(left, found, waiting, version)


async def _own_planning(tx: Transaction, reader: Reader, meeting: Meeting, policy: Policy) -> _Own | None:
    if not may(policy, reader, Command.READ_DRAFT, meeting.series):
        return None
    draft = await draft_of_party(tx, meeting.id, reader.party)
    if draft is None:
        return None
    planning = await find_planning(tx, draft.id)
    if not fits_meeting(planning, meeting):
        return None
    return _Own(draft, planning, await latest_run(tx, draft.id))


def _needed(
    run: Run, items: Sequence[TabledItem], running: UUID | None, now: datetime, planned_end: datetime
) -> int:
    """What is left of the running item's own minutes; none where it has used them up."""
    shown = face(run, items, planned_end, now)
    return next(
        (
            max(0, ceil(one.planned_minutes - one.used_minutes))
            for one in shown.items
            if one.item_id == running
        ),
        0,
    )


def _rest(left: Left, found: Replanned, waiting: Sequence[TabledItem], version: int) -> Rest:
    origin = left.problem.origin
    slots = {UUID(slot.item): slot for slot in found.plan.slots}
    why = reasons(left, found)
    items = []
    for item in waiting:
        slot = slots.get(item.id)
        items.append(
            RestItem(
                item_id=item.id,
                planned_minutes=item.minutes,
                minutes=None if slot is None else slot.minutes,
                starts_at=None if slot is None else origin + timedelta(minutes=slot.start),
                why=why.get(item.id, ()),
            )
        )
    breaks = [(pause.start, pause.id, pause.minutes) for pause in found.plan.pauses]
    breaks += [
        (entry.span.start, entry.id, entry.span.minutes)
        for entry in left.problem.constraints
        if isinstance(entry, FixedBreak) and entry.span.end > left.progress.free
    ]
    return Rest(
        items=tuple(items),
        ends_at=origin + timedelta(minutes=found.predicted_end),
        planning=version,
        breaks=tuple(
            RestBreak(name, origin + timedelta(minutes=start), minutes)
            for start, name, minutes in sorted(breaks)
        ),
        given_up=yielded(left, found),
    )
