"""A meeting under way, under the planning that one side made of it: what is left to fit, and why a new plan
of it shortens or drops an item."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from services.agenda.domain.assembly.plan import Plan, Slot
from services.agenda.domain.assembly.planning import PlannedItem, Planning, problem_of
from services.agenda.domain.assembly.problem import (
    AtPosition,
    Before,
    Candidate,
    Constraint,
    Covered,
    FixedBreak,
    Last,
    Lasts,
    MovableBreak,
    Must,
    Present,
    Problem,
    SectionsInOrder,
    Span,
    Window,
)
from services.agenda.domain.assembly.progress import Progress, Replanned, resumption, the_rest
from services.agenda.domain.assembly.wording import counted, in_words
from services.agenda.domain.draft import Draft
from services.agenda.domain.items import DraftItem, TabledItem
from services.agenda.domain.meeting import Meeting
from services.agenda.domain.ranking.run import RankingRun
from services.agenda.domain.run_clock import Run, RunState
from services.kernel.series import ItemKind

LEAST = 5
"""Minutes below which an item is not shortened of which no minimum is planned; one that was agreed shorter
keeps its time."""
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Left:
    """A meeting of which something is left: the problem, the plan as agreed, and where the meeting is."""

    problem: Problem
    plan: Plan
    progress: Progress

    @property
    def resumes(self) -> datetime:
        """When the next item can start."""
        return self.problem.origin + resumption(self.problem, self.progress) * _MINUTE


def left_unplanned(
    waiting: Sequence[TabledItem], resumes: datetime, windows: Sequence[tuple[datetime, datetime]]
) -> Left:
    """What is left under no planning: the items in what is left of the windows, standing ones taken.

    Every minute away from an item's own costs one; dropping an item costs more than shortening all.
    """
    whole = sum(item.minutes for item in waiting)
    problem = Problem(
        origin=resumes,
        windows=tuple(
            Window(f"rest {number}", span)
            for number, (start, end) in enumerate(windows, start=1)
            if (span := _ahead(start, end, resumes, whole)).minutes > 0
        ),
        candidates=tuple(
            Candidate(
                id=str(item.id),
                title=item.title,
                least=min(item.minutes, LEAST),
                wanted=item.minutes,
                most=item.minutes,
                worth=whole + 1,
                place=place,
            )
            for place, item in enumerate(waiting)
        ),
        constraints=tuple(Must(str(item.id)) for item in waiting if item.kind is ItemKind.STANDING),
    )
    return Left(problem, _in_a_row(waiting), Progress(now=0, finished=frozenset()))


def _ahead(start: datetime, end: datetime, resumes: datetime, most: int) -> Span:
    begins = max(0, (start - resumes) // _MINUTE)
    return Span(begins, min((end - resumes) // _MINUTE, begins + most))


def fits_meeting(planning: Planning, meeting: Meeting) -> bool:
    """Whether something was planned, and for the days that the meeting has now: it may have been moved."""
    return planning.version > 0 and all(
        meeting.starts_at <= window.starts_at and window.ends_at <= meeting.ends_at
        for window in planning.windows
    )


def left_planned(
    planning: Planning,
    draft: Draft,
    meeting: Meeting,
    ranking: RankingRun | None,
    agreed: Sequence[TabledItem],
    run: Run,
    *,
    now: datetime,
    more: int,
    until: datetime | None,
) -> Left:
    """What is left of the agreed agenda under a side's own planning of it, which fits the meeting.

    An item without a planned minimum may be shortened to `LEAST`. What was agreed goes before what one side
    planned: an item that it would have excluded need not be taken, and of orders, positions, fixed minutes
    and commitments only those are asked of the rest that the agreed agenda keeps. `until` cuts the windows
    short, or lets the last one go on.
    """
    items = [item for item in agreed if item.minutes]
    known = {item.id for item in items}
    planned = {entry.item: entry for entry in planning.items}
    of_agreed = replace(
        planning,
        orders=tuple(pair for pair in planning.orders if known.issuperset(pair)),
        items=tuple(_as_agreed(planned.get(item.id, PlannedItem(item.id)), item) for item in items),
    )
    lines = tuple(DraftItem(item.id, item.content(), item.action_ids, now, None) for item in items)
    as_draft = replace(draft, items=lines)
    whole = problem_of(of_agreed, as_draft, (), meeting, (), ranking)
    order = {str(item.id): place for place, item in enumerate(items)}
    kept = tuple(entry for entry in whole.constraints if _is_kept(entry, order, whole))
    problem = _until(whole.keeping(kept), until)
    running = run.current or run.interrupted
    problem, at = _after_breaks(problem, run, -((problem.origin - now) // _MINUTE))
    progress = Progress(
        now=at,
        finished=frozenset(str(item) for item in run.finished),
        running=None if running is None else str(running),
        more=more,
    )
    return Left(problem, _in_a_row(items), progress)


def _in_a_row(items: Sequence[TabledItem]) -> Plan:
    """One after the other: an agreed agenda has order and minutes, and no times."""
    slots, at = [], 0
    for item in items:
        slots.append(Slot(str(item.id), at, item.minutes))
        at += item.minutes
    return Plan(tuple(slots))


def _as_agreed(planned: PlannedItem, item: TabledItem) -> PlannedItem:
    least = min(item.minutes, LEAST) if planned.least is None else min(planned.least, item.minutes)
    return replace(
        planned,
        least=least,
        most=max(item.minutes, planned.most or 0),
        optional=planned.optional or planned.excluded,
        excluded=False,
    )


def _is_kept(entry: Constraint, order: Mapping[str, int], problem: Problem) -> bool:
    """Whether the agreed agenda keeps what it can tell of: order, number and minutes."""
    candidates = problem.by_id()
    if isinstance(entry, Before):
        return order[entry.item] < order[entry.other]
    if isinstance(entry, AtPosition):
        return order[entry.item] + 1 == entry.position
    if isinstance(entry, Last):
        return order[entry.item] + 1 == len(order)
    if isinstance(entry, Lasts):
        return candidates[entry.item].wanted == entry.minutes
    if isinstance(entry, Covered):
        return any(entry.commitment in one.commitments for one in problem.candidates)
    if isinstance(entry, SectionsInOrder):
        sections = [candidates[item].section for item in sorted(order, key=order.__getitem__)]
        places = [entry.sections.index(section) for section in sections if section in entry.sections]
        return places == sorted(places)
    return True


def _until(problem: Problem, until: datetime | None) -> Problem:
    """The windows cut short at a time, or the last of them going on to it. A fixed break that the time cuts
    is not sat through: the window ends where it starts."""
    if until is None:
        return problem
    end = (until - problem.origin) // _MINUTE
    for entry in problem.constraints:
        if isinstance(entry, FixedBreak) and entry.span.start < end < entry.span.end:
            end = entry.span.start
    latest = max(problem.windows, key=lambda window: window.span.end)
    windows = [
        replace(window, span=Span(window.span.start, end if window == latest else min(window.span.end, end)))
        for window in problem.windows
        if window.span.start < end
    ]
    kept = (
        entry
        for entry in problem.constraints
        if not (isinstance(entry, FixedBreak) and entry.span.end > end)
        and not (isinstance(entry, MovableBreak) and entry.earliest >= end)
    )
    return replace(problem, windows=tuple(windows), constraints=tuple(kept))


def _after_breaks(problem: Problem, run: Run, now: int) -> tuple[Problem, int]:
    """The breaks that are still to come, and when one that goes on is over: a break that the clock began
    within the times of a movable one is that one."""
    begun = [
        (stretch.started_at - problem.origin) // _MINUTE
        for stretch in run.stretches
        if stretch.item_id is None
    ]
    going_on = run.state is RunState.ON_BREAK
    at, had = now, set[Constraint]()
    movable = [entry for entry in problem.constraints if isinstance(entry, MovableBreak)]
    for number, start in enumerate(begun, start=1):
        fitting = [one for one in movable if one not in had and one.earliest <= start <= one.latest]
        if fitting:
            one = min(fitting, key=lambda entry: (entry.latest, entry.id))
            had.add(one)
            at = max(at, start + one.minutes) if going_on and number == len(begun) else at
    if going_on:
        spans = [entry.span for entry in problem.constraints if isinstance(entry, FixedBreak)]
        at = max([at, *(span.end for span in spans if span.start <= now < span.end)])
    return problem.keeping(tuple(entry for entry in problem.constraints if entry not in had)), at


@dataclass(frozen=True, slots=True)
class Yielded:
    """What could not be kept, and the smallest set of what could not hold together, of which it is one."""

    constraint: str
    conflict: tuple[str, ...]


def yielded(left: Left, found: Replanned) -> tuple[Yielded, ...]:
    """In words what the new plan gave up, each with its conflict."""
    rest = the_rest(left.problem, left.plan, left.progress)
    begun = len(left.progress.finished) + (left.progress.running is not None)

    def words(entries: Sequence[Constraint]) -> tuple[str, ...]:
        return in_words(rest, [_as_numbered(entry, begun) for entry in entries])

    return tuple(
        Yielded(words([entry])[0], words(conflict))
        for entry, conflict in zip(found.given_up, found.conflicts, strict=True)
    )


def _as_numbered(entry: Constraint, begun: int) -> Constraint:
    """Positions as they are on the whole agenda, of which so many items have begun."""
    return replace(entry, position=entry.position + begun) if isinstance(entry, AtPosition) else entry


def reasons(left: Left, found: Replanned) -> Mapping[UUID, tuple[str, ...]]:
    """Why the new plan shortens or drops an item, for each that it does."""
    rest = the_rest(left.problem, left.plan, left.progress)
    asked, room = sum(item.wanted for item in rest.candidates), _room(rest, found)
    short = []
    if asked > room:
        short.append(f"the items left ask for {counted(asked)}, and there is room for {counted(room)}")
    lost = {entry.item for entry in found.given_up if isinstance(entry, Must)}
    forced = rest.taken_by_force()
    told: dict[UUID, tuple[str, ...]] = {}
    for item in (*(item for item, _, _ in found.shortened), *found.dropped):
        own = [entry for entry in rest.constraints if isinstance(entry, Present) and entry.item == item]
        why = [*short, *in_words(rest, own)]
        if item in found.dropped:
            why.extend(_why_dropped(must=item in forced, lost=item in lost))
        told[UUID(item)] = tuple(why) or ("the breaks and the times that are set leave no longer stretch",)
    return told


def _why_dropped(*, must: bool, lost: bool) -> Iterator[str]:
    if not must:
        yield "it need not be taken, and what is taken is worth more"
    elif lost:
        yield "it must be taken, and cannot be together with what is named in the conflict"


def _room(rest: Problem, found: Replanned) -> int:
    breaks = sum(entry.span.minutes for entry in rest.constraints if isinstance(entry, FixedBreak))
    pauses = sum(pause.minutes for pause in found.plan.pauses)
    return max(0, sum(window.span.minutes for window in rest.windows) - breaks - pauses)
