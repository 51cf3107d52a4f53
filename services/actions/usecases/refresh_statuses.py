"""Tell the audiences what the passing of days alone has changed: what is due soon, overdue, or silent now."""

from uuid import UUID

from services.actions.store.actions import lock_open
from services.actions.usecases.publication import Publication
from services.chassis.clock import Clock
from services.chassis.database import Database

_BATCH = 100
_BEGINNING = UUID(int=0)


class StatusRefresh:
    """Goes through the open actions again and again; a batch is a transaction, for no writer to wait long."""

    def __init__(self, database: Database, publication: Publication, clock: Clock) -> None:
        self._database = database
        self._publication = publication
        self._clock = clock
        self._after = _BEGINNING

    async def turn(self) -> bool:
        """One batch; gives whether more follow before the end."""
        async with self._database.transaction() as tx:
            actions = await lock_open(tx, self._after, _BATCH)
            await self._publication.tell_again(tx, actions, self._clock())
        more = len(actions) == _BATCH
        self._after = actions[-1].id if more else _BEGINNING
        return more
