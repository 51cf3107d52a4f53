"""The time of an agenda: the minutes of each section, of each day against its window, and what runs over.

An agenda has order and minutes and no times. Its items are laid over the days of the meeting in their order:
one goes on to the next day where the rest of a day is too short for it, and the last day takes what is left.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from uuid import UUID

from services.agenda.domain.assembly.planning import Planning, Stretched, Timed
from services.agenda.domain.draft import Draft
from services.agenda.domain.items import DraftItem, TabledItem
from services.agenda.domain.meeting import Sitting
from services.agenda.domain.run_clock import Run

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class SittingDay:
    """The windows of a day in their order, and the minutes of the breaks in them."""

    day: date
    windows: tuple[tuple[datetime, datetime], ...]
    breaks: float = 0.0

    @property
    def minutes(self) -> float:
        return sum(_minutes(end - start) for start, end in self.windows)

    @property
    def ends_at(self) -> datetime:
        return self.windows[-1][1]

    def left(self, now: datetime) -> float:
        """The minutes of the windows from then on."""
        return sum(max(0.0, _minutes(end - max(start, now))) for start, end in self.windows)

    def after(self, now: datetime, minutes: float) -> datetime:
        """When so many minutes are over that begin then, or with the day; the last window goes on."""
        at = now
        for start, end in self.windows[:-1]:
            at = max(at, start)
            room = max(0.0, _minutes(end - at))
            if minutes <= room:
                return at + timedelta(minutes=minutes)
            minutes -= room
        return max(at, self.windows[-1][0]) + timedelta(minutes=minutes)


@dataclass(frozen=True, slots=True)
class Line:
    """An item as its time is counted. `starts_at` is known where the agenda was assembled."""

    section: str
    minutes: float
    starts_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SectionTime:
    """The sum of a section. `over_by` is how far its items went beyond their minutes, on a running clock."""

    section: str
    items: int
    minutes: float
    used_minutes: float = 0.0
    over_by: float = 0.0


@dataclass(frozen=True, slots=True)
class DayTime:
    """A day against its window. On a running clock: what was used, and what is still to come."""

    day: date
    window_minutes: float
    item_minutes: float
    break_minutes: float
    over_by: float


@dataclass(frozen=True, slots=True)
class OverRun:
    """A warning: by how many minutes a day runs over, and in which section its time is used up."""

    day: date
    section: str
    minutes: float


@dataclass(frozen=True, slots=True)
class TimeBudget:
    """Sections are in the order of the agenda, days in theirs. `ends_at` is when the last item would end."""

    sections: tuple[SectionTime, ...]
    days: tuple[DayTime, ...]
    over_runs: tuple[OverRun, ...]
    ends_at: datetime | None = None

    @property
    def item_minutes(self) -> float:
        return sum(day.item_minutes for day in self.days)

    @property
    def break_minutes(self) -> float:
        return sum(day.break_minutes for day in self.days)

    @property
    def window_minutes(self) -> float:
        return sum(day.window_minutes for day in self.days)


def sitting_days(sitting: Sitting, zone: tzinfo) -> tuple[SittingDay, ...]:
    """The days of a meeting as the clocks of its place count them.

    A meeting of several days sits on each from the hour it begins to the hour it ends; where it ends at an
    earlier hour than it begins, its hours are not known and the days between are whole.
    """
    first, last = (at.astimezone(zone) for at in (sitting.starts_at, sitting.ends_at))
    opens, closes = first.time(), last.time()
    known = opens < closes
    found = []
    day = first.date()
    while day <= last.date():
        start = _at(day, opens if known else time.min, zone)
        end = _at(day, closes, zone) if known else _at(day + _DAY, time.min, zone)
        if day == first.date():
            start = sitting.starts_at
        if day == last.date():
            end = sitting.ends_at
        if start < end:
            found.append(SittingDay(day, ((start, end),)))
        day += _DAY
    return tuple(found)


def planned_days(planning: Planning, sitting: Sitting, zone: tzinfo) -> tuple[SittingDay, ...]:
    """The days as a side planned them, with its breaks; those of the meeting where it planned no window."""
    windows: dict[date, list[tuple[datetime, datetime]]] = {}
    for window in sorted(planning.windows, key=lambda one: (one.starts_at, one.ends_at)):
        day = window.starts_at.astimezone(zone).date()
        windows.setdefault(day, []).append((window.starts_at, window.ends_at))
    days = [SittingDay(day, tuple(spans)) for day, spans in windows.items()] or sitting_days(sitting, zone)
    movable = {
        day.day: sum(
            one.minutes for one in planning.movable_breaks if one.earliest.astimezone(zone).date() == day.day
        )
        for day in days
    }
    return tuple(
        replace(day, breaks=movable[day.day] + sum(_within(day, one) for one in planning.breaks))
        for day in days
    )


def budget(lines: Sequence[Line], days: Sequence[SittingDay], zone: tzinfo) -> TimeBudget:
    """What the lines take of the days. Gaps between neighbours are not counted."""
    places = _placed(lines, days, zone)
    told, over_runs, ends_at = [], [], None
    for number, day in enumerate(days):
        on_day = [line for line, place in zip(lines, places, strict=True) if place == number]
        taken = sum(line.minutes for line in on_day)
        over = max(0.0, taken + day.breaks - day.minutes)
        told.append(DayTime(day.day, day.minutes, taken, day.breaks, over))
        if over:
            over_runs.append(OverRun(day.day, _used_up(on_day, day.minutes - day.breaks), over))
        if on_day:
            last = on_day[-1]
            ends_at = (
                day.after(day.windows[0][0], taken + day.breaks)
                if last.starts_at is None
                else last.starts_at + timedelta(minutes=last.minutes)
            )
    sections = tuple(
        SectionTime(section, len(own), sum(line.minutes for line in own))
        for section, own in _by_section(lines)
    )
    return TimeBudget(sections, tuple(told), tuple(over_runs), ends_at)


def agenda_budget(items: Iterable[TabledItem], sitting: Sitting, zone: tzinfo) -> TimeBudget:
    """Of a tabled agenda. Its sections are the kinds of its items: those that a side planned are its own."""
    lines = [Line(item.kind.value, item.minutes) for item in items]
    return budget(lines, sitting_days(sitting, zone), zone)


def draft_budget(draft: Draft, planning: Planning, sitting: Sitting, zone: tzinfo) -> TimeBudget:
    """Of a draft under its party's planning; an item without a planned section is of that of its kind."""
    lines = [Line(_section(item, planning), item.content.minutes) for item in draft.items]
    return budget(lines, planned_days(planning, sitting, zone), zone)


