"""When a meeting runs late: how the rest fits until the day must end, and what that costs."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from uuid import UUID

from services.agenda.domain.assembly.plan import Plan, Slot
from services.agenda.domain.assembly.problem import Candidate, Must, Problem, Span, Window
from services.agenda.domain.assembly.progress import Progress
from services.agenda.domain.items import TabledItem
from services.agenda.domain.permissions import Command
from services.agenda.domain.run_clock import Run, face
from services.agenda.solver.replan import replan
from services.agenda.store.runs import run_of
from services.agenda.usecases.access import meeting_for
from services.agenda.usecases.keep_minutes import agreed_items
from services.chassis.clock import Clock
from services.chassis.database import Database
from services.kernel.parties import Reader
from services.kernel.policy import Policy
from services.kernel.series import ItemKind

_LEAST = 5
"""Minutes below which an item is not shortened; one that was planned shorter keeps its time."""


@dataclass(frozen=True, slots=True)
class RestItem:
    """An item still to come, as it would then be. None where there is no time left for it."""

    item_id: UUID
    planned_minutes: int
    minutes: int | None
    starts_at: datetime | None


@dataclass(frozen=True, slots=True)
class Rest:
    """A proposal for the rest; nothing is changed by it. `ends_at` is when it would end."""

    items: tuple[RestItem, ...]
    ends_at: datetime


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

    `more` are the minutes that the running item still needs, else what is left of its own. Standing items
    are dropped last. Raises `NoAccess`, `AgendaNotAgreed` or `AssemblyUndecided`.
    """
    now = clock()
    async with database.transaction() as tx:
        meeting = await meeting_for(tx, reader, Command.READ_RUN, meeting_id, policy)
        items = await agreed_items(tx, meeting)
        run = await run_of(tx, meeting.id)
    end = until or meeting.ends_at
    running = run.current or run.interrupted
    needed = _needed(run, items, running, now, meeting.ends_at) if more is None else more
    resumes = now + timedelta(minutes=needed if running is not None else 0)
    waiting = [item for item in items if item.id not in run.finished and item.id != running and item.minutes]
    if not waiting or end - resumes < timedelta(minutes=1):
        nothing = tuple(RestItem(item.id, item.minutes, None, None) for item in waiting)
        return Rest(nothing, resumes)
    found = await asyncio.to_thread(
        replan,
        _problem(waiting, resumes, end),
        _planned(waiting),
        Progress(now=0, finished=frozenset()),
    )
    slots = {slot.item: slot for slot in found.plan.slots}
    return Rest(
        tuple(_rest_item(item, slots.get(str(item.id)), resumes) for item in waiting),
        resumes + timedelta(minutes=max((slot.end for slot in slots.values()), default=0)),
    )


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


def _problem(waiting: Sequence[TabledItem], start: datetime, end: datetime) -> Problem:
    """Every minute away from an item's own costs one; dropping an item costs more than shortening all."""
    whole = sum(item.minutes for item in waiting)
    return Problem(
        origin=start,
        windows=(Window("rest", Span(0, min(whole, (end - start) // timedelta(minutes=1)))),),
        candidates=tuple(
            Candidate(
                id=str(item.id),
                title=item.title,
                least=min(item.minutes, _LEAST),
                wanted=item.minutes,
                most=item.minutes,
                worth=whole + 1,
                place=place,
            )
            for place, item in enumerate(waiting)
        ),
        constraints=tuple(Must(str(item.id)) for item in waiting if item.kind is ItemKind.STANDING),
    )


def _planned(waiting: Sequence[TabledItem]) -> Plan:
    slots, at = [], 0
    for item in waiting:
        slots.append(Slot(str(item.id), at, item.minutes))
        at += item.minutes
    return Plan(tuple(slots))


def _rest_item(item: TabledItem, slot: Slot | None, start: datetime) -> RestItem:
    if slot is None:
        return RestItem(item.id, item.minutes, None, None)
    return RestItem(item.id, item.minutes, slot.minutes, start + timedelta(minutes=slot.start))
