"""Refusals as gRPC statuses with ErrorInfo (AIP-193), and back again, in one place."""

from collections.abc import Mapping
from typing import ClassVar, cast

import grpc
from google.protobuf import any_pb2
from google.rpc import code_pb2, error_details_pb2, status_pb2
from grpc_status import rpc_status

from services.kernel.refusals import Refusal, RefusalKind

DOMAIN = "entente"
CODE: Mapping[RefusalKind, int] = {
    RefusalKind.INVALID: code_pb2.INVALID_ARGUMENT,
    RefusalKind.UNAUTHENTICATED: code_pb2.UNAUTHENTICATED,
    RefusalKind.FORBIDDEN: code_pb2.PERMISSION_DENIED,
    RefusalKind.NOT_FOUND: code_pb2.NOT_FOUND,
    RefusalKind.ALREADY_EXISTS: code_pb2.ALREADY_EXISTS,
    RefusalKind.CONFLICT: code_pb2.FAILED_PRECONDITION,
    RefusalKind.STALE: code_pb2.ABORTED,
    RefusalKind.TOO_LARGE: code_pb2.OUT_OF_RANGE,
    RefusalKind.UNSUPPORTED: code_pb2.UNIMPLEMENTED,
    RefusalKind.EXHAUSTED: code_pb2.RESOURCE_EXHAUSTED,
    RefusalKind.UNAVAILABLE: code_pb2.UNAVAILABLE,
}
_KIND = {
    **{code: kind for kind, code in CODE.items()},
    code_pb2.DEADLINE_EXCEEDED: RefusalKind.UNAVAILABLE,
}


def status_of(refusal: Refusal) -> status_pb2.Status:
    info = error_details_pb2.ErrorInfo(reason=refusal.reason, domain=DOMAIN, metadata=dict(refusal.metadata))
    details = [_packed(info)]
    if refusal.pointer is not None:
        violation = error_details_pb2.BadRequest.FieldViolation(
            field=refusal.pointer, description=refusal.detail
        )
        details.append(_packed(error_details_pb2.BadRequest(field_violations=[violation])))
    return status_pb2.Status(code=CODE[refusal.kind], message=refusal.detail, details=details)


def _packed(message: error_details_pb2.ErrorInfo | error_details_pb2.BadRequest) -> any_pb2.Any:
    packed = any_pb2.Any()
    packed.Pack(message)
    return packed


class PeerRefusal(Refusal):
    """What a peer refused, with the peer's own kind and reason."""

    kind: ClassVar[RefusalKind] = RefusalKind.UNAVAILABLE
    reason: ClassVar[str] = "PEER_REFUSED"


def refusal_of(error: grpc.aio.AioRpcError) -> Refusal:
    """The refusal behind a failed call. A defect of the peer (INTERNAL, UNKNOWN) is raised as it is."""
    kind = _KIND.get(error.code().value[0])
    if kind is None:
        raise error
    reason, metadata, pointer = "PEER_UNAVAILABLE", {}, None
    status = rpc_status.from_call(cast("grpc.Call", error))
    for detail in status.details if status is not None else ():
        info, request = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
        if detail.Unpack(info):
            reason, metadata = info.reason, dict(info.metadata)
        elif detail.Unpack(request) and request.field_violations:
            pointer = request.field_violations[0].field
    named = type("PeerRefusal", (PeerRefusal,), {"kind": kind, "reason": reason})
    refusal: Refusal = named(error.details() or "", pointer=pointer, **metadata)
    return refusal
