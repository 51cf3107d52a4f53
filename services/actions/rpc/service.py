"""ActionService over gRPC."""

from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing
from typing import Any

from entente.actions.v1 import action_service_pb2, action_service_pb2_grpc

from services.actions.domain.states import RULES, Move
from services.actions.domain.visibility import READERS, WATCHERS
from services.actions.rpc.messages import (
    encode_trace,
    read_evidence,
    read_id,
    read_milestones,
    read_rag,
    read_terms,
)
from services.actions.rpc.parts import ActionParts, current_reader
from services.actions.rpc.reading import ReadingMethods
from services.actions.rpc.stream import HEARTBEAT, encode_step
from services.actions.usecases.accept_action import accept_action
from services.actions.usecases.answer_proposal import ANSWERERS, accept_proposal, refuse_proposal
from services.actions.usecases.block_action import block_action
from services.actions.usecases.claim_completion import claim_completion
from services.actions.usecases.confirm_completion import confirm_completion
from services.actions.usecases.decline_action import decline_action
from services.actions.usecases.name_lead_official import name_lead_official
from services.actions.usecases.plan_milestones import plan_milestones
from services.actions.usecases.propose_change import propose_change
from services.actions.usecases.reach_milestone import reach_milestone
from services.actions.usecases.read_actions import read_action, trace_action
from services.actions.usecases.reject_completion import reject_completion
from services.actions.usecases.report_progress import report_progress
from services.actions.usecases.review_action import review_action
from services.actions.usecases.set_dependencies import set_dependencies
from services.actions.usecases.unblock_action import unblock_action
from services.actions.usecases.watch_status import watch_status
from services.chassis.feed import Token
from services.chassis.identity import current_principal
from services.chassis.rpc.server import Service

NAME = "entente.actions.v1.ActionService"
_OF_MOVES = {
    "AcceptAction": Move.ACCEPT,
    "DeclineAction": Move.DECLINE,
    "ReportProgress": Move.REPORT,
    "BlockAction": Move.BLOCK,
    "UnblockAction": Move.UNBLOCK,
    "ReviewAction": Move.REVIEW,
    "PlanMilestones": Move.PLAN,
    "NameLeadOfficial": Move.NAME_LEAD,
    "ReachMilestone": Move.PLAN,
    "SetDependencies": Move.PLAN,
    "ClaimCompletion": Move.CLAIM,
    "ConfirmCompletion": Move.CONFIRM,
    "RejectCompletion": Move.REJECT,
}
ACCESS: Mapping[str, frozenset[str]] = {
    "GetAction": READERS,
    **dict.fromkeys(
        ("ListActions", "ListActionChanges", "GetActionHistory", "GetActionFigures", "GetRatingTrend"),
        READERS,
    ),
    "TraceAction": READERS,
    "WatchActionStatus": WATCHERS,
    **{name: RULES[move].roles for name, move in _OF_MOVES.items()},
    **dict.fromkeys(("ProposeChange", "AcceptProposal", "RefuseProposal"), ANSWERERS),
}


