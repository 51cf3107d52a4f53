"""A secretariat moves a meeting to another date, postpones it until one is found, or cancels it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.agenda.domain.history.changes import differences
from services.agenda.domain.meeting import Meeting, MeetingCommand
from services.agenda.domain.moves import Move, move_of
from services.agenda.domain.permissions import Command
from services.agenda.domain.staleness import changed_fields
from services.agenda.events import meeting_moved
from services.agenda.store.agendas import agenda_on_table
from services.agenda.store.meetings import update_meeting, working_level_under
from services.agenda.store.moves import insert_move, moves_of
from services.agenda.usecases.access import audit_of, meeting_for
from services.agenda.usecases.off_the_table import take_off_the_table
from services.agenda.usecases.staleness import require_meeting_version
from services.agenda.usecases.timing import AskedTimes, noted, plan_of, times_of
from services.chassis.clock import Clock
from services.chassis.database import Transaction
from services.chassis.once import Once
from services.chassis.outbox import enqueue
from services.chassis.telemetry import current_traceparent
from services.kernel.parties import Reader
from services.kernel.policy import Policy

_COUNTED = frozenset({"version", "moves"})


@dataclass(frozen=True, slots=True)
class AskedMove:
    """The new date, and a new venue where there is one; `reason` is for every party."""

    times: AskedTimes
    venue: str | None
    reason: str


async def reschedule_meeting(
    once: Once[Meeting],
    reader: Reader,
    meeting_id: UUID,
    asked: AskedMove,
    expected: int,
    *,
    policy: Policy,
    clock: Clock,
) -> Meeting:
    """The T-minus plan is made anew and the former one kept. An agenda on the table named the former date: it
    is superseded, and its agreements are void.

    Raises `NoAccess`, `StaleVersion`, `IllegalTransition`, `MeetingHasBegun`, `HolidaysUnknown`, or what is
    wrong with the times.
    """
    now = clock()
    async with once.transaction() as tx:
        meeting = await _expected(tx, reader, meeting_id, expected, policy)
        series = policy.get_series(meeting.series)
        times = times_of(asked.times, meeting.host_party, policy)
        moved = meeting.rescheduled(times, asked.venue or meeting.venue, series=series, now=now)
        deadlines = plan_of(moved, policy)
        (*_, (_, former)) = (await moves_of(tx, [meeting.id])).get(meeting.id, ((None, ()),))
        fields = [one for one in changed_fields(meeting, moved) if one not in _COUNTED]
        audit = audit_of(
            once,
            reader,
            "meeting.rescheduled",
            "meeting",
            meeting.id,
            now,
            reason=asked.reason,
            fields=fields,
            changes=differences(meeting, moved, *fields),
            former_deadlines=noted(former),
            deadlines=noted(deadlines),
        )
        await update_meeting(tx, moved, meeting.version, audit)
        move = move_of(moved, MeetingCommand.RESCHEDULE, reason=asked.reason, party=reader.party, at=now)
        await insert_move(tx, moved, move, deadlines)
        await _tell(tx, meeting, moved, move, policy)
        agenda = await agenda_on_table(tx, moved.id)
        if agenda is not None:
            told = await take_off_the_table(tx, once, reader, agenda, now, moved=moved.moves)
            await enqueue(tx, [told], now)
        return await once.answer(tx, moved)


async def call_off_meeting(
    once: Once[Meeting],
    reader: Reader,
    meeting_id: UUID,
    command: MeetingCommand,
    reason: str,
    expected: int,
    *,
    policy: Policy,
    clock: Clock,
) -> Meeting:
    """POSTPONE or CANCEL. With an edition its working-level meetings are cancelled that have not begun: they
    have nothing to report to. Postponed, they stand, since the edition still comes.

    Raises `NoAccess`, `StaleVersion` or `IllegalTransition`.
    """
    now = clock()
    async with once.transaction() as tx:
        meeting = await _expected(tx, reader, meeting_id, expected, policy)
        moved = await _call_off(tx, once, reader, meeting, command, reason, now, policy)
        if command is MeetingCommand.CANCEL:
            for one in await working_level_under(tx, meeting.id):
                if one.may_be_cancelled(now):
                    await _call_off(tx, once, reader, one, command, reason, now, policy)
        return await once.answer(tx, moved)


async def _call_off(
    tx: Transaction,
    once: Once[Meeting],
    reader: Reader,
    meeting: Meeting,
    command: MeetingCommand,
    reason: str,
    now: datetime,
    policy: Policy,
) -> Meeting:
    moved = meeting.called_off(command)
    kind = f"meeting.{moved.state.value.lower()}"
    changes = differences(meeting, moved, "state")
    audit = audit_of(once, reader, kind, "meeting", meeting.id, now, reason=reason, changes=changes)
    await update_meeting(tx, moved, meeting.version, audit)
    move = move_of(moved, command, reason=reason, party=reader.party, at=now)
    await insert_move(tx, moved, move, ())
    await _tell(tx, meeting, moved, move, policy)
    return moved


async def _expected(
    tx: Transaction, reader: Reader, meeting_id: UUID, expected: int, policy: Policy
) -> Meeting:
    meeting = await meeting_for(tx, reader, Command.PLAN_MEETING, meeting_id, policy, lock=True)
    await require_meeting_version(tx, reader, meeting, expected)
    return meeting


async def _tell(tx: Transaction, former: Meeting, moved: Meeting, move: Move, policy: Policy) -> None:
    parties = policy.get_series(moved.series).parties
    event = meeting_moved(former, moved, move, parties, current_traceparent(), move.moved_at)
    await enqueue(tx, [event], move.moved_at)
