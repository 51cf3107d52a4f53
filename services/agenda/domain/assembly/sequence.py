"""The order within one stretch: an exact search for the first order, in the wanted one, that keeps every
time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.agenda.domain.assembly.layout import Place


@dataclass(frozen=True, slots=True)
class Activity:
    """An item or a movable break with settled minutes; `counted` if it has a position."""

    id: str
    minutes: int
    places: tuple[Place, ...]
    counted: bool = True

    @property
    def deadline(self) -> int:
        return max((place.span.end for place in self.places), default=-1)

    def earliest(self, at: int) -> int | None:
        """The first minute, from one on, at which it can start."""
        found = [
            max(at, place.span.start)
            for place in self.places
            if max(at, place.span.start) + self.minutes <= place.span.end
            and not (place.fixed and at > place.span.start)
        ]
        return min(found, default=None)


class SequencingUndecided(Exception):
    """The search came to its limit of steps; whoever asked has another way to decide."""


@dataclass(slots=True)
class _Search:
    activities: Sequence[Activity]
    before: Sequence[int]
    numbers: Mapping[int, int]
    gap: int
    steps: int
    seen: dict[int, int]
    by_deadline: Sequence[int]

    def extend(self, done: int, free_at: int, count: int, order: list[tuple[int, int]]) -> bool:
        if len(order) == len(self.activities):
            return True
        if self.seen.get(done, free_at + 1) <= free_at:
            return False
        self.seen[done] = free_at
        self.steps -= 1
        if self.steps < 0:
            raise SequencingUndecided
        left = [number for number in range(len(self.activities)) if not done >> number & 1]
        if not self._may_fit(done, free_at):
            return False
        tried: set[tuple[object, ...]] = set()
        for number in sorted(left, key=lambda one: self._would_idle(one, free_at)):
            activity = self.activities[number]
            likeness = (
                activity.minutes,
                activity.places,
                activity.counted,
                self.before[number],
                sum(1 << other for other in left if self.before[other] >> number & 1),
                self.numbers.get(number),
            )
            if likeness in tried or not self._may_follow(number, done, count):
                continue
            tried.add(likeness)
            start = activity.earliest(free_at)
            if start is None:
                continue
            order.append((number, start))
            following = start + activity.minutes + self.gap
            if self.extend(done | 1 << number, following, count + activity.counted, order):
                return True
            order.pop()
        return False

    def _would_idle(self, number: int, free_at: int) -> bool:
        """Whether it is a break whose time has not come: what can be done before it is tried first."""
        activity = self.activities[number]
        return not activity.counted and activity.earliest(free_at) != free_at

    def _may_fit(self, done: int, free_at: int) -> bool:
        """Whether each of the rest can still start, and those with the nearest deadlines fit before these."""
        until = free_at
        for number in self.by_deadline:
            if done >> number & 1:
                continue
            activity = self.activities[number]
            until += activity.minutes
            if until > activity.deadline or activity.earliest(free_at) is None:
                return False
            until += self.gap
        return True

    def _may_follow(self, number: int, done: int, count: int) -> bool:
        if self.before[number] & ~done:
            return False
        if not self.activities[number].counted:
            return True
        wanted = self.numbers.get(number)
        if wanted is not None:
            return wanted == count + 1
        return count + 1 not in self.numbers.values()


def sequence(
    activities: Sequence[Activity],
    before: Mapping[str, frozenset[str]],
    positions: Mapping[str, int],
    begin: int,
    gap: int,
    steps: int = 4_000,
) -> tuple[tuple[str, int], ...] | None:
    """Activities with their starts, each as early as the order lets it; None where no order keeps everything.

    `activities` are in the wanted order and all of them are placed; `positions` number the counted ones of
    this stretch from 1. Of the orders that keep everything it is the first one, compared activity by
    activity, where a break that would have to be waited for comes behind all else.

    Raises `SequencingUndecided`.
    """
    index = {activity.id: number for number, activity in enumerate(activities)}
    masks = [
        sum(1 << index[other] for other in before.get(activity.id, ()) if other in index)
        for activity in activities
    ]
    counted = sum(activity.counted for activity in activities)
    if any(not 1 <= position <= counted for position in positions.values()):
        return None
    numbers = {index[item]: position for item, position in positions.items()}
    order: list[tuple[int, int]] = []
    by_deadline = sorted(range(len(activities)), key=lambda number: activities[number].deadline)
    search = _Search(activities, masks, numbers, gap, steps, {}, by_deadline)
    if not search.extend(0, begin, 0, order):
        return None
    return tuple((activities[number].id, start) for number, start in order)
