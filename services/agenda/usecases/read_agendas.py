"""Tabled agendas as every party of the series sees them."""

from dataclasses import dataclass
from uuid import UUID

from services.agenda.domain.agenda import Agenda
from services.agenda.domain.comparing import VersionDifference, compare
from services.agenda.domain.permissions import Command
from services.agenda.domain.refusals import OfAnotherMeeting
from services.agenda.store.agendas import agendas_of_meeting
from services.agenda.usecases.access import agenda_for, meeting_for
from services.chassis.database import Database
from services.kernel.parties import Reader
from services.kernel.policy import Policy


async def read_agenda(database: Database, reader: Reader, agenda_id: UUID, *, policy: Policy) -> Agenda:
    """Raises `NoAccess`."""
    async with database.transaction() as tx:
        return await agenda_for(tx, reader, Command.READ_AGENDA, agenda_id, policy)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two tabled versions of one meeting and what the second changes of the first."""

    before: Agenda
    after: Agenda
    difference: VersionDifference


async def compare_agendas(
    database: Database, reader: Reader, agenda_id: UUID, earlier_id: UUID, *, policy: Policy
) -> Comparison:
    """Raises `NoAccess` or `OfAnotherMeeting`."""
    async with database.transaction() as tx:
        after = await agenda_for(tx, reader, Command.READ_AGENDA, agenda_id, policy)
        before = await agenda_for(tx, reader, Command.READ_AGENDA, earlier_id, policy)
    if before.meeting_id != after.meeting_id:
        raise OfAnotherMeeting("versions of one meeting are compared", pointer="/from")
    return Comparison(before, after, compare(before.payload, after.payload))


async def list_agendas(
    database: Database, reader: Reader, meeting_id: UUID, *, policy: Policy
) -> tuple[Agenda, ...]:
    """By version, the latest first. Raises `NoAccess`."""
    async with database.transaction() as tx:
        meeting = await meeting_for(tx, reader, Command.READ_AGENDA, meeting_id, policy)
        return await agendas_of_meeting(tx, meeting.id)
