"""Tells that assessments are no longer valid, each once, when their `valid_until` has passed."""

from datetime import datetime

from services.chassis.audit import AuditEntry
from services.chassis.database import Database
from services.chassis.outbox import enqueue
from services.threatfeed.domain.status import VALIDITY_ENDED
from services.threatfeed.events import Change, assessment_changed
from services.threatfeed.store.expiry import expire, lock_due

_ACTOR = "threatfeed"
"""The service itself, acting on the time."""
AT_ONCE = 200


async def expire_assessments(database: Database, at: datetime) -> int:
    """How many were told of; there may be more where these are `AT_ONCE`.

    Several workers share the work: each takes what no other has.
    """
    async with database.transaction() as tx:
        due = await lock_due(tx, at, AT_ONCE)
        if not due:
            return 0
        expired = [one.expired(VALIDITY_ENDED) for one in due]
        audit = [
            AuditEntry(
                action="assessment.expired",
                actor=_ACTOR,
                party=one.standing.party,
                subject_kind="assessment",
                subject_id=str(one.standing.assessment_id),
                at=at,
                detail={"revision": one.standing.revision},
            )
            for one in expired
        ]
        await expire(tx, expired, audit, at)
        changes = [
            assessment_changed(Change(one.standing, one.content), one.traceparent, at) for one in expired
        ]
        await enqueue(tx, changes, at)
    return len(due)
