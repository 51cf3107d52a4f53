"""Whether all constraints of a problem hold together.

What makes a problem feasible or not is a few of its candidates: those that have to be taken, and enough of
the rest to fill the numbers before a pinned position, to serve commitments, and to balance the leads.
"""

from bisect import bisect_left
from collections import defaultdict

from services.agenda.domain.assembly.checking import violations
from services.agenda.domain.assembly.plan import Plan
from services.agenda.domain.assembly.problem import (
    AtPosition,
    Covered,
    Excluded,
    LeadCount,
    LeadMinutes,
    Problem,
    SectionLimit,
    SectionsInOrder,
)
from services.agenda.solver.model import Model
from services.agenda.solver.rules import Learnt, programme_of
from services.agenda.solver.scope import about, only
from services.agenda.solver.search import Effort, search


def plan_that_holds(problem: Problem, effort: Effort) -> Plan | None:
    """Some plan that keeps all constraints, or None where none does. `problem` is in its one order. Raises
    `Unsolved`.

    Where the leads are balanced every candidate may matter, and two cheap answers come first: no plan holds
    where none does without the balance or in fractions of items, and a plan of a few candidates is one of
    all.
    """
    balances = [entry for entry in problem.constraints if isinstance(entry, LeadMinutes | LeadCount)]
    rest = problem.keeping(tuple(entry for entry in problem.constraints if entry not in balances))
    few = that_matter(rest)
    found = search(few, effort, without_value) if _holds_in_fractions(few, effort) else None
    if found is None or not balances or not violations(problem, found.plan):
        return None if found is None else found.plan
    balanced = only(problem, {candidate.id for candidate in few.candidates})
    found = search(balanced, effort, without_value)
    if found is None and _holds_in_fractions(problem, effort):
        found = search(problem, effort, without_value)
    return None if found is None else found.plan


def without_value(model: Model) -> None:
    """Any plan is as good as another."""
    model.programme.costs = [0.0] * len(model.programme.costs)


def _holds_in_fractions(problem: Problem, effort: Effort) -> bool:
    model = programme_of(problem, Learnt())
    without_value(model)
    model.programme.work = effort.work
    model.programme.whole = [False] * len(model.programme.whole)
    return not model.impossible and model.programme.solve(gap=0.0, nodes=1, guessing=False) is not None


def that_matter(problem: Problem) -> Problem:
    """Without candidates that no plan needs, where leads are not balanced: the one is feasible if the other
    is.

    A plan needs no more of those that need not be taken than there are numbers before a position, and one
    for each commitment. So a candidate goes of which there are as many others that do in its place: of the
    same section, for as many commitments, no longer, and in no constraint.
    """
    forced = problem.taken_by_force()
    wanted = frozenset(entry.commitment for entry in problem.constraints if isinstance(entry, Covered))
    positions = [entry.position for entry in problem.constraints if isinstance(entry, AtPosition)]
    fillers = max(positions, default=1) - 1
    needed = fillers + len(wanted)
    if not needed:
        return only(problem, forced)
    excluded = {entry.item for entry in problem.constraints if isinstance(entry, Excluded)}
    named = {item for entry in problem.constraints for item in about(entry)}
    least = {item: bounds[0] for item, bounds in problem.bounded().items()}
    kinds = _kinds(problem, wanted)
    free: dict[_Kind, list[tuple[int, str]]] = defaultdict(list)
    for candidate in problem.candidates:
        if candidate.id not in named:
            free[kinds[candidate.id]].append((least[candidate.id], candidate.id))
    for entries in free.values():
        entries.sort()
    kept = set(forced)
    for candidate in problem.candidates:
        own = kinds[candidate.id]
        if candidate.id in excluded or not (own[1] or fillers):
            continue
        # All its likes come before one that is itself in a constraint.
        tied = candidate.id in named
        standing = (least[candidate.id] + tied, "" if tied else candidate.id)
        better = sum(
            bisect_left(entries, standing)
            for kind, entries in free.items()
            if kind[0] == own[0] and kind[1] >= own[1]
        )
        if better < needed:
            kept.add(candidate.id)
    return only(problem, kept)


_Kind = tuple[str, frozenset[str]]


def _kinds(problem: Problem, wanted: frozenset[str]) -> dict[str, _Kind]:
    """Section and commitments of each candidate, as far as a constraint speaks of them."""
    sections = {entry.section for entry in problem.constraints if isinstance(entry, SectionLimit)}
    for entry in problem.constraints:
        if isinstance(entry, SectionsInOrder):
            sections |= set(entry.sections)
    found = {}
    for candidate in problem.candidates:
        section = candidate.section if candidate.section in sections else ""
        found[candidate.id] = (section, candidate.commitments & wanted)
    return found
