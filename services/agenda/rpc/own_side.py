"""OwnSideService over gRPC: what belongs to one side, and no other sees."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar
from uuid import UUID

from entente.agenda.v1 import own_side_service_pb2 as messages
from entente.agenda.v1 import own_side_service_pb2_grpc
from google.protobuf.message import Message

from services.agenda.domain.internal_clearances import ClearanceCommand, InternalClearance
from services.agenda.domain.permissions import Command
from services.agenda.domain.withdrawal_tasks import TaskSelection
from services.agenda.rpc.arguments import read_banner, read_code, read_id, read_prose, read_token
from services.agenda.rpc.calling import Methods, Page, described
from services.agenda.rpc.own_words import (
    encode_awaiting,
    encode_brief,
    encode_clearance,
    encode_comment,
    encode_link,
    encode_task,
)
from services.agenda.rpc.parts import caller
from services.agenda.rpc.texts import read_instant, read_kind, read_note
from services.agenda.usecases.briefing import (
    BriefText,
    brief_item,
    comment_on_item,
    list_briefs,
    list_comments,
)
from services.agenda.usecases.clearing_items import (
    ClearanceQuestion,
    answer_clearance,
    ask_clearance,
    list_clearances,
    read_clearance,
)
from services.agenda.usecases.linking import link_actions, page_of_links, unlink_actions
from services.agenda.usecases.list_awaiting import page_of_awaiting
from services.agenda.usecases.paging import page_size, sortable
from services.agenda.usecases.parts import AgendaParts
from services.agenda.usecases.treat_withdrawals import close_task, page_of_tasks
from services.chassis.etags import parse_etag
from services.chassis.once import Once
from services.chassis.rpc.server import Service
from services.kernel.refusals import InvalidValue

M = TypeVar("M", bound=Message)
_ANSWERS: Mapping[int, ClearanceCommand] = {
    messages.INTERNAL_CLEARANCE_ANSWER_GRANTED: ClearanceCommand.GRANT,
    messages.INTERNAL_CLEARANCE_ANSWER_GRANTED_WITH_REMARKS: ClearanceCommand.GRANT_WITH_REMARKS,
    messages.INTERNAL_CLEARANCE_ANSWER_REFUSED: ClearanceCommand.REFUSE,
}
COMMANDS: Mapping[str, tuple[Command, ...]] = {
    "ListAwaiting": (Command.ANSWER_CLEARANCE,),
    "CommentOnItem": (Command.COMMENT_DRAFT,),
    "ListItemComments": (Command.READ_DRAFT,),
    "AskInternalClearance": (Command.ASK_CLEARANCE,),
    "ListInternalClearances": (Command.READ_DRAFT,),
    "GetInternalClearance": (Command.ANSWER_CLEARANCE,),
    "AnswerInternalClearance": (Command.ANSWER_CLEARANCE,),
    "WithdrawInternalClearance": (Command.ASK_CLEARANCE,),
    "ListBriefs": (Command.READ_BRIEF,),
    "WriteBrief": (Command.WRITE_BRIEF,),
    "ListActionLinks": (Command.READ_LINKS,),
    "LinkActions": (Command.LINK_ACTIONS,),
    "UnlinkActions": (Command.LINK_ACTIONS,),
    "ListWithdrawalTasks": (Command.READ_WITHDRAWAL_TASKS,),
    "CloseWithdrawalTask": (Command.CLOSE_WITHDRAWAL_TASK,),
}


class OwnSideServicer(Methods, own_side_service_pb2_grpc.OwnSideServiceServicer):
    """Maps messages to use cases and back."""

    async def ListAwaiting(  # noqa: N802 the name is the contract's
        self, request: messages.ListAwaitingRequest, _: Any
    ) -> messages.ListAwaitingResponse:
        parts, now = self._parts, self._parts.clock()
        found, following = await page_of_awaiting(
            parts.database,
            caller(),
            page_size=page_size(request.page_size),
            page_token=read_token(request.page_token),
            policy=parts.policy,
            now=now,
        )
        return messages.ListAwaitingResponse(
            awaiting=[encode_awaiting(one, now) for one in found], next_page_token=following
        )

    async def CommentOnItem(  # noqa: N802 the name is the contract's
        self, request: messages.CommentOnItemRequest, _: Any
    ) -> messages.CommentOnItemResponse:
        reader, draft_id, item_id = caller(), read_id(request.draft_id, "/draft_id"), _item_id(request)
        text, parts = read_prose(request.text, "/text"), self._parts
        return await self._once(
            request,
            lambda once: comment_on_item(
                once,
                reader,
                draft_id,
                item_id,
                text,
                policy=parts.policy,
                clock=parts.clock,
                ids=parts.ids,
            ),
            lambda comment: messages.CommentOnItemResponse(comment=encode_comment(comment)),
            messages.CommentOnItemResponse,
        )

    async def ListItemComments(  # noqa: N802 the name is the contract's
        self, request: messages.ListItemCommentsRequest, _: Any
    ) -> messages.ListItemCommentsResponse:
        parts, draft_id = self._parts, read_id(request.draft_id, "/draft_id")
        page = Page.asked(request, (str, str), "comments", draft_id)
        found = await list_comments(parts.database, caller(), draft_id, policy=parts.policy)
        shown, following = page.of(found, lambda one: (sortable(one.at), str(one.id)))
        return messages.ListItemCommentsResponse(
            comments=[encode_comment(one) for one in shown], next_page_token=following
        )

    async def AskInternalClearance(  # noqa: N802 the name is the contract's
        self, request: messages.AskInternalClearanceRequest, _: Any
    ) -> messages.AskInternalClearanceResponse:
        reader, draft_id, item_id = caller(), read_id(request.draft_id, "/draft_id"), _item_id(request)
        question, parts = (
            ClearanceQuestion(
                read_code(request.organisation, "/organisation"),
                read_prose(request.question, "/question"),
                read_instant(request, "due_at", "/due_at"),
                request.required if request.HasField("required") else True,
            ),
            self._parts,
        )
        return await self._of_clearance(
            request,
            lambda once: ask_clearance(
                once,
                reader,
                draft_id,
                item_id,
                question,
                policy=parts.policy,
                clock=parts.clock,
                ids=parts.ids,
            ),
            messages.AskInternalClearanceResponse,
        )

    async def ListInternalClearances(  # noqa: N802 the name is the contract's
        self, request: messages.ListInternalClearancesRequest, _: Any
    ) -> messages.ListInternalClearancesResponse:
        parts, draft_id = self._parts, read_id(request.draft_id, "/draft_id")
        page = Page.asked(request, (int,), "clearances", draft_id)
        found = await list_clearances(parts.database, caller(), draft_id, policy=parts.policy)
        shown, following = page.of(found, lambda one: (one.number,))
        return messages.ListInternalClearancesResponse(
            clearances=[encode_clearance(one) for one in shown], next_page_token=following
        )

    async def GetInternalClearance(  # noqa: N802 the name is the contract's
        self, request: messages.GetInternalClearanceRequest, _: Any
    ) -> messages.GetInternalClearanceResponse:
        parts, identity = self._parts, read_id(request.clearance_id, "/clearance_id")
        found = await read_clearance(parts.database, caller(), identity, policy=parts.policy)
        return messages.GetInternalClearanceResponse(clearance=encode_clearance(found))

    async def AnswerInternalClearance(  # noqa: N802 the name is the contract's
        self, request: messages.AnswerInternalClearanceRequest, _: Any
    ) -> messages.AnswerInternalClearanceResponse:
        if request.answer not in _ANSWERS:
            raise InvalidValue("an answer grants or refuses", pointer="/answer")
        command, remarks = _ANSWERS[request.answer], read_note(request.remarks, "/remarks")
        return await self._answer(request, command, remarks, messages.AnswerInternalClearanceResponse)

    async def WithdrawInternalClearance(  # noqa: N802 the name is the contract's
        self, request: messages.WithdrawInternalClearanceRequest, _: Any
    ) -> messages.WithdrawInternalClearanceResponse:
        return await self._answer(
            request, ClearanceCommand.WITHDRAW, "", messages.WithdrawInternalClearanceResponse
        )

    async def ListBriefs(  # noqa: N802 the name is the contract's
        self, request: messages.ListBriefsRequest, _: Any
    ) -> messages.ListBriefsResponse:
        parts, reader = self._parts, caller()
        meeting_id = read_id(request.meeting_id, "/meeting_id")
        page = Page.asked(request, (str,), "briefs", reader.party, meeting_id)
        found = await list_briefs(parts.database, reader, meeting_id, policy=parts.policy)
        shown, following = page.of(found, lambda one: (str(one.item_id),))
        return messages.ListBriefsResponse(
            briefs=[encode_brief(one) for one in shown], next_page_token=following
        )

    async def WriteBrief(  # noqa: N802 the name is the contract's
        self, request: messages.WriteBriefRequest, _: Any
    ) -> messages.WriteBriefResponse:
        reader, meeting_id = caller(), read_id(request.meeting_id, "/meeting_id")
        item_id, seen = _item_id(request), parse_etag(request.etag, "/etag")
        text, parts = (
            BriefText(
                read_note(request.brief, "/brief"),
                read_note(request.speaking_notes, "/speaking_notes"),
                read_banner(request.marking),
            ),
            self._parts,
        )
        return await self._once(
            request,
            lambda once: brief_item(
                once, reader, meeting_id, item_id, text, seen, policy=parts.policy, clock=parts.clock
            ),
            lambda brief: messages.WriteBriefResponse(brief=encode_brief(brief)),
            messages.WriteBriefResponse,
        )

    async def ListActionLinks(  # noqa: N802 the name is the contract's
        self, request: messages.ListActionLinksRequest, _: Any
    ) -> messages.ListActionLinksResponse:
        parts = self._parts
        shown, following = await page_of_links(
            parts.database,
            caller(),
            page_size=page_size(request.page_size),
            page_token=read_token(request.page_token),
            policy=parts.policy,
            clock=parts.clock,
        )
        return messages.ListActionLinksResponse(
            links=[encode_link(one) for one in shown], next_page_token=following
        )

    async def LinkActions(  # noqa: N802 the name is the contract's
        self, request: messages.LinkActionsRequest, _: Any
    ) -> messages.LinkActionsResponse:
        reader, one = caller(), read_id(request.action_id, "/action_id")
        other, note = read_id(request.other_action_id, "/other_action_id"), read_note(request.note, "/note")
        parts = self._parts
        return await self._once(
            request,
            lambda once: link_actions(
                once, reader, one, other, note, policy=parts.policy, clock=parts.clock, ids=parts.ids
            ),
            lambda view: messages.LinkActionsResponse(link=encode_link(view)),
            messages.LinkActionsResponse,
        )

    async def UnlinkActions(  # noqa: N802 the name is the contract's
        self, request: messages.UnlinkActionsRequest, _: Any
    ) -> messages.UnlinkActionsResponse:
        reader, link_id, parts = caller(), read_id(request.link_id, "/link_id"), self._parts
        return await self._once(
            request,
            lambda once: unlink_actions(once, reader, link_id, policy=parts.policy, clock=parts.clock),
            lambda view: messages.UnlinkActionsResponse(link=encode_link(view)),
            messages.UnlinkActionsResponse,
        )

    async def ListWithdrawalTasks(  # noqa: N802 the name is the contract's
        self, request: messages.ListWithdrawalTasksRequest, _: Any
    ) -> messages.ListWithdrawalTasksResponse:
        parts, reader, selection = self._parts, caller(), TaskSelection.OPEN
        if request.selection != messages.WITHDRAWAL_TASK_SELECTION_UNSPECIFIED:
            selection = read_kind(
                TaskSelection,
                messages.WithdrawalTaskSelection,
                "WITHDRAWAL_TASK_SELECTION",
                request.selection,
                "/selection",
            )
        shown, following = await page_of_tasks(
            parts.database,
            reader,
            selection,
            page_size=page_size(request.page_size),
            page_token=read_token(request.page_token),
            policy=parts.policy,
            now=parts.clock(),
        )
        return messages.ListWithdrawalTasksResponse(
            tasks=[encode_task(one) for one in shown], next_page_token=following
        )

    async def CloseWithdrawalTask(  # noqa: N802 the name is the contract's
        self, request: messages.CloseWithdrawalTaskRequest, _: Any
    ) -> messages.CloseWithdrawalTaskResponse:
        reader, task_id = caller(), read_id(request.task_id, "/task_id")
        note, parts = read_prose(request.note, "/note"), self._parts
        return await self._once(
            request,
            lambda once: close_task(once, reader, task_id, note, policy=parts.policy, clock=parts.clock),
            lambda found: messages.CloseWithdrawalTaskResponse(task=encode_task(found)),
            messages.CloseWithdrawalTaskResponse,
        )

    async def _answer(self, request: Any, command: ClearanceCommand, remarks: str, response: type[M]) -> M:
        reader, identity = caller(), read_id(request.clearance_id, "/clearance_id")
        seen, parts = parse_etag(request.etag, "/etag"), self._parts
        return await self._of_clearance(
            request,
            lambda once: answer_clearance(
                once, reader, identity, command, remarks, seen, policy=parts.policy, clock=parts.clock
            ),
            response,
        )

    async def _of_clearance(
        self,
        request: Any,
        use_case: Callable[[Once[InternalClearance]], Awaitable[InternalClearance]],
        response: type[M],
    ) -> M:
        return await self._once(
            request, use_case, lambda one: response(clearance=encode_clearance(one)), response
        )


def _item_id(request: Any) -> UUID:
    return read_id(request.item_id, "/item_id")


def own_side_service(parts: AgendaParts) -> Service:
    """The service with who may call each of its methods."""
    return described(
        messages.DESCRIPTOR.services_by_name["OwnSideService"],
        COMMANDS,
        own_side_service_pb2_grpc.add_OwnSideServiceServicer_to_server,
        OwnSideServicer(parts),
    )