def plan_budget(
    plan: Sequence[Timed], items: Iterable[DraftItem], planning: Planning, sitting: Sitting, zone: tzinfo
) -> TimeBudget:
    """Of an assembled plan, whose items have times."""
    sections = {item.id: _section(item, planning) for item in items}
    lines = [Line(sections[entry.item], entry.minutes, entry.starts_at) for entry in plan]
    return budget(lines, planned_days(planning, sitting, zone), zone)


def clock_budget(
    run: Run, items: Sequence[TabledItem], sitting: Sitting, zone: tzinfo, now: datetime
) -> TimeBudget:
    """Of a meeting under way: what was used, and what is left laid over the rest of the days from now on."""
    days = sitting_days(sitting, zone)
    used = {item.id: 0.0 for item in items}
    spent = [[0.0, 0.0] for _ in days]
    last: list[tuple[datetime, UUID | None] | None] = [None for _ in days]
    for one in run.stretches:
        ended = one.ended_at or max(now, one.started_at)
        minutes = _minutes(ended - one.started_at)
        place = _day_of(one.started_at, days, zone)
        spent[place][1 if one.item_id is None else 0] += minutes
        last[place] = (ended, one.item_id)
        if one.item_id is not None:
            used[one.item_id] = used.get(one.item_id, 0.0) + minutes
    under_way = run.current or run.interrupted
    waiting = sorted(
        (item for item in items if item.id not in run.finished), key=lambda item: item.id != under_way
    )
    left = [
        Line(item.kind.value, max(0.0, item.minutes - used[item.id]))
        for item in waiting
        if item.id == under_way or item.minutes > used[item.id]
    ]
    places = _placed(left, days, zone, now=now, going_on=under_way is not None)
    kinds = {item.id: item.kind.value for item in items}
    told, over_runs, ends_at = [], [], now
    for number, day in enumerate(days):
        on_day = [line for line, place in zip(left, places, strict=True) if place == number]
        coming = sum(line.minutes for line in on_day)
        taken, breaks = spent[number]
        over, section = 0.0, ""
        if on_day:
            ends_at = day.after(max(now, day.windows[0][0]), coming)
            over, section = _minutes(ends_at - day.ends_at), _used_up(on_day, day.left(now))
        elif (was := last[number]) is not None:
            over, section = _minutes(was[0] - day.ends_at), kinds.get(was[1], "") if was[1] else ""
        over = max(0.0, over)
        told.append(DayTime(day.day, day.minutes, taken + coming, breaks, over))
        if over:
            over_runs.append(OverRun(day.day, section, over))
    return TimeBudget(_sections_used(items, used), tuple(told), tuple(over_runs), ends_at)


