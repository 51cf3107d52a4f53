"""CorrelationService over gRPC."""

from typing import Any

from entente.threatfeed.v1 import correlation_service_pb2, correlation_service_pb2_grpc

from services.chassis.clock import Clock
from services.chassis.database import Database
from services.chassis.ids import IdSource
from services.chassis.rpc.requests import run_once
from services.chassis.rpc.server import Service
from services.kernel.parties import Role
from services.kernel.policy import Policy
from services.threatfeed.domain.correlation import WEIGHTS_VERSION, Reason
from services.threatfeed.domain.links import Link
from services.threatfeed.domain.paging import page_size
from services.threatfeed.rpc.arguments import read_uuid, reader_of_call
from services.threatfeed.rpc.encoding import encode_rendered
from services.threatfeed.usecases.find_overlaps import Overlap, find_overlaps
from services.threatfeed.usecases.link_assessments import Pair, link_assessments, list_links, undo_link

NAME = "entente.threatfeed.v1.CorrelationService"
_SECRETARIAT = frozenset({Role.SECRETARIAT})
ACCESS = dict.fromkeys(("ListOverlaps", "ListLinks", "LinkAssessments", "UndoLink"), _SECRETARIAT)


class CorrelationServicer(correlation_service_pb2_grpc.CorrelationServiceServicer):
    """Maps messages to use cases and back."""

    def __init__(self, database: Database, policy: Policy, clock: Clock, ids: IdSource) -> None:
        self._database = database
        self._policy = policy
        self._clock = clock
        self._ids = ids

    async def ListOverlaps(  # noqa: N802 the name is the contract's
        self, request: correlation_service_pb2.ListOverlapsRequest, _: Any
    ) -> correlation_service_pb2.ListOverlapsResponse:
        found = await find_overlaps(
            self._database,
            reader_of_call(),
            request.series,
            read_uuid(request.assessment_id, "/assessment_id"),
            size=page_size(request.page_size),
            policy=self._policy,
            at=self._clock(),
        )
        return correlation_service_pb2.ListOverlapsResponse(
            overlaps=[_overlap(one) for one in found], weights_version=WEIGHTS_VERSION
        )

    async def ListLinks(  # noqa: N802 the name is the contract's
        self, request: correlation_service_pb2.ListLinksRequest, _: Any
    ) -> correlation_service_pb2.ListLinksResponse:
        found = await list_links(
            self._database,
            reader_of_call(),
            request.series,
            read_uuid(request.assessment_id, "/assessment_id"),
            policy=self._policy,
            at=self._clock(),
        )
        return correlation_service_pb2.ListLinksResponse(links=[_link(one) for one in found])

    async def LinkAssessments(  # noqa: N802 the name is the contract's
        self, request: correlation_service_pb2.LinkAssessmentsRequest, _: Any
    ) -> correlation_service_pb2.LinkAssessmentsResponse:
        reader = reader_of_call()
        pair = Pair(
            read_uuid(request.one_id, "/one_id"), read_uuid(request.other_id, "/other_id"), request.reason
        )
        return await run_once(
            lambda once: link_assessments(
                once,
                reader,
                request.series,
                pair,
                policy=self._policy,
                clock=self._clock,
                ids=self._ids,
            ),
            lambda link: correlation_service_pb2.LinkAssessmentsResponse(link=_link(link)),
            correlation_service_pb2.LinkAssessmentsResponse,
            request=request,
            request_id=request.request_id,
            database=self._database,
            clock=self._clock,
        )

    async def UndoLink(  # noqa: N802 the name is the contract's
        self, request: correlation_service_pb2.UndoLinkRequest, _: Any
    ) -> correlation_service_pb2.UndoLinkResponse:
        reader, link_id = reader_of_call(), read_uuid(request.link_id, "/link_id")
        return await run_once(
            lambda once: undo_link(
                once, reader, link_id, request.reason, policy=self._policy, clock=self._clock
            ),
            lambda link: correlation_service_pb2.UndoLinkResponse(link=_link(link)),
            correlation_service_pb2.UndoLinkResponse,
            request=request,
            request_id=request.request_id,
            database=self._database,
            clock=self._clock,
        )


def correlation_service(servicer: CorrelationServicer) -> Service:
    methods = correlation_service_pb2.DESCRIPTOR.services_by_name["CorrelationService"].methods
    return Service(
        name=NAME,
        add=lambda server: correlation_service_pb2_grpc.add_CorrelationServiceServicer_to_server(
            servicer, server
        ),
        access=ACCESS,
        methods=[method.name for method in methods],
    )


def _overlap(overlap: Overlap) -> correlation_service_pb2.Overlap:
    return correlation_service_pb2.Overlap(
        assessment=encode_rendered(overlap.rendered),
        weight=overlap.weight,
        reasons=[_reason(one) for one in overlap.reasons],
    )


def _reason(reason: Reason) -> correlation_service_pb2.OverlapReason:
    return correlation_service_pb2.OverlapReason(
        ground=reason.ground.value, value=reason.value, weight=reason.weight
    )


def _link(link: Link) -> correlation_service_pb2.AssessmentLink:
    message = correlation_service_pb2.AssessmentLink(
        link_id=str(link.link_id),
        series=link.audience.series,
        party=link.audience.party,
        assessment_ids=[str(link.one), str(link.other)],
        reason=link.reason,
        official=link.official,
        shared=[_reason(one) for one in link.shared],
        weights_version=link.weights_version,
    )
    message.linked_time.FromDatetime(link.linked_at)
    return message
