"""A secretariat acknowledges a notice of withdrawal for its delegation, once, and signs what it says."""

from datetime import datetime
from uuid import UUID

from services.chassis.audit import AuditEntry
from services.chassis.database import Transaction
from services.chassis.once import Once
from services.kernel.parties import Reader, Role
from services.kernel.policy import Policy
from services.kernel.refusals import NoAccess
from services.threatfeed.domain.withdrawal_notices import Acknowledgement, WithdrawalNotice
from services.threatfeed.statements import withdrawal_acknowledgement
from services.threatfeed.store.withdrawal_notices import find_notice, store_acknowledged
from services.threatfeed.usecases.clearance_statements import ClearanceDesk, Signature, ToSign, signed_by
from services.threatfeed.usecases.read_notices import receiving

ANSWERERS = frozenset({Role.SECRETARIAT})


async def state_acknowledgement(
    once: Once[ToSign],
    reader: Reader,
    notice_id: UUID,
    answer: Acknowledgement,
    *,
    desk: ClearanceDesk,
    at: datetime,
) -> ToSign:
    """What the official would sign. Raises as `acknowledge_notice` does."""
    async with once.transaction() as tx:
        notice = await _lock(tx, reader, notice_id, desk.policy)
        notice.acknowledge(answer, reader.subject, reader.organisation, at)
        return await once.answer(tx, ToSign(withdrawal_acknowledgement(notice, answer, reader, at), at))


async def acknowledge_notice(
    once: Once[WithdrawalNotice],
    reader: Reader,
    notice_id: UUID,
    answer: Acknowledgement,
    expected: int,
    signature: Signature,
    *,
    desk: ClearanceDesk,
    at: datetime,
) -> WithdrawalNotice:
    """Raises `NoAccess`, `NoticeAcknowledged`, `NoticeLifted`, `NoticeStale`, and what is wrong with the
    signature.
    """
    async with once.transaction() as tx:
        notice = await _lock(tx, reader, notice_id, desk.policy)
        acknowledged = notice.acknowledge(answer, reader.subject, reader.organisation, at)
        notice.require_version(expected)
        statement = withdrawal_acknowledgement(notice, answer, reader, signature.time(at))
        signed = signed_by(reader, statement, signature, desk.keys, at)
        audit = AuditEntry(
            action="withdrawal-notice.acknowledged",
            actor=reader.subject,
            party=reader.party,
            subject_kind="withdrawal-notice",
            subject_id=str(notice.id),
            at=at,
            request_id=once.key,
            detail={
                "recipient": notice.recipient.id,
                "assessment_id": str(notice.text.assessment_id),
                "handling": answer.handling.value,
            },
        )
        await store_acknowledged(tx, acknowledged, signed, audit)
        return await once.answer(tx, acknowledged)


async def _lock(tx: Transaction, reader: Reader, notice_id: UUID, policy: Policy) -> WithdrawalNotice:
    found = await find_notice(tx, notice_id, receiving(policy, reader, ANSWERERS), lock=True)
    if found is None:
        raise NoAccess(f"withdrawal notice {notice_id}")
    return found
