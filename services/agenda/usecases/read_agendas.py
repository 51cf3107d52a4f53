"""Tabled agendas as every party of the series sees them."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from services.agenda.domain.agenda import Agenda
from services.agenda.domain.comparing import VersionDifference, compare
from services.agenda.domain.lateness import MissedDeadline
from services.agenda.domain.permissions import Command
from services.agenda.domain.refusals import OfAnotherMeeting
from services.agenda.store.agendas import agendas_of_meeting, first_tabled
from services.agenda.usecases.access import agenda_for, meeting_for
from services.agenda.usecases.lateness import AgendaView, dues_of, view_agenda, view_agendas
from services.chassis.database import Database
from services.kernel.parties import Reader
from services.kernel.policy import Policy
from services.kernel.series import DeadlineStep


async def read_agenda(database: Database, reader: Reader, agenda_id: UUID, *, policy: Policy) -> AgendaView:
    """Raises `NoAccess`."""
    async with database.transaction() as tx:
        agenda = await agenda_for(tx, reader, Command.READ_AGENDA, agenda_id, policy)
        return await view_agenda(tx, agenda, policy)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two tabled versions of one meeting and what the second changes of the first. `late` has, of what is
    added, the items that were late when they first came; of what is rewritten, those that were so after the
    day on which the agenda was to be agreed.
    """

    before: Agenda
    after: Agenda
    difference: VersionDifference
    late: Mapping[UUID, MissedDeadline]


async def compare_agendas(
    database: Database, reader: Reader, agenda_id: UUID, earlier_id: UUID, *, policy: Policy
) -> Comparison:
    """Raises `NoAccess` or `OfAnotherMeeting`."""
    async with database.transaction() as tx:
        after = await agenda_for(tx, reader, Command.READ_AGENDA, agenda_id, policy)
        before = await agenda_for(tx, reader, Command.READ_AGENDA, earlier_id, policy)
        if before.meeting_id != after.meeting_id:
            raise OfAnotherMeeting("versions of one meeting are compared", pointer="/from")
        dues = await dues_of(tx, after.meeting_id, policy)
        came = await first_tabled(tx, after.meeting_id)
    found = compare(before.payload, after.payload)
    late = dues.late_items({one.item_id: came[one.item_id] for one in found.added})
    missed = dues.missed(DeadlineStep.AGREE_AGENDA, after.tabled_at)
    if missed is not None:
        late |= {one.item_id: missed for one in found.rewritten}
    return Comparison(before, after, found, late)


async def list_agendas(
    database: Database, reader: Reader, meeting_id: UUID, *, policy: Policy
) -> tuple[AgendaView, ...]:
    """By version, the latest first. Raises `NoAccess`."""
    async with database.transaction() as tx:
        meeting = await meeting_for(tx, reader, Command.READ_AGENDA, meeting_id, policy)
        return await view_agendas(tx, meeting.id, await agendas_of_meeting(tx, meeting.id), policy)
