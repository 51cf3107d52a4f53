"""Archive what has ended, is left alone and owes nothing any more, as each series says."""

from datetime import UTC, date, datetime, time, timedelta

from services.actions.domain.action import Action
from services.actions.domain.archive import archived
from services.actions.store.actions import lock_left_alone, update
from services.actions.usecases.publication import Publication, traced
from services.chassis.audit import AuditEntry
from services.chassis.clock import Clock
from services.chassis.database import Database
from services.kernel.policy import Policy

_BATCH = 100


class Archiving:
    """Goes through what may be archived by now; any number may run at once, and each is archived once."""

    def __init__(self, database: Database, publication: Publication, clock: Clock) -> None:
        self._database = database
        self._publication = publication
        self._clock = clock

    async def turn(self) -> bool:
        """One batch; gives whether more follow."""
        at = self._clock()
        wanted = changed_before(self._publication.policy, at.date())
        async with self._database.transaction() as tx:
            found = await lock_left_alone(tx, wanted, _BATCH)
            told = []
            for before in found:
                after = traced(archived(before, at.date()))
                await update(tx, before, after, _audit(after, at))
                told.append(after)
            await self._publication.publish(tx, told, at)
        return len(found) == _BATCH


def changed_before(policy: Policy, today: date) -> dict[str, datetime]:
    """By series, the instant since which nothing has changed of what is archived on a day."""
    return {
        series.id: datetime.combine(today - timedelta(days=series.archive_after_days), time.min, UTC)
        for series in policy.series.values()
        if series.archive_after_days is not None
    }


def _audit(action: Action, at: datetime) -> AuditEntry:
    return AuditEntry(
        action="action.archived",
        actor="actions",
        party=None,
        subject_kind="action",
        subject_id=str(action.id),
        at=at,
        detail={"version": action.version, "state": action.state.value},
    )
