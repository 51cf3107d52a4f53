"""The steps of a meeting that follow from no document: items are called for, it is held, it is published."""

from uuid import UUID

from services.agenda.domain.history.changes import differences
from services.agenda.domain.meeting import Meeting, MeetingCommand
from services.agenda.domain.permissions import Command
from services.agenda.store.meetings import update_meeting
from services.agenda.usecases.access import audit_of, meeting_for
from services.agenda.usecases.staleness import require_meeting_version
from services.chassis.clock import Clock
from services.chassis.once import Once
from services.kernel.parties import Reader
from services.kernel.policy import Policy

_ASKED_BY = {
    MeetingCommand.CALL_FOR_ITEMS: Command.PLAN_MEETING,
    MeetingCommand.HOLD: Command.HOLD_MEETING,
    MeetingCommand.PUBLISH: Command.PLAN_MEETING,
}
_RECORDED_AS = {
    MeetingCommand.CALL_FOR_ITEMS: "meeting.items-called-for",
    MeetingCommand.HOLD: "meeting.held",
    MeetingCommand.PUBLISH: "meeting.published",
}


async def step_meeting(
    once: Once[Meeting],
    reader: Reader,
    meeting_id: UUID,
    command: MeetingCommand,
    expected: int,
    *,
    policy: Policy,
    clock: Clock,
) -> Meeting:
    """CALL_FOR_ITEMS, HOLD or PUBLISH. Raises `NoAccess`, `StaleVersion`, `IllegalTransition` or
    `MeetingNotBegun`.
    """
    now = clock()
    async with once.transaction() as tx:
        meeting = await meeting_for(tx, reader, _ASKED_BY[command], meeting_id, policy, lock=True)
        await require_meeting_version(tx, reader, meeting, expected)
        moved = meeting.held(now) if command is MeetingCommand.HOLD else meeting.after(command)
        changes = differences(meeting, moved, "state")
        audit = audit_of(once, reader, _RECORDED_AS[command], "meeting", meeting.id, now, changes=changes)
        await update_meeting(tx, moved, meeting.version, audit)
        return await once.answer(tx, moved)
