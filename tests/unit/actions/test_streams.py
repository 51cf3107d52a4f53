"""Each step of a feed has its form on gRPC and on SSE, and both carry the status's own bytes."""

from collections.abc import AsyncGenerator, Sequence

import pytest
from google.protobuf.json_format import MessageToDict

from services.actions.domain.action import Rag
from services.actions.events import read_status_entry, status_changed
from services.actions.http.stream import encode_event, encode_events
from services.actions.rpc.stream import encode_step
from services.chassis.feed import Beat, Entry, Notice, ReaderTooSlow, Reset, SnapshotEnd, Step, Token
from services.chassis.identity import TokenExpired
from services.kernel.canonical import canonical_json
from services.kernel.refusals import NoAccess, Refusal
from tests.support.actions import AT, DSIT, in_progress, status_of

TOKEN = Token("epoch", 7)


def status_entry(narrative: str) -> Entry:
    action = in_progress().reported(Rag.RED, narrative, DSIT, AT)
    message = status_changed(status_of(action), TOKEN, AT, None)
    entry = read_status_entry(message.key, message.event.data)
    assert entry is not None
    return entry


@pytest.mark.parametrize(
    "narrative",
    ["Stuck.", "two\nlines", "tab\tand\r\nreturn", "line\u2028separator", "émigré 🚧", '"quoted"'],
)
def test_both_streams_carry_the_bytes_of_the_record(narrative: str) -> None:
    entry = status_entry(narrative)
    response = encode_step(entry)
    assert canonical_json(MessageToDict(response.status.status)) == entry.value
    assert response.status.resume_token == "epoch:7"
    lines = encode_event(entry).split(b"\n")
    assert lines[:3] == [b"id: epoch:7", b"event: status", b"data: " + entry.value]


@pytest.mark.parametrize(
    ("step", "grpc_step", "sse"),
    [
        (Reset("b"), {"reset": {"epoch": "b"}}, b'event: reset\ndata: {"epoch":"b"}\n\n'),
        (
            SnapshotEnd(TOKEN),
            {"snapshotComplete": {"resumeToken": "epoch:7"}},
            b'id: epoch:7\nevent: snapshot-complete\ndata: {"resumeToken":"epoch:7"}\n\n',
        ),
        (
            Notice("SCHEDULER", "SILENT", "2026-11-25T09:00:00Z"),
            {"notice": {"name": "SCHEDULER", "state": "SILENT", "at": "2026-11-25T09:00:00Z"}},
            b'event: notice\ndata: {"at":"2026-11-25T09:00:00Z","name":"SCHEDULER","state":"SILENT"}\n\n',
        ),
        (
            Beat(TOKEN),
            {"heartbeat": {"resumeToken": "epoch:7"}},
            b'id: epoch:7\nevent: heartbeat\ndata: {"resumeToken":"epoch:7"}\n\n',
        ),
    ],
)
def test_every_other_step_has_its_form(step: Step, grpc_step: dict[str, object], sse: bytes) -> None:
    assert MessageToDict(encode_step(step)) == grpc_step
    assert encode_event(step) == sse


def test_a_coalesced_record_says_so_on_both_streams() -> None:
    entry = Entry(TOKEN, "key", status_entry("x").value, coalesced=True)
    assert encode_step(entry).status.coalesced
    assert encode_event(entry).startswith(b": coalesced\nid: epoch:7\nevent: status\n")


def test_a_field_of_a_newer_writer_does_not_stop_a_reader() -> None:
    value = canonical_json({"audience": "uk-eu.uk", "epoch": "epoch", "sequence": "7", "later": True})
    assert encode_step(Entry(TOKEN, "key", value)).status.status.audience == "uk-eu.uk"


@pytest.mark.parametrize(
    ("refusal", "last"),
    [
        (ReaderTooSlow("too slow"), b'event: overflow\ndata: {"reason":"READER_TOO_SLOW"}\n\n'),
        (TokenExpired("too late"), b'event: ended\ndata: {"reason":"TOKEN_EXPIRED"}\n\n'),
        (NoAccess("audience uk-eu.uk"), b'event: ended\ndata: {"reason":"NO_ACCESS"}\n\n'),
    ],
)
async def test_a_stream_that_is_ended_for_its_reader_says_why(refusal: Refusal, last: bytes) -> None:
    async def batches() -> AsyncGenerator[Sequence[Step], None]:
        yield [Beat(TOKEN), Beat(TOKEN)]
        raise refusal

    frames = [frame async for frame in encode_events(batches())]
    assert frames[0].startswith(b"retry: 3000\nid: epoch:7\nevent: heartbeat\n")
    assert frames[0].count(b"\n\n") == 2
    assert frames[1:] == [last]
