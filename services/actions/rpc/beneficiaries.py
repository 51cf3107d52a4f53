"""BeneficiaryService over gRPC."""

from collections.abc import Mapping
from typing import Any

from entente.actions.v1 import beneficiary_service_pb2, beneficiary_service_pb2_grpc

from services.actions.domain.states import RULES, Move
from services.actions.domain.visibility import READERS
from services.actions.rpc.calling import Methods
from services.actions.rpc.messages import encode_action
from services.actions.rpc.parts import ActionParts, current_reader
from services.actions.usecases.name_beneficiaries import list_benefiting, name_beneficiaries
from services.chassis.rpc.server import Service

NAME = "entente.actions.v1.BeneficiaryService"
ACCESS: Mapping[str, frozenset[str]] = {
    "ListBenefitingActions": READERS,
    "NameBeneficiaries": RULES[Move.PLAN].roles,
}


class BeneficiaryServicer(Methods, beneficiary_service_pb2_grpc.BeneficiaryServiceServicer):
    """Maps messages to use cases and back."""

    async def ListBenefitingActions(  # noqa: N802 the name is the contract's
        self, request: beneficiary_service_pb2.ListBenefitingActionsRequest, _: Any
    ) -> beneficiary_service_pb2.ListBenefitingActionsResponse:
        publication, now = self._parts.publication, self._parts.clock()
        found = await list_benefiting(
            self._parts.database,
            current_reader(),
            request.series,
            request.beneficiary,
            policy=publication.policy,
            now=now,
        )
        return beneficiary_service_pb2.ListBenefitingActionsResponse(
            actions=[encode_action(action, publication.rating(action, now)) for action in found]
        )

    async def NameBeneficiaries(  # noqa: N802 the name is the contract's
        self, request: beneficiary_service_pb2.NameBeneficiariesRequest, _: Any
    ) -> beneficiary_service_pb2.NameBeneficiariesResponse:
        return await self._change(
            request,
            name_beneficiaries,
            beneficiary_service_pb2.NameBeneficiariesResponse,
            list(request.beneficiaries),
            changing=self._changing,
        )


def beneficiary_service(parts: ActionParts) -> Service:
    servicer = BeneficiaryServicer(parts)
    methods = beneficiary_service_pb2.DESCRIPTOR.services_by_name["BeneficiaryService"].methods
    return Service(
        name=NAME,
        add=lambda server: beneficiary_service_pb2_grpc.add_BeneficiaryServiceServicer_to_server(
            servicer, server
        ),
        access=ACCESS,
        methods=[method.name for method in methods],
    )
