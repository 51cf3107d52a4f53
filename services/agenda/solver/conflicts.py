"""A smallest set of constraints that cannot hold together, found in few programmes and a bounded number of
nodes."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from services.agenda.domain.assembly.checking import is_possible, violations
from services.agenda.domain.assembly.plan import Plan
from services.agenda.domain.assembly.problem import (
    AtPosition,
    Constraint,
    Covered,
    Excluded,
    LeadCount,
    LeadMinutes,
    Problem,
    SectionLimit,
)
from services.agenda.domain.assembly.refusals import ConflictUndecided
from services.agenda.solver.feasibility import plan_that_holds
from services.agenda.solver.programme import Unsolved, Work
from services.agenda.solver.scope import about
from services.agenda.solver.search import Effort

MOST_PROGRAMMES = 600
MOST_NODES = 20_000


@dataclass(frozen=True, slots=True)
class Conflict:
    """Constraints that cannot hold together, each of which can be given up to make the others hold, and what
    it took to find them."""

    constraints: tuple[Constraint, ...]
    programmes: int = 0
    nodes: int = 0


def smallest_conflict(problem: Problem, work: Work | None = None) -> Conflict:
    """Of the constraints of an infeasible problem a set that is infeasible, and feasible without any one
    of it.

    Whole kinds of constraints are left away first, where what is left is infeasible still; of the rest the
    set is found by halving (QuickXplain). `problem` is in its one order. Raises `ConflictUndecided` where
    that takes more than `work`.
    """
    spent = work or Work(MOST_PROGRAMMES, MOST_NODES)
    effort = Effort(nodes=MOST_NODES, rounds=40, work=spent)

    known: list[Plan] = []

    def holds(constraints: Sequence[Constraint]) -> bool:
        part = problem.keeping(tuple(constraints))
        if any(is_possible(part, plan) and not violations(part, plan) for plan in reversed(known)):
            return True
        plan = plan_that_holds(part, effort)
        known.extend([] if plan is None else [plan])
        return plan is not None

    try:
        doubtful = list(problem.constraints)
        for group in _groups(problem):
            rest = [entry for entry in doubtful if not group(entry)]
            if len(rest) < len(doubtful) and not holds(rest):
                doubtful = rest
        found = set(_explain([], doubtful, holds, added=False))
    except Unsolved as unsolved:
        raise ConflictUndecided(
            "the constraints cannot all hold, and which of them conflict was not found in "
            f"{spent.most_programmes} programmes and {spent.most_nodes} nodes: take some away by hand, "
            "balances and pinned positions first"
        ) from unsolved
    kept = tuple(entry for entry in problem.constraints if entry in found)
    return Conflict(kept, spent.programmes, spent.nodes)


def _groups(problem: Problem) -> Iterator[Callable[[Constraint], bool]]:
    """Kinds of constraints that seldom are what conflicts, and that make a problem large."""
    forced = problem.taken_by_force()
    yield lambda entry: isinstance(entry, LeadMinutes | LeadCount)
    yield lambda entry: isinstance(entry, Covered)
    yield lambda entry: isinstance(entry, AtPosition)
    yield lambda entry: isinstance(entry, Excluded) or not about(entry) <= forced
    yield lambda entry: isinstance(entry, SectionLimit)


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
