"""An agency's organisation sees at which meetings its texts could be used, as far as it may.

A use is told of only once its time has come: before that, a decision may belong to one party's draft. What
else lay on the table is never told, nor is anything of a series whose existence the reader may not know.
"""

from datetime import datetime
from uuid import UUID

from services.chassis.database import Database
from services.kernel.parties import Reader, Role
from services.kernel.policy import NotEntitled, Policy
from services.threatfeed.domain.paging import Position
from services.threatfeed.store.text_uses import TextUse, page_of_uses
from services.threatfeed.usecases.read_clearances import open_series


async def list_text_uses(
    database: Database,
    reader: Reader,
    assessment: UUID | None,
    *,
    after: Position | None,
    size: int,
    policy: Policy,
    at: datetime,
) -> tuple[list[TextUse], Position | None]:
    """A page. Raises `NotEntitled` for whoever is release officer of their organisation in no series."""
    if not any(policy.entitled(reader, Role.RELEASE_OFFICER, series) for series in policy.series):
        raise NotEntitled("the caller is no release officer")
    own = [agency.id for agency in policy.agencies.values() if agency.organisation == reader.organisation]
    async with database.transaction() as tx:
        found = await page_of_uses(
            tx,
            own,
            open_series(policy, reader),
            assessment,
            now=at,
            before=after,
            limit=size + 1,
        )
    page = found[:size]
    return page, (page[-1].used_at, page[-1].text_id) if len(found) > size else None
