"""Assembles an agenda: the best plan for a problem, or a smallest set of constraints that cannot hold
together."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import floor

from services.agenda.domain.assembly.checking import is_possible, violations
from services.agenda.domain.assembly.plan import Plan, value
from services.agenda.domain.assembly.precedence import wanted_order
from services.agenda.domain.assembly.problem import (
    Must,
    Problem,
)
from services.agenda.domain.assembly.refusals import AssemblyUndecided
from services.agenda.domain.assembly.validation import require_sound
from services.agenda.solver.conflicts import Conflict, smallest_conflict
from services.agenda.solver.feasibility import plan_that_holds
from services.agenda.solver.model import Model, is_break
from services.agenda.solver.narrowing import as_it_is, best_within
from services.agenda.solver.programme import INFINITY, Unsolved, Work
from services.agenda.solver.scope import only
from services.agenda.solver.search import Effort, Found, search

EXACT_UP_TO = 40
"""Candidates up to which the optimum is proven; beyond, a plan within `WITHIN` of it is enough."""
WITHIN = 0.01
MOST_PROGRAMMES = 300
MOST_NODES = 10_000
"""What one search of a large problem may take in all."""
_FIRST_NODES = 2_000


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


def effort_for(problem: Problem) -> Effort:
    """Depends on nothing but the problem, so that the same problem has the same answer everywhere."""
    if len(problem.candidates) <= EXACT_UP_TO:
        return Effort()
    return Effort(gap=WITHIN, work=Work(MOST_PROGRAMMES, MOST_NODES))


def assemble(problem: Problem, effort: Effort | None = None) -> Assembly | Conflict:
    """The same answer for the same problem, however its parts are ordered.

    Raises what `require_sound` raises, `AssemblyUndecided` or `ConflictUndecided`.
    """
    require_sound(problem)
    return solve(problem, effort)


def solve(problem: Problem, effort: Effort | None = None) -> Assembly | Conflict:
    """As `assemble`, of a problem that makes sense. Raises `AssemblyUndecided` or `ConflictUndecided`."""
    ordered = problem.ordered()
    spent = effort or effort_for(ordered)
    try:
        if spent.gap:
            holding = _holding(ordered)
            best = None if holding is None else best_within(ordered, spent, holding)
        else:
            best = search(ordered, spent, as_it_is)
        if best is None:
            return smallest_conflict(ordered)
        plan = _in_wanted_order(ordered, best, spent)
    except Unsolved as unsolved:
        raise AssemblyUndecided("no agenda and no conflict was found within the limit of work") from unsolved
    worth = value(ordered, plan)
    broken = violations(ordered, plan)
    if broken or not is_possible(ordered, plan):
        raise AssertionError(f"the plan found breaks {broken}")
    return Assembly(plan, worth, max(worth, floor(best.bound + 1e-4)), best.nodes, best.rounds)


def _holding(problem: Problem) -> Sequence[Plan] | None:
    """A plan to begin with; nothing where that stays open within a part of the work; None where there is
    none."""
    try:
        plan = plan_that_holds(problem, Effort(nodes=_FIRST_NODES, rounds=20, work=Work(60, _FIRST_NODES)))
    except Unsolved:
        return ()
    return None if plan is None else (plan,)


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
