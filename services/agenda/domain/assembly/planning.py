"""A party's own planning of its draft: what it set by hand and what must hold, as kept between two
solutions."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from services.agenda.domain.assembly.plan import Plan, Slot
from services.agenda.domain.assembly.problem import (
    AtPosition,
    AtTime,
    Before,
    Candidate,
    Constraint,
    Covered,
    Excluded,
    First,
    FixedBreak,
    InWindow,
    Last,
    Lasts,
    LeadCount,
    LeadMinutes,
    MovableBreak,
    Must,
    Present,
    Problem,
    SectionsInOrder,
    Span,
    Window,
)
from services.agenda.domain.assembly.refusals import UnknownPlanningName, WindowInvalid
from services.agenda.domain.draft import Draft
from services.agenda.domain.items import DraftItem
from services.agenda.domain.meeting import Meeting
from services.agenda.domain.ranking.run import RankingRun, worths_of
from services.kernel.series import ItemKind

_MINUTE = timedelta(minutes=1)
DEFAULT_WORTH = 100
"""What taking an item gains of which neither a hand nor a ranking says anything."""


@dataclass(frozen=True, slots=True)
class Stretched:
    """A named time: a window, or a fixed break."""

    id: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class PlannedBreak:
    """A break that starts between two times."""

    id: str
    minutes: int
    earliest: datetime
    latest: datetime


@dataclass(frozen=True, slots=True)
class PlannedItem:
    """What is planned of one item. Without bounds it has the minutes of the draft; without `optional` it
    is taken; without `worth` it has what the party's own ranking gives it."""

    item: UUID
    least: int | None = None
    most: int | None = None
    optional: bool = False
    worth: int | None = None
    section: str = ""
    first: bool = False
    last: bool = False
    present: tuple[tuple[datetime, datetime], ...] = ()
    position: int | None = None
    starts_at: datetime | None = None
    window: str | None = None
    minutes: int | None = None
    excluded: bool = False


@dataclass(frozen=True, slots=True)
class Planning:
    """`version` is 0 before anything was planned; `orders` are pairs of which the first comes before the
    second."""

    version: int
    windows: tuple[Stretched, ...] = ()
    breaks: tuple[Stretched, ...] = ()
    movable_breaks: tuple[PlannedBreak, ...] = ()
    sections: tuple[str, ...] = ()
    orders: tuple[tuple[UUID, UUID], ...] = ()
    lead_minutes: int | None = None
    lead_count: int | None = None
    commitments: tuple[str, ...] = ()
    gap: int = 0
    items: tuple[PlannedItem, ...] = ()

    def without(self, item: UUID) -> "Planning":
        """The planning of a draft that no longer has the item; itself where it does not name it."""
        return self._naming(
            tuple(entry for entry in self.items if entry.item != item),
            tuple(pair for pair in self.orders if item not in pair),
        )

    def renaming(self, became: Mapping[UUID, UUID]) -> "Planning":
        """The planning of a draft some of whose items have become others; itself where it names none of
        them."""
        return self._naming(
            tuple(replace(entry, item=became.get(entry.item, entry.item)) for entry in self.items),
            tuple((became.get(one, one), became.get(other, other)) for one, other in self.orders),
        )

    def _naming(self, items: tuple[PlannedItem, ...], orders: tuple[tuple[UUID, UUID], ...]) -> "Planning":
        if (items, orders) == (self.items, self.orders):
            return self
        return replace(self, items=items, orders=orders, version=self.version + 1)


@dataclass(frozen=True, slots=True)
class Timed:
    """An item of a plan with its time."""

    item: UUID
    position: int
    starts_at: datetime
    minutes: int


