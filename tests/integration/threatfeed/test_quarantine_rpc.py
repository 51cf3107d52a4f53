"""Quarantine over gRPC says and does what it does over REST."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from uuid import uuid4

import grpc
import pytest
from entente.threatfeed.v1 import quarantine_service_pb2 as messages
from entente.threatfeed.v1 import quarantine_service_pb2_grpc

from deploy.local.platform import PlatformAccess
from services.chassis.lifecycle import Component
from services.chassis.rpc.server import RpcServer
from services.chassis.settings import ListenerSettings
from services.threatfeed.rpc.quarantine import QuarantineServicer, quarantine_service
from tests.support.postgres import Databases
from tests.support.processes import running
from tests.support.quarantine import NCSC, Json, Quarantine, quarantine_at_work
from tests.support.submissions import narrative

Stub = "quarantine_service_pb2_grpc.QuarantineServiceAsyncStub"


@dataclass(slots=True)
class Calls:
    """A stub beside what it calls."""

    held: Quarantine
    stub: Stub

    def uk(self) -> list[tuple[str, str]]:
        return list(self.held.uk().items())

    async def etag(self, record: str) -> str:
        request = messages.GetQuarantinedRecordRequest(record=record)
        return (await self.stub.GetQuarantinedRecord(request, metadata=self.uk())).record.etag


@pytest.fixture
async def calls(platform: PlatformAccess, postgres: Databases) -> AsyncIterator[Calls]:
    async with quarantine_at_work(platform, postgres) as held:
        state, process = held.app.state, held.process
        servicer = QuarantineServicer(process.database, state.quarantine, state.sight_of, held.clock)
        server = RpcServer(
            [quarantine_service(servicer)],
            ListenerSettings(port=0),
            verifier=process.verifier,
            health=process.health,
            telemetry=process.telemetry,
        )
        async with (
            running(Component("rpc", server.run)),
            grpc.aio.insecure_channel(f"127.0.0.1:{server.port}") as channel,
        ):
            yield Calls(held, quarantine_service_pb2_grpc.QuarantineServiceStub(channel))


def as_bytes(identity: str, **changes: object) -> bytes:
    return json.dumps(narrative(id=identity, **changes)).encode()


async def refused(call: Callable[[], Awaitable[object]]) -> grpc.StatusCode:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call()
    return caught.value.code()


async def test_a_record_is_opened_corrected_and_replayed_once(calls: Calls) -> None:
    stub, who = calls.stub, calls.uk()
    original = as_bytes("R-1")[:-9]
    (record,) = await calls.held.receive(original)
    opened = await stub.OpenQuarantinedRecord(
        messages.OpenQuarantinedRecordRequest(record=record), metadata=who
    )
    assert opened.value == original
    edit = messages.EditQuarantinedRecordRequest(
        record=record,
        etag=await calls.etag(record),
        request_id=str(uuid4()),
        value=as_bytes("R-1", text="x" * 1_500_000)[:-1] + b" }",
        note="too long for REST",
    )
    assert (await stub.EditQuarantinedRecord(edit, metadata=who)).record.edition == 1
    edit.value, edit.etag, edit.request_id = as_bytes("R-1"), await calls.etag(record), str(uuid4())
    assert (await stub.EditQuarantinedRecord(edit, metadata=who)).record.edition == 2
    replay = messages.ReplayQuarantinedRecordRequest(
        record=record, etag=await calls.etag(record), request_id=str(uuid4()), validate_only=True
    )
    for validate_only, admitted in ((True, []), (False, ["R-1"]), (False, ["R-1"])):
        replay.validate_only = validate_only
        outcome = (await stub.ReplayQuarantinedRecord(replay, metadata=who)).outcome
        assert outcome.state == messages.QUARANTINE_STATE_REPAIRED
        assert calls.held.admitted() == admitted
    seen = await stub.GetQuarantinedRecord(messages.GetQuarantinedRecordRequest(record=record), metadata=who)
    assert [step.action for step in seen.ledger] == [
        messages.QUARANTINE_ACTION_EDITED,
        messages.QUARANTINE_ACTION_EDITED,
        messages.QUARANTINE_ACTION_ADMITTED,
    ]


async def test_records_are_listed_by_pages_swept_and_discarded(calls: Calls) -> None:
    stub, who = calls.stub, calls.uk()
    names = await calls.held.receive(*(as_bytes(f"R-{n}", marking=None) for n in range(5)), b"{")
    request = messages.ListQuarantinedRecordsRequest(page_size=2)
    request.filter.reason = "MARKING_MISSING"
    found: list[str] = []
    while True:
        page = await stub.ListQuarantinedRecords(request, metadata=who)
        found += [one.record for one in page.records]
        if not page.next_page_token:
            break
        request.page_token = page.next_page_token
    assert found == names[:5]
    sweep = messages.ReplayQuarantinedRecordsRequest(request_id=str(uuid4()), rate=1_000)
    outcomes = (await stub.ReplayQuarantinedRecords(sweep, metadata=who)).outcomes
    assert [one.reason for one in outcomes] == ["MARKING_MISSING"] * 5 + ["JSON_TRUNCATED"]
    discard = messages.DiscardQuarantinedRecordRequest(
        record=names[5], etag=await calls.etag(names[5]), request_id=str(uuid4()), reason="noise"
    )
    done = (await stub.DiscardQuarantinedRecord(discard, metadata=who)).record
    assert done.state == messages.QUARANTINE_STATE_DISCARDED


async def test_what_may_not_be_seen_or_is_malformed_is_refused(calls: Calls) -> None:
    stub, who = calls.stub, calls.uk()
    (record,) = await calls.held.receive(b"{", topic=NCSC)
    other = list(calls.held.eu().items())
    for name in (record, f"{NCSC}:0:99", "no name"):
        request = messages.OpenQuarantinedRecordRequest(record=name)
        code = await refused(lambda request=request: stub.OpenQuarantinedRecord(request, metadata=other))
        assert code is grpc.StatusCode.PERMISSION_DENIED
    fresh: Json = {"record": record, "etag": await calls.etag(record), "request_id": str(uuid4())}
    bad = messages.DiscardQuarantinedRecordRequest(**fresh, reason=" \x1b")
    code = await refused(lambda: stub.DiscardQuarantinedRecord(bad, metadata=who))
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    fast = messages.ReplayQuarantinedRecordsRequest(request_id=str(uuid4()), rate=float("nan"))
    code = await refused(lambda: stub.ReplayQuarantinedRecords(fast, metadata=who))
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    unknown = messages.ListQuarantinedRecordsRequest(filter={"state": 77})
    code = await refused(lambda: stub.ListQuarantinedRecords(unknown, metadata=who))
    assert code is grpc.StatusCode.INVALID_ARGUMENT
