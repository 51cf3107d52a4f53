"""A problem with some of its candidates only."""

from collections.abc import Iterable
from dataclasses import replace

from services.agenda.domain.assembly.problem import (
    Before,
    Constraint,
    Excluded,
    First,
    Last,
    Must,
    Pin,
    Present,
    Problem,
)


def only(problem: Problem, items: Iterable[str]) -> Problem:
    """The problem of these items alone: every plan of it is one of the whole problem."""
    kept = set(items)
    return replace(
        problem,
        candidates=tuple(candidate for candidate in problem.candidates if candidate.id in kept),
        constraints=tuple(entry for entry in problem.constraints if about(entry) <= kept),
    )


def about(entry: Constraint) -> set[str]:
    """The items that a constraint names."""
    if isinstance(entry, Before):
        return {entry.item, entry.other}
    if isinstance(entry, Must | Excluded | First | Last | Present | Pin):
        return {entry.item}
    return set()
