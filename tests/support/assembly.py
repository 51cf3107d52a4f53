"""Small assembly problems by chance, and an oracle that tries every plan there is. It shares no code with
the solver."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import combinations, pairwise

from services.agenda.domain.assembly.problem import (
    AtPosition,
    AtTime,
    Before,
    Candidate,
    Constraint,
    Covered,
    Excluded,
    First,
    FixedBreak,
    InWindow,
    Last,
    Lasts,
    LeadCount,
    LeadMinutes,
    MovableBreak,
    Must,
    Present,
    Problem,
    SectionLimit,
    SectionsInOrder,
    Span,
    Window,
)

ORIGIN = datetime(2026, 12, 9, 9, 0, tzinfo=UTC)
Step = tuple[str, int, int, bool]
"""Id, start, end, and whether it is an item; otherwise it is a break."""


def small_problem(seed: int) -> Problem:
    """Two to five items and a handful of constraints of all kinds, often too many to hold."""
    chance = random.Random(seed)
    windows = [Window("one", Span(0, chance.randint(8, 18)))]
    if chance.random() < 0.5:
        start = windows[0].span.end + chance.choice([0, 3, 40])
        windows.append(Window("two", Span(start, start + chance.randint(4, 12))))
    candidates = []
    for number in range(chance.randint(2, 5)):
        least = chance.randint(1, 5)
        wanted = least + chance.randint(0, 2)
        candidates.append(
            Candidate(
                id=f"i{number}",
                title=f"Item {number}",
                least=least,
                wanted=wanted,
                most=wanted + chance.randint(0, 1),
                worth=chance.randint(0, 12),
                place=chance.randint(0, 4),
                section=chance.choice(["", "a", "b", "c"]),
                leads=frozenset(chance.sample(["UK", "EU"], chance.randint(0, 2))),
                commitments=frozenset(chance.sample(["C1", "C2"], chance.randint(0, 2))),
            )
        )
    constraints = tuple(dict.fromkeys(_constraints(chance, candidates, windows)))
    return Problem(ORIGIN, tuple(windows), tuple(candidates), constraints, gap=chance.choice([0, 0, 0, 1, 2]))


def _constraints(  # noqa: C901
    chance: random.Random, candidates: list[Candidate], windows: list[Window]
) -> Iterator[Constraint]:
    items = [candidate.id for candidate in candidates]
    for item in items:
        if chance.random() < 0.35:
            yield Must(item)
        if chance.random() < 0.3:
            span = chance.choice(windows).span
            start = chance.randint(span.start, span.end - 1)
            spans = [Span(start, start + chance.randint(5, 9))]
            if chance.random() < 0.3:
                spans.append(Span(0, 6))
            yield Present(item, tuple(spans))
    places = chance.sample(range(len(items)), len(items))
    for one, other in pairwise(places):
        if chance.random() < 0.25:
            yield Before(items[one], items[other])
    if chance.random() < 0.15:
        yield First(chance.choice(items))
    if chance.random() < 0.15:
        yield Last(chance.choice(items))
    sections = sorted({candidate.section for candidate in candidates if candidate.section})
    if chance.random() < 0.4 and sections:
        yield SectionsInOrder(tuple(chance.sample(sections, len(sections))))
    if chance.random() < 0.15 and sections:
        yield SectionLimit(chance.choice(sections), chance.randint(0, 7))
    span = windows[0].span
    if chance.random() < 0.35:
        start = chance.randint(0, span.end - 2)
        yield FixedBreak("lunch", Span(start, min(span.end, start + chance.randint(1, 3))))
    if chance.random() < 0.35:
        earliest = chance.randint(0, span.end - 2)
        yield MovableBreak("coffee", chance.randint(1, 3), earliest, earliest + chance.randint(0, 4))
    if chance.random() < 0.25:
        yield LeadMinutes(("UK", "EU"), chance.randint(0, 5))
    if chance.random() < 0.2:
        yield LeadCount(("UK", "EU"), chance.randint(0, 1))
    for commitment in ("C1", "C2"):
        if chance.random() < 0.25:
            yield Covered(commitment)
    item = chance.choice(items)
    if chance.random() < 0.2:
        yield AtPosition(item, chance.randint(1, len(items)))
    item = chance.choice(items)
    if chance.random() < 0.2:
        span = chance.choice(windows).span
        yield AtTime(item, chance.randint(span.start, span.end - 1))
    item = chance.choice(items)
    if chance.random() < 0.15:
        yield Lasts(item, chance.randint(1, 7))
    if chance.random() < 0.15:
        yield InWindow(chance.choice(items), chance.choice(windows).id)
    if chance.random() < 0.1:
        yield Excluded(chance.choice(items))


class Oracle:
    """Tries all sets of items, orders and minutes; whatever follows starts as early as it can."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.items = {candidate.id: candidate for candidate in problem.candidates}
        self.rules = problem.constraints
        self.off = [rule.span for rule in self.rules if isinstance(rule, FixedBreak)]
        self.breaks = {rule.id: rule for rule in self.rules if isinstance(rule, MovableBreak)}

    def best(self) -> int | None:
        """The greatest value of a plan, or None where there is none."""
        values = [self._value(steps) for steps in self._plans([])]
        return max(values, default=None)

    def feasible(self) -> bool:
        return next(self._plans([]), None) is not None

    def _value(self, steps: list[Step]) -> int:
        return sum(
            self.items[name].worth - self.problem.off_minute * abs(end - start - self.items[name].wanted)
            for name, start, end, item in steps
            if item
        )

    def _plans(self, steps: list[Step]) -> Iterator[list[Step]]:
        if self._complete(steps):
            yield steps
        done = {(name, item) for name, _, _, item in steps}
        for name, rule in self.breaks.items():
            if (name, False) not in done:
                start = self._earliest(steps, rule.minutes, range(rule.earliest, rule.latest + 1))
                if start is not None:
                    yield from self._plans([*steps, (name, start, start + rule.minutes, False)])
        for name in self.items:
            if (name, True) in done:
                continue
            for minutes in self._durations(name):
                start = self._earliest(steps, minutes, self._starts(name, minutes))
                if start is not None:
                    longer = [*steps, (name, start, start + minutes, True)]
                    if not self._disorder(longer):
                        yield from self._plans(longer)

    def _durations(self, name: str) -> range:
        fixed = [rule.minutes for rule in self.rules if isinstance(rule, Lasts) and rule.item == name]
        item = self.items[name]
        return range(fixed[0], fixed[0] + 1) if fixed else range(item.least, item.most + 1)

    def _starts(self, name: str, minutes: int) -> list[int]:
        found = [
            start
            for window in self.problem.windows
            for start in range(window.span.start, window.span.end)
            if not any(
                isinstance(rule, InWindow) and rule.item == name and rule.window != window.id
                for rule in self.rules
            )
        ]
        for rule in self.rules:
            if isinstance(rule, AtTime) and rule.item == name:
                found = [start for start in found if start == rule.start]
            if isinstance(rule, Present) and rule.item == name:
                there = {minute for span in rule.spans for minute in range(span.start, span.end)}
                found = [start for start in found if there >= set(range(start, start + minutes))]
        return found

    def _earliest(self, steps: list[Step], minutes: int, starts: list[int] | range) -> int | None:
        before = steps[-1][2] if steps else None
        for start in sorted(starts):
            end = start + minutes
            if before is not None and start < before:
                continue
            if not any(w.span.start <= start and end <= w.span.end for w in self.problem.windows):
                continue
            if any(span.start < end and start < span.end for span in self.off):
                continue
            if before is None or start - before >= self.problem.gap or self._parted(before, start):
                return start
        return None

    def _parted(self, one: int, other: int) -> bool:
        ends = any(one <= window.span.end <= other for window in self.problem.windows)
        return ends or any(one <= span.start and span.end <= other for span in self.off)

    def _disorder(self, steps: list[Step]) -> bool:
        """What no longer plan mends."""
        order = [name for name, _, _, item in steps if item]
        last = order[-1]
        sections = {name: self.items[name].section for name in order}
        for rule in self.rules:
            if isinstance(rule, Excluded) and rule.item == last:
                return True
            if isinstance(rule, Before) and rule.other in order and rule.item == last:
                return True
            if isinstance(rule, First) and rule.item == last and len(order) > 1:
                return True
            if isinstance(rule, Last) and rule.item in order[:-1]:
                return True
            if isinstance(rule, SectionsInOrder):
                ranks = [rule.sections.index(s) for n in order if (s := sections[n]) in rule.sections]
                if ranks != sorted(ranks):
                    return True
        return False

    def _complete(self, steps: list[Step]) -> bool:
        order = [name for name, _, _, item in steps if item]
        minutes = {name: end - start for name, start, end, item in steps if item}
        if any(name not in {n for n, _, _, item in steps if not item} for name in self.breaks):
            return False
        led = {
            party: [minutes[name] for name in order if party in self.items[name].leads]
            for party in ("UK", "EU")
        }
        for rule in self.rules:
            if isinstance(rule, Must | AtTime | InWindow | Lasts) and rule.item not in order:
                return False
            if isinstance(rule, AtPosition) and order[rule.position - 1 : rule.position] != [rule.item]:
                return False
            if isinstance(rule, Covered) and not any(
                rule.commitment in self.items[name].commitments for name in order
            ):
                return False
            if isinstance(rule, SectionLimit) and rule.most < sum(
                minutes[name] for name in order if self.items[name].section == rule.section
            ):
                return False
            if isinstance(rule, LeadMinutes) and abs(sum(led["UK"]) - sum(led["EU"])) > rule.most:
                return False
            if isinstance(rule, LeadCount) and abs(len(led["UK"]) - len(led["EU"])) > rule.most:
                return False
        return True


def each_but_one(constraints: tuple[Constraint, ...]) -> Iterator[tuple[Constraint, ...]]:
    """Every greatest proper subset: constraints only ever forbid, so these speak for all proper subsets."""
    return combinations(constraints, len(constraints) - 1)
