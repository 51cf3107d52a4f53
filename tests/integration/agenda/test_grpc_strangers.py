"""Calls by those of no party of a series, for what is not there, and of what is no message."""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import grpc
import pytest
from entente.agenda.v1.item_text_pb2 import ItemText
from google.protobuf.descriptor import MethodDescriptor

from tests.integration.agenda.test_grpc_preparation import SERVICES, instant, item_text
from tests.integration.agenda.test_grpc_record import HIDDEN, INVALID
from tests.support.agenda_calls import Calls
from tests.support.dialogue import NSA, UK_SECRETARIAT, Dialogue

FILLED: Mapping[str, Any] = {
    "item": item_text(),
    "text": "Words.",
    "question": "May this be said?",
    "organisation": "NCSC",
    "due_at": instant(0),
    "section": "OPENING",
    "reason": "Rooms.",
    "note": "Told.",
    "answer": 1,
    "marking": "TLP:GREEN",
    "series": "uk-eu",
    "edition": 2026,
    "host_party": "UK",
    "venue": "London",
    "starts_at": "2026-12-09T09:00:00Z",
    "ends_at": "2026-12-09T17:00:00Z",
    "etag": '"1"',
    "draft_etag": '"1"',
    "content_hash": f"sha256:{'0' * 64}",
}


LARGEST = 8 * 1024 * 1024


def plausible(method: MethodDescriptor) -> dict[str, Any]:
    """What a call could say, about things that are not there."""
    fields = {one.name: one for one in method.input_type.fields}
    said = {one: FILLED[one] for one in fields if one in FILLED}
    if "item" in fields and fields["item"].message_type != ItemText.DESCRIPTOR:
        said["item"] = {"meeting_id": str(uuid4())}
    if "text" in fields and fields["text"].message_type is not None:
        said["text"] = {"marking": "TLP:GREEN", "conclusion": "Words."}
    ids = [one for one in fields if one.endswith("_id") and one != "parent_meeting_id"]
    return {**{one: str(uuid4()) for one in ids}, **said}


async def test_another_series_a_guessed_id_and_what_is_no_message(dialogue: Dialogue, call: Calls) -> None:
    """Whoever is of no party of the series is told the same of what is there and of what is not."""
    meeting, draft, agenda = await dialogue.tabled()
    there = {"meeting_id": meeting["id"], "draft_id": draft["id"], "agenda_id": agenda["id"]}
    asked = 0
    for name, method in call.methods.items():
        said = plausible(method)
        named = next((one for one in said if one.endswith("_id") and one != "request_id"), "")
        if method.containing_service.name not in SERVICES or not named:
            continue
        guessed = await call.refused(NSA, name, **said)
        if named in there:
            asked += 1
            real = await call.refused(NSA, name, **{**said, named: there[named]})
            assert real[:2] == guessed[:2] == HIDDEN, name
            assert real[2].replace(there[named], "") == guessed[2].replace(said[named], ""), name
        for wrong in ("", "1\n2", "x" * 200):
            refused = await call.refused(NSA, name, **{**said, named: wrong})
            assert refused[:2] == INVALID, name
        for field, reason in (("request_id", "REQUEST_ID_MISSING"), ("etag", "ETAG_MISSING")):
            if field in said:
                assert (await call.refused(NSA, name, **{**said, field: ""}))[1] == reason, name
    assert asked > 30


async def test_what_is_no_message_or_too_large_a_one_changes_nothing(dialogue: Dialogue, call: Calls) -> None:
    for content, code in (
        (b"\xff" * 40, grpc.StatusCode.INVALID_ARGUMENT),
        (b"x" * (LARGEST + 1), grpc.StatusCode.RESOURCE_EXHAUSTED),
    ):
        with pytest.raises(grpc.aio.AioRpcError) as broken:
            await call.send(UK_SECRETARIAT, "PlanDraft", content)
        assert broken.value.code() is code
    assert dialogue.rows("SELECT 1 FROM idempotency") == []
