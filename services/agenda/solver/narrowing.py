"""Large problems: a bound from a programme that is easy, and a plan from the few candidates that it points
at.

With only the ends of sections as whole numbers the programme is solved fast even for thousands of
candidates. Its optimum bounds the value of every plan. What it takes in whole, and what it takes in parts,
is where a good plan is looked for; only if that is further from the bound than wanted the whole programme
is solved.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from services.agenda.domain.assembly.layout import Place
from services.agenda.domain.assembly.plan import Plan, value
from services.agenda.domain.assembly.problem import Problem
from services.agenda.solver.model import Model, is_break
from services.agenda.solver.programme import INFINITY, Unsolved
from services.agenda.solver.rules import Learnt, programme_of
from services.agenda.solver.scope import only
from services.agenda.solver.search import Effort, Found, Lessons, search

_LITTLE = 1e-6


@dataclass(frozen=True, slots=True)
class Pointer:
    """An optimum of the easy programme: what it takes, in whole or in part, and how sections end."""

    bound: float
    nodes: int
    whole: frozenset[tuple[str, Place]]
    touched: frozenset[str]
    passed: dict[tuple[int, int], int]

    def narrow(self, model: Model) -> None:
        """Leaves open only what the optimum has in parts; also all the minutes."""
        programme = model.programme
        settled = {key for key, _ in self.whole}
        for key, options in model.options.items():
            for option in options if key in settled and not is_break(key) else ():
                here = (key, option.place) in self.whole
                programme.lower[option.chosen] = programme.upper[option.chosen] = float(here)
        self.keep_sections(model)

    def keep_sections(self, model: Model) -> None:
        for key, column in model.passed.items():
            model.programme.lower[column] = model.programme.upper[column] = float(self.passed[key])


def best_within(problem: Problem, effort: Effort, holding: Sequence[Plan] = ()) -> Found | None:
    """A plan within the relative gap of the bound, or None where there is none; raises `Unsolved`.

    `holding` are plans known to hold, in case that no better one is found.

    Where the whole programme comes to its limit of nodes the best plan known is given with the best bound.
    """
    pointer = _point(problem, effort)
    if pointer is None:
        return None
    best = next((Found(plan, pointer.bound, 0, 0) for plan in holding), None)
    nodes = pointer.nodes
    lessons = Lessons()
    narrow = replace(effort, gap=effort.gap / 4, nodes=200, rounds=12, mending=True)
    enough = pointer.bound / (1 + effort.gap)
    for scope, prepare in _attempts(problem, pointer):
        try:
            found = search(scope, narrow, prepare, lessons, enough)
        except Unsolved:
            continue
        if found is not None:
            nodes += found.nodes
            if best is None or value(problem, found.plan) > value(problem, best.plan):
                best = found
        if best is not None and value(problem, best.plan) >= enough:
            return replace(best, bound=pointer.bound, nodes=nodes)
    return _whole(problem, effort, best, pointer.bound, nodes)


def _attempts(problem: Problem, pointer: Pointer) -> Iterator[tuple[Problem, Callable[[Model], None]]]:
    scope = only(problem, pointer.touched | problem.taken_by_force())
    yield scope, pointer.narrow
    yield scope, pointer.keep_sections
    yield scope, as_it_is


def as_it_is(_: Model) -> None:
    """Nothing is settled."""


def _whole(problem: Problem, effort: Effort, best: Found | None, bound: float, nodes: int) -> Found | None:
    floor = -INFINITY if best is None else float(value(problem, best.plan))

    def prepare(model: Model) -> None:
        if best is not None:
            model.row(dict(enumerate(model.programme.costs)), floor, INFINITY)

    try:
        found = search(problem, effort, prepare)
    except Unsolved:
        if best is None:
            raise
        return replace(best, bound=bound, nodes=nodes)
    if found is None:
        return None if best is None else replace(best, bound=min(bound, best.bound), nodes=nodes)
    return replace(found, bound=min(bound, found.bound), nodes=nodes + found.nodes)


def _point(problem: Problem, effort: Effort) -> Pointer | None:
    model = programme_of(problem, Learnt())
    if model.impossible:
        return None
    programme = model.programme
    programme.work = effort.work
    sections = set(model.passed.values())
    programme.whole = [column in sections for column in range(len(programme.whole))]
    solution = programme.solve(gap=effort.gap / 10, nodes=effort.nodes, guessing=False)
    if solution is None:
        return None
    whole: set[tuple[str, Place]] = set()
    touched: set[str] = set()
    for key, options in model.options.items():
        for option in options:
            if solution.values[option.chosen] > _LITTLE and not is_break(key):
                touched.add(key)
                if solution.values[option.chosen] > 1 - _LITTLE:
                    whole.add((key, option.place))
    passed = {key: solution.whole(column) for key, column in model.passed.items()}
    return Pointer(solution.bound, solution.nodes, frozenset(whole), frozenset(touched), passed)