def _sections_used(items: Sequence[TabledItem], used: dict[UUID, float]) -> tuple[SectionTime, ...]:
    found: dict[str, list[TabledItem]] = {}
    for item in items:
        found.setdefault(item.kind.value, []).append(item)
    return tuple(
        SectionTime(
            section,
            len(own),
            sum(item.minutes for item in own),
            sum(used[item.id] for item in own),
            sum(max(0.0, used[item.id] - item.minutes) for item in own),
        )
        for section, own in found.items()
    )


def _section(item: DraftItem, planning: Planning) -> str:
    planned = next((entry.section for entry in planning.items if entry.item == item.id), "")
    return planned or item.content.kind.value


def _by_section(lines: Sequence[Line]) -> Iterator[tuple[str, list[Line]]]:
    found: dict[str, list[Line]] = {}
    for line in lines:
        found.setdefault(line.section, []).append(line)
    yield from found.items()


def _placed(
    lines: Sequence[Line],
    days: Sequence[SittingDay],
    zone: tzinfo,
    *,
    now: datetime | None = None,
    going_on: bool = False,
) -> list[int]:
    """The number of the day of each line. An item under way, `going_on`, goes on today."""
    room = [day.minutes - day.breaks if now is None else day.left(now) for day in days]
    whole = [day.minutes - day.breaks for day in days]
    places, at = [], 0
    if going_on and now is not None:
        at = _day_of(now, days, zone)
    for number, line in enumerate(lines):
        if line.starts_at is not None:
            at = _day_of(line.starts_at, days, zone)
        elif not (going_on and number == 0):
            # What is longer than any day begins where it comes: no later day has room for it.
            while at < len(days) - 1 and (
                room[at] <= 0 or room[at] < line.minutes <= max(whole[at + 1 :], default=0)
            ):
                at += 1
        room[at] -= line.minutes
        places.append(at)
    return places


def _day_of(at: datetime, days: Sequence[SittingDay], zone: tzinfo) -> int:
    """The number of the latest day that has begun by then, the first where none has."""
    today = at.astimezone(zone).date()
    return max((number for number, day in enumerate(days) if day.day <= today), default=0)


def _used_up(lines: Sequence[Line], minutes: float) -> str:
    """The section of the item during which so many minutes are used up."""
    taken = 0.0
    for line in lines:
        taken += line.minutes
        if taken > minutes:
            return line.section
    return lines[-1].section if lines else ""


def _within(day: SittingDay, pause: Stretched) -> float:
    return sum(
        max(0.0, _minutes(min(end, pause.ends_at) - max(start, pause.starts_at)))
        for start, end in day.windows
    )


def _at(day: date, clock: time, zone: tzinfo) -> datetime:
    return datetime.combine(day, clock, zone).astimezone(UTC)


def _minutes(length: timedelta) -> float:
    return length.total_seconds() / 60
