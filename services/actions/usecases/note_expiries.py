"""Put on the record of actions which of their evidence has expired, once that day has come."""

from datetime import datetime

from services.actions.domain.action import Action
from services.actions.domain.evidence import newly_expired
from services.actions.domain.visibility import joint_evidence
from services.actions.store.actions import lock_newly_expired, update
from services.actions.usecases.publication import Publication, traced
from services.chassis.audit import AuditEntry
from services.chassis.clock import Clock
from services.chassis.database import Database

_BATCH = 100


class ExpiryNotes:
    """Goes through the evidence that expired since it last looked; any number may run at once.

    Whether something stands is never asked of what is noted here: days alone say it.
    """

    def __init__(self, database: Database, publication: Publication, clock: Clock) -> None:
        self._database = database
        self._publication = publication
        self._clock = clock

    async def turn(self) -> bool:
        """One batch; gives whether more follow."""
        at, policy = self._clock(), self._publication.policy
        async with self._database.transaction() as tx:
            actions = await lock_newly_expired(tx, at.date(), _BATCH)
            told = []
            for before in actions:
                after = before.expiries_noted(at, joint_evidence(before, before.evidence, policy, at))
                if after.version != before.version:
                    after = traced(after)
                    told.append(after)
                await update(tx, before, after, _audit(before, at))
            await self._publication.publish(tx, told, at)
        return len(actions) == _BATCH


def _audit(action: Action, at: datetime) -> AuditEntry:
    gone = newly_expired(action.evidence, at.date(), action.expiries_noted_on)
    return AuditEntry(
        action="action.evidence-expired",
        actor="actions",
        party=None,
        subject_kind="action",
        subject_id=str(action.id),
        at=at,
        detail={"evidence": [str(item.id) for item in gone]},
    )
