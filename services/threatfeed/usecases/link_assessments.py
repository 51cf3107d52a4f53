"""People hold two assessments to be of one matter, or undo that; neither assessment changes."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.chassis.audit import AuditEntry
from services.chassis.clock import Clock
from services.chassis.database import Database, Transaction
from services.chassis.ids import IdSource
from services.chassis.once import Once
from services.kernel.parties import Audience, Reader, Role
from services.kernel.policy import Policy
from services.kernel.refusals import NoAccess
from services.threatfeed.domain.correlation import WEIGHTS_VERSION, overlap
from services.threatfeed.domain.links import Link, in_order
from services.threatfeed.store.links import delete_link, insert_link, links_of, lock_link
from services.threatfeed.usecases.decide_theme import checked_reason
from services.threatfeed.usecases.find_overlaps import facts_seen, rendered_for


@dataclass(frozen=True, slots=True)
class Pair:
    """The two that are to be linked, in any order, and why."""

    one: UUID
    other: UUID
    reason: str


async def link_assessments(
    once: Once[Link],
    reader: Reader,
    series: str,
    pair: Pair,
    *,
    policy: Policy,
    clock: Clock,
    ids: IdSource,
) -> Link:
    """Raises `NotEntitled`, `NoAccess`, `InvalidValue` or `LinkExists`."""
    policy.require(reader, Role.SECRETARIAT, series)
    one, other = in_order(pair.one, pair.other)
    reason, at = checked_reason(pair.reason), clock()
    async with once.transaction() as tx:
        first = await rendered_for(tx, reader, one, policy, at)
        second = await rendered_for(tx, reader, other, policy, at)
        link = Link(
            link_id=ids(),
            audience=Audience(series, reader.party),
            one=one,
            other=other,
            reason=reason,
            official=reader.subject,
            linked_at=at,
            shared=overlap(facts_seen(first), facts_seen(second)),
            weights_version=WEIGHTS_VERSION,
        )
        await insert_link(tx, link, _audit(once, link, reader, "assessments.linked", reason, at))
        return await once.answer(tx, link)


async def undo_link(
    once: Once[Link], reader: Reader, link_id: UUID, reason: str, *, policy: Policy, clock: Clock
) -> Link:
    """Gives the link as it was. Raises `NoAccess` where there is none in a view of the reader's."""
    reason, at = checked_reason(reason), clock()
    async with once.transaction() as tx:
        link = await lock_link(tx, link_id)
        if link is None or not _is_the_readers(link, reader, policy):
            raise NoAccess(f"link {link_id}")
        await delete_link(tx, link, _audit(once, link, reader, "assessments.link-undone", reason, at))
        return await once.answer(tx, link)


async def list_links(
    database: Database,
    reader: Reader,
    series: str,
    assessment_id: UUID,
    *,
    policy: Policy,
    at: datetime,
) -> list[Link]:
    """The links of an assessment to others that the reader may see. Raises `NotEntitled` or `NoAccess`."""
    policy.require(reader, Role.SECRETARIAT, series)
    async with database.transaction() as tx:
        await rendered_for(tx, reader, assessment_id, policy, at)
        links = await links_of(tx, Audience(series, reader.party), assessment_id)
        return [link for link in links if await _is_seen(tx, reader, link.across(assessment_id), policy, at)]


def _is_the_readers(link: Link, reader: Reader, policy: Policy) -> bool:
    same_party = link.audience.party == reader.party
    return same_party and policy.entitled(reader, Role.SECRETARIAT, link.audience.series)


async def _is_seen(
    tx: Transaction, reader: Reader, assessment_id: UUID, policy: Policy, at: datetime
) -> bool:
    try:
        await rendered_for(tx, reader, assessment_id, policy, at)
    except NoAccess:
        return False
    return True


def _audit(
    once: Once[Link], link: Link, reader: Reader, action: str, reason: str, at: datetime
) -> AuditEntry:
    return AuditEntry(
        action=action,
        actor=reader.subject,
        party=reader.party,
        subject_kind="assessment-link",
        subject_id=str(link.link_id),
        at=at,
        request_id=once.key,
        detail={
            "series": link.audience.series,
            "assessments": [str(link.one), str(link.other)],
            "reason": reason,
            "shared": [[one.ground.value, one.value] for one in link.shared],
        },
    )
