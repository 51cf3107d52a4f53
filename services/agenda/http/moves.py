"""Routes by which a meeting moves on, and of the dates it has had with their deadlines."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from pydantic import BaseModel

from services.agenda.domain.deadlines import Deadline, DeadlineState
from services.agenda.domain.meeting import Meeting, MeetingCommand
from services.agenda.domain.permissions import Command
from services.agenda.http.fields import Body, Line, SeriesQuery
from services.agenda.http.meetings import MeetingView, encoded_meeting, meeting_view
from services.agenda.http.parts import Parts, permit_command, reader_of
from services.agenda.http.times import TimesBody
from services.agenda.usecases.move_meeting import AskedMove, call_off_meeting, reschedule_meeting
from services.agenda.usecases.read_meetings import MeetingHistory, propose_edition, read_history
from services.agenda.usecases.step_meeting import step_meeting
from services.chassis.http.requests import Encoded, ExpectedVersion, Mutation, RehearsableMutation
from services.chassis.identity import Principal

router = APIRouter(prefix="/v1", tags=["meetings"])

Planner = Annotated[Principal, Depends(permit_command(Command.PLAN_MEETING))]
Holder = Annotated[Principal, Depends(permit_command(Command.HOLD_MEETING))]
Viewer = Annotated[Principal, Depends(permit_command(Command.READ_MEETING))]


class ReasonBody(Body):
    """The reason is for every party."""

    reason: Line


class RescheduleBody(TimesBody):
    reason: Line
    venue: Line | None = None


class StepBody(Body):
    """Nothing is asked for."""


class DeadlineView(BaseModel):
    name: str
    nominal: date
    due: date
    state: DeadlineState


class PlannedDay(BaseModel):
    name: str
    nominal: date
    due: date


class MoveView(BaseModel):
    number: int
    command: str
    starts_at: datetime
    ends_at: datetime
    time_zone: str
    venue: str
    reason: str
    moved_by: str
    moved_at: datetime
    deadlines: list[PlannedDay]


class DeadlinesView(BaseModel):
    meeting: MeetingView
    deadlines: list[DeadlineView]
    moves: list[MoveView]


class NextEditionView(BaseModel):
    series: str
    edition: int
    host_party: str
    first_day: date
    deadlines: list[PlannedDay]


def _planned(deadlines: tuple[Deadline, ...]) -> list[PlannedDay]:
    return [PlannedDay(name=entry.name, nominal=entry.nominal, due=entry.due) for entry in deadlines]


def _history(found: MeetingHistory) -> DeadlinesView:
    return DeadlinesView(
        meeting=meeting_view(found.meeting),
        deadlines=[
            DeadlineView(
                name=entry.name,
                nominal=entry.nominal,
                due=entry.due,
                state=entry.state(found.meeting.state, found.today),
            )
            for entry in found.deadlines
        ],
        moves=[
            MoveView(
                number=move.number,
                command=move.command,
                starts_at=move.starts_at,
                ends_at=move.ends_at,
                time_zone=move.time_zone,
                venue=move.venue,
                reason=move.reason,
                moved_by=move.moved_by,
                moved_at=move.moved_at,
                deadlines=_planned(plan),
            )
            for move, plan in found.moves
        ],
    )


@router.get("/meetings/{meeting_id}/deadlines")
async def deadlines(principal: Viewer, meeting_id: UUID, parts: Parts) -> DeadlinesView:
    """The plan as it stands, and every date that the meeting has had with the plan it had then."""
    found = await read_history(
        parts.database, reader_of(principal), meeting_id, policy=parts.policy, clock=parts.clock
    )
    return _history(found)


@router.get("/next-edition")
async def next_edition(principal: Viewer, series: SeriesQuery, parts: Parts) -> NextEditionView:
    """What would follow by cadence and turn; nothing is planned by asking."""
    following, plan = await propose_edition(
        parts.database, reader_of(principal), series, policy=parts.policy, clock=parts.clock
    )
    return NextEditionView(
        series=following.series,
        edition=following.edition,
        host_party=following.host_party,
        first_day=following.first_day,
        deadlines=_planned(plan),
    )


@router.post("/meetings/{meeting_id}/reschedule", responses={200: {"model": MeetingView}})
async def reschedule(
    principal: Planner,
    meeting_id: UUID,
    body: RescheduleBody,
    expected: ExpectedVersion,
    mutation: RehearsableMutation,
    parts: Parts,
) -> Response:
    reader = reader_of(principal)
    asked = AskedMove(body.times(), body.venue, body.reason)
    return await mutation.run(
        lambda once: reschedule_meeting(
            once, reader, meeting_id, asked, expected, policy=parts.policy, clock=parts.clock
        ),
        _encoded,
    )


@router.post("/meetings/{meeting_id}/postpone", responses={200: {"model": MeetingView}})
async def postpone(
    principal: Planner,
    meeting_id: UUID,
    body: ReasonBody,
    expected: ExpectedVersion,
    mutation: RehearsableMutation,
    parts: Parts,
) -> Response:
    return await _call_off(principal, meeting_id, MeetingCommand.POSTPONE, body, expected, mutation, parts)


@router.post("/meetings/{meeting_id}/cancel", responses={200: {"model": MeetingView}})
async def cancel(
    principal: Planner,
    meeting_id: UUID,
    body: ReasonBody,
    expected: ExpectedVersion,
    mutation: RehearsableMutation,
    parts: Parts,
) -> Response:
    return await _call_off(principal, meeting_id, MeetingCommand.CANCEL, body, expected, mutation, parts)


@router.post("/meetings/{meeting_id}/call-for-items", responses={200: {"model": MeetingView}})
async def call_for_items(
    principal: Planner,
    meeting_id: UUID,
    _: StepBody,
    expected: ExpectedVersion,
    mutation: RehearsableMutation,
    parts: Parts,
) -> Response:
    return await _step(principal, meeting_id, MeetingCommand.CALL_FOR_ITEMS, expected, mutation, parts)


@router.post("/meetings/{meeting_id}/hold", responses={200: {"model": MeetingView}})
async def hold(
    principal: Holder,
    meeting_id: UUID,
    _: StepBody,
    expected: ExpectedVersion,
    mutation: RehearsableMutation,
    parts: Parts,
) -> Response:
    return await _step(principal, meeting_id, MeetingCommand.HOLD, expected, mutation, parts)


@router.post("/meetings/{meeting_id}/publish", responses={200: {"model": MeetingView}})
async def publish(
    principal: Planner,
    meeting_id: UUID,
    _: StepBody,
    expected: ExpectedVersion,
    mutation: RehearsableMutation,
    parts: Parts,
) -> Response:
    return await _step(principal, meeting_id, MeetingCommand.PUBLISH, expected, mutation, parts)


async def _call_off(
    principal: Principal,
    meeting_id: UUID,
    command: MeetingCommand,
    body: ReasonBody,
    expected: int,
    mutation: Mutation,
    parts: Parts,
) -> Response:
    reader = reader_of(principal)
    return await mutation.run(
        lambda once: call_off_meeting(
            once, reader, meeting_id, command, body.reason, expected, policy=parts.policy, clock=parts.clock
        ),
        _encoded,
    )


async def _step(
    principal: Principal,
    meeting_id: UUID,
    command: MeetingCommand,
    expected: int,
    mutation: Mutation,
    parts: Parts,
) -> Response:
    reader = reader_of(principal)
    return await mutation.run(
        lambda once: step_meeting(
            once, reader, meeting_id, command, expected, policy=parts.policy, clock=parts.clock
        ),
        _encoded,
    )


def _encoded(meeting: Meeting) -> Encoded:
    return encoded_meeting(meeting)
