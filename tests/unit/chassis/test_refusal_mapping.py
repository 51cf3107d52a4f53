"""Every kind of refusal has one meaning over HTTP and one over gRPC."""

import grpc
import pytest
from google.protobuf import any_pb2
from google.rpc import error_details_pb2

from services.chassis.http.problems import STATUS
from services.chassis.rpc.statuses import CODE, DOMAIN, status_of
from services.kernel.refusals import Refusal, RefusalKind


@pytest.mark.parametrize("kind", RefusalKind)
def test_every_kind_has_an_http_status_of_a_client_or_an_outage(kind: RefusalKind) -> None:
    assert STATUS[kind] in range(400, 500) or STATUS[kind] == 503


@pytest.mark.parametrize("kind", RefusalKind)
def test_every_kind_has_a_grpc_code_of_its_own(kind: RefusalKind) -> None:
    code = next(code for code in grpc.StatusCode if code.value[0] == CODE[kind])
    assert code not in {grpc.StatusCode.OK, grpc.StatusCode.UNKNOWN, grpc.StatusCode.INTERNAL}
    assert list(CODE.values()).count(CODE[kind]) == 1


def unpacked(detail: any_pb2.Any, message: error_details_pb2.ErrorInfo) -> error_details_pb2.ErrorInfo:
    assert detail.Unpack(message)
    return message


@pytest.mark.parametrize("kind", RefusalKind)
def test_a_status_tells_reason_detail_place_and_metadata(kind: RefusalKind) -> None:
    refused = type("Refused", (Refusal,), {"kind": kind, "reason": "SO_IT_IS"})
    status = status_of(refused("a sentence", pointer="/items/0", agenda="7"))
    assert (status.code, status.message) == (CODE[kind], "a sentence")
    info = unpacked(status.details[0], error_details_pb2.ErrorInfo())
    assert (info.reason, info.domain, dict(info.metadata)) == ("SO_IT_IS", DOMAIN, {"agenda": "7"})
    violations = error_details_pb2.BadRequest()
    assert status.details[1].Unpack(violations)
    assert [(one.field, one.description) for one in violations.field_violations] == [
        ("/items/0", "a sentence")
    ]
