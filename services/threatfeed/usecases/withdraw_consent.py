"""An originator takes a consent back."""

from datetime import datetime
from uuid import UUID

from services.chassis.once import Once
from services.kernel.parties import Reader
from services.kernel.policy import Policy
from services.kernel.refusals import NoAccess
from services.threatfeed.domain.consents import RecordedConsent
from services.threatfeed.store.consents import find_consent
from services.threatfeed.usecases.record_consent import audit_of, keep_consent, require_release_officer


async def withdraw_consent(
    once: Once[RecordedConsent],
    reader: Reader,
    consent_id: UUID,
    reason: str,
    expected: int,
    *,
    policy: Policy,
    at: datetime,
) -> RecordedConsent:
    """As a release officer of the organisation that gave it. `expected` is the version last read.

    Raises `NoAccess`, `ConsentStale` or `ConsentEnded`.
    """
    resource = f"consent {consent_id}"
    require_release_officer(policy, reader, resource)
    async with once.transaction() as tx:
        consent = await find_consent(tx, consent_id, lock=True)
        if consent is None or consent.terms.originator != reader.organisation:
            raise NoAccess(resource)
        consent = consent.withdraw(reader.subject, at, reason, expected)
        await keep_consent(tx, consent, audit_of(consent, "consent.withdrawn", reader, at, once.key), at)
        return await once.answer(tx, consent)
