"""Assembles an agenda: the best plan for a problem, or a smallest set of constraints that cannot hold
together."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import floor

from services.agenda.domain.assembly.checking import is_possible, violations
from services.agenda.domain.assembly.plan import Plan, value
from services.agenda.domain.assembly.precedence import wanted_order
from services.agenda.domain.assembly.problem import (
    AtPosition,
    Constraint,
    Covered,
    LeadCount,
    LeadMinutes,
    Must,
    Problem,
)
from services.agenda.domain.assembly.refusals import AssemblyUndecided
from services.agenda.domain.assembly.validation import require_sound
from services.agenda.solver.model import Model, is_break
from services.agenda.solver.narrowing import as_it_is, best_within
from services.agenda.solver.programme import INFINITY, Unsolved
from services.agenda.solver.rules import Learnt, programme_of
from services.agenda.solver.scope import only
from services.agenda.solver.search import Effort, Found, search

EXACT_UP_TO = 40
"""Candidates up to which the optimum is proven; beyond, a plan within `WITHIN` of it is enough."""
WITHIN = 0.01


@dataclass(frozen=True, slots=True)
class Assembly:
    """A plan with its value, and a bound that no plan's value exceeds."""

    plan: Plan
    value: int
    bound: int
    nodes: int
    rounds: int

    @property
    def gap(self) -> float:
        """How far the plan may be from the best, relative to its value."""
        return 0.0 if self.bound <= self.value else (self.bound - self.value) / max(1, abs(self.value))


@dataclass(frozen=True, slots=True)
class Conflict:
    """Constraints that cannot hold together, each of which can be given up to make the others hold."""

    constraints: tuple[Constraint, ...]


def effort_for(problem: Problem) -> Effort:
    """Depends on nothing but the problem, so that the same problem has the same answer everywhere."""
    return Effort() if len(problem.candidates) <= EXACT_UP_TO else Effort(gap=WITHIN)


def assemble(problem: Problem, effort: Effort | None = None) -> Assembly | Conflict:
    """The same answer for the same problem, however its parts are ordered.

    Raises what `require_sound` raises, or `AssemblyUndecided`.
    """
    require_sound(problem)
    return solve(problem, effort)


def solve(problem: Problem, effort: Effort | None = None) -> Assembly | Conflict:
    """As `assemble`, of a problem that makes sense. Raises `AssemblyUndecided`."""
    ordered = problem.ordered()
    spent = effort or effort_for(ordered)
    try:
        best = best_within(ordered, spent) if spent.gap else search(ordered, spent, as_it_is)
        if best is None:
            return Conflict(smallest_conflict(ordered))
        plan = _in_wanted_order(ordered, best, spent)
    except Unsolved as unsolved:
        raise AssemblyUndecided("no agenda and no conflict was found within the limit of work") from unsolved
    worth = value(ordered, plan)
    broken = violations(ordered, plan)
    if broken or not is_possible(ordered, plan):
        raise AssertionError(f"the plan found breaks {broken}")
    return Assembly(plan, worth, max(worth, floor(best.bound + 1e-4)), best.nodes, best.rounds)


def _in_wanted_order(problem: Problem, best: Found, effort: Effort) -> Plan:
    """A plan of the same items and value whose stretches hold what the wanted order would put there."""
    taken = best.plan.taken()
    worth = value(problem, best.plan)
    forced = problem.keeping((*problem.constraints, *(Must(item) for item in sorted(taken))))
    chosen = only(forced, taken).ordered()
    targets = _targets(chosen, best.plan)

    def prepare(model: Model) -> None:
        programme = model.programme
        costs = dict(enumerate(programme.costs))
        model.row({column: cost for column, cost in costs.items() if cost}, worth, INFINITY)
        programme.costs = [0.0] * len(programme.costs)
        for key, options in model.options.items():
            for option in options:
                away = 0 if is_break(key) else abs(option.place.stretch - targets(model)[key])
                programme.costs[option.chosen] = -float(away)

    try:
        found = search(chosen, replace(effort, gap=0.0, nodes=500, rounds=6), prepare)
    except Unsolved:
        found = None
    return best.plan if found is None else found.plan


