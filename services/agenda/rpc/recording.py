"""Methods of a party's drafts, and of the record of a meeting: register, run clock and minutes."""

from typing import Any

from entente.agenda.v1 import agenda_service_pb2 as messages

from services.agenda.rpc.arguments import (
    read_banner,
    read_command,
    read_id,
    read_move,
    read_person,
    read_prose,
    read_section_key,
    read_token,
    read_wanted,
)
from services.agenda.rpc.calling import Methods
from services.agenda.rpc.parts import caller
from services.agenda.rpc.recorded import (
    encode_draft,
    encode_history,
    encode_participant,
    encode_participants,
    encode_presentation,
    encode_run,
    encode_section,
)
from services.agenda.usecases.drafting import page_of_drafts, read_draft
from services.agenda.usecases.keep_minutes import (
    accept_section,
    comment_section,
    read_minutes,
    write_section,
)
from services.agenda.usecases.keep_register import (
    add_participant,
    close_register,
    mark_presence,
    page_of_register,
)
from services.agenda.usecases.list_history import list_history
from services.agenda.usecases.paging import page_size
from services.agenda.usecases.present_meeting import present_meeting
from services.agenda.usecases.run_meeting import move_clock, read_run, start_item
from services.chassis.etags import parse_etag


class RecordMethods(Methods):
    """Maps messages to use cases and back."""

    async def ListDrafts(  # noqa: N802 the name is the contract's
        self, request: messages.ListDraftsRequest, _: Any
    ) -> messages.ListDraftsResponse:
        parts, meeting_id = self._parts, read_id(request.meeting_id, "/meeting_id")
        found, following = await page_of_drafts(
            parts.database,
            caller(),
            meeting_id,
            page_size=page_size(request.page_size),
            page_token=read_token(request.page_token),
            policy=parts.policy,
        )
        return messages.ListDraftsResponse(
            drafts=[encode_draft(view) for view in found], next_page_token=following
        )

    async def GetDraft(  # noqa: N802 the name is the contract's
        self, request: messages.GetDraftRequest, _: Any
    ) -> messages.GetDraftResponse:
        parts, identity = self._parts, read_id(request.draft_id, "/draft_id")
        found = await read_draft(parts.database, caller(), identity, policy=parts.policy)
        return messages.GetDraftResponse(draft=encode_draft(found))

    async def GetRegister(  # noqa: N802 the name is the contract's
        self, request: messages.GetRegisterRequest, _: Any
    ) -> messages.GetRegisterResponse:
        parts, meeting_id = self._parts, read_id(request.meeting_id, "/meeting_id")
        view, following = await page_of_register(
            parts.database,
            caller(),
            meeting_id,
            page_size=page_size(request.page_size),
            page_token=read_token(request.page_token),
            policy=parts.policy,
        )
        return messages.GetRegisterResponse(
            participants=encode_participants(view),
            closed_by=sorted(view.register.closed),
            next_page_token=following,
        )

    async def AddParticipant(  # noqa: N802 the name is the contract's
        self, request: messages.AddParticipantRequest, _: Any
    ) -> messages.AddParticipantResponse:
        parts, meeting_id = self._parts, read_id(request.meeting_id, "/meeting_id")
        person, reader = read_person(request), caller()
        return await self._once(
            request,
            lambda once: add_participant(once, reader, meeting_id, person, registering=parts.registering()),
            lambda one: messages.AddParticipantResponse(participant=encode_participant(one)),
            messages.AddParticipantResponse,
        )

    async def MarkPresence(  # noqa: N802 the name is the contract's
        self, request: messages.MarkPresenceRequest, _: Any
    ) -> messages.MarkPresenceResponse:
        parts, identity = self._parts, read_id(request.participant_id, "/participant_id")
        expected, command, reader = parse_etag(request.etag, "/etag"), read_command(request.command), caller()
        return await self._once(
            request,
            lambda once: mark_presence(
                once, reader, identity, command, expected, registering=parts.registering()
            ),
            lambda one: messages.MarkPresenceResponse(participant=encode_participant(one)),
            messages.MarkPresenceResponse,
        )

    async def CloseRegister(  # noqa: N802 the name is the contract's
        self, request: messages.CloseRegisterRequest, _: Any
    ) -> messages.CloseRegisterResponse:
        parts, meeting_id = self._parts, read_id(request.meeting_id, "/meeting_id")
        reader = caller()
        return await self._once(
            request,
            lambda once: close_register(once, reader, meeting_id, registering=parts.registering()),
            lambda view: messages.CloseRegisterResponse(
                participants=encode_participants(view), closed_by=sorted(view.register.closed)
            ),
            messages.CloseRegisterResponse,
        )

    async def GetRun(  # noqa: N802 the name is the contract's
        self, request: messages.GetRunRequest, _: Any
    ) -> messages.GetRunResponse:
        parts, meeting_id = self._parts, read_id(request.meeting_id, "/meeting_id")
        view = await read_run(parts.database, caller(), meeting_id, policy=parts.policy, clock=parts.clock)
        return messages.GetRunResponse(run=encode_run(view))

    async def GetPresentation(  # noqa: N802 the name is the contract's
        self, request: messages.GetPresentationRequest, _: Any
    ) -> messages.GetPresentationResponse:
        parts, meeting_id = self._parts, read_id(request.meeting_id, "/meeting_id")
        found = await present_meeting(
            parts.database, caller(), meeting_id, policy=parts.policy, clock=parts.clock
        )
        return messages.GetPresentationResponse(presentation=encode_presentation(found))

    async def StartItem(  # noqa: N802 the name is the contract's
        self, request: messages.StartItemRequest, _: Any
    ) -> messages.StartItemResponse:
        parts, meeting_id = self._parts, read_id(request.meeting_id, "/meeting_id")
        item_id, expected = read_id(request.item_id, "/item_id"), parse_etag(request.etag, "/etag")
        reader, policy, clock = caller(), parts.policy, parts.clock
        return await self._once(
            request,
            lambda once: start_item(once, reader, meeting_id, item_id, expected, policy=policy, clock=clock),
            lambda view: messages.StartItemResponse(run=encode_run(view)),
            messages.StartItemResponse,
        )

    async def MoveClock(  # noqa: N802 the name is the contract's
        self, request: messages.MoveClockRequest, _: Any
    ) -> messages.MoveClockResponse:
        parts, meeting_id = self._parts, read_id(request.meeting_id, "/meeting_id")
        move, expected = read_move(request.move), parse_etag(request.etag, "/etag")
        reader, policy, clock = caller(), parts.policy, parts.clock
        return await self._once(
            request,
            lambda once: move_clock(once, reader, meeting_id, move, expected, policy=policy, clock=clock),
            lambda view: messages.MoveClockResponse(run=encode_run(view)),
            messages.MoveClockResponse,
        )

    async def GetMinutes(  # noqa: N802 the name is the contract's
        self, request: messages.GetMinutesRequest, _: Any
    ) -> messages.GetMinutesResponse:
        parts, meeting_id = self._parts, read_id(request.meeting_id, "/meeting_id")
        found = await read_minutes(parts.database, caller(), meeting_id, policy=parts.policy)
        return messages.GetMinutesResponse(sections=[encode_section(one) for one in found])

    async def WriteSection(  # noqa: N802 the name is the contract's
        self, request: messages.WriteSectionRequest, _: Any
    ) -> messages.WriteSectionResponse:
        parts, meeting_id = self._parts, read_id(request.meeting_id, "/meeting_id")
        key, text, marking = (
            read_section_key(request.section),
            read_prose(request.text, "/text"),
            read_banner(request.marking),
        )
        expected, reader = parse_etag(request.etag, "/etag"), caller()
        return await self._once(
            request,
            lambda once: write_section(
                once, reader, meeting_id, key, text, marking, expected, minuting=parts.minuting()
            ),
            lambda one: messages.WriteSectionResponse(section=encode_section(one)),
            messages.WriteSectionResponse,
        )

    async def AcceptSection(  # noqa: N802 the name is the contract's
        self, request: messages.AcceptSectionRequest, _: Any
    ) -> messages.AcceptSectionResponse:
        parts, meeting_id = self._parts, read_id(request.meeting_id, "/meeting_id")
        key, expected = read_section_key(request.section), parse_etag(request.etag, "/etag")
        reader = caller()
        return await self._once(
            request,
            lambda once: accept_section(once, reader, meeting_id, key, expected, minuting=parts.minuting()),
            lambda one: messages.AcceptSectionResponse(section=encode_section(one)),
            messages.AcceptSectionResponse,
        )

    async def CommentSection(  # noqa: N802 the name is the contract's
        self, request: messages.CommentSectionRequest, _: Any
    ) -> messages.CommentSectionResponse:
        parts, meeting_id = self._parts, read_id(request.meeting_id, "/meeting_id")
        key, text = read_section_key(request.section), read_prose(request.text, "/text")
        reader = caller()
        return await self._once(
            request,
            lambda once: comment_section(once, reader, meeting_id, key, text, minuting=parts.minuting()),
            lambda one: messages.CommentSectionResponse(section=encode_section(one)),
            messages.CommentSectionResponse,
        )

    async def ListHistory(  # noqa: N802 the name is the contract's
        self, request: messages.ListHistoryRequest, _: Any
    ) -> messages.ListHistoryResponse:
        parts, meeting_id = self._parts, read_id(request.meeting_id, "/meeting_id")
        page = await list_history(
            parts.database,
            caller(),
            meeting_id,
            read_wanted(request),
            page_size=page_size(request.page_size),
            page_token=read_token(request.page_token),
            policy=parts.policy,
        )
        return messages.ListHistoryResponse(entries=encode_history(page), next_page_token=page.following)
