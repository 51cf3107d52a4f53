"""Assembly against an oracle that tries everything, on five hundred small problems."""

import random
from dataclasses import replace

import pytest

from services.agenda.domain.assembly.checking import is_possible, violations
from services.agenda.domain.assembly.plan import value
from services.agenda.domain.assembly.problem import Problem
from services.agenda.domain.assembly.validation import require_sound
from services.agenda.solver.assemble import Assembly, assemble
from services.agenda.solver.conflicts import Conflict
from services.agenda.solver.search import Effort
from services.kernel.refusals import Refusal
from tests.support.assembly import Oracle, each_but_one, small_problem

WANTED = 500


def sound_problems(count: int) -> list[tuple[int, Problem]]:
    found: list[tuple[int, Problem]] = []
    seed = 0
    while len(found) < count:
        seed += 1
        problem = small_problem(seed)
        try:
            require_sound(problem)
        except Refusal:
            continue
        found.append((seed, problem))
    return found


PROBLEMS = sound_problems(WANTED)


def settle(problem: Problem) -> str:
    """Holds one problem's answer against the oracle; says which kind of answer it was."""
    oracle = Oracle(problem)
    answer = assemble(problem)
    best = oracle.best()
    if isinstance(answer, Assembly):
        assert answer.value == answer.bound == best
        assert value(problem, answer.plan) == best
        assert is_possible(problem, answer.plan)
        assert violations(problem, answer.plan) == ()
        return "agenda"
    assert best is None
    assert answer.constraints
    assert not Oracle(problem.keeping(answer.constraints)).feasible()
    for subset in each_but_one(answer.constraints):
        assert Oracle(problem.keeping(subset)).feasible()
    return "conflict"


@pytest.mark.parametrize(
    "part", [part if part < 2 else pytest.param(part, marks=pytest.mark.long) for part in range(10)]
)
def test_value_and_conflicts_are_those_of_trying_everything(part: int) -> None:
    kinds = [settle(problem) for _, problem in PROBLEMS[part::10]]
    assert 10 <= kinds.count("conflict") <= 40


@pytest.mark.parametrize("seed", range(10))
def test_the_same_problem_in_another_order_has_the_same_answer(seed: int) -> None:
    problem = PROBLEMS[seed][1]
    chance = random.Random(seed)
    shuffled = replace(
        problem,
        windows=tuple(chance.sample(problem.windows, len(problem.windows))),
        candidates=tuple(chance.sample(problem.candidates, len(problem.candidates))),
        constraints=tuple(chance.sample(problem.constraints, len(problem.constraints))),
    )
    assert assemble(shuffled) == assemble(problem)


@pytest.mark.parametrize("seed", range(0, 100, 5))
def test_the_way_of_large_problems_keeps_its_word_on_small_ones(seed: int) -> None:
    problem = PROBLEMS[seed][1]
    answer = assemble(problem, Effort(gap=0.01))
    best = Oracle(problem).best()
    if isinstance(answer, Conflict):
        assert best is None
    else:
        assert best is not None
        assert answer.value <= best <= answer.bound
        assert best - answer.value <= 0.01 * max(1, abs(answer.value)) + 1
