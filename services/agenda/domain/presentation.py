"""What a screen in the room may show of a meeting under way: for everybody who looks, of whatever side.

Everything here is joint: titles as they were agreed, the run clock, and a new plan of the rest under the
planning of no side. Reserved items are left out, while their time is counted.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from services.agenda.domain.items import TabledItem
from services.agenda.domain.run_clock import ClockFace, ItemClock, RunState
from services.agenda.domain.time_budget import OverRun
from services.kernel.series import ItemKind


@dataclass(frozen=True, slots=True)
class CurrentItem:
    """The item under way; a break leaves it standing. `number` counts the items that are shown."""

    number: int
    title: str
    planned_minutes: int
    elapsed_minutes: float
    left_minutes: float
    over_by: float


@dataclass(frozen=True, slots=True)
class ComingItem:
    """An item that has not been finished. `minutes` and `starts_at` are those of the new plan, None where
    there would be no time left for it."""

    number: int
    title: str
    planned_minutes: int
    minutes: int | None
    starts_at: datetime | None


@dataclass(frozen=True, slots=True)
class Screen:
    """`current` is None between items, and while a reserved item runs."""

    state: RunState
    current: CurrentItem | None
    coming: tuple[ComingItem, ...]


def on_screen(
    items: Sequence[TabledItem],
    shown: ClockFace,
    under_way: UUID | None,
    rest: Mapping[UUID, tuple[int | None, datetime | None]],
) -> Screen:
    """`rest` has minutes and start, by the new plan, of each item that is still to come."""
    clocks = {one.item_id: one for one in shown.items}
    public = [item for item in items if item.kind is not ItemKind.RESERVED]
    current = None
    coming = []
    for number, item in enumerate(public, start=1):
        if item.id == under_way:
            current = _current(number, item, clocks[item.id])
        elif item.id in rest:
            minutes, starts_at = rest[item.id]
            coming.append(ComingItem(number, item.title, item.minutes, minutes, starts_at))
    return Screen(shown.state, current, tuple(coming))


def public_over_runs(over_runs: Iterable[OverRun]) -> tuple[OverRun, ...]:
    """The warnings, of which none names the section of reserved items."""
    return tuple(
        replace(one, section="") if one.section == ItemKind.RESERVED.value else one for one in over_runs
    )


def _current(number: int, item: TabledItem, clock: ItemClock) -> CurrentItem:
    left = max(0.0, item.minutes - clock.used_minutes)
    return CurrentItem(number, item.title, item.minutes, clock.used_minutes, left, clock.over_by)
