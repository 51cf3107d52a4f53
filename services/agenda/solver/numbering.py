"""Pinned positions in the programme: each item is before the first pin, between two, or after the last.

Between two pins lie exactly as many items as there are numbers between them. That says all that a position
asks for, without an order of every two items.
"""

from collections.abc import Mapping, Sequence

from services.agenda.domain.assembly.precedence import predecessors
from services.agenda.domain.assembly.problem import AtPosition, Before
from services.agenda.solver.model import Model, Numbering, add, is_break
from services.agenda.solver.programme import INFINITY

PAIRS_UP_TO = 400
"""Candidates up to which what holds between each two of them is looked at."""


def number_items(model: Model) -> None:
    """Adds what the pinned positions ask for."""
    pins = sorted(
        (entry for entry in model.problem.constraints if isinstance(entry, AtPosition)),
        key=lambda entry: (entry.position, entry.item),
    )
    if not pins:
        return
    positions = [pin.position for pin in pins]
    if len(set(positions)) != len(positions) or positions[-1] > model.room:
        model.impossible = True
        return
    numbering = Numbering(tuple(pins), _parts(model, pins))
    _count(model, numbering)
    _keep_pins_in_order(model, numbering)
    _keep_places(model, numbering)
    _leave_room(model, numbering)
    _order(model, numbering)
    model.numbering = numbering


def _parts(model: Model, pins: Sequence[AtPosition]) -> Mapping[tuple[str, int, int], int]:
    """Columns, only where there is a number to have: what is pinned has its own."""
    pinned = {pin.item for pin in pins}
    edges = [0, *(pin.position for pin in pins)]
    open_parts = [place for place in range(len(pins)) if edges[place + 1] - edges[place] > 1]
    open_parts.append(len(pins))
    found: dict[tuple[str, int, int], int] = {}
    for key in model.options:
        if is_break(key) or key in pinned:
            continue
        for number in sorted({option.place.stretch for option in model.options[key]}):
            columns = {place: model.programme.column(0, 0, 1) for place in open_parts}
            found |= {(key, number, place): column for place, column in columns.items()}
            model.row(add(dict.fromkeys(columns.values(), 1), model.there(key, [number], -1)), 0, 0)
    return found


def _count(model: Model, numbering: Numbering) -> None:
    edges = [0, *(pin.position for pin in numbering.pins)]
    for place in range(len(numbering.pins)):
        wanted = edges[place + 1] - edges[place] - 1
        if wanted:
            columns = [column for (_, _, other), column in numbering.part.items() if other == place]
            model.row(dict.fromkeys(columns, 1), wanted, wanted)


def _keep_pins_in_order(model: Model, numbering: Numbering) -> None:
    last = len(model.stretches)
    for one, other in zip(numbering.pins, numbering.pins[1:], strict=False):
        for number in range(last - 1):
            terms = add(
                model.there(other.item, range(number + 1)), model.there(one.item, range(number + 1, last))
            )
            model.row(terms, -INFINITY, 1)


def _keep_places(model: Model, numbering: Numbering) -> None:
    """What is before a pin is in no later stretch than it, and what is after it in no earlier one."""
    last, pins = len(model.stretches), numbering.pins
    for (_, number, place), column in numbering.part.items():
        if place < len(pins):
            model.row(add({column: 1}, model.there(pins[place].item, range(number, last), -1)), -INFINITY, 0)
        if place > 0:
            earlier = model.there(pins[place - 1].item, range(number + 1), -1)
            model.row(add({column: 1}, earlier), -INFINITY, 0)


def _leave_room(model: Model, numbering: Numbering) -> None:
    """What is before a pin in its stretch fits before the end of the pin's time, what is after it after its
    start."""
    gap = model.problem.gap
    for place, pin in enumerate(numbering.pins):
        for option in model.options[pin.item]:
            number, span = option.place.stretch, model.stretches[option.place.stretch].span
            loads: tuple[dict[int, float], dict[int, float]] = ({}, {})
            for (key, stretch, other), column in numbering.part.items():
                if stretch == number:
                    loads[other > place][column] = _least(model, key) + gap
            ends = option.place.span.start + option.least if option.place.fixed else option.place.span.end
            for load, idle in zip(
                loads, (span.end - ends, option.place.span.start - span.start), strict=True
            ):
                if load:
                    terms = {**load, option.chosen: float(option.least + gap + idle)}
                    model.row(terms, -INFINITY, span.minutes + gap)


def _least(model: Model, key: str) -> int:
    return min(option.least for option in model.options[key])


def _order(model: Model, numbering: Numbering) -> None:
    """What comes before a pin by another constraint has a lower number, and what comes after it a higher."""
    pinned = {pin.item: place for place, pin in enumerate(numbering.pins)}
    few = len(model.problem.candidates) <= PAIRS_UP_TO
    before = predecessors(
        model.problem, [key for key in model.options if key in pinned or (few and not is_break(key))]
    )
    least = {key: [pinned[other] for other in earlier if other in pinned] for key, earlier in before.items()}
    most = {key: [place for item, place in pinned.items() if key in before[item]] for key in before}
    for (key, _, place), column in numbering.part.items():
        if place <= max(least.get(key, ()), default=-1) or place > min(most.get(key, ()), default=place):
            model.programme.upper[column] = 0.0
    if any(max(least[item], default=-1) > place for item, place in pinned.items()):
        model.impossible = True
    for entry in model.problem.constraints:
        if isinstance(entry, Before) and not {entry.item, entry.other} & pinned.keys():
            _order_of_two(model, numbering, entry)


def _order_of_two(model: Model, numbering: Numbering, entry: Before) -> None:
    for place in range(len(numbering.pins)):
        columns = [
            column
            for (key, _, other), column in numbering.part.items()
            if (key == entry.item and other > place) or (key == entry.other and other <= place)
        ]
        if columns:
            model.row(dict.fromkeys(columns, 1), -INFINITY, 1)


def order_as_numbered(model: Model, number: int, keys: Sequence[str]) -> None:
    """Of activities of a stretch that have an order in the programme, this is the order of their numbers."""
    numbering = model.numbering
    if numbering is None:
        return
    pins = numbering.pins
    for place, pin in enumerate(pins):
        if pin.item not in keys:
            continue
        pinned = model.there(pin.item, [number])
        for other in (entry.item for entry in pins[place + 1 :] if entry.item in keys):
            _follows(model, number, (pin.item, other), add(pinned, model.there(other, [number])))
        for key in keys:
            earlier = numbering.places(key, number, range(place + 1))
            later = numbering.places(key, number, range(place + 1, len(pins) + 1))
            for columns, pair in ((earlier, (key, pin.item)), (later, (pin.item, key))):
                if columns:
                    _follows(model, number, pair, add(dict.fromkeys(columns, 1), pinned))


def _follows(model: Model, number: int, pair: tuple[str, str], both: Mapping[int, float]) -> None:
    """Where the sum of the terms is two, the one comes before the other."""
    found = model.before(number, *pair)
    if found is not None:
        terms, constant = found
        model.row(add(both, {column: -factor for column, factor in terms.items()}), -INFINITY, 1 + constant)
