"""A secretariat is offered assessments for a meeting, each with a decision for every party."""

from uuid import UUID

from services.agenda.clients.threatfeed import Threatfeed
from services.agenda.domain.permissions import Command
from services.agenda.domain.releases import Candidate
from services.agenda.usecases.access import meeting_for
from services.chassis.database import Database
from services.kernel.parties import Reader
from services.kernel.policy import Policy


async def list_candidates(
    database: Database,
    reader: Reader,
    meeting_id: UUID,
    *,
    theme: str,
    page_size: int,
    page_token: str,
    policy: Policy,
    threatfeed: Threatfeed,
) -> tuple[tuple[Candidate, ...], str]:
    """A page and the token of the next. Raises `NoAccess`, or what threatfeed refuses."""
    async with database.transaction() as tx:
        meeting = await meeting_for(tx, reader, Command.LIST_CANDIDATES, meeting_id, policy)
    return await threatfeed.candidates(meeting, theme=theme, page_size=page_size, page_token=page_token)
