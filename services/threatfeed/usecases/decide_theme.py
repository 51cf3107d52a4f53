"""The themes of one assessment in an audience's view, and the secretariat's decisions on them."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import assert_never
from uuid import UUID

from services.chassis.audit import AuditEntry
from services.chassis.clock import Clock
from services.chassis.database import Database, Transaction
from services.chassis.once import Once
from services.kernel.parties import Audience, Reader, Role
from services.kernel.policy import Policy
from services.kernel.refusals import InvalidValue, NoAccess
from services.threatfeed.domain.theme_decisions import (
    AssignedTheme,
    ThemeDecision,
    ThemesByHand,
    ThemeUnknown,
    Verdict,
    themes_in_view,
)
from services.threatfeed.domain.themes import ThemeMatcher
from services.threatfeed.store.readings import find_revision
from services.threatfeed.store.theme_decisions import decided_by_hand, store_decisions
from services.threatfeed.usecases.applied_themes import applied_rules
from services.threatfeed.usecases.read_assessment import Rendered, rendition_for

LONGEST_REASON = 2_000


@dataclass(frozen=True, slots=True)
class ThemesView:
    """The themes of an assessment as one audience sees them, and all that it has decided by hand."""

    assessment_id: UUID
    audience: Audience
    themes: tuple[AssignedTheme, ...]
    by_hand: ThemesByHand


@dataclass(frozen=True, slots=True)
class Ask:
    """What an official asks for. No verdict leaves the theme to the rules again."""

    theme: str
    verdict: Verdict | None
    reason: str
    expected: int


def checked_reason(reason: str) -> str:
    """Raises `InvalidValue` for a reason that is empty, too long or not plain text."""
    if not reason.strip() or len(reason) > LONGEST_REASON:
        raise InvalidValue(f"a reason of at most {LONGEST_REASON} characters is needed", pointer="/reason")
    if not all(character.isprintable() or character == "\n" for character in reason):
        raise InvalidValue("a reason is plain text", pointer="/reason")
    return reason.strip()


async def read_themes(
    database: Database,
    reader: Reader,
    series: str,
    assessment_id: UUID,
    *,
    policy: Policy,
    at: datetime,
) -> ThemesView:
    """Raises `NotEntitled`, or `NoAccess` where there is nothing for this reader."""
    policy.require(reader, Role.SECRETARIAT, series)
    audience = Audience(series, reader.party)
    async with database.transaction() as tx:
        rendered = await latest_for(tx, reader, assessment_id, policy, at)
        by_hand = await decided_by_hand(tx, audience, assessment_id)
        return _view(rendered, audience, by_hand)


async def decide_theme(
    once: Once[ThemesView],
    reader: Reader,
    series: str,
    assessment_id: UUID,
    ask: Ask,
    *,
    policy: Policy,
    clock: Clock,
) -> ThemesView:
    """Assigns a theme, removes it, or leaves it to the rules, in the view of the reader's audience.

    Raises `NotEntitled`, `NoAccess`, `InvalidValue`, `ThemeUnknown`, `ThemesChanged` or `NothingDecided`.
    """
    policy.require(reader, Role.SECRETARIAT, series)
    audience, at = Audience(series, reader.party), clock()
    async with once.transaction() as tx:
        rendered = await latest_for(tx, reader, assessment_id, policy, at)
        applied = await applied_rules(tx, policy.themes)
        before = await decided_by_hand(tx, audience, assessment_id)
        reason = checked_reason(ask.reason)
        before.require(ask.expected)
        after = _after(before, replace(ask, reason=reason), reader, applied, at)
        audit = AuditEntry(
            action=_ACTIONS[ask.verdict],
            actor=reader.subject,
            party=reader.party,
            subject_kind="assessment",
            subject_id=str(assessment_id),
            at=at,
            request_id=once.key,
            detail={"series": series, "theme": ask.theme, "reason": ask.reason, "version": after.version},
        )
        await store_decisions(tx, audience, assessment_id, after, audit)
        return await once.answer(tx, _view(rendered, audience, after))


_ACTIONS = {
    Verdict.ASSIGNED: "theme.assigned-by-hand",
    Verdict.REMOVED: "theme.removed-by-hand",
    None: "theme.left-to-rules",
}


def _after(
    before: ThemesByHand, ask: Ask, reader: Reader, applied: ThemeMatcher, at: datetime
) -> ThemesByHand:
    match ask.verdict:
        case None:
            return before.left_to_rules(ask.theme)
        case Verdict.ASSIGNED | Verdict.REMOVED:
            if ask.theme not in applied.rules.themes:
                raise ThemeUnknown("the rules that are applied list no such theme", pointer="/theme")
            decision = ThemeDecision(ask.theme, ask.verdict, ask.reason, reader.subject, at)
            return before.decided(decision)
        case unreachable:
            assert_never(unreachable)


def _view(rendered: Rendered, audience: Audience, by_hand: ThemesByHand) -> ThemesView:
    content = rendered.content
    return ThemesView(content.assessment_id, audience, themes_in_view(content.themes, by_hand), by_hand)


async def latest_for(
    tx: Transaction, reader: Reader, assessment_id: UUID, policy: Policy, at: datetime
) -> Rendered:
    """The latest revision in the rendition that the reader's party may have. Raises `NoAccess`."""
    held = await find_revision(tx, assessment_id, 0)
    rendition = None if held is None else await rendition_for(tx, held, reader.party, policy, at)
    if held is None or rendition is None:
        raise NoAccess(f"assessment {assessment_id}")
    return Rendered(held, rendition)
