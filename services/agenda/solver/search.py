"""From the programme to an order of every stretch, and back to the programme where a stretch has none."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from services.agenda.domain.assembly.plan import Plan, value
from services.agenda.domain.assembly.problem import Problem
from services.agenda.domain.assembly.sequence import SequencingUndecided
from services.agenda.solver.mending import mended
from services.agenda.solver.model import Model
from services.agenda.solver.programme import INFINITY, Solution, Unsolved, Work
from services.agenda.solver.rules import Learnt, programme_of
from services.agenda.solver.stretch import Order, StretchLoad, plan_of, stretches_of


@dataclass(frozen=True, slots=True)
class Effort:
    """`gap` is relative, `nodes` is of each programme, `rounds` is how often a stretch may have no order.

    With `mending`, a stretch without an order gives up minutes or items rather than that all is solved
    again: the plan is then one of those near the bound, not the best. `work` counts what
    several searches have done together, and ends them.
    """

    gap: float = 0.0
    nodes: int = 50_000
    rounds: int = 200
    mending: bool = False
    work: Work | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """A plan, what the programme says no plan can exceed, and what it took."""

    plan: Plan
    bound: float
    nodes: int
    rounds: int


@dataclass(slots=True)
class Lessons:
    """What orders have shown so far; true of every plan, so that one search may hand it to the next."""

    disjoined: dict[int, frozenset[str]] = field(default_factory=dict)
    apart: set[tuple[int, frozenset[str]]] = field(default_factory=set)

    def learnt(self) -> Learnt:
        return Learnt(self.disjoined, frozenset(self.apart))

    def learn(self, load: StretchLoad, blamed: frozenset[str]) -> None:
        """A set that has no order even at its least minutes is kept apart; of another the order is
        decided."""
        rest = load.restricted(blamed).at_least().without_numbers()
        try:
            if rest.order() is None:
                self.apart.add((load.number, rest.without_order()))
                return
        except SequencingUndecided:
            pass
        self.disjoined[load.number] = self.disjoined.get(load.number, frozenset()) | blamed


def search(
    problem: Problem,
    effort: Effort,
    prepare: Callable[[Model], None],
    lessons: Lessons | None = None,
    enough: float = INFINITY,
) -> Found | None:
    """The best plan for the programme as prepared; None where there is none. Raises `Unsolved`.

    Where a stretch has no order, the next programme knows why. Every programme is a relaxation, so its
    bound holds for all plans. With `mending` the search ends with a plan that is worth `enough`.
    """
    known = Lessons() if lessons is None else lessons
    near: Found | None = None
    nodes = 0
    for number_of_round in range(1, effort.rounds + 1):
        model = programme_of(problem, known.learnt())
        prepare(model)
        model.programme.work = effort.work
        solution = None if model.impossible else model.programme.solve(gap=effort.gap, nodes=effort.nodes)
        if solution is None:
            return near
        nodes += solution.nodes
        loads = stretches_of(model, solution)
        orders, failing = _orders(model, solution, loads, known.disjoined)
        if not failing:
            return Found(plan_of(list(orders.values()), loads), solution.bound, nodes, number_of_round)
        if effort.mending:
            plan = mended(problem, loads, orders)
            near = _better(problem, near, plan, solution.bound, nodes, number_of_round)
            if near is not None and value(problem, near.plan) >= enough:
                return near
        for load in loads:
            if load.number in failing:
                known.learn(load, failing[load.number])
    if near is None:
        raise Unsolved("the order of a stretch stays open")
    return near


def _better(
    problem: Problem, near: Found | None, plan: Plan | None, bound: float, nodes: int, rounds: int
) -> Found | None:
    if plan is None or (near is not None and value(problem, near.plan) >= value(problem, plan)):
        return near
    return Found(plan, bound, nodes, rounds)


def _orders(
    model: Model, solution: Solution, loads: Sequence[StretchLoad], disjoined: Mapping[int, frozenset[str]]
) -> tuple[dict[int, Order], dict[int, frozenset[str]]]:
    """An order of each stretch, or those of its activities that have none."""
    orders: dict[int, Order] = {}
    failing: dict[int, frozenset[str]] = {}
    for load in loads:
        try:
            order = load.order()
            blamed = frozenset() if order is not None else load.without_order()
        except SequencingUndecided:
            order, blamed = None, frozenset(load.keys)
        if order is None and blamed <= disjoined.get(load.number, frozenset()):
            starts = {key: solution.whole(model.starts[load.number, key]) for key in load.keys}
            order = tuple(sorted(starts.items(), key=lambda entry: entry[1]))
        if order is None:
            failing[load.number] = blamed
        else:
            orders[load.number] = order
    return orders, failing
