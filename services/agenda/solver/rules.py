"""Each constraint as rows of the programme."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import combinations

from services.agenda.domain.assembly.precedence import predecessors
from services.agenda.domain.assembly.problem import (
    AtPosition,
    AtTime,
    Before,
    Covered,
    Excluded,
    First,
    InWindow,
    Last,
    Lasts,
    LeadCount,
    LeadMinutes,
    Must,
    Problem,
    SectionLimit,
    SectionsInOrder,
)
from services.agenda.solver.model import Model, Option, add, is_break
from services.agenda.solver.numbering import PAIRS_UP_TO, number_items, order_as_numbered
from services.agenda.solver.programme import INFINITY

Disjoined = Mapping[int, frozenset[str]]
"""By stretch, the activities of which each two have an order in the programme."""


@dataclass(frozen=True, slots=True)
class Learnt:
    """What orders of stretches have shown: activities to be ordered, and sets that have no order at all."""

    disjoined: Disjoined = field(default_factory=dict)
    apart: frozenset[tuple[int, frozenset[str]]] = frozenset()


def programme_of(problem: Problem, learnt: Learnt) -> Model:
    """The programme with all that `problem` asks for; `problem` is in its one order."""
    model = Model(problem)
    disjoined = {
        number: frozenset(key for key in keys if key in model.options)
        for number, keys in learnt.disjoined.items()
    }
    for number, keys in sorted(learnt.apart, key=lambda entry: (entry[0], sorted(entry[1]))):
        if all(key in model.options for key in keys):
            together = add(*(model.there(key, [number]) for key in sorted(keys)))
            model.row(together, -INFINITY, len(keys) - 1)
    if len(problem.candidates) <= PAIRS_UP_TO:
        _keep_apart(model)
    for number, keys in sorted(disjoined.items()):
        model.disjoin(number, sorted(keys))
        _keep_order(model, number, keys)
    for entry in problem.constraints:
        rule: Callable[..., None] | None = _RULES.get(type(entry))
        if rule is not None:
            rule(entry, model)
    number_items(model)
    for number, keys in sorted(disjoined.items()):
        order_as_numbered(model, number, sorted(keys))
    return model


def _keep_apart(model: Model) -> None:
    """Two items whose times let neither order that is allowed be are not in one stretch."""
    gap = model.problem.gap
    before = predecessors(model.problem, [candidate.id for candidate in model.problem.candidates])
    for number in range(len(model.stretches)):
        times: dict[str, tuple[int, int, int]] = {}
        for option in model.items(number):
            start, end, least = times.get(option.key, (option.place.span.start, -1, option.least))
            times[option.key] = (min(start, option.place.span.start), max(end, option.place.span.end), least)
        span = model.stretches[number].span
        part = [key for key, (start, end, _) in times.items() if (start, end) != (span.start, span.end)]
        for one in part:
            for other, (start, end, least) in times.items():
                if other == one or (other in part and other < one):
                    continue
                first, last, own = times[one]
                follows = one not in before[other] and start + least + gap + own <= last
                leads = other not in before[one] and first + own + gap + least <= end
                if not follows and not leads:
                    model.row(add(model.there(one, [number]), model.there(other, [number])), -INFINITY, 1)


def _keep_order(model: Model, number: int, keys: frozenset[str]) -> None:
    items = [key for key in keys if not is_break(key)]
    for item, earlier in sorted(predecessors(model.problem, items).items()):
        for other in sorted(earlier):
            found = model.before(number, other, item)
            if found is not None:
                terms, constant = found
                both = add(model.there(item, [number], -1), model.there(other, [number], -1))
                model.row(add(terms, both), -1 - constant, INFINITY)


def _taken(entry: Must | AtPosition | AtTime | InWindow | Lasts, model: Model) -> None:
    model.row(model.taken(entry.item), 1, 1)


def _excluded(entry: Excluded, model: Model) -> None:
    model.row(model.taken(entry.item), 0, 0)


def _before(entry: Before, model: Model) -> None:
    last = len(model.stretches)
    for number in range(last - 1):
        early, late = range(number + 1), range(number + 1, last)
        terms = add(model.there(entry.other, early), model.there(entry.item, late))
        model.row(terms, -INFINITY, 1)


def _first(entry: First, model: Model) -> None:
    _alone_beyond(entry.item, model, lambda number: (range(number), range(number, len(model.stretches))))


def _last(entry: Last, model: Model) -> None:
    _alone_beyond(entry.item, model, lambda number: (range(number, len(model.stretches)), range(number)))


def _alone_beyond(item: str, model: Model, parts: Callable[[int], tuple[range, range]]) -> None:
    """With the item in the second part of the meeting, nothing is in the first."""
    own = {option.chosen for option in model.options[item]}
    for number in range(1, len(model.stretches)):
        empty, here = parts(number)
        others = {column: 1.0 for column in model.count(empty) if column not in own}
        model.row(add(others, model.there(item, here, model.room)), -INFINITY, model.room)


def _sections(entry: SectionsInOrder, model: Model) -> None:
    """`passed[s, n]`: with stretch n, later sections than s may have begun, and s ends with it at the
    latest."""
    sections = {candidate.id: candidate.section for candidate in model.problem.candidates}
    rank = {section: number for number, section in enumerate(entry.sections)}
    stretches = range(len(model.stretches))
    passed = model.passed = {
        (section, number): model.programme.column(0, 0, 1)
        for section in range(len(entry.sections) - 1)
        for number in stretches
    }
    for (section, number), column in passed.items():
        if (section, number + 1) in passed:
            model.row({column: 1, passed[section, number + 1]: -1}, -INFINITY, 0)
        if (section + 1, number) in passed:
            model.row({passed[section + 1, number]: 1, column: -1}, -INFINITY, 0)
    for number in stretches:
        room = model.stretches[number].span.minutes + model.problem.gap
        loads = _loads(model, number, lambda option: rank.get(sections[option.key]), len(entry.sections))
        for section, load in enumerate(loads):
            if section > 0:
                model.row({load: 1, passed[section - 1, number]: -room}, -INFINITY, 0)
            if number > 0 and section < len(entry.sections) - 1:
                model.row({load: 1, passed[section, number - 1]: room}, -INFINITY, room)
        for option in model.items(number):
            own = rank.get(sections[option.key])
            if own is not None:
                _leave_room(model, number, option, loads[:own], loads[own + 1 :])


def _loads(model: Model, number: int, rank: Callable[[Option], int | None], sections: int) -> list[int]:
    """For each section a column: its minutes in the stretch, gaps counted in."""
    gap = model.problem.gap
    room = model.stretches[number].span.minutes + gap
    found = []
    for section in range(sections):
        mine = [option for option in model.items(number) if rank(option) == section]
        load = model.programme.column(0, 0, room, whole=False)
        parts = (add(option.minutes(), {option.chosen: gap}) for option in mine)
        model.row(add({load: -1}, *parts), 0, 0)
        found.append(load)
    return found


def _leave_room(model: Model, number: int, option: Option, earlier: list[int], later: list[int]) -> None:
    """What comes after an item that starts late fits after it, and what comes before one that ends early,
    before."""
    span, place, gap = model.stretches[number].span, option.place.span, model.problem.gap
    room = span.minutes + gap
    for loads, idle in ((later, place.start - span.start), (earlier, span.end - place.end)):
        if loads and idle > 0:
            terms = {**dict.fromkeys(loads, 1.0), option.chosen: float(idle + option.least + gap)}
            model.row(terms, -INFINITY, room)


def _section_limit(entry: SectionLimit, model: Model) -> None:
    sections = {candidate.id: candidate.section for candidate in model.problem.candidates}
    mine = [option for option in _all_items(model) if sections[option.key] == entry.section]
    model.row(add(*(option.minutes() for option in mine)), -INFINITY, entry.most)


def _lead_minutes(entry: LeadMinutes, model: Model) -> None:
    _even(entry.parties, entry.most, model, lambda option, factor: option.minutes(factor))


def _lead_count(entry: LeadCount, model: Model) -> None:
    _even(entry.parties, entry.most, model, lambda option, factor: {option.chosen: factor})


def _even(
    parties: tuple[str, ...], most: int, model: Model, measure: Callable[[Option, float], Mapping[int, float]]
) -> None:
    leads = {candidate.id: candidate.leads for candidate in model.problem.candidates}
    for one, other in combinations(parties, 2):
        terms = add(
            *(
                measure(option, 1 if one in leads[option.key] else -1)
                for option in _all_items(model)
                if (one in leads[option.key]) is not (other in leads[option.key])
            )
        )
        model.row(terms, -most, most)


def _covered(entry: Covered, model: Model) -> None:
    serving = [
        candidate.id for candidate in model.problem.candidates if entry.commitment in candidate.commitments
    ]
    model.row(add(*(model.taken(item) for item in serving)), 1, INFINITY)


def _all_items(model: Model) -> list[Option]:
    return [option for number in range(len(model.stretches)) for option in model.items(number)]


_RULES: Mapping[type, Callable[..., None]] = {
    Must: _taken,
    Excluded: _excluded,
    Before: _before,
    First: _first,
    Last: _last,
    SectionsInOrder: _sections,
    SectionLimit: _section_limit,
    LeadMinutes: _lead_minutes,
    LeadCount: _lead_count,
    Covered: _covered,
    AtPosition: _taken,
    AtTime: _taken,
    InWindow: _taken,
    Lasts: _taken,
}
