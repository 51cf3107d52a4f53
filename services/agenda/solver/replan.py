"""Plans the rest of a meeting anew when an item runs over."""

from collections.abc import Sequence

from services.agenda.domain.assembly.plan import Plan
from services.agenda.domain.assembly.problem import (
    AtPosition,
    AtTime,
    Before,
    Constraint,
    Covered,
    InWindow,
    Last,
    Lasts,
    MovableBreak,
    Must,
    Problem,
    SectionsInOrder,
)
from services.agenda.domain.assembly.progress import Progress, Replanned, compared, resumption, the_rest
from services.agenda.solver.assemble import solve
from services.agenda.solver.conflicts import Conflict

_GIVEN_UP = (AtTime, AtPosition, InWindow, Lasts, Covered, SectionsInOrder, Last, Before, MovableBreak, Must)
"""What is given up sooner stands earlier. Fixed breaks and presenters' times are facts, and never given
up."""


def replan(problem: Problem, plan: Plan, progress: Progress) -> Replanned:
    """The rest of `plan` from where the meeting is, in its order where possible.

    Items are shortened, and those dropped that need not be taken, so that what must be taken stays. Where
    even that does not fit, the order of the plan is given up, then one constraint of each conflict, which is
    named; an item that was pinned and loses its pin is still taken if it can be. Raises
    `AssemblyUndecided` or `ConflictUndecided`.
    """
    rest = the_rest(problem, plan, progress)
    given_up: list[Constraint] = []
    conflicts: list[tuple[Constraint, ...]] = []
    answer = solve(rest)
    while isinstance(answer, Conflict):
        entry = _victim(answer.constraints, rest)
        if isinstance(entry, Before) and entry not in problem.constraints:
            kept = [
                other
                for other in rest.constraints
                if not isinstance(other, Before) or other in problem.constraints
            ]
        else:
            given_up.append(entry)
            conflicts.append(tuple(answer.constraints))
            kept = [other for other in rest.constraints if other != entry]
            if isinstance(entry, AtTime | AtPosition | InWindow | Lasts):
                kept.append(Must(entry.item))
        rest = rest.keeping(tuple(dict.fromkeys(kept)))
        answer = solve(rest)
    resumes = resumption(problem, progress)
    return compared(plan, answer.plan, progress, resumes, tuple(given_up), tuple(conflicts))


def _victim(conflict: Sequence[Constraint], rest: Problem) -> Constraint:
    """The order of the plan before all else, what must be taken last, and of that the least worth."""
    worth = {candidate.id: candidate.worth for candidate in rest.candidates}
    planned = [entry for entry in conflict if isinstance(entry, Before) and not entry.by_hand]
    if planned:
        return planned[0]
    possible = [entry for entry in conflict if isinstance(entry, _GIVEN_UP)]
    return min(
        possible,
        key=lambda entry: (
            _GIVEN_UP.index(type(entry)),
            worth[entry.item] if isinstance(entry, Must) else 0,
            repr(entry),
        ),
    )
