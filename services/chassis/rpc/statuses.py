"""Refusals as gRPC statuses with ErrorInfo (AIP-193), and back again, in one place."""

from collections.abc import Mapping
from typing import ClassVar, cast

import grpc
from google.protobuf import any_pb2, json_format, struct_pb2
from google.rpc import code_pb2, error_details_pb2, status_pb2
from grpc_status import rpc_status

from services.kernel.refusals import Refusal, RefusalKind

DOMAIN = "entente"
_MOST_BYTES = 4_096
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
    further = {name: told for name, told in refusal.members().items() if name not in refusal.metadata}
    if further:
        details.append(_packed(_bounded(further)))
    return status_pb2.Status(code=CODE[refusal.kind], message=refusal.detail, details=details)


def _bounded(further: Mapping[str, object]) -> struct_pb2.Struct:
    """What a refusal tells beside strings, as JSON. Details travel in trailers, of which a peer takes up to
    8 KiB: of lists the first entries are left out until it fits, then what else is too long.
    """
    kept = {name: list(told) if isinstance(told, list) else told for name, told in further.items()}
    while True:
        message = json_format.ParseDict(kept, struct_pb2.Struct())
        if message.ByteSize() <= _MOST_BYTES:
            return message
        longest = max(
            kept, key=lambda name: json_format.ParseDict({name: kept[name]}, struct_pb2.Struct()).ByteSize()
        )
        told = kept[longest]
        if isinstance(told, list) and len(told) > 1:
            kept[longest] = told[(len(told) + 1) // 2 :]
        else:
            del kept[longest]


def _packed(
    message: error_details_pb2.ErrorInfo | error_details_pb2.BadRequest | struct_pb2.Struct,
) -> any_pb2.Any:
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
