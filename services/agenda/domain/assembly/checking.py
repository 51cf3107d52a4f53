"""Whether a plan keeps everything: independent of how it was found."""

from collections import Counter
from collections.abc import Callable, Mapping
from itertools import combinations, pairwise

from services.agenda.domain.assembly.plan import Plan, Slot
from services.agenda.domain.assembly.problem import (
    AtPosition,
    AtTime,
    Before,
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
)


def violations(problem: Problem, plan: Plan) -> tuple[Constraint, ...]:
    """The constraints that the plan breaks."""
    return tuple(entry for entry in problem.constraints if not _holds(entry, problem, plan))


def is_possible(problem: Problem, plan: Plan) -> bool:
    """Whether it is a plan at all: known items once each, in a window, within their minutes, one after
    another."""
    bounds = problem.bounded()
    if len(plan.taken()) != len(plan.slots) or not plan.taken() <= bounds.keys():
        return False
    if any(not bounds[slot.item][0] <= slot.minutes <= bounds[slot.item][1] for slot in plan.slots):
        return False
    spans = sorted(_spans(plan))
    if list(plan.slots) != sorted(plan.slots, key=lambda slot: slot.start):
        return False
    inside = all(
        any(window.span.start <= span.start and span.end <= window.span.end for window in problem.windows)
        for span in spans
    )
    return inside and all(
        other.start - one.end >= _gap(problem, one, other) for one, other in pairwise(spans)
    )


def _spans(plan: Plan) -> list[Span]:
    return [
        *(Span(slot.start, slot.end) for slot in plan.slots),
        *(Span(pause.start, pause.end) for pause in plan.pauses),
    ]


def _gap(problem: Problem, one: Span, other: Span) -> int:
    """Neighbours have the gap between them unless a break or the end of a day already parts them."""
    if any(
        isinstance(entry, FixedBreak) and one.end <= entry.span.start and entry.span.end <= other.start
        for entry in problem.constraints
    ):
        return 0
    apart = any(one.end <= window.span.end <= other.start for window in problem.windows)
    return 0 if apart else problem.gap


def _holds(entry: Constraint, problem: Problem, plan: Plan) -> bool:
    check: Callable[..., bool] = _CHECKS[type(entry)]
    return check(entry, problem, plan)


def _slot(plan: Plan, item: str) -> Slot | None:
    return next((slot for slot in plan.slots if slot.item == item), None)


def _must(entry: Must, _: Problem, plan: Plan) -> bool:
    return entry.item in plan.taken()


def _excluded(entry: Excluded, _: Problem, plan: Plan) -> bool:
    return entry.item not in plan.taken()


def _before(entry: Before, _: Problem, plan: Plan) -> bool:
    one, other = _slot(plan, entry.item), _slot(plan, entry.other)
    return one is None or other is None or one.start < other.start


def _first(entry: First, _: Problem, plan: Plan) -> bool:
    return entry.item not in plan.taken() or plan.slots[0].item == entry.item


def _last(entry: Last, _: Problem, plan: Plan) -> bool:
    return entry.item not in plan.taken() or plan.slots[-1].item == entry.item


def _sections(entry: SectionsInOrder, problem: Problem, plan: Plan) -> bool:
    ranks = {section: number for number, section in enumerate(entry.sections)}
    sections = [problem.by_id()[slot.item].section for slot in plan.slots]
    met = [ranks[section] for section in sections if section in ranks]
    return met == sorted(met)


def _section_limit(entry: SectionLimit, problem: Problem, plan: Plan) -> bool:
    candidates = problem.by_id()
    return (
        sum(slot.minutes for slot in plan.slots if candidates[slot.item].section == entry.section)
        <= entry.most
    )


def _present(entry: Present, _: Problem, plan: Plan) -> bool:
    slot = _slot(plan, entry.item)
    if slot is None:
        return True
    there = {minute for span in entry.spans for minute in range(span.start, span.end)}
    return there.issuperset(range(slot.start, slot.end))


def _fixed_break(entry: FixedBreak, _: Problem, plan: Plan) -> bool:
    return all(span.end <= entry.span.start or entry.span.end <= span.start for span in _spans(plan))


def _movable_break(entry: MovableBreak, _: Problem, plan: Plan) -> bool:
    found = [pause for pause in plan.pauses if pause.id == entry.id]
    return (
        len(found) == 1
        and found[0].minutes == entry.minutes
        and entry.earliest <= found[0].start <= entry.latest
    )


def _lead_minutes(entry: LeadMinutes, problem: Problem, plan: Plan) -> bool:
    led: Counter[str] = Counter()
    for slot in plan.slots:
        led.update(dict.fromkeys(problem.by_id()[slot.item].leads, slot.minutes))
    return _even(entry.parties, led, entry.most)


def _lead_count(entry: LeadCount, problem: Problem, plan: Plan) -> bool:
    led: Counter[str] = Counter()
    for slot in plan.slots:
        led.update(problem.by_id()[slot.item].leads)
    return _even(entry.parties, led, entry.most)


def _even(parties: tuple[str, ...], led: Mapping[str, int], most: int) -> bool:
    return all(abs(led.get(one, 0) - led.get(other, 0)) <= most for one, other in combinations(parties, 2))


def _covered(entry: Covered, problem: Problem, plan: Plan) -> bool:
    candidates = problem.by_id()
    return any(entry.commitment in candidates[slot.item].commitments for slot in plan.slots)


def _at_position(entry: AtPosition, _: Problem, plan: Plan) -> bool:
    return len(plan.slots) >= entry.position and plan.slots[entry.position - 1].item == entry.item


def _at_time(entry: AtTime, _: Problem, plan: Plan) -> bool:
    slot = _slot(plan, entry.item)
    return slot is not None and slot.start == entry.start


def _in_window(entry: InWindow, problem: Problem, plan: Plan) -> bool:
    slot = _slot(plan, entry.item)
    if slot is None:
        return False
    return any(
        window.id == entry.window and window.span.start <= slot.start and slot.end <= window.span.end
        for window in problem.windows
    )


def _lasts(entry: Lasts, _: Problem, plan: Plan) -> bool:
    slot = _slot(plan, entry.item)
    return slot is not None and slot.minutes == entry.minutes


_CHECKS: Mapping[type, Callable[..., bool]] = {
    Must: _must,
    Excluded: _excluded,
    Before: _before,
    First: _first,
    Last: _last,
    SectionsInOrder: _sections,
    SectionLimit: _section_limit,
    Present: _present,
    FixedBreak: _fixed_break,
    MovableBreak: _movable_break,
    LeadMinutes: _lead_minutes,
    LeadCount: _lead_count,
    Covered: _covered,
    AtPosition: _at_position,
    AtTime: _at_time,
    InWindow: _in_window,
    Lasts: _lasts,
}