class ActionServicer(ReadingMethods, action_service_pb2_grpc.ActionServiceServicer):
    """Maps messages to use cases and back."""

    async def GetAction(  # noqa: N802 the name is the contract's
        self, request: action_service_pb2.GetActionRequest, _: Any
    ) -> action_service_pb2.GetActionResponse:
        parts = self._parts
        action = await read_action(
            parts.database,
            current_reader(),
            read_id(request.action_id),
            policy=parts.publication.policy,
            now=parts.clock(),
        )
        return action_service_pb2.GetActionResponse(action=self._shown(action))

    async def AcceptAction(  # noqa: N802 the name is the contract's
        self, request: action_service_pb2.AcceptActionRequest, _: Any
    ) -> action_service_pb2.AcceptActionResponse:
        return await self._change(
            request, accept_action, action_service_pb2.AcceptActionResponse, changing=self._changing
        )

    async def DeclineAction(  # noqa: N802 the name is the contract's
        self, request: action_service_pb2.DeclineActionRequest, _: Any
    ) -> action_service_pb2.DeclineActionResponse:
        return await self._change(
            request,
            decline_action,
            action_service_pb2.DeclineActionResponse,
            request.reason,
            changing=self._changing,
        )

    async def ReportProgress(  # noqa: N802 the name is the contract's
        self, request: action_service_pb2.ReportProgressRequest, _: Any
    ) -> action_service_pb2.ReportProgressResponse:
        rag = read_rag(request.rag)
        return await self._change(
            request,
            report_progress,
            action_service_pb2.ReportProgressResponse,
            rag,
            request.narrative,
            changing=self._changing,
        )

    async def BlockAction(  # noqa: N802 the name is the contract's
        self, request: action_service_pb2.BlockActionRequest, _: Any
    ) -> action_service_pb2.BlockActionResponse:
        return await self._change(
            request,
            block_action,
            action_service_pb2.BlockActionResponse,
            request.reason,
            changing=self._changing,
        )

    async def UnblockAction(  # noqa: N802 the name is the contract's
        self, request: action_service_pb2.UnblockActionRequest, _: Any
    ) -> action_service_pb2.UnblockActionResponse:
        return await self._change(
            request, unblock_action, action_service_pb2.UnblockActionResponse, changing=self._changing
        )

    async def ReviewAction(  # noqa: N802 the name is the contract's
        self, request: action_service_pb2.ReviewActionRequest, _: Any
    ) -> action_service_pb2.ReviewActionResponse:
        return await self._change(
            request,
            review_action,
            action_service_pb2.ReviewActionResponse,
            request.finding,
            changing=self._changing,
        )

    async def PlanMilestones(  # noqa: N802 the name is the contract's
        self, request: action_service_pb2.PlanMilestonesRequest, _: Any
    ) -> action_service_pb2.PlanMilestonesResponse:
        milestones = read_milestones(request)
        return await self._change(
            request,
            plan_milestones,
            action_service_pb2.PlanMilestonesResponse,
            milestones,
            changing=self._changing,
        )

    async def ReachMilestone(  # noqa: N802 the name is the contract's
        self, request: action_service_pb2.ReachMilestoneRequest, _: Any
    ) -> action_service_pb2.ReachMilestoneResponse:
        milestone_id = read_id(request.milestone_id, "/milestone_id")
        return await self._change(
            request,
            reach_milestone,
            action_service_pb2.ReachMilestoneResponse,
            milestone_id,
            changing=self._changing,
        )

    async def SetDependencies(  # noqa: N802 the name is the contract's
        self, request: action_service_pb2.SetDependenciesRequest, _: Any
    ) -> action_service_pb2.SetDependenciesResponse:
        others = [read_id(text, f"/depends_on/{place}") for place, text in enumerate(request.depends_on)]
        return await self._change(
            request,
            set_dependencies,
            action_service_pb2.SetDependenciesResponse,
            others,
            changing=self._changing,
        )

    async def NameLeadOfficial(  # noqa: N802 the name is the contract's
        self, request: action_service_pb2.NameLeadOfficialRequest, _: Any
    ) -> action_service_pb2.NameLeadOfficialResponse:
        return await self._change(
            request,
            name_lead_official,
            action_service_pb2.NameLeadOfficialResponse,
            request.post,
            request.subject,
            changing=self._changing,
        )

    async def ClaimCompletion(  # noqa: N802 the name is the contract's
        self, request: action_service_pb2.ClaimCompletionRequest, _: Any
    ) -> action_service_pb2.ClaimCompletionResponse:
        evidence = [read_evidence(item, f"/evidence/{place}") for place, item in enumerate(request.evidence)]
        return await self._change(
            request,
            claim_completion,
            action_service_pb2.ClaimCompletionResponse,
            evidence,
            request.narrative,
            holding=self._parts.holding,
            changing=self._changing,
        )

    async def ConfirmCompletion(  # noqa: N802 the name is the contract's
        self, request: action_service_pb2.ConfirmCompletionRequest, _: Any
    ) -> action_service_pb2.ConfirmCompletionResponse:
        return await self._change(
            request,
            confirm_completion,
            action_service_pb2.ConfirmCompletionResponse,
            request.evidence_digest,
            changing=self._changing,
        )

    async def RejectCompletion(  # noqa: N802 the name is the contract's
        self, request: action_service_pb2.RejectCompletionRequest, _: Any
    ) -> action_service_pb2.RejectCompletionResponse:
        return await self._change(
            request,
            reject_completion,
            action_service_pb2.RejectCompletionResponse,
            request.reason,
            changing=self._changing,
        )

    async def ProposeChange(  # noqa: N802 the name is the contract's
        self, request: action_service_pb2.ProposeChangeRequest, _: Any
    ) -> action_service_pb2.ProposeChangeResponse:
        terms = read_terms(request)
        return await self._change(
            request, propose_change, action_service_pb2.ProposeChangeResponse, terms, changing=self._changing
        )

    async def AcceptProposal(  # noqa: N802 the name is the contract's
        self, request: action_service_pb2.AcceptProposalRequest, _: Any
    ) -> action_service_pb2.AcceptProposalResponse:
        proposal_id = read_id(request.proposal_id, "/proposal_id")
        return await self._change(
            request,
            accept_proposal,
            action_service_pb2.AcceptProposalResponse,
            proposal_id,
            changing=self._changing,
        )

    async def RefuseProposal(  # noqa: N802 the name is the contract's
        self, request: action_service_pb2.RefuseProposalRequest, _: Any
    ) -> action_service_pb2.RefuseProposalResponse:
        proposal_id = read_id(request.proposal_id, "/proposal_id")
        return await self._change(
            request,
            refuse_proposal,
            action_service_pb2.RefuseProposalResponse,
            proposal_id,
            request.reason,
            changing=self._changing,
        )

    async def TraceAction(  # noqa: N802 the name is the contract's
        self, request: action_service_pb2.TraceActionRequest, _: Any
    ) -> action_service_pb2.TraceActionResponse:
        parts = self._parts
        action = await trace_action(
            parts.database,
            current_reader(),
            request.id,
            policy=parts.publication.policy,
            now=parts.clock(),
        )
        return encode_trace(action)

    async def WatchActionStatus(  # noqa: N802 the name is the contract's
        self, request: action_service_pb2.WatchActionStatusRequest, _: Any
    ) -> AsyncIterator[action_service_pb2.WatchActionStatusResponse]:
        watch = watch_status(current_principal.get(), request.audience, self._parts.gallery)
        resume = Token.parse(request.resume_token)
        async with aclosing(watch.view.follow(resume, HEARTBEAT, watch.allowed, most=1)) as batches:
            async for steps in batches:
                for step in steps:
                    yield encode_step(step)


def action_service(parts: ActionParts) -> Service:
    servicer = ActionServicer(parts)
    methods = action_service_pb2.DESCRIPTOR.services_by_name["ActionService"].methods
    return Service(
        name=NAME,
        add=lambda server: action_service_pb2_grpc.add_ActionServiceServicer_to_server(servicer, server),
        access=ACCESS,
        methods=[method.name for method in methods],
    )
