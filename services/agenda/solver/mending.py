"""Makes a stretch fit that has no order: with fewer minutes, else with fewer items."""

from collections.abc import Mapping, Sequence

from services.agenda.domain.assembly.checking import is_possible, violations
from services.agenda.domain.assembly.plan import Plan
from services.agenda.domain.assembly.problem import Problem
from services.agenda.domain.assembly.sequence import SequencingUndecided
from services.agenda.solver.model import is_break
from services.agenda.solver.stretch import Order, StretchLoad, plan_of


def mended(problem: Problem, loads: Sequence[StretchLoad], orders: Mapping[int, Order]) -> Plan | None:
    """A plan in which each stretch has an order, near the solution; None where none was come by."""
    worth = {candidate.id: candidate.worth for candidate in problem.candidates}
    kept = problem.taken_by_force()
    changed: list[StretchLoad] = []
    found: list[Order] = []
    for load in loads:
        fitting: StretchLoad | None = load
        if load.number not in orders:
            fitting = _fitting(
                load, [key for key in load.keys if not is_break(key) and key not in kept], worth
            )
        order = None if fitting is None else _order(fitting)
        if fitting is None or order is None:
            return None
        changed.append(fitting)
        found.append(order)
    plan = plan_of(found, changed)
    return plan if is_possible(problem, plan) and not violations(problem, plan) else None


def _order(load: StretchLoad) -> Order | None:
    try:
        return load.order()
    except SequencingUndecided:
        return None


def _fitting(load: StretchLoad, free: Sequence[str], worth: Mapping[str, int]) -> StretchLoad | None:
    """All items with as many of their minutes as can be; else without the one of least worth, and so on."""
    left = sorted(free, key=lambda key: (worth[key], key))
    tried = load
    while True:
        squeezed = tried.at_least()
        if _order(squeezed) is not None:
            return _grown(squeezed, tried)
        if not left:
            return None
        tried = _without_one(tried, left)
        left = [key for key in left if key in tried.keys]


def _without_one(load: StretchLoad, free: Sequence[str]) -> StretchLoad:
    """Without the first whose leaving lets the rest have an order at their least; else without the first."""
    for key in free:
        rest = load.without(key)
        if _order(rest.at_least()) is not None:
            return rest
    return load.without(free[0])


def _grown(squeezed: StretchLoad, wanted: StretchLoad) -> StretchLoad:
    """Gives minutes back, item by item, as far as an order remains."""
    grown = squeezed
    for key in squeezed.keys:
        low, high = squeezed.minutes[key], wanted.minutes[key]
        while low < high:
            middle = (low + high + 1) // 2
            if _order(grown.lasting(key, middle)) is None:
                high = middle - 1
            else:
                low = middle
        grown = grown.lasting(key, low)
    return grown
