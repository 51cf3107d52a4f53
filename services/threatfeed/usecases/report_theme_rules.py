"""What applying the deployed theme rules would change, of what the reader may see. Nothing is written."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from services.chassis.database import Database
from services.kernel.parties import Reader, Role
from services.kernel.policy import Policy
from services.threatfeed.domain.paging import Position
from services.threatfeed.domain.theme_changes import RuleCount, ThemeChange, compare, count_by_rule
from services.threatfeed.domain.themes import ThemeMatcher
from services.threatfeed.domain.views import in_rendition
from services.threatfeed.store.readings import page_by_id
from services.threatfeed.store.theme_rules import applied_version
from services.threatfeed.usecases.applied_themes import reassigned
from services.threatfeed.usecases.apply_theme_rules import require_any
from services.threatfeed.usecases.read_assessment import Rendered, rendition_for

_CHUNK: Final = 200


@dataclass(frozen=True, slots=True)
class WouldChange:
    """An assessment as the reader may have it, and what would change of its themes."""

    rendered: Rendered
    change: ThemeChange
    title: str
    """Empty for a reader who is no secretariat."""


@dataclass(frozen=True, slots=True)
class RulesReport:
    """What `deployed` would change where `applied` stands, over the assessments that the reader may see."""

    applied: str | None
    deployed: str
    examined: int
    changed: int
    by_rule: tuple[RuleCount, ...]


async def report_rules(database: Database, reader: Reader, *, policy: Policy, at: datetime) -> RulesReport:
    """Raises `NotEntitled`."""
    require_any(policy, reader, Role.SECRETARIAT, Role.OPERATOR)
    async with database.transaction() as tx:
        applied = await applied_version(tx)
    examined = 0
    changes: list[ThemeChange] = []
    async for one in _examined(database, reader, None, policy, at):
        examined += 1
        if one.change:
            changes.append(one.change)
    return RulesReport(applied, policy.themes.version, examined, len(changes), count_by_rule(changes))


async def list_rule_changes(
    database: Database,
    reader: Reader,
    *,
    after: Position | None,
    size: int,
    policy: Policy,
    at: datetime,
) -> tuple[list[WouldChange], Position | None]:
    """A page of the assessments that would change, by id; no position when there is no more.

    Raises `NotEntitled`.
    """
    require_any(policy, reader, Role.SECRETARIAT, Role.OPERATOR)
    page: list[WouldChange] = []
    async with aclosing(_examined(database, reader, after and after[1], policy, at)) as examined:
        async for one in examined:
            if not one.change:
                continue
            if len(page) == size:
                last = page[-1].rendered.held.content
                return page, (last.published, last.assessment_id)
            page.append(one)
    return page, None


async def _examined(
    database: Database, reader: Reader, after: UUID | None, policy: Policy, at: datetime
) -> AsyncGenerator[WouldChange, None]:
    deployed = ThemeMatcher.compile(policy.themes)
    titled = any(Role.SECRETARIAT in policy.roles(reader, series) for series in policy.series)
    while True:
        # A transaction for each chunk, so that a long report holds nothing up.
        async with database.transaction() as tx:
            chunk = await page_by_id(tx, after, _CHUNK)
            seen = [
                Rendered(held, rendition)
                for held in chunk
                if (rendition := await rendition_for(tx, held, reader.party, policy, at)) is not None
            ]
        for rendered in seen:
            then = in_rendition(reassigned(rendered.held.content, deployed), rendered.rendition)
            change = compare(rendered.content.themes, then.themes)
            yield WouldChange(rendered, change, rendered.content.title if titled else "")
        if len(chunk) < _CHUNK:
            return
        after = chunk[-1].content.assessment_id