def problem_of(
    planning: Planning,
    draft: Draft,
    parked: Iterable[DraftItem],
    meeting: Meeting,
    parties: tuple[str, ...],
    run: RankingRun | None = None,
) -> Problem:
    """What is to be solved for a draft. Raises `WindowInvalid` or `UnknownPlanningName`.

    What an earlier solution had no room for, `parked`, is a candidate again, behind the items of the draft.
    `run` is the ranking that the party had made for the draft: an item is worth what it says, unless the
    planning says it by hand.
    """
    items = (*draft.items, *parked)
    known = {item.id for item in items}
    planned = {entry.item: entry for entry in planning.items}
    for name in planned:
        if name not in known:
            raise UnknownPlanningName("there is no such item in the draft", pointer="/items", name=str(name))
    if len(planned) != len(planning.items):
        raise UnknownPlanningName("an item is planned twice", pointer="/items")
    windows = planning.windows or (Stretched("meeting", meeting.starts_at, meeting.ends_at),)
    for window in windows:
        if window.starts_at < meeting.starts_at or window.ends_at > meeting.ends_at:
            raise WindowInvalid(f"the window '{window.id}' is outside of the meeting", pointer="/windows")
    origin = meeting.starts_at.replace(second=0, microsecond=0)

    def minute(at: datetime) -> int:
        if (at - origin) % _MINUTE:
            raise WindowInvalid("times of a planning are whole minutes", pointer="/windows")
        return (at - origin) // _MINUTE

    worths = worths_of(run, items, DEFAULT_WORTH)
    rules = [*_rules(planning, parties, minute)]
    for item in items:
        rules.extend(_item_rules(item, planned.get(item.id, PlannedItem(item.id)), minute))
    return Problem(
        origin=origin,
        windows=tuple(_window(window, minute) for window in windows),
        candidates=tuple(
            _candidate(item, planned.get(item.id, PlannedItem(item.id)), place, worths[item.id])
            for place, item in enumerate(items)
        ),
        constraints=tuple(dict.fromkeys(rules)),
        gap=planning.gap,
    )


def _window(window: Stretched, minute: Callable[[datetime], int]) -> Window:
    return Window(window.id, Span(minute(window.starts_at), minute(window.ends_at)))


def _candidate(item: DraftItem, planned: PlannedItem, place: int, worth: int) -> Candidate:
    wanted = item.content.minutes
    return Candidate(
        id=str(item.id),
        title=item.content.title,
        least=wanted if planned.least is None else planned.least,
        wanted=wanted,
        most=wanted if planned.most is None else planned.most,
        worth=worth if planned.worth is None else planned.worth,
        place=place,
        section=planned.section,
        leads=frozenset(item.content.leads),
        commitments=frozenset(item.content.commitments),
    )


def _rules(
    planning: Planning, parties: tuple[str, ...], minute: Callable[[datetime], int]
) -> Iterator[Constraint]:
    for entry in planning.breaks:
        yield FixedBreak(entry.id, Span(minute(entry.starts_at), minute(entry.ends_at)))
    for movable in planning.movable_breaks:
        yield MovableBreak(movable.id, movable.minutes, minute(movable.earliest), minute(movable.latest))
    if planning.sections:
        yield SectionsInOrder(planning.sections)
    for one, other in planning.orders:
        yield Before(str(one), str(other), by_hand=True)
    if planning.lead_minutes is not None:
        yield LeadMinutes(parties, planning.lead_minutes)
    if planning.lead_count is not None:
        yield LeadCount(parties, planning.lead_count)
    for commitment in planning.commitments:
        yield Covered(commitment)


def _item_rules(
    item: DraftItem, planned: PlannedItem, minute: Callable[[datetime], int]
) -> Iterator[Constraint]:
    key = str(item.id)
    if item.content.kind is ItemKind.STANDING or not (planned.optional or planned.excluded):
        yield Must(key)
    if planned.excluded:
        yield Excluded(key)
    if planned.first:
        yield First(key)
    if planned.last:
        yield Last(key)
    if planned.present:
        yield Present(key, tuple(Span(minute(start), minute(end)) for start, end in planned.present))
    if planned.position is not None:
        yield AtPosition(key, planned.position)
    if planned.starts_at is not None:
        yield AtTime(key, minute(planned.starts_at))
    if planned.window is not None:
        yield InWindow(key, planned.window)
    if planned.minutes is not None:
        yield Lasts(key, planned.minutes)


def timed(problem: Problem, plan: Plan) -> tuple[Timed, ...]:
    """The plan's items with their positions and instants."""
    return tuple(_timed(problem, slot, position) for position, slot in enumerate(plan.slots, start=1))


def _timed(problem: Problem, slot: Slot, position: int) -> Timed:
    return Timed(UUID(slot.item), position, problem.origin + slot.start * _MINUTE, slot.minutes)


def arranged(
    draft: Draft, parked: Iterable[DraftItem], plan: tuple[Timed, ...]
) -> tuple[Draft, tuple[DraftItem, ...]]:
    """The draft with the plan's order and minutes, and the items that wait for another solution."""
    items = (*draft.items, *parked)
    by_id = {item.id: item for item in items}
    taken = tuple(
        replace(by_id[entry.item], content=replace(by_id[entry.item].content, minutes=entry.minutes))
        for entry in plan
    )
    chosen = {entry.item for entry in plan}
    waiting = tuple(item for item in items if item.id not in chosen)
    return replace(draft, items=taken, version=draft.version + 1), waiting
