"""How long an agenda takes to assemble: `python -m benchmarks.assembly`.

A two-day meeting with a fixed and a movable break and a short pause a day, four sections in order,
presenters who are there for an hour or four, orders, commitments to cover, items that must be taken and a
balance of leads; and the same with positions pinned by hand that no agenda can have, of which the conflict
is found. Fails where a time or the gap is over its limit. The time of the processor is what does
not depend on other work on the machine.
"""

import argparse
import random
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime

from services.agenda.domain.assembly.problem import (
    AtPosition,
    Before,
    Candidate,
    Constraint,
    Covered,
    First,
    FixedBreak,
    Last,
    LeadMinutes,
    MovableBreak,
    Must,
    Present,
    Problem,
    SectionsInOrder,
    Span,
    Window,
)
from services.agenda.solver.assemble import assemble
from services.agenda.solver.conflicts import Conflict
from services.agenda.solver.scope import about

SECTIONS = ("opening", "threats", "policy", "closing")
COMMITMENTS = tuple(f"C{number}" for number in range(1, 8))
LIMITS = {200: 2.0, 2_000: 60.0}
GAP = 0.01
CONFLICT_COUNT, CONFLICT_LIMIT = 200, 2.0
_DAY, _HOURS = 1_440, 480


def large_problem(count: int, seed: int) -> Problem:
    chance = random.Random(seed)
    return Problem(
        datetime(2026, 12, 9, 9, 0, tzinfo=UTC),
        tuple(Window(f"day {day + 1}", Span(day * _DAY, day * _DAY + _HOURS)) for day in (0, 1)),
        tuple(_candidate(number, chance) for number in range(count)),
        tuple(dict.fromkeys(_constraints(count, chance))),
    )


def _candidate(number: int, chance: random.Random) -> Candidate:
    least = chance.choice([5, 10, 10, 15, 20])
    wanted = least + chance.choice([0, 5, 10, 15])
    section = {0: SECTIONS[0], 1: SECTIONS[3]}.get(number, chance.choice(SECTIONS[1:3]))
    return Candidate(
        id=_item(number),
        title=f"Item {number}",
        least=least,
        wanted=wanted,
        most=wanted + chance.choice([0, 5, 15]),
        worth=chance.randint(5, 100),
        place=number,
        section=section,
        leads=frozenset(chance.choice([("UK",), ("EU",), ("UK", "EU")])),
        commitments=frozenset(chance.sample(COMMITMENTS, chance.choice([0, 1, 1, 2]))),
    )


def _constraints(count: int, chance: random.Random) -> Iterator[Constraint]:
    yield from (Must(_item(0)), First(_item(0)), Must(_item(1)), Last(_item(1)), SectionsInOrder(SECTIONS))
    yield LeadMinutes(("UK", "EU"), 30)
    yield from (Covered(commitment) for commitment in COMMITMENTS)
    for day in (0, 1):
        start = day * _DAY
        yield FixedBreak(f"lunch {day + 1}", Span(start + 240, start + 300))
        yield FixedBreak(f"tea {day + 1}", Span(start + 390, start + 405))
        yield MovableBreak(f"coffee {day + 1}", 15, start + 90, start + 130)
    for number in range(2, count):
        if chance.random() < 0.15:
            start = chance.choice((0, 1)) * _DAY + chance.randrange(0, 400, 30)
            yield Present(_item(number), (Span(start, start + chance.choice([60, 120, 240])),))
        if chance.random() < 0.05 and number > 5:
            yield Before(_item(chance.randrange(2, number)), _item(number))
    yield from (Must(_item(number)) for number in chance.sample(range(2, count), 6))


def infeasible_problem(count: int, seed: int) -> Problem:
    """Two free items of one section are pinned to positions, and a third that must be taken waits for the
    later one and comes before the other."""
    problem = large_problem(count, seed)
    named = {name for entry in problem.constraints for name in about(entry)}
    one, other, third, *_ = (
        entry.id for entry in problem.candidates if entry.section == SECTIONS[1] and entry.id not in named
    )
    pins = (AtPosition(one, 5), AtPosition(other, 6), Must(third), Before(other, third), Before(third, one))
    return problem.keeping((*problem.constraints, *pins))


def _item(number: int) -> str:
    return f"item-{number:04d}"


def measure(count: int, seed: int) -> bool:
    """Prints one line; whether time and gap are within their limits."""
    problem = large_problem(count, seed)
    wall, own = time.perf_counter(), time.process_time()
    answer = assemble(problem)
    wall, own = time.perf_counter() - wall, time.process_time() - own
    limit = LIMITS.get(count, max(LIMITS.values()))
    if isinstance(answer, Conflict):
        print(f"{count} candidates, seed {seed}: {len(answer.constraints)} in conflict, {wall:.2f} s")
        return wall <= limit
    print(
        f"{count} candidates, seed {seed}: {len(answer.plan.slots)} taken, value {answer.value}, "
        f"bound {answer.bound}, gap {answer.gap:.2%}, {answer.nodes} nodes, {answer.rounds} rounds, "
        f"{wall:.2f} s (processor {own:.2f} s, limit {limit:.0f} s)"
    )
    return own <= limit and answer.gap <= GAP


def measure_conflict(count: int, seed: int) -> bool:
    """Prints one line; whether the conflict was found within the time."""
    problem = infeasible_problem(count, seed)
    wall, own = time.perf_counter(), time.process_time()
    answer = assemble(problem)
    wall, own = time.perf_counter() - wall, time.process_time() - own
    if not isinstance(answer, Conflict):
        print(f"{count} candidates, seed {seed}: an agenda where none can be")
        return False
    print(
        f"{count} candidates, seed {seed}, infeasible: {len(answer.constraints)} in conflict, "
        f"{answer.programmes} programmes, {answer.nodes} nodes, {wall:.2f} s "
        f"(processor {own:.2f} s, limit {CONFLICT_LIMIT:.0f} s)"
    )
    return own <= CONFLICT_LIMIT


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--counts", type=int, nargs="+", default=sorted(LIMITS))
    parser.add_argument("--seeds", type=int, default=3)
    arguments = parser.parse_args()
    held = [measure(count, seed) for count in arguments.counts for seed in range(1, arguments.seeds + 1)]
    held += [measure_conflict(CONFLICT_COUNT, seed) for seed in range(1, arguments.seeds + 1)]
    sys.exit(0 if all(held) else 1)


if __name__ == "__main__":
    main()
