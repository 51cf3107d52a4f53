"""The theme rules that are applied, whatever rules a process was started with."""

from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from typing import Final

import orjson

from services.chassis.audit import AuditEntry
from services.chassis.database import Transaction
from services.kernel.themes import ThemeRules, read_themes
from services.threatfeed.domain.assessment import Assessment
from services.threatfeed.domain.themes import ThemeMatcher, ThemeSubject
from services.threatfeed.store.theme_rules import (
    applied_version,
    apply_first,
    held_version,
    rules_document,
    store_rules,
)

SERVICE: Final = "threatfeed"
"""Who acts where no person does."""


async def hold_applied_rules(tx: Transaction, deployed: ThemeRules, at: datetime) -> ThemeMatcher | None:
    """The rules that are applied until the transaction ends; None where they are the deployed ones.

    The first rules that a deployment meets are applied at once: nothing is held that they could change.
    """
    version = await held_version(tx)
    if version is None:
        await _apply_first(tx, deployed, at)
        version = await held_version(tx)
    if version is None or version == deployed.version:
        return None
    return await matcher_of(tx, version)


async def applied_rules(tx: Transaction, deployed: ThemeRules) -> ThemeMatcher:
    """The rules that are applied; the deployed ones where nothing has been taken in yet."""
    version = await applied_version(tx)
    if version is None or version == deployed.version:
        return compiled(orjson.dumps(deployed.document))
    return await matcher_of(tx, version)


async def matcher_of(tx: Transaction, version: str) -> ThemeMatcher:
    """The rules of a version that is kept, compiled."""
    return compiled(orjson.dumps(await rules_document(tx, version)))


@lru_cache(maxsize=4)
def compiled(document: bytes) -> ThemeMatcher:
    """The rules in a document, compiled; the few versions that a process meets are remembered."""
    return ThemeMatcher.compile(read_themes(orjson.loads(document), "themes"))


def reassigned(content: Assessment, themes: ThemeMatcher) -> Assessment:
    """The assessment with the themes that these rules give to it, and to each tear line for its own words."""
    lines = tuple(
        replace(line, themes=themes.assign(ThemeSubject.of_line(line))) for line in content.tear_lines
    )
    return replace(content, themes=themes.assign(ThemeSubject.of(content)), tear_lines=lines)


async def _apply_first(tx: Transaction, rules: ThemeRules, at: datetime) -> None:
    await store_rules(tx, rules, at)
    await apply_first(
        tx,
        rules.version,
        at,
        AuditEntry(
            action="theme-rules.first-applied",
            actor=SERVICE,
            party=None,
            subject_kind="theme-rules",
            subject_id=rules.version,
            at=at,
        ),
    )
