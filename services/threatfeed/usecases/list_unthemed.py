"""Triage: the assessments that have no theme in an audience's view and wait for its secretariat."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.chassis.audit import AuditEntry, append
from services.chassis.database import Database, Transaction
from services.kernel.parties import Audience, Reader, Role
from services.kernel.policy import Policy
from services.threatfeed.domain.paging import Position
from services.threatfeed.domain.theme_decisions import UNDECIDED
from services.threatfeed.store.readings import page_for_triage
from services.threatfeed.store.theme_decisions import themes_by_hand
from services.threatfeed.usecases.read_assessment import Rendered, rendition_for

_CHUNK = 200


@dataclass(frozen=True, slots=True)
class Unthemed:
    """An assessment that waits, as the reader may have it. `version` counts the audience's decisions."""

    rendered: Rendered
    version: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many assessments wait, of those that the reader may see, and since when the oldest does."""

    count: int
    oldest: datetime | None


async def list_unthemed(
    database: Database,
    reader: Reader,
    series: str,
    *,
    after: Position | None,
    size: int,
    policy: Policy,
    at: datetime,
) -> tuple[list[Unthemed], Position | None]:
    """A page of them, the oldest publication first; no position when there is no more.

    Audited. Raises `NotEntitled`.
    """
    policy.require(reader, Role.SECRETARIAT, series)
    page: list[Unthemed] = []
    async with database.transaction() as tx:
        async with aclosing(_unthemed(tx, reader, series, after, policy, at)) as waiting:
            async for unthemed in waiting:
                page.append(unthemed)
                if len(page) > size:
                    break
        given = page[:size]
        await append(
            tx,
            AuditEntry(
                action="assessments.triage-listed",
                actor=reader.subject,
                party=reader.party,
                subject_kind="series",
                subject_id=series,
                at=at,
                detail={"assessments": [str(one.rendered.held.content.assessment_id) for one in given]},
            ),
        )
    last = given[-1].rendered.held.content if len(page) > size else None
    return given, None if last is None else (last.published, last.assessment_id)


async def count_unthemed(
    database: Database, reader: Reader, series: str, *, policy: Policy, at: datetime
) -> Waiting:
    """Raises `NotEntitled`."""
    policy.require(reader, Role.SECRETARIAT, series)
    count, oldest = 0, None
    async with database.transaction() as tx:
        async for unthemed in _unthemed(tx, reader, series, None, policy, at):
            count += 1
            oldest = oldest or unthemed.rendered.held.content.published
    return Waiting(count, oldest)


async def _unthemed(
    tx: Transaction, reader: Reader, series: str, after: Position | None, policy: Policy, at: datetime
) -> AsyncGenerator[Unthemed, None]:
    audience = Audience(series, reader.party)
    while True:
        chunk = await page_for_triage(tx, audience, after, _CHUNK)
        identities: list[UUID] = [held.content.assessment_id for held in chunk]
        decided = await themes_by_hand(tx, audience, identities)
        for held in chunk:
            content = held.content
            rendition = await rendition_for(tx, held, reader.party, policy, at)
            by_hand = decided.get(content.assessment_id, UNDECIDED)
            rendered = None if rendition is None else Rendered(held, rendition, by_hand)
            if rendered is not None and not rendered.themes:
                yield Unthemed(rendered, by_hand.version)
        if len(chunk) < _CHUNK:
            return
        after = (chunk[-1].content.published, identities[-1])
