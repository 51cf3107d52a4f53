"""Where things may lie: windows cut into stretches that nothing crosses, and each item's places in them."""

from collections.abc import Mapping
from dataclasses import dataclass

from services.agenda.domain.assembly.problem import (
    AtTime,
    FixedBreak,
    InWindow,
    MovableBreak,
    Present,
    Problem,
    Span,
)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Time without a fixed break. Stretches are numbered in the order of time."""

    window: str
    span: Span


@dataclass(frozen=True, slots=True)
class Place:
    """A part of a stretch in which an item may lie whole; `fixed` where it has to start with the part."""

    stretch: int
    span: Span
    fixed: bool = False


def stretches(problem: Problem) -> tuple[Stretch, ...]:
    """Nothing crosses a fixed break, and nothing the minute at which a pinned item starts; what comes
    before that item leaves the gap to it.
    """
    breaks = [entry.span for entry in problem.constraints if isinstance(entry, FixedBreak)]
    cuts = sorted({entry.start for entry in problem.constraints if isinstance(entry, AtTime)})
    found: list[Stretch] = []
    for window in sorted(problem.windows, key=lambda entry: entry.span):
        start = window.span.start
        for span in sorted(breaks):
            if window.span.start <= span.start and span.end <= window.span.end:
                found.extend(_cut(window.id, Span(start, span.start), cuts, problem.gap))
                start = span.end
        found.extend(_cut(window.id, Span(start, window.span.end), cuts, problem.gap))
    return tuple(found)


def _cut(window: str, span: Span, cuts: list[int], gap: int) -> list[Stretch]:
    inner = [cut for cut in cuts if span.start < cut < span.end]
    starts, ends = [span.start, *inner], [*(cut - gap for cut in inner), span.end]
    parts = (Span(start, end) for start, end in zip(starts, ends, strict=True))
    return [Stretch(window, part) for part in parts if part.minutes > 0]


def places(problem: Problem, within: tuple[Stretch, ...]) -> Mapping[str, tuple[Place, ...]]:
    """Where each candidate may lie; nothing where it may lie nowhere."""
    bounds = problem.bounded()
    present: dict[str, list[tuple[Span, ...]]] = {}
    at: dict[str, int] = {}
    window: dict[str, str] = {}
    for entry in problem.constraints:
        if isinstance(entry, Present):
            present.setdefault(entry.item, []).append(entry.spans)
        elif isinstance(entry, AtTime):
            at[entry.item] = entry.start
        elif isinstance(entry, InWindow):
            window[entry.item] = entry.window
    found: dict[str, tuple[Place, ...]] = {}
    for candidate in problem.candidates:
        least = bounds[candidate.id][0]
        allowed = [
            Place(number, stretch.span)
            for number, stretch in enumerate(within)
            if window.get(candidate.id, stretch.window) == stretch.window
        ]
        for spans in present.get(candidate.id, []):
            allowed = [
                Place(place.stretch, place.span.meet(span)) for place in allowed for span in _merged(spans)
            ]
        if candidate.id in at:
            start = at[candidate.id]
            allowed = [
                Place(place.stretch, Span(start, place.span.end), fixed=True)
                for place in allowed
                if place.span.start <= start < place.span.end
            ]
        found[candidate.id] = tuple(place for place in allowed if place.span.minutes >= least)
    return found


def _merged(spans: tuple[Span, ...]) -> list[Span]:
    """The same time in the fewest spans."""
    found: list[Span] = []
    for span in sorted(spans):
        if found and span.start <= found[-1].end:
            found[-1] = Span(found[-1].start, max(found[-1].end, span.end))
        else:
            found.append(span)
    return found


def break_places(entry: MovableBreak, within: tuple[Stretch, ...]) -> tuple[Place, ...]:
    """Where a break may lie that has no fixed time."""
    allowed = Span(entry.earliest, entry.latest + entry.minutes)
    found = (Place(number, stretch.span.meet(allowed)) for number, stretch in enumerate(within))
    return tuple(place for place in found if place.span.minutes >= entry.minutes)
