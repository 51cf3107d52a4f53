"""Notes that consents have ended. They count no longer from that moment, whether it is noted or not."""

from datetime import datetime

from services.chassis.database import Database
from services.threatfeed.store.consents import expired_consents
from services.threatfeed.usecases.record_consent import audit_of, keep_consent

_BATCH = 100


async def expire_consents(database: Database, at: datetime) -> int:
    """Ends a batch and removes it from the topic; gives how many it was."""
    async with database.transaction() as tx:
        found = await expired_consents(tx, at, _BATCH)
        for consent in found:
            ended = consent.expire()
            await keep_consent(tx, ended, audit_of(ended, "consent.expired", None, at), at)
    return len(found)
