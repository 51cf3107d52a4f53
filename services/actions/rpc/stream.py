"""The status feed of an audience as a gRPC stream: the same bytes, the same tokens."""

from functools import lru_cache
from typing import assert_never

from entente.actions.v1 import action_service_pb2
from google.protobuf.json_format import Parse

from services.actions.events import encode_notice
from services.chassis.feed import Beat, Entry, Notice, Reset, SnapshotEnd, Step

HEARTBEAT = 15.0
"""Seconds of silence after which a sign of life is sent."""
_RESPONSES_KEPT = 2_048


def encode_step(step: Step) -> action_service_pb2.WatchActionStatusResponse:
    """Not to be changed by who gets it: that of an entry is the same for all its readers."""
    response = action_service_pb2.WatchActionStatusResponse()
    match step:
        case Entry():
            return _encode_entry(step)
        case Reset():
            response.reset.epoch = step.epoch
        case SnapshotEnd():
            response.snapshot_complete.resume_token = str(step.token)
        case Beat():
            response.heartbeat.resume_token = str(step.token)
        case Notice():
            response.notice.CopyFrom(encode_notice(step))
        case _:
            assert_never(step)
    return response


@lru_cache(maxsize=_RESPONSES_KEPT)
def _encode_entry(entry: Entry) -> action_service_pb2.WatchActionStatusResponse:
    response = action_service_pb2.WatchActionStatusResponse()
    response.status.resume_token = str(entry.token)
    response.status.coalesced = entry.coalesced
    # A newer writer may know fields that this reader does not.
    Parse(entry.value, response.status.status, ignore_unknown_fields=True)
    return response
