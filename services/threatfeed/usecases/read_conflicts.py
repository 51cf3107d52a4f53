"""What waits for a human to choose: to the secretariat of the originator's party with what it may read of
both sides, to the operators of that party that it waits.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.chassis.audit import AuditEntry, append
from services.chassis.database import Database, Transaction
from services.kernel.parties import Reader, Role
from services.kernel.policy import Policy
from services.kernel.refusals import NoAccess
from services.kernel.release_terms import Rendition, RevisionState
from services.threatfeed.domain.assessment import Assessment
from services.threatfeed.domain.conflicts import Alternative, Conflict, ConflictState
from services.threatfeed.domain.paging import Position
from services.threatfeed.domain.views import in_rendition
from services.threatfeed.store.conflicts import alternatives_of, find_conflict, page_of_conflicts
from services.threatfeed.store.readings import Held, find_latest
from services.threatfeed.usecases.read_assessment import rendition_for

READERS = frozenset({Role.SECRETARIAT, Role.OPERATOR})


@dataclass(frozen=True, slots=True)
class Side:
    """One of the alternatives. `text` and `withdrawal_reason` are None where the reader may not have them,
    and for what the alternative is not.
    """

    choice: str
    alternative: Alternative
    text: Assessment | None = None
    withdrawal_reason: str | None = None


@dataclass(frozen=True, slots=True)
class ConflictView:
    """A conflict with its sides."""

    conflict: Conflict
    sides: tuple[Side, ...]


async def list_conflicts(
    database: Database,
    reader: Reader,
    state: ConflictState,
    *,
    after: Position | None,
    size: int,
    policy: Policy,
) -> tuple[list[Conflict], Position | None]:
    """A page of those of the reader's party, the oldest first. Raises `NoAccess` for who may see none."""
    if not _roles(policy, reader) & READERS:
        raise NoAccess("conflicts")
    async with database.transaction() as tx:
        found = await page_of_conflicts(tx, state, reader.party, after, size + 1)
    page = found[:size]
    return page, (page[-1].opened_at, page[-1].id) if len(found) > size else None


async def read_conflict(
    database: Database, reader: Reader, conflict_id: UUID, *, policy: Policy, at: datetime
) -> ConflictView:
    """Audited. Raises `NoAccess` where there is none, or none for this reader."""
    async with database.transaction() as tx:
        conflict = await find_conflict(tx, conflict_id)
        if conflict is None or not may_see(policy, reader, conflict):
            raise NoAccess(f"conflict {conflict_id}")
        view = await conflict_view(tx, conflict, reader, policy, at)
        await append(
            tx,
            AuditEntry(
                action="conflict.read",
                actor=reader.subject,
                party=reader.party,
                subject_kind="assessment",
                subject_id=str(conflict.assessment_id),
                at=at,
                detail={
                    "conflict": str(conflict.id),
                    "texts": sum(one.text is not None for one in view.sides),
                },
            ),
        )
    return view


def may_see(policy: Policy, reader: Reader, conflict: Conflict) -> bool:
    """Whether a reader may know that there is a conflict."""
    return reader.party == conflict.party and bool(_roles(policy, reader) & READERS)


def may_settle(policy: Policy, reader: Reader, conflict: Conflict) -> bool:
    """Whether a reader may choose: the secretariat of the originator's party."""
    return reader.party == conflict.party and Role.SECRETARIAT in _roles(policy, reader)


async def conflict_view(
    tx: Transaction, conflict: Conflict, reader: Reader, policy: Policy, at: datetime
) -> ConflictView:
    """Each side in the widest rendition that the reader's party may have; an operator has none."""
    alternatives = await alternatives_of(tx, conflict)
    latest = await find_latest(tx, [conflict.assessment_id])
    # What was withdrawn is on no surface, also not as a side of what was once in dispute.
    withdrawn = any(held.state is RevisionState.WITHDRAWN for held in latest)
    reading = not withdrawn and may_settle(policy, reader, conflict)
    # A notice carries the marking of what it withdraws.
    whole = reading and await _may_read_whole(tx, latest, reader, policy, at)
    return ConflictView(
        conflict,
        tuple([await _side(tx, conflict, one, reader, policy, at, reading, whole) for one in alternatives]),
    )


async def _side(
    tx: Transaction,
    conflict: Conflict,
    alternative: Alternative,
    reader: Reader,
    policy: Policy,
    at: datetime,
    reading: bool,
    whole: bool,
) -> Side:
    content, choice = alternative.content, alternative.choice(conflict.cause)
    if not isinstance(content, Assessment):
        return Side(choice, alternative, withdrawal_reason=content.reason if whole else None)
    if not reading:
        return Side(choice, alternative)
    held = Held(content, 0, RevisionState.CURRENT, None, 0, conflict.party, None)
    rendition = await rendition_for(tx, held, reader.party, policy, at)
    return Side(choice, alternative, None if rendition is None else in_rendition(content, rendition))


async def _may_read_whole(
    tx: Transaction, latest: Sequence[Held], reader: Reader, policy: Policy, at: datetime
) -> bool:
    renditions = [await rendition_for(tx, held, reader.party, policy, at) for held in latest]
    return renditions == [Rendition.FULL]


def _roles(policy: Policy, reader: Reader) -> frozenset[Role]:
    return frozenset(role for series in policy.series for role in policy.roles(reader, series))
