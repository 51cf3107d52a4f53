"""Calls to actions, each for the current caller."""

from datetime import UTC

import grpc
from entente.actions.v1 import action_service_pb2, action_service_pb2_grpc
from entente.exchange.v1 import action_status_pb2

from services.agenda.domain.thread import ActionThread, EvidenceNode
from services.chassis.rpc.client import call


class Actions:
    """Raises the peer's refusals, or one of kind UNAVAILABLE when it does not answer."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stub = action_service_pb2_grpc.ActionServiceStub(channel)

    async def trace(self, wanted: str) -> ActionThread:
        """The thread around the id of an outcome, action, evidence or closure."""
        found = await call(self._stub.TraceAction, action_service_pb2.TraceActionRequest(id=wanted))
        return ActionThread(
            outcome_id=found.outcome_id,
            action_id=found.action_id,
            reference=found.reference,
            state=action_status_pb2.ActionState.Name(found.state).removeprefix("ACTION_STATE_"),
            text=found.text,
            evidence=tuple(
                EvidenceNode(
                    id=entry.evidence_id,
                    title=entry.title,
                    submitted_at=(
                        entry.submitted_at.ToDatetime(UTC) if entry.HasField("submitted_at") else None
                    ),
                )
                for entry in found.evidence
            ),
            closure_id=found.closure_id,
            closed_at=found.closed_at.ToDatetime(UTC) if found.HasField("closed_at") else None,
        )
