"""MeetingService over gRPC: the course of a meeting beside its agenda."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, TypeVar

from entente.agenda.v1 import meeting_service_pb2 as messages
from entente.agenda.v1 import meeting_service_pb2_grpc
from google.protobuf.message import Message

from services.agenda.domain.deadlines import Deadline
from services.agenda.domain.meeting import Meeting, MeetingCommand
from services.agenda.domain.permissions import Command
from services.agenda.domain.wording import MOST_MINUTES
from services.agenda.rpc.agreed import encode_meeting
from services.agenda.rpc.arguments import (
    read_code,
    read_id,
    read_optional,
    read_optional_instant,
    read_prose,
    read_section_key,
)
from services.agenda.rpc.calling import Methods, described
from services.agenda.rpc.parts import caller
from services.agenda.rpc.recorded import encode_participant, encode_participants, encode_section
from services.agenda.rpc.texts import read_line, read_note, read_times
from services.agenda.rpc.timed import encode_day, encode_time
from services.agenda.usecases.keep_minutes import read_section
from services.agenda.usecases.keep_register import (
    RegisterView,
    note_participant,
    read_participant,
    reopen_register,
)
from services.agenda.usecases.move_meeting import AskedMove, call_off_meeting, reschedule_meeting
from services.agenda.usecases.parts import AgendaParts
from services.agenda.usecases.plan_meeting import AskedMeeting, plan_meeting
from services.agenda.usecases.read_meetings import MeetingHistory, propose_edition, read_history
from services.agenda.usecases.replan_rest import Rest, replan_rest
from services.agenda.usecases.step_meeting import step_meeting
from services.chassis.etags import parse_etag
from services.chassis.once import Once
from services.chassis.rpc.server import Service

M = TypeVar("M", bound=Message)
COMMANDS: Mapping[str, tuple[Command, ...]] = {
    "PlanMeeting": (Command.PLAN_MEETING,),
    "GetDeadlines": (Command.READ_MEETING,),
    "GetNextEdition": (Command.READ_MEETING,),
    "RescheduleMeeting": (Command.PLAN_MEETING,),
    "PostponeMeeting": (Command.PLAN_MEETING,),
    "CancelMeeting": (Command.PLAN_MEETING,),
    "CallForItems": (Command.PLAN_MEETING,),
    "HoldMeeting": (Command.HOLD_MEETING,),
    "PublishMeeting": (Command.PLAN_MEETING,),
    "ReplanRest": (Command.READ_RUN,),
    "GetParticipant": (Command.READ_REGISTER,),
    "NoteParticipant": (Command.EDIT_REGISTER,),
    "ReopenRegister": (Command.EDIT_REGISTER,),
    "GetSection": (Command.READ_MINUTES,),
}


class MeetingServicer(Methods, meeting_service_pb2_grpc.MeetingServiceServicer):
    """Maps messages to use cases and back."""

    async def PlanMeeting(  # noqa: N802 the name is the contract's
        self, request: messages.PlanMeetingRequest, _: Any
    ) -> messages.PlanMeetingResponse:
        parent = request.parent_meeting_id
        reader, parts = caller(), self._parts
        asked = AskedMeeting(
            series=read_code(request.series, "/series"),
            edition=request.edition,
            host_party=read_code(request.host_party, "/host_party"),
            venue=read_line(request.venue, "/venue"),
            times=read_times(request),
            out_of_turn=request.out_of_turn,
            parent=read_id(parent, "/parent_meeting_id") if parent else None,
        )
        return await self._of_meeting(
            request,
            lambda once: plan_meeting(
                once, reader, asked, policy=parts.policy, clock=parts.clock, ids=parts.ids
            ),
            messages.PlanMeetingResponse,
        )

    async def GetDeadlines(  # noqa: N802 the name is the contract's
        self, request: messages.GetDeadlinesRequest, _: Any
    ) -> messages.GetDeadlinesResponse:
        parts, meeting_id = self._parts, read_id(request.meeting_id, "/meeting_id")
        return _history(
            await read_history(parts.database, caller(), meeting_id, policy=parts.policy, clock=parts.clock)
        )

    async def GetNextEdition(  # noqa: N802 the name is the contract's
        self, request: messages.GetNextEditionRequest, _: Any
    ) -> messages.GetNextEditionResponse:
        parts, series = self._parts, read_code(request.series, "/series")
        following, plan = await propose_edition(
            parts.database, caller(), series, policy=parts.policy, clock=parts.clock
        )
        return messages.GetNextEditionResponse(
            series=following.series,
            edition=following.edition,
            host_party=following.host_party,
            first_day=encode_day(following.first_day),
            deadlines=_planned(plan),
        )

    async def RescheduleMeeting(  # noqa: N802 the name is the contract's
        self, request: messages.RescheduleMeetingRequest, _: Any
    ) -> messages.RescheduleMeetingResponse:
        reader, meeting_id = caller(), read_id(request.meeting_id, "/meeting_id")
        seen, parts = parse_etag(request.etag, "/etag"), self._parts
        asked = AskedMove(
            read_times(request),
            read_line(request.venue, "/venue") if request.venue else None,
            read_line(request.reason, "/reason"),
        )
        return await self._of_meeting(
            request,
            lambda once: reschedule_meeting(
                once, reader, meeting_id, asked, seen, policy=parts.policy, clock=parts.clock
            ),
            messages.RescheduleMeetingResponse,
        )

    async def PostponeMeeting(  # noqa: N802 the name is the contract's
        self, request: messages.PostponeMeetingRequest, _: Any
    ) -> messages.PostponeMeetingResponse:
        return await self._call_off(request, MeetingCommand.POSTPONE, messages.PostponeMeetingResponse)

    async def CancelMeeting(  # noqa: N802 the name is the contract's
        self, request: messages.CancelMeetingRequest, _: Any
    ) -> messages.CancelMeetingResponse:
        return await self._call_off(request, MeetingCommand.CANCEL, messages.CancelMeetingResponse)

    async def CallForItems(  # noqa: N802 the name is the contract's
        self, request: messages.CallForItemsRequest, _: Any
    ) -> messages.CallForItemsResponse:
        return await self._step(request, MeetingCommand.CALL_FOR_ITEMS, messages.CallForItemsResponse)

    async def HoldMeeting(  # noqa: N802 the name is the contract's
        self, request: messages.HoldMeetingRequest, _: Any
    ) -> messages.HoldMeetingResponse:
        return await self._step(request, MeetingCommand.HOLD, messages.HoldMeetingResponse)

    async def PublishMeeting(  # noqa: N802 the name is the contract's
        self, request: messages.PublishMeetingRequest, _: Any
    ) -> messages.PublishMeetingResponse:
        return await self._step(request, MeetingCommand.PUBLISH, messages.PublishMeetingResponse)

    async def ReplanRest(  # noqa: N802 the name is the contract's
        self, request: messages.ReplanRestRequest, _: Any
    ) -> messages.ReplanRestResponse:
        parts, meeting_id = self._parts, read_id(request.meeting_id, "/meeting_id")
        found = await replan_rest(
            parts.database,
            caller(),
            meeting_id,
            until=read_optional_instant(request, "until", "/until"),
            more=read_optional(request, "more", 0, MOST_MINUTES, "/more"),
            policy=parts.policy,
            clock=parts.clock,
        )
        return _rest(found)

    async def GetParticipant(  # noqa: N802 the name is the contract's
        self, request: messages.GetParticipantRequest, _: Any
    ) -> messages.GetParticipantResponse:
        parts, identity = self._parts, read_id(request.participant_id, "/participant_id")
        found = await read_participant(parts.database, caller(), identity, policy=parts.policy)
        return messages.GetParticipantResponse(participant=encode_participant(found))

    async def NoteParticipant(  # noqa: N802 the name is the contract's
        self, request: messages.NoteParticipantRequest, _: Any
    ) -> messages.NoteParticipantResponse:
        reader, identity = caller(), read_id(request.participant_id, "/participant_id")
        note, registering = read_note(request.note, "/note"), self._parts.registering()
        return await self._of_register(
            request,
            lambda once: note_participant(once, reader, identity, note, registering=registering),
            messages.NoteParticipantResponse,
        )

    async def ReopenRegister(  # noqa: N802 the name is the contract's
        self, request: messages.ReopenRegisterRequest, _: Any
    ) -> messages.ReopenRegisterResponse:
        reader, meeting_id = caller(), read_id(request.meeting_id, "/meeting_id")
        reason, registering = read_prose(request.reason, "/reason"), self._parts.registering()
        return await self._of_register(
            request,
            lambda once: reopen_register(once, reader, meeting_id, reason, registering=registering),
            messages.ReopenRegisterResponse,
        )

    async def GetSection(  # noqa: N802 the name is the contract's
        self, request: messages.GetSectionRequest, _: Any
    ) -> messages.GetSectionResponse:
        parts, meeting_id = self._parts, read_id(request.meeting_id, "/meeting_id")
        key = read_section_key(request.section)
        found = await read_section(parts.database, caller(), meeting_id, key, policy=parts.policy)
        return messages.GetSectionResponse(section=encode_section(found))

    async def _call_off(self, request: Any, command: MeetingCommand, response: type[M]) -> M:
        reader, meeting_id = caller(), read_id(request.meeting_id, "/meeting_id")
        seen, reason = parse_etag(request.etag, "/etag"), read_line(request.reason, "/reason")
        policy, clock = self._parts.policy, self._parts.clock
        return await self._of_meeting(
            request,
            lambda once: call_off_meeting(
                once, reader, meeting_id, command, reason, seen, policy=policy, clock=clock
            ),
            response,
        )

    async def _step(self, request: Any, command: MeetingCommand, response: type[M]) -> M:
        reader, meeting_id = caller(), read_id(request.meeting_id, "/meeting_id")
        seen = parse_etag(request.etag, "/etag")
        policy, clock = self._parts.policy, self._parts.clock
        return await self._of_meeting(
            request,
            lambda once: step_meeting(once, reader, meeting_id, command, seen, policy=policy, clock=clock),
            response,
        )

    async def _of_meeting(
        self, request: Any, use_case: Callable[[Once[Meeting]], Awaitable[Meeting]], response: type[M]
    ) -> M:
        return await self._once(
            request, use_case, lambda meeting: response(meeting=encode_meeting(meeting)), response
        )

    async def _of_register(
        self,
        request: Any,
        use_case: Callable[[Once[RegisterView]], Awaitable[RegisterView]],
        response: type[M],
    ) -> M:
        return await self._once(
            request,
            use_case,
            lambda view: response(
                participants=encode_participants(view), closed_by=sorted(view.register.closed)
            ),
            response,
        )


def _planned(deadlines: Iterable[Deadline]) -> list[messages.PlannedDay]:
    return [
        messages.PlannedDay(name=one.name, nominal=encode_day(one.nominal), due=encode_day(one.due))
        for one in deadlines
    ]


def _history(found: MeetingHistory) -> messages.GetDeadlinesResponse:
    return messages.GetDeadlinesResponse(
        meeting=encode_meeting(found.meeting),
        deadlines=[
            messages.MeetingDeadline(
                name=one.name,
                nominal=encode_day(one.nominal),
                due=encode_day(one.due),
                state=messages.DeadlineState.Value(
                    f"DEADLINE_STATE_{one.state(found.meeting.state, found.today).value}"
                ),
            )
            for one in found.deadlines
        ],
        moves=[
            messages.PastDate(
                number=move.number,
                command=move.command,
                starts_at=encode_time(move.starts_at),
                ends_at=encode_time(move.ends_at),
                time_zone=move.time_zone,
                venue=move.venue,
                reason=move.reason,
                moved_by=move.moved_by,
                moved_at=encode_time(move.moved_at),
                deadlines=_planned(plan),
            )
            for move, plan in found.moves
        ],
    )


def _rest(found: Rest) -> messages.ReplanRestResponse:
    return messages.ReplanRestResponse(
        items=[
            messages.RestItem(
                item_id=str(one.item_id),
                planned_minutes=one.planned_minutes,
                minutes=one.minutes,
                starts_at=encode_time(one.starts_at),
                why=one.why,
            )
            for one in found.items
        ],
        ends_at=encode_time(found.ends_at),
        planning=found.planning,
        breaks=[
            messages.RestBreak(id=one.id, starts_at=encode_time(one.starts_at), minutes=one.minutes)
            for one in found.breaks
        ],
        given_up=[
            messages.YieldedConstraint(constraint=one.constraint, conflict=one.conflict)
            for one in found.given_up
        ],
    )


def meeting_service(parts: AgendaParts) -> Service:
    """The service with who may call each of its methods."""
    return described(
        messages.DESCRIPTOR.services_by_name["MeetingService"],
        COMMANDS,
        meeting_service_pb2_grpc.add_MeetingServiceServicer_to_server,
        MeetingServicer(parts),
    )
