"""The status feed of an audience as a gRPC stream: the same bytes, the same tokens."""

from typing import assert_never

from entente.actions.v1 import action_service_pb2
from google.protobuf.json_format import Parse

from services.chassis.feed import Beat, Entry, Reset, SnapshotEnd, Step

HEARTBEAT = 15.0
"""Seconds of silence after which a sign of life is sent."""


def encode_step(step: Step) -> action_service_pb2.WatchActionStatusResponse:
    response = action_service_pb2.WatchActionStatusResponse()
    match step:
        case Entry():
            response.status.resume_token = str(step.token)
            response.status.coalesced = step.coalesced
            # A newer writer may know fields that this reader does not.
            Parse(step.value, response.status.status, ignore_unknown_fields=True)
        case Reset():
            response.reset.epoch = step.epoch
        case SnapshotEnd():
            response.snapshot_complete.resume_token = str(step.token)
        case Beat():
            response.heartbeat.resume_token = str(step.token)
        case _:
            assert_never(step)
    return response