def _targets(problem: Problem, plan: Plan) -> Callable[[Model], dict[str, int]]:
    """The stretch of each item if all followed each other in the wanted order, with the minutes found."""
    minutes = {slot.item: slot.minutes for slot in plan.slots}
    order = wanted_order(problem, minutes)
    known: dict[str, int] = {}

    def targets(model: Model) -> dict[str, int]:
        if known:
            return known
        at = 0
        for item in order:
            fitting = [
                (max(at, option.place.span.start), option.place.stretch)
                for option in model.options[item]
                if max(at, option.place.span.start) + minutes[item] <= option.place.span.end
            ]
            start, known[item] = min(fitting, default=(at, len(model.stretches) - 1))
            at = start + minutes[item] + problem.gap if fitting else at
        return known

    return targets


def smallest_conflict(problem: Problem, effort: Effort | None = None) -> tuple[Constraint, ...]:
    """Of the constraints of an infeasible problem a set that is infeasible, and feasible without any one
    of it.

    By halving (QuickXplain): few constraints among many are found in few programmes. Raises `Unsolved`.
    """
    spent = effort or Effort(gap=WITHIN)

    def holds(constraints: Sequence[Constraint]) -> bool:
        return is_feasible(problem.keeping(tuple(constraints)), spent)

    found = _explain([], list(problem.constraints), holds, added=False)
    return tuple(entry for entry in problem.constraints if entry in set(found))


def _explain(
    held: list[Constraint],
    doubtful: list[Constraint],
    holds: Callable[[Sequence[Constraint]], bool],
    *,
    added: bool,
) -> list[Constraint]:
    if added and not holds(held):
        return []
    if len(doubtful) == 1:
        return doubtful
    half = len(doubtful) // 2
    one, other = doubtful[:half], doubtful[half:]
    second = _explain([*held, *one], other, holds, added=bool(one))
    first = _explain([*held, *second], one, holds, added=bool(second))
    return [*first, *second]


def is_feasible(problem: Problem, effort: Effort) -> bool:
    """Whether all constraints hold together. Raises `Unsolved`.

    Two cheap answers come first: a plan of the items that have to be taken, or serve what has to be
    served, is one of the problem; and where not even fractions of items hold, no plan does.
    """
    ordered = problem.ordered()
    reduced = _that_matter(ordered)
    if reduced is ordered and len(ordered.candidates) > EXACT_UP_TO:
        if search(_core(ordered), effort, _without_value) is not None:
            return True
        model = programme_of(ordered, Learnt())
        _without_value(model)
        model.programme.whole = [False] * len(model.programme.whole)
        if model.impossible or model.programme.solve(gap=0.0, nodes=1, guessing=False) is None:
            return False
    return search(reduced, effort, _without_value) is not None


def _without_value(model: Model) -> None:
    model.programme.costs = [0.0] * len(model.programme.costs)


def _core(problem: Problem) -> Problem:
    """The items that have to be taken, or serve what has to be served."""
    wanted = {entry.commitment for entry in problem.constraints if isinstance(entry, Covered)}
    serving = {candidate.id for candidate in problem.candidates if candidate.commitments & wanted}
    if len(serving) > EXACT_UP_TO:
        serving = set(sorted(serving)[:EXACT_UP_TO])
    return only(problem, problem.taken_by_force() | serving)


def _that_matter(problem: Problem) -> Problem:
    """Without the candidates that no constraint can need: leaving one out keeps every other constraint."""
    if any(isinstance(entry, AtPosition | LeadMinutes | LeadCount) for entry in problem.constraints):
        return problem
    wanted = {entry.commitment for entry in problem.constraints if isinstance(entry, Covered)}
    serving = {candidate.id for candidate in problem.candidates if candidate.commitments & wanted}
    return only(problem, problem.taken_by_force() | serving)
