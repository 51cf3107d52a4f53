"""What one solution of the programme puts into each stretch, and the order found for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from services.agenda.domain.assembly.layout import Place
from services.agenda.domain.assembly.plan import Pause, Plan, Slot
from services.agenda.domain.assembly.precedence import predecessors, wanted_order
from services.agenda.domain.assembly.problem import AtPosition
from services.agenda.domain.assembly.sequence import Activity, SequencingUndecided, sequence
from services.agenda.solver.model import Model, is_break
from services.agenda.solver.programme import Solution

Order = tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class StretchLoad:
    """The activities of a stretch in their wanted order, with minutes; `least` is how few they may have.

    `numbered` is the order that a solution with pinned positions gives to some of them.
    """

    number: int
    begin: int
    gap: int
    keys: tuple[str, ...]
    minutes: Mapping[str, int]
    least: Mapping[str, int]
    places: Mapping[str, tuple[Place, ...]]
    before: Mapping[str, frozenset[str]]
    positions: Mapping[str, int]
    numbered: Mapping[str, frozenset[str]]

    def order(self) -> Order | None:
        """The first order in the wanted one, or None. Raises `SequencingUndecided`."""
        try:
            return self._sequence(self.keys, self.before, self.positions)
        except SequencingUndecided:
            if not self.numbered:
                raise
        return self._sequence(self.keys, self._before_as_numbered(), {})

    def without_order(self) -> frozenset[str]:
        """As few as have no order among themselves, with the numbers they have."""
        before = self._before_as_numbered()
        left = list(self.keys)
        for key in self.keys:
            rest = [other for other in left if other != key]
            try:
                if self._sequence(rest, before, {}) is None:
                    left = rest
            except SequencingUndecided:
                continue
        return frozenset(left)

    def _sequence(
        self, keys: Sequence[str], before: Mapping[str, frozenset[str]], positions: Mapping[str, int]
    ) -> Order | None:
        activities = [
            Activity(key, self.minutes[key], self.places[key], counted=not is_break(key)) for key in keys
        ]
        return sequence(activities, before, positions, self.begin, self.gap)

    def _before_as_numbered(self) -> Mapping[str, frozenset[str]]:
        return {
            key: self.before.get(key, frozenset()) | self.numbered.get(key, frozenset()) for key in self.keys
        }

    def without_numbers(self) -> "StretchLoad":
        return replace(self, positions={}, numbered={})

    def restricted(self, keys: frozenset[str]) -> "StretchLoad":
        return replace(self, keys=tuple(key for key in self.keys if key in keys))

    def at_least(self) -> "StretchLoad":
        return replace(self, minutes=self.least)

    def lasting(self, key: str, minutes: int) -> "StretchLoad":
        return replace(self, minutes={**self.minutes, key: minutes})

    def without(self, key: str) -> "StretchLoad":
        return replace(self, keys=tuple(other for other in self.keys if other != key))


def stretches_of(model: Model, solution: Solution) -> tuple[StretchLoad, ...]:
    """What the solution puts into each stretch."""
    chosen = model.chosen(solution)
    items = [key for key in chosen if not is_break(key)]
    wanted = wanted_order(model.problem, items)
    before = predecessors(model.problem, items)
    pins = [entry for entry in model.problem.constraints if isinstance(entry, AtPosition)]
    numbering = model.numbering
    loads: list[StretchLoad] = []
    passed = 0
    for number, stretch in enumerate(model.stretches):
        held = {key for key, (option, _) in chosen.items() if option.place.stretch == number}
        own = [key for key in wanted if key in held]
        keys = (*sorted(held - set(own)), *own)
        loads.append(
            StretchLoad(
                number=number,
                begin=stretch.span.start,
                gap=model.problem.gap,
                keys=keys,
                minutes={key: chosen[key][1] for key in keys},
                least={key: chosen[key][0].least for key in keys},
                places={key: tuple(option.place for option in model.here(number, key)) for key in keys},
                before=before,
                positions={pin.item: pin.position - passed for pin in pins if pin.item in held},
                numbered={} if numbering is None else numbering.order_in(solution, number, keys),
            )
        )
        passed += len(own)
    return tuple(loads)


def plan_of(orders: Sequence[Order], loads: Sequence[StretchLoad]) -> Plan:
    """The plan of orders that are in the order of time."""
    minutes = {key: load.minutes[key] for load in loads for key in load.keys}
    entries = [entry for order in orders for entry in order]
    return Plan(
        tuple(Slot(key, start, minutes[key]) for key, start in entries if not is_break(key)),
        tuple(Pause(key[1:], start, minutes[key]) for key, start in entries if is_break(key)),
    )
