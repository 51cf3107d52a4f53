"""Conflicts among hundreds of candidates are found in few programmes, and are as small as any."""

from collections.abc import Callable

import pytest

from benchmarks.assembly import infeasible_problem, large_problem
from services.agenda.domain.assembly.checking import is_possible, violations
from services.agenda.domain.assembly.problem import (
    AtPosition,
    AtTime,
    Constraint,
    Covered,
    Excluded,
    Present,
    Problem,
    Span,
)
from services.agenda.domain.assembly.refusals import ConflictUndecided
from services.agenda.solver.assemble import assemble
from services.agenda.solver.conflicts import Conflict, smallest_conflict
from services.agenda.solver.feasibility import plan_that_holds
from services.agenda.solver.programme import Work
from services.agenda.solver.search import Effort
from tests.support.assembly import each_but_one

LARGE = large_problem(200, 1)
ONE, OTHER = "item-0002", "item-0003"


def conflict_of(*constraints: Constraint) -> tuple[Problem, Conflict]:
    problem = LARGE.keeping((*LARGE.constraints, *constraints))
    answer = assemble(problem)
    assert isinstance(answer, Conflict)
    return problem, answer


def require_smallest(problem: Problem, found: Conflict) -> None:
    """A plan that keeps the rest, held against the rules themselves, for each that is given up."""
    assert found.constraints
    for subset in each_but_one(found.constraints):
        part = problem.keeping(subset).ordered()
        plan = plan_that_holds(part, Effort(nodes=2_000))
        assert plan is not None
        assert is_possible(part, plan)
        assert not violations(part, plan)


@pytest.mark.parametrize(
    ("constraints", "named"),
    [
        ((AtPosition(ONE, 4), AtPosition(OTHER, 4)), {AtPosition(ONE, 4), AtPosition(OTHER, 4)}),
        ((AtPosition(ONE, 3), AtTime(ONE, 0)), {AtTime(ONE, 0)}),
        (
            (AtPosition(ONE, 14), Present(ONE, (Span(0, 60),))),
            {AtPosition(ONE, 14), Present(ONE, (Span(0, 60),))},
        ),
    ],
)
def test_a_position_that_cannot_be_is_found_in_few_programmes(
    constraints: tuple[Constraint, ...], named: set[Constraint]
) -> None:
    problem, found = conflict_of(*constraints)
    assert named <= set(found.constraints)
    assert len(found.constraints) <= 5
    assert found.programmes <= 120
    assert found.nodes <= 500
    require_smallest(problem, found)


def test_two_positions_and_what_lies_between_them_conflict() -> None:
    problem = infeasible_problem(200, 2)
    found = assemble(problem)
    assert isinstance(found, Conflict)
    assert len(found.constraints) == 5
    assert found.programmes <= 120
    assert found.nodes <= 500
    require_smallest(problem, found)


def test_a_conflict_of_as_many_as_there_are_is_found() -> None:
    serving = [entry.id for entry in LARGE.candidates if "C3" in entry.commitments][:20]
    few = Problem(
        LARGE.origin,
        LARGE.windows,
        tuple(entry for entry in LARGE.candidates if entry.id in serving or "C3" not in entry.commitments),
        (Covered("C3"), *(Excluded(item) for item in serving)),
    )
    found = assemble(few)
    assert isinstance(found, Conflict)
    assert set(found.constraints) == set(few.constraints)
    assert found.programmes <= 4 * len(serving)


@pytest.mark.parametrize("work", [lambda: Work(3, 10_000), lambda: Work(10_000, 0)])
def test_more_work_than_there_may_be_is_refused_by_name(work: Callable[[], Work]) -> None:
    with pytest.raises(ConflictUndecided):
        smallest_conflict(infeasible_problem(200, 1).ordered(), work())


def test_the_work_of_the_same_problem_is_the_same() -> None:
    problem = infeasible_problem(200, 3)
    again = Problem(
        problem.origin, problem.windows, problem.candidates[::-1], problem.constraints[::-1], problem.gap
    )
    assert assemble(again) == assemble(problem)
