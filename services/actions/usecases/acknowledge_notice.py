"""Take note of a notice, for the organisation that it is addressed to. The ladder is climbed on: only the
action's mending ends it.
"""

from dataclasses import replace
from uuid import UUID

from services.actions.domain.escalation import NoticeAcknowledged
from services.actions.domain.owners import Signature
from services.actions.store.actions import find
from services.actions.store.escalation import acknowledge, find_notice
from services.actions.usecases.change import Changing
from services.actions.usecases.read_notices import Told, addressed_to
from services.chassis.audit import AuditEntry
from services.chassis.once import Once
from services.kernel.parties import Reader
from services.kernel.refusals import NoAccess


async def acknowledge_notice(
    once: Once[Told], reader: Reader, notice_id: UUID, *, changing: Changing
) -> Told:
    """Raises `NoAccess` or `NoticeAcknowledged`."""
    at, publication = changing.clock(), changing.publication
    async with once.transaction() as tx:
        named = await find_notice(tx, notice_id)
        if named is None:
            raise NoAccess(f"notice {notice_id}")
        # Whoever writes of an action locks its row first.
        await find(tx, named.action_id, lock=True)
        told = await addressed_to(tx, reader, notice_id, policy=publication.policy, now=at, lock=True)
        if told.notice.acknowledged is not None:
            raise NoticeAcknowledged("somebody here has taken note of it already")
        by = Signature.of(reader, at)
        audit = AuditEntry(
            action="action.notice-acknowledged",
            actor=reader.subject,
            party=reader.party,
            subject_kind="notice",
            subject_id=str(notice_id),
            at=at,
            request_id=once.key,
            detail={"action": str(told.action.id), "step": told.notice.step},
        )
        await acknowledge(tx, notice_id, by, audit)
        await publication.tell_again(tx, [told.action], at)
        return await once.answer(tx, replace(told, notice=replace(told.notice, acknowledged=by)))
