"""The programme of a problem: which item in which stretch, for how long; and, where it was asked for, in
which order.

What it leaves open is the order within a stretch: a solution of it is a bound, and a plan once each
stretch has an order. Disjunctions, added stretch by stretch, close what is left open.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from services.agenda.domain.assembly.layout import Place, Stretch, break_places, places, stretches
from services.agenda.domain.assembly.problem import (
    AtPosition,
    Candidate,
    LeadMinutes,
    MovableBreak,
    Problem,
    Span,
)
from services.agenda.solver.programme import INFINITY, Programme, Solution

_ROWS_OF_PARTS = 150


@dataclass(frozen=True, slots=True)
class Option:
    """An activity in one place: chosen or not, and its minutes = `least` if chosen, plus more, up to
    wanted and over."""

    key: str
    place: Place
    chosen: int
    least: int
    more: tuple[int, ...]
    most: int

    def minutes(self, factor: float = 1) -> dict[int, float]:
        return {self.chosen: factor * self.least, **dict.fromkeys(self.more, factor)}


@dataclass(frozen=True, slots=True)
class Numbering:
    """`pins` are in the order of their positions; `part[key, stretch, n]` is the column that says that the
    item lies in the stretch, after the pin before `n` and before pin `n`."""

    pins: tuple[AtPosition, ...]
    part: Mapping[tuple[str, int, int], int]

    def order_in(self, solution: Solution, number: int, keys: Sequence[str]) -> Mapping[str, frozenset[str]]:
        """Of the activities of a stretch, which come before which as the solution has numbered them."""
        rank = {pin.item: 2 * place + 1 for place, pin in enumerate(self.pins)}
        for (key, stretch, place), column in self.part.items():
            if stretch == number and solution.chosen(column):
                rank[key] = 2 * place
        known = [key for key in keys if key in rank]
        return {key: frozenset(other for other in known if rank[other] < rank[key]) for key in known}

    def places(self, key: str, number: int, places: range) -> list[int]:
        """The columns of an item in a stretch for some of the places between pins."""
        found = (self.part.get((key, number, place)) for place in places)
        return [column for column in found if column is not None]


def add(*parts: Mapping[int, float]) -> dict[int, float]:
    """The sum of linear terms."""
    total: dict[int, float] = defaultdict(float)
    for part in parts:
        for index, factor in part.items():
            total[index] += factor
    return dict(total)


class Model:
    """The programme of `problem`, which is in its one order, and what its columns mean."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.programme = Programme()
        self.stretches: tuple[Stretch, ...] = stretches(problem)
        self.options: dict[str, list[Option]] = {}
        self.in_stretch: list[list[Option]] = [[] for _ in self.stretches]
        self.impossible = False
        self.starts: dict[tuple[int, str], int] = {}
        self.order: dict[tuple[int, str, str], int] = {}
        self.passed: dict[tuple[int, int], int] = {}
        self.numbering: Numbering | None = None
        bounds = problem.bounded()
        found = places(problem, self.stretches)
        balances = [set(entry.parties) for entry in problem.constraints if isinstance(entry, LeadMinutes)]
        for candidate in problem.candidates:
            least, most = bounds[candidate.id]
            # More than wanted gains nothing but balance, and that only where not all of the parties lead.
            longer = any(set() < candidate.leads & parties < parties for parties in balances)
            self._options_of_item(candidate, found[candidate.id], least, most, longer=longer)
        for entry in problem.constraints:
            if isinstance(entry, MovableBreak):
                self._options_of_break(entry)
        self.room = self._room(bounds)
        self._fill()

    def items(self, stretch: int) -> list[Option]:
        """The options of a stretch that are items, not breaks."""
        return [option for option in self.in_stretch[stretch] if not is_break(option.key)]

    def there(self, key: str, numbers: Iterable[int], factor: float = 1) -> dict[int, float]:
        """Whether the activity lies in one of the stretches."""
        wanted = set(numbers)
        return {option.chosen: factor for option in self.options[key] if option.place.stretch in wanted}

    def taken(self, key: str, factor: float = 1) -> dict[int, float]:
        return {option.chosen: factor for option in self.options[key]}

    def count(self, numbers: Iterable[int], factor: float = 1) -> dict[int, float]:
        """How many items lie in the stretches."""
        return {option.chosen: factor for number in numbers for option in self.items(number)}

    def row(self, terms: Mapping[int, float], lower: float, upper: float) -> None:
        """One row; without terms it is true, or nothing can be."""
        if terms:
            self.programme.row(terms, lower, upper)
        elif not lower <= 0 <= upper:
            self.impossible = True

    def chosen(self, solution: Solution) -> dict[str, tuple[Option, int]]:
        """What was chosen, with its minutes."""
        return {
            key: (option, option.least + sum(solution.whole(column) for column in option.more))
            for key, options in self.options.items()
            for option in options
            if solution.chosen(option.chosen)
        }

    def _options_of_item(
        self, candidate: Candidate, allowed: Sequence[Place], least: int, most: int, *, longer: bool
    ) -> None:
        price = self.problem.off_minute
        wanted = min(max(candidate.wanted, least), most)
        worth = candidate.worth - price * abs(candidate.wanted - least)
        options = []
        for place in allowed:
            chosen = self.programme.column(worth, 0, 1)
            more = []
            room = place.span.minutes - least
            for length, gain in ((wanted - least, price), (most - wanted if longer else 0, -price)):
                if min(length, room) > 0:
                    more.append(self.programme.column(gain, 0, min(length, room)))
                    self.programme.row({more[-1]: 1, chosen: -min(length, room)}, -INFINITY, 0)
            options.append(Option(candidate.id, place, chosen, least, tuple(more), most))
        self._keep(candidate.id, options)

    def _options_of_break(self, entry: MovableBreak) -> None:
        key = break_key(entry.id)
        self._keep(
            key,
            [
                Option(key, place, self.programme.column(0, 0, 1), entry.minutes, (), entry.minutes)
                for place in break_places(entry, self.stretches)
            ],
        )
        self.row(self.taken(key), 1, 1)

    def _keep(self, key: str, options: list[Option]) -> None:
        self.options[key] = options
        for option in options:
            self.in_stretch[option.place.stretch].append(option)
        if len(options) > 1 and not is_break(key):
            self.row(self.taken(key), 0, 1)

    def _room(self, bounds: Mapping[str, tuple[int, int]]) -> int:
        """More items than this fit nowhere."""
        shortest = min((bounds[item.id][0] for item in self.problem.candidates), default=1)
        gap = self.problem.gap
        fitting = sum((entry.span.minutes + gap) // (shortest + gap) for entry in self.stretches)
        return min(len(self.problem.candidates), fitting)

    def _fill(self) -> None:
        """No part of a stretch holds more than its length."""
        for number, stretch in enumerate(self.stretches):
            options = self.in_stretch[number]
            self._hold(options, stretch.span)
            edges = {option.place.span for option in options} - {stretch.span}
            starts = sorted({span.start for span in edges} | {stretch.span.start})
            ends = sorted({span.end for span in edges} | {stretch.span.end})
            parts = sorted(
                (Span(start, end) for start in starts for end in ends if start < end),
                key=lambda span: (span.minutes, span),
            )
            for part in [part for part in parts if part != stretch.span][:_ROWS_OF_PARTS]:
                inside = [option for option in options if option.place.span.meet(part) == option.place.span]
                if len(inside) > 1:
                    self._hold(inside, part)

    def _hold(self, options: Sequence[Option], part: Span) -> None:
        gap = self.problem.gap
        terms = add(*(add(option.minutes(), {option.chosen: gap}) for option in options))
        if terms:
            self.row(terms, -INFINITY, part.minutes + gap)

    def disjoin(self, number: int, keys: Sequence[str]) -> None:
        """The given activities, as far as they lie in the stretch, have starts, and each two an order."""
        span, gap = self.stretches[number].span, self.problem.gap
        slack = span.minutes + gap
        for key in keys:
            start = self.programme.column(0, span.start, span.end)
            self.starts[number, key] = start
            for option in self.here(number, key):
                place = option.place.span
                self.row({start: 1, option.chosen: -slack}, place.start - slack, INFINITY)
                if option.place.fixed:
                    self.row({start: 1, option.chosen: slack}, -INFINITY, place.start + slack)
                ends = add({start: 1, option.chosen: slack}, option.minutes())
                self.row(ends, -INFINITY, place.end + slack)
        for one, other in combinations(keys, 2):
            order = self.programme.column(0, 0, 1)
            self.order[number, one, other] = order
            self._follow(number, one, other, {order: slack}, 3 * slack - gap)
            self._follow(number, other, one, {order: -slack}, 2 * slack - gap)

    def _follow(self, number: int, one: str, other: str, order: Mapping[int, float], most: float) -> None:
        """If both are there and ordered so: `start(one) + minutes(one) + gap <= start(other)`."""
        slack = self.stretches[number].span.minutes + self.problem.gap
        terms = add(
            {self.starts[number, one]: 1, self.starts[number, other]: -1},
            *(option.minutes() for option in self.here(number, one)),
            self.there(one, [number], slack),
            self.there(other, [number], slack),
            order,
        )
        self.row(terms, -INFINITY, most)

    def here(self, number: int, key: str) -> list[Option]:
        """The options of one activity in one stretch."""
        return [option for option in self.options[key] if option.place.stretch == number]

    def before(self, number: int, one: str, other: str) -> tuple[dict[int, float], float] | None:
        """Whether one comes before the other, as terms and a constant, where both are disjoined."""
        if (number, one, other) in self.order:
            return {self.order[number, one, other]: 1}, 0
        if (number, other, one) in self.order:
            return {self.order[number, other, one]: -1}, 1
        return None


def break_key(name: str) -> str:
    """What a movable break is called among activities; no item has a key of this form."""
    return f"\0{name}"


def is_break(key: str) -> bool:
    return key.startswith("\0")
