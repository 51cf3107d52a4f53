"""A secretariat plans the meeting of an edition, or a working-level meeting under one."""

from dataclasses import dataclass
from uuid import UUID

from services.agenda.domain import meeting as meetings
from services.agenda.domain.history.changes import differences
from services.agenda.domain.meeting import Meeting, MeetingPlan
from services.agenda.domain.moves import PLANNED, move_of
from services.agenda.domain.permissions import Command, require
from services.agenda.domain.refusals import UnknownParty
from services.agenda.store.meetings import find_meeting, insert_meeting
from services.agenda.store.moves import insert_move
from services.agenda.usecases.access import audit_of
from services.agenda.usecases.timing import AskedTimes, noted, plan_of, times_of
from services.chassis.clock import Clock
from services.chassis.ids import IdSource
from services.chassis.once import Once
from services.kernel.parties import Reader
from services.kernel.policy import Policy


@dataclass(frozen=True, slots=True)
class AskedMeeting:
    """What a secretariat asks for; with a parent, a working-level meeting."""

    series: str
    edition: int
    host_party: str
    venue: str
    times: AskedTimes
    out_of_turn: bool
    parent: UUID | None


async def plan_meeting(
    once: Once[Meeting], reader: Reader, asked: AskedMeeting, *, policy: Policy, clock: Clock, ids: IdSource
) -> Meeting:
    """Raises `NoAccess`, `MeetingExists`, `HolidaysUnknown`, or what is wrong with the plan."""
    require(policy, reader, Command.PLAN_MEETING, asked.series, f"series '{asked.series}'")
    now = clock()
    series = policy.get_series(asked.series)
    if asked.host_party not in policy.parties:
        raise UnknownParty("there is no such party", pointer="/host_party")
    times = times_of(asked.times, asked.host_party, policy)
    plan = MeetingPlan(
        series.id, asked.edition, asked.host_party, asked.venue, times, out_of_turn=asked.out_of_turn
    )
    async with once.transaction() as tx:
        if asked.parent is None:
            meeting = meetings.plan_meeting(plan, series=series, policy=policy, now=now)
        else:
            parent = await find_meeting(tx, asked.parent, lock=True)
            meeting = meetings.plan_working_level(
                plan, id=ids(), parent=parent, series=series, policy=policy, now=now
            )
        deadlines = plan_of(meeting, policy)
        audit = audit_of(
            once,
            reader,
            "meeting.planned",
            "meeting",
            meeting.id,
            now,
            series=meeting.series,
            out_of_turn=asked.out_of_turn,
            deadlines=noted(deadlines),
            changes=differences(None, meeting, "starts_at", "ends_at", "time_zone", "venue", "host_party"),
        )
        await insert_meeting(tx, meeting, audit)
        move = move_of(meeting, PLANNED, reason="", party=reader.party, at=now)
        await insert_move(tx, meeting, move, deadlines)
        return await once.answer(tx, meeting)
