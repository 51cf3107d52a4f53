"""ProposalService over gRPC: a party's own proposals, and what they can rest on."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

from entente.agenda.v1 import proposal_service_pb2 as messages
from entente.agenda.v1 import proposal_service_pb2_grpc
from google.protobuf.message import Message

from services.agenda.domain.permissions import Command
from services.agenda.domain.proposal import ProposalText
from services.agenda.domain.releases import Candidate
from services.agenda.rpc.arguments import read_code, read_edition, read_id, read_token
from services.agenda.rpc.calling import described
from services.agenda.rpc.forwarding import ForwardingMethods
from services.agenda.rpc.parts import caller
from services.agenda.rpc.preparing import encode_proposal
from services.agenda.rpc.texts import read_codes, read_item, read_leads, read_note, read_optional_code
from services.agenda.rpc.timed import encode_time
from services.agenda.usecases.forward_proposal import Destination, forward_proposal
from services.agenda.usecases.list_candidates import list_candidates
from services.agenda.usecases.paging import page_size
from services.agenda.usecases.parts import AgendaParts
from services.agenda.usecases.proposing import (
    ProposalView,
    park_proposal,
    propose,
    read_proposal,
    resume_proposal,
    rewrite_proposal,
    withdraw_proposal,
)
from services.agenda.usecases.take_proposal import take_proposal
from services.chassis.etags import parse_etag
from services.chassis.once import Once
from services.chassis.rpc.server import Service

M = TypeVar("M", bound=Message)
COMMANDS: Mapping[str, tuple[Command, ...]] = {
    "GetProposal": (Command.READ_PROPOSAL,),
    "Propose": (Command.PROPOSE,),
    "RewriteProposal": (Command.PROPOSE,),
    "ParkProposal": (Command.PROPOSE,),
    "ResumeProposal": (Command.PROPOSE,),
    "WithdrawProposal": (Command.PROPOSE,),
    "TakeProposal": (Command.PROPOSE,),
    "ForwardProposal": (Command.PROPOSE,),
    "ForwardDraftItem": (Command.PROPOSE,),
    "ForwardAgendaItem": (Command.PROPOSE,),
    "ListCandidates": (Command.LIST_CANDIDATES,),
}


class ProposalServicer(ForwardingMethods, proposal_service_pb2_grpc.ProposalServiceServicer):
    """Maps messages to use cases and back."""

    async def GetProposal(  # noqa: N802 the name is the contract's
        self, request: messages.GetProposalRequest, _: Any
    ) -> messages.GetProposalResponse:
        parts, identity = self._parts, read_id(request.proposal_id, "/proposal_id")
        found = await read_proposal(parts.database, caller(), identity, policy=parts.policy)
        return messages.GetProposalResponse(proposal=encode_proposal(found))

    async def Propose(  # noqa: N802 the name is the contract's
        self, request: messages.ProposeRequest, _: Any
    ) -> messages.ProposeResponse:
        reader, series, text = caller(), read_code(request.series, "/series"), _text(request)
        proposing = self._parts.proposing()
        return await self._of_proposal(
            request,
            lambda once: propose(once, reader, series, text, proposing=proposing),
            messages.ProposeResponse,
        )

    async def RewriteProposal(  # noqa: N802 the name is the contract's
        self, request: messages.RewriteProposalRequest, _: Any
    ) -> messages.RewriteProposalResponse:
        reader, identity = caller(), read_id(request.proposal_id, "/proposal_id")
        seen, text = parse_etag(request.etag, "/etag"), _text(request)
        proposing = self._parts.proposing()
        return await self._of_proposal(
            request,
            lambda once: rewrite_proposal(once, reader, identity, text, seen, proposing=proposing),
            messages.RewriteProposalResponse,
        )

    async def ParkProposal(  # noqa: N802 the name is the contract's
        self, request: messages.ParkProposalRequest, _: Any
    ) -> messages.ParkProposalResponse:
        reader, identity = caller(), read_id(request.proposal_id, "/proposal_id")
        seen, proposing = parse_etag(request.etag, "/etag"), self._parts.proposing()
        return await self._of_proposal(
            request,
            lambda once: park_proposal(once, reader, identity, seen, proposing=proposing),
            messages.ParkProposalResponse,
        )

    async def ResumeProposal(  # noqa: N802 the name is the contract's
        self, request: messages.ResumeProposalRequest, _: Any
    ) -> messages.ResumeProposalResponse:
        reader, identity = caller(), read_id(request.proposal_id, "/proposal_id")
        seen, proposing = parse_etag(request.etag, "/etag"), self._parts.proposing()
        return await self._of_proposal(
            request,
            lambda once: resume_proposal(once, reader, identity, seen, proposing=proposing),
            messages.ResumeProposalResponse,
        )

    async def WithdrawProposal(  # noqa: N802 the name is the contract's
        self, request: messages.WithdrawProposalRequest, _: Any
    ) -> messages.WithdrawProposalResponse:
        reader, identity = caller(), read_id(request.proposal_id, "/proposal_id")
        seen, proposing = parse_etag(request.etag, "/etag"), self._parts.proposing()
        return await self._of_proposal(
            request,
            lambda once: withdraw_proposal(once, reader, identity, seen, proposing=proposing),
            messages.WithdrawProposalResponse,
        )

    async def TakeProposal(  # noqa: N802 the name is the contract's
        self, request: messages.TakeProposalRequest, _: Any
    ) -> messages.TakeProposalResponse:
        reader, identity = caller(), read_id(request.proposal_id, "/proposal_id")
        draft_id, seen = read_id(request.draft_id, "/draft_id"), parse_etag(request.etag, "/etag")
        draft_seen, proposing = parse_etag(request.draft_etag, "/draft_etag"), self._parts.proposing()
        position = request.position if request.HasField("position") else None
        return await self._of_proposal(
            request,
            lambda once: take_proposal(
                once, reader, identity, draft_id, position, seen, draft_seen, proposing=proposing
            ),
            messages.TakeProposalResponse,
        )

    async def ForwardProposal(  # noqa: N802 the name is the contract's
        self, request: messages.ForwardProposalRequest, _: Any
    ) -> messages.ForwardProposalResponse:
        reader, identity = caller(), read_id(request.proposal_id, "/proposal_id")
        seen, proposing = parse_etag(request.etag, "/etag"), self._parts.proposing()
        destination = Destination(
            read_code(request.series, "/series"),
            read_edition(request),
            read_codes(request.commitments, "/commitments"),
            read_leads(request.leads, "/leads"),
            read_note(request.rationale, "/rationale"),
        )
        return await self._of_proposal(
            request,
            lambda once: forward_proposal(once, reader, identity, destination, seen, proposing=proposing),
            messages.ForwardProposalResponse,
        )

    async def ListCandidates(  # noqa: N802 the name is the contract's
        self, request: messages.ListCandidatesRequest, _: Any
    ) -> messages.ListCandidatesResponse:
        parts, meeting_id = self._parts, read_id(request.meeting_id, "/meeting_id")
        found, following = await list_candidates(
            parts.database,
            caller(),
            meeting_id,
            theme=read_optional_code(request.theme, "/theme"),
            page_size=page_size(request.page_size),
            page_token=read_token(request.page_token),
            policy=parts.policy,
            threatfeed=parts.threatfeed,
        )
        return messages.ListCandidatesResponse(
            candidates=[_candidate(one) for one in found], next_page_token=following
        )

    async def _of_proposal(
        self,
        request: Any,
        use_case: Callable[[Once[ProposalView]], Awaitable[ProposalView]],
        response: type[M],
    ) -> M:
        return await self._once(
            request, use_case, lambda view: response(proposal=encode_proposal(view)), response
        )


def _text(request: Any) -> ProposalText:
    return ProposalText(
        read_item(request.item), read_note(request.rationale, "/rationale"), read_edition(request)
    )


def _candidate(candidate: Candidate) -> messages.Candidate:
    return messages.Candidate(
        assessment_id=candidate.assessment_id,
        revision=candidate.revision,
        title=candidate.title,
        joint_title=candidate.joint_title,
        joint_rendition=candidate.joint_rendition,
        themes=[messages.CandidateTheme(theme=theme, rule_id=rule_id) for theme, rule_id in candidate.themes],
        agency=candidate.agency,
        published_at=encode_time(candidate.published_at),
        decisions=[
            messages.CandidateDecision(
                party=one.party,
                allowed=one.allowed,
                rule_id=one.rule_id,
                explanation=one.explanation,
                rendition=one.reference.rendition.value,
                mode=one.reference.mode.value,
            )
            for one in candidate.decisions
        ],
    )


def proposal_service(parts: AgendaParts) -> Service:
    """The service with who may call each of its methods."""
    return described(
        messages.DESCRIPTOR.services_by_name["ProposalService"],
        COMMANDS,
        proposal_service_pb2_grpc.add_ProposalServiceServicer_to_server,
        ProposalServicer(parts),
    )
