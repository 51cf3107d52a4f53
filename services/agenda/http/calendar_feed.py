"""Meetings and their deadlines as iCalendar (RFC 5545), for the calendars that officials already have."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from icalendar import Calendar, Event

from services.agenda.domain.deadlines import Deadline
from services.agenda.domain.meeting import Meeting, MeetingLevel, MeetingState
from services.agenda.domain.permissions import Command
from services.agenda.http.fields import SeriesQuery
from services.agenda.http.parts import Parts, permit_command, reader_of
from services.agenda.usecases.read_meetings import MeetingHistory, list_histories, read_history
from services.chassis.identity import Principal
from services.kernel.policy import Policy

router = APIRouter(prefix="/v1", tags=["meetings"])

Viewer = Annotated[Principal, Depends(permit_command(Command.READ_MEETING))]

_MEDIA_TYPE = "text/calendar"
_PRODUCT = "-//Entente//Agenda//EN"
_STATUS = {MeetingState.CANCELLED: "CANCELLED", MeetingState.POSTPONED: "TENTATIVE"}
_CALLED_OFF = frozenset({MeetingState.CANCELLED, MeetingState.POSTPONED})


def calendar_of(histories: Iterable[MeetingHistory], policy: Policy) -> bytes:
    """Everything in it is joint: what the parties of the series planned together, and no reason and no draft.

    The same meetings give the same bytes; an entry keeps its UID, and its SEQUENCE is the number of moves.
    """
    calendar = Calendar()
    calendar.add("prodid", _PRODUCT)
    calendar.add("version", "2.0")
    for history in histories:
        title = policy.get_series(history.meeting.series).title
        stamped = history.moves[-1][0].moved_at if history.moves else history.meeting.starts_at
        calendar.add_component(_meeting(history.meeting, title, stamped))
        for deadline in history.deadlines:
            calendar.add_component(_deadline(history.meeting, deadline, title, stamped))
    rendered: bytes = calendar.to_ical()
    return rendered


def _meeting(meeting: Meeting, title: str, stamped: datetime) -> Event:
    level = ", working level" if meeting.level is MeetingLevel.WORKING else ""
    event = _entry(f"{meeting.id}", meeting, f"{title} {meeting.edition}{level}", stamped)
    event.add("dtstart", meeting.starts_at.astimezone(UTC))
    event.add("dtend", meeting.ends_at.astimezone(UTC))
    event.add("location", meeting.venue)
    event.add("status", _STATUS.get(meeting.state, "CONFIRMED"))
    return event


def _deadline(meeting: Meeting, deadline: Deadline, title: str, stamped: datetime) -> Event:
    words = deadline.name.replace("_", " ").capitalize()
    summary = f"{words}: {title} {meeting.edition}"
    event = _entry(f"{meeting.id}-{deadline.name}", meeting, summary, stamped)
    event.add("dtstart", date(deadline.due.year, deadline.due.month, deadline.due.day))
    event.add("transp", "TRANSPARENT")
    event.add("status", "CANCELLED" if meeting.state in _CALLED_OFF else "CONFIRMED")
    return event


def _entry(name: str, meeting: Meeting, summary: str, stamped: datetime) -> Event:
    event = Event()
    event.add("uid", f"{name}@entente")
    event.add("dtstamp", stamped.astimezone(UTC).replace(microsecond=0))
    event.add("sequence", meeting.moves)
    event.add("summary", summary)
    return event


@router.get("/meetings/{meeting_id}/calendar", responses={200: {"content": {_MEDIA_TYPE: {}}}})
async def of_meeting(principal: Viewer, meeting_id: UUID, parts: Parts) -> Response:
    found = await read_history(
        parts.database, reader_of(principal), meeting_id, policy=parts.policy, clock=parts.clock
    )
    return Response(calendar_of([found], parts.policy), media_type=_MEDIA_TYPE)


@router.get("/calendar", responses={200: {"content": {_MEDIA_TYPE: {}}}})
async def of_series(principal: Viewer, series: SeriesQuery, parts: Parts) -> Response:
    found = await list_histories(
        parts.database, reader_of(principal), series, policy=parts.policy, clock=parts.clock
    )
    return Response(calendar_of(found, parts.policy), media_type=_MEDIA_TYPE)
