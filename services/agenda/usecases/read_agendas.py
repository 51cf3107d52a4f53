"""Tabled agendas as every party of the series sees them."""

from uuid import UUID

from services.agenda.domain.agenda import Agenda
from services.agenda.domain.permissions import Command
from services.agenda.store.agendas import agendas_of_meeting
from services.agenda.usecases.access import agenda_for, meeting_for
from services.chassis.database import Database
from services.kernel.parties import Reader
from services.kernel.policy import Policy


async def read_agenda(database: Database, reader: Reader, agenda_id: UUID, *, policy: Policy) -> Agenda:
    """Raises `NoAccess`."""
    async with database.transaction() as tx:
        return await agenda_for(tx, reader, Command.READ_AGENDA, agenda_id, policy)


async def list_agendas(
    database: Database, reader: Reader, meeting_id: UUID, *, policy: Policy
) -> tuple[Agenda, ...]:
    """By version, the latest first. Raises `NoAccess`."""
    async with database.transaction() as tx:
        meeting = await meeting_for(tx, reader, Command.READ_AGENDA, meeting_id, policy)
        return await agendas_of_meeting(tx, meeting.id)
