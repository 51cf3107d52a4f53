"""Tell the audiences what days alone or another policy have changed: what is due soon, overdue, silent, or no
longer theirs to read.
"""

from datetime import date
from uuid import UUID

from services.actions.store.actions import lock_next
from services.actions.usecases.publication import Publication
from services.chassis.clock import Clock
from services.chassis.database import Database
from services.kernel.policy import Policy

_BATCH = 100
_BEGINNING = UUID(int=0)


class StatusRefresh:
    """Goes through the open actions again and again; a batch is a transaction, for no writer to wait long.

    Once a day, and under another policy, it goes through those too that have ended: who may read them may
    have changed.
    """

    def __init__(self, database: Database, publication: Publication, clock: Clock) -> None:
        self._database = database
        self._publication = publication
        self._clock = clock
        self._after = _BEGINNING
        self._grounds: tuple[Policy, date] | None = None
        self._whole = True

    async def turn(self) -> bool:
        """One batch; gives whether more follow before the end."""
        at = self._clock()
        if self._after == _BEGINNING:
            self._begin(self._publication.policy, at.date())
        async with self._database.transaction() as tx:
            actions = await lock_next(tx, self._after, _BATCH, ended=self._whole)
            await self._publication.tell_again(tx, actions, at)
        more = len(actions) == _BATCH
        self._after = actions[-1].id if more else _BEGINNING
        return more

    def _begin(self, policy: Policy, day: date) -> None:
        last = self._grounds
        self._whole = last is None or last[0] is not policy or last[1] != day
        self._grounds = policy, day
