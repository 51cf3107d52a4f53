"""ClosureService over gRPC."""

from collections.abc import Mapping
from typing import Any

from entente.actions.v1 import closure_service_pb2, closure_service_pb2_grpc

from services.actions.domain.states import RULES, Move
from services.actions.domain.visibility import READERS
from services.actions.rpc.messages import encode_action, read_day, read_id
from services.actions.rpc.parts import ActionParts, current_reader
from services.actions.usecases.change import Changing
from services.actions.usecases.review_closure import list_closure_reviews, review_closure
from services.chassis.etags import parse_etag
from services.chassis.rpc.requests import run_once
from services.chassis.rpc.server import Service

NAME = "entente.actions.v1.ClosureService"
ACCESS: Mapping[str, frozenset[str]] = {
    "ListClosureReviews": READERS,
    "ReviewClosure": RULES[Move.REVIEW_CLOSURE].roles,
}


class ClosureServicer(closure_service_pb2_grpc.ClosureServiceServicer):
    """Maps messages to use cases and back."""

    def __init__(self, parts: ActionParts) -> None:
        self._parts = parts

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
        parts, who = self._parts, current_reader()
        action_id, version = read_id(request.action_id), parse_etag(request.etag, "/etag")
        publication = parts.publication
        return await run_once(
            lambda once: review_closure(
                once,
                who,
                action_id,
                version,
                request.finding,
                request.sustained,
                changing=Changing(publication, parts.clock),
            ),
            lambda action: closure_service_pb2.ReviewClosureResponse(
                action=encode_action(action, publication.rating(action, parts.clock()))
            ),
            closure_service_pb2.ReviewClosureResponse,
            request=request,
            request_id=request.request_id,
            database=parts.database,
            clock=parts.clock,
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
