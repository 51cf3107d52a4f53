"""A plan: what is taken, when and for how long; and what it is worth."""

from dataclasses import dataclass

from services.agenda.domain.assembly.problem import Problem


@dataclass(frozen=True, slots=True)
class Slot:
    """An item at its time; `start` is a minute of the problem's clock."""

    item: str
    start: int
    minutes: int

    @property
    def end(self) -> int:
        return self.start + self.minutes


@dataclass(frozen=True, slots=True)
class Pause:
    """A movable break at its time."""

    id: str
    start: int
    minutes: int

    @property
    def end(self) -> int:
        return self.start + self.minutes


@dataclass(frozen=True, slots=True)
class Plan:
    """`slots` are in the order of time, so a position is a place among them, from 1."""

    slots: tuple[Slot, ...]
    pauses: tuple[Pause, ...] = ()

    @property
    def end(self) -> int | None:
        """When the last item ends."""
        return self.slots[-1].end if self.slots else None

    def taken(self) -> frozenset[str]:
        return frozenset(slot.item for slot in self.slots)


def value(problem: Problem, plan: Plan) -> int:
    """The worth of what is taken less the price of every minute off what was wanted."""
    candidates = problem.by_id()
    return sum(
        candidates[slot.item].worth - problem.off_minute * abs(slot.minutes - candidates[slot.item].wanted)
        for slot in plan.slots
    )
