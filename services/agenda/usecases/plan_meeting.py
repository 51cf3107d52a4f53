"""A secretariat plans the meeting of an edition."""

from services.agenda.domain import meeting as meetings
from services.agenda.domain.meeting import Meeting, MeetingPlan
from services.agenda.domain.permissions import Command, require
from services.agenda.store.meetings import insert_meeting
from services.agenda.usecases.access import audit_of
from services.chassis.clock import Clock
from services.chassis.once import Once
from services.kernel.parties import Reader
from services.kernel.policy import Policy


async def plan_meeting(
    once: Once[Meeting], reader: Reader, plan: MeetingPlan, *, policy: Policy, clock: Clock
) -> Meeting:
    """Raises `NoAccess`, `MeetingExists`, or what is wrong with the plan."""
    require(policy, reader, Command.PLAN_MEETING, plan.series, f"series '{plan.series}'")
    now = clock()
    meeting = meetings.plan_meeting(plan, series=policy.get_series(plan.series), policy=policy, now=now)
    async with once.transaction() as tx:
        audit = audit_of(once, reader, "meeting.planned", "meeting", meeting.id, now, series=meeting.series)
        await insert_meeting(tx, meeting, audit)
        return await once.answer(tx, meeting)
