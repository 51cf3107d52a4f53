"""Threatfeed as its contract says it: nobody is told of what their party may not see."""

from typing import Any

import grpc
from entente.threatfeed.v1 import assessment_service_pb2

from tests.support.peers import FakeThreatfeed


class DiscreetThreatfeed(FakeThreatfeed):
    async def ListCandidates(  # noqa: N802 the name of the contract
        self, request: assessment_service_pb2.ListCandidatesRequest, context: Any
    ) -> assessment_service_pb2.ListCandidatesResponse:
        party = await self._caller(context)
        found = await super().ListCandidates(request, context)
        seen = [one for one in found.candidates if self._seen(one.assessment.assessment_id, party)]
        return assessment_service_pb2.ListCandidatesResponse(candidates=seen)

    async def DecideReleasability(  # noqa: N802 the name of the contract
        self, request: assessment_service_pb2.DecideReleasabilityRequest, context: Any
    ) -> assessment_service_pb2.DecideReleasabilityResponse:
        party = await self._caller(context)
        if not all(self._seen(text.assessment_id, party) for text in request.texts):
            await context.abort(grpc.StatusCode.PERMISSION_DENIED, "permission denied, or not there")
        return await super().DecideReleasability(request, context)

    def _seen(self, assessment_id: str, party: str) -> bool:
        return assessment_id in self.held and party in self.held[assessment_id].seen_by
