"""Meetings as their series' officials see them."""

from uuid import UUID

from services.agenda.domain.meeting import Meeting
from services.agenda.domain.permissions import Command, require
from services.agenda.store.meetings import meetings_of_series
from services.agenda.usecases.access import meeting_for
from services.chassis.database import Database
from services.kernel.parties import Reader
from services.kernel.policy import Policy


async def read_meeting(database: Database, reader: Reader, meeting_id: UUID, *, policy: Policy) -> Meeting:
    """Raises `NoAccess`."""
    async with database.transaction() as tx:
        return await meeting_for(tx, reader, Command.READ_MEETING, meeting_id, policy)


async def list_meetings(
    database: Database, reader: Reader, series: str, *, policy: Policy
) -> tuple[Meeting, ...]:
    """Raises `NoAccess`."""
    require(policy, reader, Command.READ_MEETING, series, f"series '{series}'")
    async with database.transaction() as tx:
        return await meetings_of_series(tx, series)
