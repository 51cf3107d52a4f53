"""What of a meeting's preparation came after its deadline, as it is shown beside it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from services.agenda.domain.agenda import Agenda
from services.agenda.domain.lateness import Dues, MissedDeadline, lines_of_itself, plan_in_force
from services.agenda.domain.meeting import Meeting
from services.agenda.store.agendas import first_tabled
from services.agenda.store.meetings import find_meeting
from services.agenda.store.moves import plans_of
from services.agenda.store.returning import returning_ids
from services.calendars import zone_of
from services.chassis.database import Transaction
from services.kernel.policy import Policy


@dataclass(frozen=True, slots=True)
class AgendaView:
    """A tabled version with what of it came late: items by id, amendments by item and party. Both follow
    from what lies on the table and nothing else, so every party sees the same.
    """

    agenda: Agenda
    items: Mapping[UUID, MissedDeadline]
    amendments: Mapping[tuple[UUID, str], MissedDeadline]


async def dues_of(tx: Transaction, meeting_id: UUID, policy: Policy) -> Dues:
    """By when items and amendments of a meeting are due."""
    meeting = await find_meeting(tx, meeting_id)
    if meeting is None:
        raise RuntimeError("what is prepared has lost its meeting")
    kept = lines_of_itself(
        meeting,
        policy.get_series(meeting.series),
        policy.editions,
        await returning_ids(tx, meeting.id),
    )
    plans = await plans_of(tx, [meeting.id])
    return Dues(plan_in_force(meeting, plans.get(meeting.id, ())), zone_of(meeting.time_zone), kept)


async def dues_of_meetings(tx: Transaction, meetings: Iterable[Meeting]) -> Mapping[UUID, Dues]:
    """The same of several meetings, for what is none of their lines."""
    found = tuple(meetings)
    plans = await plans_of(tx, [one.id for one in found])
    return {one.id: Dues(plan_in_force(one, plans.get(one.id, ())), zone_of(one.time_zone)) for one in found}


async def view_agendas(
    tx: Transaction, meeting_id: UUID, agendas: Iterable[Agenda], policy: Policy
) -> tuple[AgendaView, ...]:
    """Versions of one meeting. An item is as late as the first version that had it."""
    dues = await dues_of(tx, meeting_id, policy)
    late = dues.late_items(await first_tabled(tx, meeting_id))
    return tuple(
        AgendaView(
            agenda,
            {item_id: late[item_id] for item_id in agenda.item_ids if item_id in late},
            dues.late_amendments(agenda.answers),
        )
        for agenda in agendas
    )


async def view_agenda(tx: Transaction, agenda: Agenda, policy: Policy) -> AgendaView:
    (view,) = await view_agendas(tx, agenda.meeting_id, (agenda,), policy)
    return view
