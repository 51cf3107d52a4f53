"""What another version of the theme rules changes of one assessment."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from services.kernel.themes import ThemeAssignment


@dataclass(frozen=True, slots=True)
class Reassigned:
    """A theme that stays, assigned by another rule than before."""

    before: ThemeAssignment
    after: ThemeAssignment


@dataclass(frozen=True, slots=True)
class ThemeChange:
    """The themes that come and go, each with its rule, and those that only change their rule."""

    added: tuple[ThemeAssignment, ...] = ()
    removed: tuple[ThemeAssignment, ...] = ()
    reassigned: tuple[Reassigned, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.reassigned)


def compare(before: Sequence[ThemeAssignment], after: Sequence[ThemeAssignment]) -> ThemeChange:
    """What differs. The version of the rules alone is no difference."""
    had = {one.theme: one for one in before}
    has = {one.theme: one for one in after}
    return ThemeChange(
        added=tuple(one for one in after if one.theme not in had),
        removed=tuple(one for one in before if one.theme not in has),
        reassigned=tuple(
            Reassigned(had[one.theme], one)
            for one in after
            if one.theme in had and had[one.theme].rule_id != one.rule_id
        ),
    )


@dataclass(frozen=True, slots=True)
class RuleCount:
    """How many assessments get or lose a theme by one rule."""

    rule_id: str
    theme: str
    added: int
    removed: int


def count_by_rule(changes: Iterable[ThemeChange]) -> tuple[RuleCount, ...]:
    """By rule id; a theme that changes its rule counts as removed by the one and added by the other."""
    added: Counter[tuple[str, str]] = Counter()
    removed: Counter[tuple[str, str]] = Counter()
    for change in changes:
        gained = [*change.added, *(one.after for one in change.reassigned)]
        lost = [*change.removed, *(one.before for one in change.reassigned)]
        added.update((one.rule_id, one.theme) for one in gained)
        removed.update((one.rule_id, one.theme) for one in lost)
    return tuple(RuleCount(*key, added[key], removed[key]) for key in sorted({*added, *removed}))
