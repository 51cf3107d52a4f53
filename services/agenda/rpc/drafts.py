"""DraftService over gRPC: a party's own draft from its template to the table."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

from entente.agenda.v1 import draft_service_pb2 as messages
from entente.agenda.v1 import draft_service_pb2_grpc
from google.protobuf.message import Message

from services.agenda.domain.permissions import Command
from services.agenda.domain.wording import MOST_ITEMS
from services.agenda.rpc.agreed import encode_agenda
from services.agenda.rpc.arguments import read_banner, read_id
from services.agenda.rpc.calling import Methods, described
from services.agenda.rpc.parts import caller
from services.agenda.rpc.planned import encode_planning, encode_ranking_run, encode_solved, read_planned
from services.agenda.rpc.recorded import encode_draft
from services.agenda.rpc.texts import at_most, encode_reference, read_item
from services.agenda.usecases.amend_draft import AmendedDraft, amend_draft
from services.agenda.usecases.assemble_agenda import plan_draft, read_planning, solve_draft
from services.agenda.usecases.check_draft import CheckedReference, check_draft
from services.agenda.usecases.drafting import (
    DraftView,
    add_item,
    rewrite_item,
    start,
    take_in_returning,
    take_over,
)
from services.agenda.usecases.parts import AgendaParts
from services.agenda.usecases.rank_draft import rank_draft
from services.agenda.usecases.remove_item import remove_item
from services.agenda.usecases.table_agenda import table_agenda
from services.chassis.etags import parse_etag
from services.chassis.once import Once
from services.chassis.rpc.server import Service

M = TypeVar("M", bound=Message)
COMMANDS: Mapping[str, tuple[Command, ...]] = {
    "StartDraft": (Command.START_DRAFT,),
    "AddDraftItem": (Command.EDIT_DRAFT,),
    "RewriteDraftItem": (Command.EDIT_DRAFT,),
    "RemoveDraftItem": (Command.EDIT_DRAFT,),
    "TakeInReturning": (Command.EDIT_DRAFT,),
    "TakeOverAgenda": (Command.EDIT_DRAFT,),
    "ApplyAmendments": (Command.EDIT_DRAFT,),
    "CheckDraft": (Command.TABLE_AGENDA,),
    "TableAgenda": (Command.TABLE_AGENDA,),
    "GetPlanning": (Command.READ_DRAFT,),
    "PlanDraft": (Command.EDIT_DRAFT,),
    "RankDraft": (Command.READ_RANKING,),
    "AssembleDraft": (Command.EDIT_DRAFT,),
}


class DraftServicer(Methods, draft_service_pb2_grpc.DraftServiceServicer):
    """Maps messages to use cases and back."""

    async def StartDraft(  # noqa: N802 the name is the contract's
        self, request: messages.StartDraftRequest, _: Any
    ) -> messages.StartDraftResponse:
        reader, meeting_id = caller(), read_id(request.meeting_id, "/meeting_id")
        drafting = self._parts.drafting()
        return await self._of_draft(
            request,
            lambda once: start(once, reader, meeting_id, drafting=drafting),
            messages.StartDraftResponse,
        )

    async def AddDraftItem(  # noqa: N802 the name is the contract's
        self, request: messages.AddDraftItemRequest, _: Any
    ) -> messages.AddDraftItemResponse:
        reader, draft_id, seen = caller(), read_id(request.draft_id, "/draft_id"), _seen(request)
        content, position, parts = read_item(request.item), _position(request), self._parts
        return await self._of_draft(
            request,
            lambda once: add_item(
                once,
                reader,
                draft_id,
                content,
                position,
                seen,
                database=parts.database,
                drafting=parts.drafting(),
            ),
            messages.AddDraftItemResponse,
        )

    async def RewriteDraftItem(  # noqa: N802 the name is the contract's
        self, request: messages.RewriteDraftItemRequest, _: Any
    ) -> messages.RewriteDraftItemResponse:
        reader, draft_id, seen = caller(), read_id(request.draft_id, "/draft_id"), _seen(request)
        item_id, content = read_id(request.item_id, "/item_id"), read_item(request.item)
        position, parts = _position(request), self._parts
        return await self._of_draft(
            request,
            lambda once: rewrite_item(
                once,
                reader,
                draft_id,
                item_id,
                content,
                position,
                seen,
                database=parts.database,
                drafting=parts.drafting(),
            ),
            messages.RewriteDraftItemResponse,
        )

    async def RemoveDraftItem(  # noqa: N802 the name is the contract's
        self, request: messages.RemoveDraftItemRequest, _: Any
    ) -> messages.RemoveDraftItemResponse:
        reader, draft_id, seen = caller(), read_id(request.draft_id, "/draft_id"), _seen(request)
        item_id, drafting = read_id(request.item_id, "/item_id"), self._parts.drafting()
        return await self._of_draft(
            request,
            lambda once: remove_item(once, reader, draft_id, item_id, seen, drafting=drafting),
            messages.RemoveDraftItemResponse,
        )

    async def TakeInReturning(  # noqa: N802 the name is the contract's
        self, request: messages.TakeInReturningRequest, _: Any
    ) -> messages.TakeInReturningResponse:
        reader, draft_id, seen = caller(), read_id(request.draft_id, "/draft_id"), _seen(request)
        drafting = self._parts.drafting()
        return await self._of_draft(
            request,
            lambda once: take_in_returning(once, reader, draft_id, seen, drafting=drafting),
            messages.TakeInReturningResponse,
        )

    async def TakeOverAgenda(  # noqa: N802 the name is the contract's
        self, request: messages.TakeOverAgendaRequest, _: Any
    ) -> messages.TakeOverAgendaResponse:
        reader, draft_id, seen = caller(), read_id(request.draft_id, "/draft_id"), _seen(request)
        agenda_id, drafting = read_id(request.agenda_id, "/agenda_id"), self._parts.drafting()
        return await self._of_draft(
            request,
            lambda once: take_over(once, reader, draft_id, agenda_id, seen, drafting=drafting),
            messages.TakeOverAgendaResponse,
        )

    async def ApplyAmendments(  # noqa: N802 the name is the contract's
        self, request: messages.ApplyAmendmentsRequest, _: Any
    ) -> messages.ApplyAmendmentsResponse:
        reader, draft_id, seen = caller(), read_id(request.draft_id, "/draft_id"), _seen(request)
        agenda_id, drafting = read_id(request.agenda_id, "/agenda_id"), self._parts.drafting()
        named = at_most(request.item_ids, "/item_ids", MOST_ITEMS)
        chosen = frozenset(read_id(one, f"/item_ids/{place}") for place, one in enumerate(named)) or None
        return await self._once(
            request,
            lambda once: amend_draft(once, reader, draft_id, agenda_id, chosen, seen, drafting=drafting),
            _amended,
            messages.ApplyAmendmentsResponse,
        )

    async def CheckDraft(  # noqa: N802 the name is the contract's
        self, request: messages.CheckDraftRequest, _: Any
    ) -> messages.CheckDraftResponse:
        parts, draft_id = self._parts, read_id(request.draft_id, "/draft_id")
        found = await check_draft(
            parts.database, caller(), draft_id, policy=parts.policy, threatfeed=parts.threatfeed
        )
        references = [_checked(one) for one in found]
        return messages.CheckDraftResponse(
            tableable=all(one.allowed for one in references), references=references
        )

    async def TableAgenda(  # noqa: N802 the name is the contract's
        self, request: messages.TableAgendaRequest, _: Any
    ) -> messages.TableAgendaResponse:
        reader, draft_id, seen = caller(), read_id(request.draft_id, "/draft_id"), _seen(request)
        marking, parts = read_banner(request.marking), self._parts
        return await self._once(
            request,
            lambda once: table_agenda(once, reader, draft_id, marking, seen, tabling=parts.tabling()),
            lambda agenda: messages.TableAgendaResponse(agenda=encode_agenda(agenda, parts.policy)),
            messages.TableAgendaResponse,
        )

    async def GetPlanning(  # noqa: N802 the name is the contract's
        self, request: messages.GetPlanningRequest, _: Any
    ) -> messages.GetPlanningResponse:
        parts, draft_id = self._parts, read_id(request.draft_id, "/draft_id")
        found = await read_planning(parts.database, caller(), draft_id, policy=parts.policy)
        return messages.GetPlanningResponse(planning=encode_planning(found))

    async def PlanDraft(  # noqa: N802 the name is the contract's
        self, request: messages.PlanDraftRequest, _: Any
    ) -> messages.PlanDraftResponse:
        reader, draft_id, seen = caller(), read_id(request.draft_id, "/draft_id"), _seen(request)
        planning, assembling = read_planned(request.planning), self._parts.assembling()
        return await self._once(
            request,
            lambda once: plan_draft(once, reader, draft_id, planning, seen, assembling=assembling),
            lambda view: messages.PlanDraftResponse(planning=encode_planning(view)),
            messages.PlanDraftResponse,
        )

    async def RankDraft(  # noqa: N802 the name is the contract's
        self, request: messages.RankDraftRequest, _: Any
    ) -> messages.RankDraftResponse:
        reader, draft_id = caller(), read_id(request.draft_id, "/draft_id")
        ranking = self._parts.ranking()
        return await self._once(
            request,
            lambda once: rank_draft(once, reader, draft_id, parts=ranking),
            lambda run: messages.RankDraftResponse(run=encode_ranking_run(run)),
            messages.RankDraftResponse,
        )

    async def AssembleDraft(  # noqa: N802 the name is the contract's
        self, request: messages.AssembleDraftRequest, _: Any
    ) -> messages.AssembleDraftResponse:
        reader, draft_id, seen = caller(), read_id(request.draft_id, "/draft_id"), _seen(request)
        assembling, trial = self._parts.assembling(), request.validate_only
        return await self._once(
            request,
            lambda once: solve_draft(
                once, reader, draft_id, seen, validate_only=trial, assembling=assembling
            ),
            encode_solved,
            messages.AssembleDraftResponse,
        )

    async def _of_draft(
        self, request: Any, use_case: Callable[[Once[DraftView]], Awaitable[DraftView]], response: type[M]
    ) -> M:
        return await self._once(request, use_case, lambda view: response(draft=encode_draft(view)), response)


def _seen(request: Any) -> int:
    return parse_etag(request.etag, "/etag")


def _position(request: Any) -> int | None:
    return request.position if request.HasField("position") else None


def _amended(found: AmendedDraft) -> messages.ApplyAmendmentsResponse:
    return messages.ApplyAmendmentsResponse(
        draft=encode_draft(found.view),
        applied=[
            messages.AppliedAmendment(
                item_id=str(one.item_id),
                party=one.party,
                field=one.field,
                before=str(one.before),
                after=str(one.after),
            )
            for one in found.amending.applied
        ],
        not_applied=[
            messages.AmendmentLeft(
                item_id=str(one.item_id), party=one.party, field=one.field, reason=one.obstacle.value
            )
            for one in found.amending.left
        ],
    )


def _checked(checked: CheckedReference) -> messages.CheckedReference:
    answer = checked.answer
    return messages.CheckedReference(
        item_id=str(checked.item_id),
        text=encode_reference(checked.reference),
        allowed=answer is not None and answer.allowed,
        state=answer.state.value if answer is not None else "",
        decisions=[
            messages.CheckedDecision(
                decision_id=one.decision_id,
                party=one.party,
                allowed=one.allowed,
                rule_id=one.rule_id,
                explanation=one.explanation,
            )
            for one in (answer.decisions if answer is not None else ())
        ],
        what_to_do=[
            messages.ReleaseAdvice(
                remedy=one.remedy.value,
                words=one.words,
                text=None if one.reference is None else encode_reference(one.reference),
            )
            for one in checked.advice
        ],
    )


def draft_service(parts: AgendaParts) -> Service:
    """The service with who may call each of its methods."""
    return described(
        messages.DESCRIPTOR.services_by_name["DraftService"],
        COMMANDS,
        draft_service_pb2_grpc.add_DraftServiceServicer_to_server,
        DraftServicer(parts),
    )
