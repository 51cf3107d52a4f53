"""Constraints in words, for the people who have to choose which one to give up."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

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


@dataclass(frozen=True, slots=True)
class Names:
    """What constraints call things."""

    titles: Mapping[str, str]
    least: Mapping[str, int]
    origin: datetime

    def item(self, item: str) -> str:
        return f"'{self.titles[item]}'"

    def minute(self, minute: int) -> str:
        return f"{self.origin + timedelta(minutes=minute):%d %b %H:%M}"

    def span(self, span: Span) -> str:
        return f"{self.minute(span.start)} to {self.minute(span.end)}"


def in_words(problem: Problem, constraints: Sequence[Constraint]) -> tuple[str, ...]:
    """One sentence a constraint, in their order. Times are in the zone of the problem's origin."""
    names = Names(
        {candidate.id: candidate.title for candidate in problem.candidates},
        {item: least for item, (least, _) in problem.bounded().items()},
        problem.origin,
    )
    return tuple(_sentence(entry, names) for entry in constraints)


def _sentence(entry: Constraint, names: Names) -> str:
    word: Callable[..., str] = _WORDS[type(entry)]
    return word(entry, names)


def counted(count: int) -> str:
    """So many minutes."""
    return "1 minute" if count == 1 else f"{count} minutes"


def _must(entry: Must, names: Names) -> str:
    return f"{names.item(entry.item)} must be taken (at least {counted(names.least[entry.item])})"


def _excluded(entry: Excluded, names: Names) -> str:
    return f"{names.item(entry.item)} is excluded by hand"


def _before(entry: Before, names: Names) -> str:
    by_hand = " (moved by hand)" if entry.by_hand else ""
    return f"{names.item(entry.item)} comes before {names.item(entry.other)}{by_hand}"


def _first(entry: First, names: Names) -> str:
    return f"{names.item(entry.item)} comes first"


def _last(entry: Last, names: Names) -> str:
    return f"{names.item(entry.item)} comes last"


def _sections(entry: SectionsInOrder, _: Names) -> str:
    return "the sections follow in the order " + ", ".join(f"'{section}'" for section in entry.sections)


def _section_limit(entry: SectionLimit, _: Names) -> str:
    return f"the section '{entry.section}' has at most {counted(entry.most)}"


def _present(entry: Present, names: Names) -> str:
    spans = " or ".join(names.span(span) for span in entry.spans)
    return f"the presenter of {names.item(entry.item)} is present {spans}"


def _fixed_break(entry: FixedBreak, names: Names) -> str:
    return f"the break '{entry.id}' is {names.span(entry.span)}"


def _movable_break(entry: MovableBreak, names: Names) -> str:
    return (
        f"the break '{entry.id}' of {counted(entry.minutes)} starts between {names.minute(entry.earliest)} "
        f"and {names.minute(entry.latest)}"
    )


def _lead_minutes(entry: LeadMinutes, _: Names) -> str:
    return f"{' and '.join(entry.parties)} lead within {counted(entry.most)} of each other"


def _lead_count(entry: LeadCount, _: Names) -> str:
    items = "1 item" if entry.most == 1 else f"{entry.most} items"
    return f"{' and '.join(entry.parties)} lead within {items} of each other"


def _covered(entry: Covered, _: Names) -> str:
    return f"commitment {entry.commitment} is served by an item"


def _at_position(entry: AtPosition, names: Names) -> str:
    return f"{names.item(entry.item)} is pinned to position {entry.position}"


def _at_time(entry: AtTime, names: Names) -> str:
    return f"{names.item(entry.item)} is pinned to {names.minute(entry.start)}"


def _in_window(entry: InWindow, names: Names) -> str:
    return f"{names.item(entry.item)} is pinned to the window '{entry.window}'"


def _lasts(entry: Lasts, names: Names) -> str:
    return f"{names.item(entry.item)} is fixed at {counted(entry.minutes)}"


_WORDS: Mapping[type, Callable[..., str]] = {
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
