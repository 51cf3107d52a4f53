"""The host's operators deny sources and lift denials; nothing that is held changes by either."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from services.chassis.audit import AuditEntry
from services.chassis.clock import Clock
from services.chassis.database import Database
from services.chassis.ids import IdSource
from services.chassis.once import Once
from services.kernel.clearance import OperatorSight
from services.kernel.policy import NotEntitled
from services.kernel.refusals import NoAccess
from services.threatfeed.domain.denials import Denial, DenialLifted, DeniedKind, DeniedSource
from services.threatfeed.domain.paging import Position
from services.threatfeed.store.denials import insert_denial, lift_denial, lock_denial, page_of_denials
from services.threatfeed.usecases.decide_theme import checked_reason


@dataclass(frozen=True, slots=True)
class Denying:
    """What is to be denied, and why."""

    kind: DeniedKind
    agency: str
    value: str
    reason: str


async def deny_source(
    once: Once[Denial], sight: OperatorSight, ask: Denying, *, clock: Clock, ids: IdSource
) -> Denial:
    """From the next batch on. Raises `NotEntitled`, `UnknownAgency`, `InvalidValue`, `SourceAlreadyDenied`,
    `DenyListFull`.
    """
    _require(sight)
    source = DeniedSource.of(ask.kind, ask.agency, ask.value, sight.clearing.policy)
    denial = Denial(ids(), source, checked_reason(ask.reason), sight.reader.subject, clock())
    async with once.transaction() as tx:
        audit = _audit(once, denial, sight, "source.denied", denial.reason, denial.denied_at)
        await insert_denial(tx, denial, audit)
        return await once.answer(tx, denial)


async def lift_source_denial(
    once: Once[Denial], sight: OperatorSight, denial_id: UUID, reason: str, *, clock: Clock
) -> Denial:
    """Raises `NotEntitled`, `NoAccess`, `InvalidValue`, `DenialLifted`.

    What was refused meanwhile waits in quarantine, from where it can be replayed.
    """
    _require(sight)
    reason, at = checked_reason(reason), clock()
    async with once.transaction() as tx:
        denial = await lock_denial(tx, denial_id)
        if denial is None:
            raise NoAccess(f"denial {denial_id}")
        if denial.lifted_at is not None:
            raise DenialLifted("the denial was lifted before")
        lifted = replace(denial, lifted_by=sight.reader.subject, lifted_at=at, lift_reason=reason)
        await lift_denial(tx, lifted, _audit(once, lifted, sight, "source.denial-lifted", reason, at))
        return await once.answer(tx, lifted)


async def list_denials(
    database: Database, sight: OperatorSight, *, lifted: bool | None, after: Position | None, size: int
) -> tuple[list[Denial], Position | None]:
    """A page, the latest first; no position when there is no more. Raises `NotEntitled`."""
    _require(sight)
    async with database.transaction() as tx:
        found = await page_of_denials(tx, lifted=lifted, after=after, limit=size + 1)
    page = found[:size]
    return page, (page[-1].denied_at, page[-1].denial_id) if len(found) > size else None


def _require(sight: OperatorSight) -> None:
    """The edge lets only the roles pass; of which party is asked here."""
    if not sight.may_run():
        raise NotEntitled("Permission on the deny list denied")


def _audit(
    once: Once[Denial], denial: Denial, sight: OperatorSight, action: str, reason: str, at: datetime
) -> AuditEntry:
    source = denial.source
    return AuditEntry(
        action=action,
        actor=sight.reader.subject,
        party=sight.reader.party,
        subject_kind="source-denial",
        subject_id=str(denial.denial_id),
        at=at,
        request_id=once.key,
        detail={
            "kind": source.kind.value,
            "agency": source.agency,
            "value": source.value,
            "reason": reason,
        },
    )
