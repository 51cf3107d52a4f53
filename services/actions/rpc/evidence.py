"""EvidenceService over gRPC."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

from entente.actions.v1 import evidence_service_pb2, evidence_service_pb2_grpc
from google.protobuf.message import Message

from services.actions.domain.states import RULES, Move
from services.actions.domain.visibility import READERS
from services.actions.rpc.calling import Methods
from services.actions.rpc.messages import encode_evidence, read_evidence, read_id
from services.actions.rpc.parts import ActionParts, current_reader
from services.actions.usecases import read_evidence as reading
from services.actions.usecases.change_evidence import ShownEvidence
from services.actions.usecases.revise_evidence import revise_evidence
from services.actions.usecases.submit_evidence import submit_evidence
from services.actions.usecases.withdraw_evidence import withdraw_evidence
from services.chassis.etags import etag, parse_etag
from services.chassis.once import Once
from services.chassis.rpc.server import Service

NAME = "entente.actions.v1.EvidenceService"
ACCESS: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(("ListEvidence", "GetEvidence", "ListEvidenceRevisions"), READERS),
    "SubmitEvidence": RULES[Move.SUBMIT_EVIDENCE].roles,
    "ReviseEvidence": RULES[Move.REVISE_EVIDENCE].roles,
    "WithdrawEvidence": RULES[Move.WITHDRAW_EVIDENCE].roles,
}

M = TypeVar("M", bound=Message)


class EvidenceServicer(Methods, evidence_service_pb2_grpc.EvidenceServiceServicer):
    """Maps messages to use cases and back."""

    async def ListEvidence(  # noqa: N802 the name is the contract's
        self, request: evidence_service_pb2.ListEvidenceRequest, _: Any
    ) -> evidence_service_pb2.ListEvidenceResponse:
        parts = self._parts
        found = await reading.list_evidence(
            parts.database,
            current_reader(),
            read_id(request.action_id),
            policy=parts.publication.policy,
            now=parts.clock(),
        )
        return evidence_service_pb2.ListEvidenceResponse(
            evidence=[_encode(shown) for shown in found.items], evidence_digest=found.digest
        )

    async def GetEvidence(  # noqa: N802 the name is the contract's
        self, request: evidence_service_pb2.GetEvidenceRequest, _: Any
    ) -> evidence_service_pb2.GetEvidenceResponse:
        parts = self._parts
        shown = await reading.read_evidence(
            parts.database,
            current_reader(),
            read_id(request.action_id),
            read_id(request.evidence_id, "/evidence_id"),
            policy=parts.publication.policy,
            now=parts.clock(),
        )
        return evidence_service_pb2.GetEvidenceResponse(evidence=_encode(shown))

    async def ListEvidenceRevisions(  # noqa: N802 the name is the contract's
        self, request: evidence_service_pb2.ListEvidenceRevisionsRequest, _: Any
    ) -> evidence_service_pb2.ListEvidenceRevisionsResponse:
        parts = self._parts
        found = await reading.read_revisions(
            parts.database,
            current_reader(),
            read_id(request.action_id),
            read_id(request.evidence_id, "/evidence_id"),
            policy=parts.publication.policy,
            now=parts.clock(),
        )
        return evidence_service_pb2.ListEvidenceRevisionsResponse(
            revisions=[_encode(shown) for shown in found]
        )

    async def SubmitEvidence(  # noqa: N802 the name is the contract's
        self, request: evidence_service_pb2.SubmitEvidenceRequest, _: Any
    ) -> evidence_service_pb2.SubmitEvidenceResponse:
        who, action_id = current_reader(), read_id(request.action_id)
        given = read_evidence(request.evidence)
        return await self._of_evidence(
            request,
            lambda once: submit_evidence(
                once, who, action_id, given, holding=self._parts.holding, changing=self._changing
            ),
            evidence_service_pb2.SubmitEvidenceResponse,
        )

    async def ReviseEvidence(  # noqa: N802 the name is the contract's
        self, request: evidence_service_pb2.ReviseEvidenceRequest, _: Any
    ) -> evidence_service_pb2.ReviseEvidenceResponse:
        who, action_id = current_reader(), read_id(request.action_id)
        evidence_id = read_id(request.evidence_id, "/evidence_id")
        version = parse_etag(request.etag, "/etag")
        given = read_evidence(request.evidence)
        return await self._of_evidence(
            request,
            lambda once: revise_evidence(
                once,
                who,
                action_id,
                evidence_id,
                version,
                given,
                holding=self._parts.holding,
                changing=self._changing,
            ),
            evidence_service_pb2.ReviseEvidenceResponse,
        )

    async def WithdrawEvidence(  # noqa: N802 the name is the contract's
        self, request: evidence_service_pb2.WithdrawEvidenceRequest, _: Any
    ) -> evidence_service_pb2.WithdrawEvidenceResponse:
        who, action_id = current_reader(), read_id(request.action_id)
        evidence_id = read_id(request.evidence_id, "/evidence_id")
        version = parse_etag(request.etag, "/etag")
        return await self._of_evidence(
            request,
            lambda once: withdraw_evidence(
                once, who, action_id, evidence_id, version, request.reason, changing=self._changing
            ),
            evidence_service_pb2.WithdrawEvidenceResponse,
        )

    async def _of_evidence(
        self,
        request: Any,
        use_case: Callable[[Once[ShownEvidence]], Awaitable[ShownEvidence]],
        response: type[M],
    ) -> M:
        return await self._once(request, use_case, lambda shown: response(evidence=_encode(shown)), response)


def _encode(shown: ShownEvidence) -> evidence_service_pb2.ShownEvidence:
    return evidence_service_pb2.ShownEvidence(
        action_id=str(shown.action_id),
        evidence=encode_evidence(shown.item),
        etag=etag(shown.item.version),
        joint=shown.joint,
        stands=shown.stands,
    )


def evidence_service(parts: ActionParts) -> Service:
    servicer = EvidenceServicer(parts)
    methods = evidence_service_pb2.DESCRIPTOR.services_by_name["EvidenceService"].methods
    return Service(
        name=NAME,
        add=lambda server: evidence_service_pb2_grpc.add_EvidenceServiceServicer_to_server(servicer, server),
        access=ACCESS,
        methods=[method.name for method in methods],
    )
