"""Reminds originators as the time comes near at which answers are needed, and closes what has lapsed.

Each turn takes what no other process is at work on, so that a reminder is sent once.
"""

from datetime import datetime

from services.chassis.database import Database
from services.chassis.outbox import enqueue
from services.kernel.policy import Policy
from services.threatfeed.domain.clearances import ClearanceCommand, Closing
from services.threatfeed.events import NoticeKind, clearance_notices
from services.threatfeed.store.clearances import (
    clearances_to_remind,
    close_clearance,
    lapsed_clearances,
    note_reminder,
)
from services.threatfeed.usecases.read_clearances import audit_of

_BATCH = 100


async def keep_clearance_dates(database: Database, policy: Policy, at: datetime) -> int:
    """A batch of both; gives how many requests it was."""
    return await _expire(database, policy, at) + await _remind(database, policy, at)


async def _expire(database: Database, policy: Policy, at: datetime) -> int:
    async with database.transaction() as tx:
        found = await lapsed_clearances(tx, at, _BATCH)
        for one in found:
            closed = one.close(ClearanceCommand.EXPIRE, Closing("", at, ""))
            await close_clearance(tx, closed, None, audit_of(closed, "clearance.expired", None, at))
            await enqueue(tx, clearance_notices(closed, NoticeKind.EXPIRED, policy, at), at)
    return len(found)


async def _remind(database: Database, policy: Policy, at: datetime) -> int:
    async with database.transaction() as tx:
        found = await clearances_to_remind(tx, at, _BATCH)
        for one in found:
            await enqueue(tx, clearance_notices(one, NoticeKind.REMINDER, policy, at), at)
            await note_reminder(tx, one.remind(at), audit_of(one, "clearance.reminded", None, at))
    return len(found)
