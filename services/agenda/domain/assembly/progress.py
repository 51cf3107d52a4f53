"""A meeting under way: what is left to fit, and what a new plan for it changes."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

from services.agenda.domain.assembly.plan import Plan, Slot
from services.agenda.domain.assembly.problem import (
    AtPosition,
    AtTime,
    Before,
    Constraint,
    Covered,
    Excluded,
    FixedBreak,
    InWindow,
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


@dataclass(frozen=True, slots=True)
class Progress:
    """Where the meeting is at minute `now`.

    `finished` are items that are over; `running` the item under way, which is expected to need `more`
    minutes.
    """

    now: int
    finished: frozenset[str]
    running: str | None = None
    more: int = 0

    @property
    def free(self) -> int:
        """The minute at which no item runs, before any break."""
        return self.now + (self.more if self.running is not None else 0)


@dataclass(frozen=True, slots=True)
class Replanned:
    """The rest of a meeting, planned anew.

    `shortened` has each item with the minutes it had and those it has; `given_up` are constraints that no
    plan of the rest could keep, and `conflicts` for each of them the smallest set that could not hold
    together. `late_by` compares the ends, in minutes; above zero it is a warning.
    `over_by` is how far the running item goes beyond its minutes.
    """

    plan: Plan
    resumes: int
    predicted_end: int
    late_by: int
    over_by: int
    shortened: tuple[tuple[str, int, int], ...]
    dropped: tuple[str, ...]
    given_up: tuple[Constraint, ...]
    conflicts: tuple[tuple[Constraint, ...], ...] = ()


def resumption(problem: Problem, progress: Progress) -> int:
    """The minute at which the next item can start: after the running one, and after a break it runs into."""
    at = progress.free
    for entry in sorted(
        (entry.span for entry in problem.constraints if isinstance(entry, FixedBreak)),
        key=lambda span: span.start,
    ):
        if entry.start <= at < entry.end:
            at = entry.end
    return at


def the_rest(problem: Problem, plan: Plan, progress: Progress) -> Problem:
    """What is left of a plan: its items that have not begun, with no more than their planned minutes, in
    their order.

    What was left out before stays out. Balance of leads and limits of sections are for the whole meeting
    and are not asked of the rest; a commitment is, unless an item that has begun serves it.
    """
    begun = progress.finished | ({progress.running} if progress.running is not None else frozenset())
    left = [slot for slot in plan.slots if slot.item not in begun]
    candidates = problem.by_id()
    bounds = problem.bounded()
    resumes = resumption(problem, progress)
    served = {name for item in begun if item in candidates for name in candidates[item].commitments}
    constraints = [
        *_kept(problem, {slot.item for slot in left}, resumes, len(begun), served),
        *(Before(one.item, other.item) for one, other in pairwise(left)),
    ]
    return replace(
        problem,
        windows=tuple(
            Window(window.id, Span(max(window.span.start, resumes), window.span.end))
            for window in problem.windows
            if window.span.end > resumes
        ),
        candidates=tuple(
            replace(
                candidates[slot.item],
                least=min(bounds[slot.item][0], slot.minutes),
                wanted=slot.minutes,
                most=slot.minutes,
                place=place,
            )
            for place, slot in enumerate(left)
        ),
        constraints=tuple(dict.fromkeys(constraints)),
    )


def _kept(
    problem: Problem, left: set[str], resumes: int, begun: int, served: set[str]
) -> Iterator[Constraint]:
    for entry in problem.constraints:
        if isinstance(entry, Before):
            if {entry.item, entry.other} <= left:
                yield entry
        elif isinstance(entry, Must | Excluded | Last | Present | InWindow | Lasts):
            if entry.item in left:
                yield entry
        elif isinstance(entry, AtPosition | AtTime):
            if entry.item in left:
                yield from _shifted(entry, resumes, begun)
        elif isinstance(entry, FixedBreak | MovableBreak):
            yield from _break_left(entry, resumes)
        elif isinstance(entry, SectionsInOrder) or (
            isinstance(entry, Covered) and entry.commitment not in served
        ):
            yield entry


def _shifted(entry: AtPosition | AtTime, resumes: int, begun: int) -> Iterator[Constraint]:
    """A pin that is still ahead; one that has passed becomes the wish that the item is taken."""
    if isinstance(entry, AtTime) and entry.start >= resumes:
        yield entry
    elif isinstance(entry, AtPosition) and entry.position > begun:
        yield AtPosition(entry.item, entry.position - begun)
    else:
        yield Must(entry.item)


def _break_left(entry: FixedBreak | MovableBreak, resumes: int) -> Iterator[Constraint]:
    if isinstance(entry, FixedBreak):
        if entry.span.start >= resumes:
            yield entry
    elif entry.latest >= resumes:
        yield replace(entry, earliest=max(entry.earliest, resumes))


def compared(
    before: Plan,
    after: Plan,
    progress: Progress,
    resumes: int,
    given_up: tuple[Constraint, ...],
    conflicts: tuple[tuple[Constraint, ...], ...],
) -> Replanned:
    """What the new plan of the rest changes."""
    was = {slot.item: slot for slot in before.slots}
    now = {slot.item: slot for slot in after.slots}
    begun = progress.finished | {progress.running}
    end = max(after.end or 0, resumes)
    planned_end = before.end if before.end is not None else resumes
    return Replanned(
        plan=after,
        resumes=resumes,
        predicted_end=end,
        late_by=end - planned_end,
        over_by=_over(was.get(progress.running or ""), progress),
        shortened=tuple(
            (item, was[item].minutes, slot.minutes)
            for item, slot in now.items()
            if slot.minutes < was[item].minutes
        ),
        dropped=tuple(item for item in was if item not in now and item not in begun),
        given_up=given_up,
        conflicts=conflicts,
    )


def _over(running: Slot | None, progress: Progress) -> int:
    return 0 if running is None else max(0, progress.now + progress.more - running.end)
