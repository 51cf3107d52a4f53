"""Themes that people assign or remove by hand, beside those that the rules assign.

A decision is one audience's: what the officials of one party decide in one series concerns their view and
nobody else's. It is about the assessment and not about a revision of it, and it is absolute: whatever the
rules assign to later content, an assigned theme stays and a removed one stays away until people decide again.
So the order in which revisions and decisions arrive does not matter.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from services.kernel.refusals import Refusal, RefusalKind
from services.kernel.themes import ThemeAssignment


class ThemeUnknown(Refusal):
    """The rules that are applied list no such theme."""

    kind = RefusalKind.INVALID
    reason = "THEME_UNKNOWN"


class ThemesChanged(Refusal):
    """Somebody of the same audience has decided since the caller looked."""

    kind = RefusalKind.STALE
    reason = "THEMES_CHANGED"


class NothingDecided(Refusal):
    """Nobody has decided on the theme, so that there is nothing to leave to the rules again."""

    kind = RefusalKind.CONFLICT
    reason = "NOTHING_DECIDED"


class Verdict(StrEnum):
    """What people decided on one theme of one assessment."""

    ASSIGNED = "ASSIGNED"
    REMOVED = "REMOVED"


@dataclass(frozen=True, slots=True)
class ThemeDecision:
    """A verdict with who gave it, when and why."""

    theme: str
    verdict: Verdict
    reason: str
    official: str
    decided_at: datetime


@dataclass(frozen=True, slots=True)
class ThemesByHand:
    """What one audience has decided on the themes of one assessment: at most one decision a theme.

    `version` counts the changes.
    """

    version: int = 0
    decisions: tuple[ThemeDecision, ...] = ()

    def require(self, version: int) -> None:
        """Raises `ThemesChanged` unless this is the version that the caller has seen."""
        if version != self.version:
            raise ThemesChanged(
                "the themes were decided on since they were read", pointer="/etag", version=str(self.version)
            )

    def decided(self, decision: ThemeDecision) -> "ThemesByHand":
        """With the decision in the place of any earlier one on its theme."""
        return self._with(*self._without(decision.theme), decision)

    def left_to_rules(self, theme: str) -> "ThemesByHand":
        """Without a decision on the theme. Raises `NothingDecided`."""
        left = self._without(theme)
        if len(left) == len(self.decisions):
            raise NothingDecided("nobody has decided on the theme", pointer="/theme")
        return self._with(*left)

    def themes(self, verdict: Verdict) -> tuple[str, ...]:
        return tuple(one.theme for one in self.decisions if one.verdict is verdict)

    def _without(self, theme: str) -> list[ThemeDecision]:
        return [one for one in self.decisions if one.theme != theme]

    def _with(self, *decisions: ThemeDecision) -> "ThemesByHand":
        ordered = tuple(sorted(decisions, key=lambda one: one.theme))
        return replace(self, version=self.version + 1, decisions=ordered)


UNDECIDED = ThemesByHand()


@dataclass(frozen=True, slots=True)
class AssignedTheme:
    """A theme that an assessment has in one audience's view, by a rule, by people, or by both."""

    theme: str
    rule: ThemeAssignment | None
    decision: ThemeDecision | None

    @property
    def assigned_by(self) -> str:
        """`person` where people have decided, whatever the rules say."""
        return "rule" if self.decision is None else "person"


def themes_in_view(by_rule: Sequence[ThemeAssignment], by_hand: ThemesByHand) -> tuple[AssignedTheme, ...]:
    """The themes that the audience sees: those of the rules in their order, then those by hand alone."""
    decisions = {one.theme: one for one in by_hand.decisions}
    removed = set(by_hand.themes(Verdict.REMOVED))
    seen = [
        AssignedTheme(rule.theme, rule, decisions.get(rule.theme))
        for rule in by_rule
        if rule.theme not in removed
    ]
    ruled = {rule.theme for rule in by_rule}
    return (
        *seen,
        *(
            AssignedTheme(one.theme, None, one)
            for one in by_hand.decisions
            if one.verdict is Verdict.ASSIGNED and one.theme not in ruled
        ),
    )
