"""ClosureService over gRPC."""

from collections.abc import Mapping
from typing import Any

from entente.actions.v1 import closure_service_pb2, closure_service_pb2_grpc

from services.actions.domain.states import RULES, Move
from services.actions.domain.visibility import READERS
from services.actions.rpc.calling import Methods
from services.actions.rpc.messages import encode_action, read_day
from services.actions.rpc.parts import ActionParts, current_reader
from services.actions.usecases.restore_action import RESTORERS, restore_action
from services.actions.usecases.review_closure import list_closure_reviews, review_closure
from services.chassis.rpc.server import Service

NAME = "entente.actions.v1.ClosureService"
ACCESS: Mapping[str, frozenset[str]] = {
    "ListClosureReviews": READERS,
    "ReviewClosure": RULES[Move.REVIEW_CLOSURE].roles,
    "RestoreAction": RESTORERS,
}


class ClosureServicer(Methods, closure_service_pb2_grpc.ClosureServiceServicer):
    """Maps messages to use cases and back."""

    async def ListClosureReviews(  # noqa: N802 the name is the contract's
        self, request: closure_service_pb2.ListClosureReviewsRequest, _: Any
    ) -> closure_service_pb2.ListClosureReviewsResponse:
        publication, now = self._parts.publication, self._parts.clock()
        found = await list_closure_reviews(
            self._parts.database,
            current_reader(),
            request.series,
            read_day(request.due_by, "/due_by") if request.due_by else None,
            policy=publication.policy,
            now=now,
        )
        return closure_service_pb2.ListClosureReviewsResponse(
            actions=[encode_action(action, publication.rating(action, now)) for action in found]
        )

    async def ReviewClosure(  # noqa: N802 the name is the contract's
        self, request: closure_service_pb2.ReviewClosureRequest, _: Any
    ) -> closure_service_pb2.ReviewClosureResponse:
        return await self._change(
            request,
            review_closure,
            closure_service_pb2.ReviewClosureResponse,
            request.finding,
            request.sustained,
            changing=self._changing,
        )

    async def RestoreAction(  # noqa: N802 the name is the contract's
        self, request: closure_service_pb2.RestoreActionRequest, _: Any
    ) -> closure_service_pb2.RestoreActionResponse:
        return await self._change(
            request, restore_action, closure_service_pb2.RestoreActionResponse, changing=self._changing
        )


def closure_service(parts: ActionParts) -> Service:
    servicer = ClosureServicer(parts)
    methods = closure_service_pb2.DESCRIPTOR.services_by_name["ClosureService"].methods
    return Service(
        name=NAME,
        add=lambda server: closure_service_pb2_grpc.add_ClosureServiceServicer_to_server(servicer, server),
        access=ACCESS,
        methods=[method.name for method in methods],
    )
