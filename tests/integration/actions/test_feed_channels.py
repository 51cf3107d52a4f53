"""Kafka, gRPC and SSE show the same bytes under the same tokens, and any of them resumes another."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

import grpc
import orjson
import pytest
from entente.actions.v1 import action_service_pb2 as api

from services.actions.app import make_publication
from services.actions.usecases.refresh_statuses import StatusRefresh
from tests.support.rpc import refusal
from tests.support.tracking import Tracker
from tests.support.waiting import eventually
from tests.support.watching import Office, Shown, SseEvent, shown_by, sse, watch

UK, EU = "uk-eu.uk", "uk-eu.eu"


OFFICE = {UK: ("FCDO", "UK", "leadership"), EU: ("EEAS", "EU", "leadership")}


_DISABLED_WITHIN = 10.0
"""Seconds. The page says two; a loaded machine is given more, but less than the next heartbeat."""


async def reached(tracker: Tracker, audience: str, sequence: int) -> None:
    """Waits until a new reader's snapshot ends at that place of this test's epoch."""
    wanted = f"{tracker.epoch(audience)}:{sequence}"

    async def complete() -> bool:
        async for step in watch(tracker, audience, tracker.metadata(*OFFICE[audience])):
            if step.WhichOneof("step") == "snapshot_complete":
                return step.snapshot_complete.resume_token == wanted
        return False

    await eventually(complete, within=30, describe=f"{audience} at {wanted}")


async def over_grpc(steps: AsyncIterator[api.WatchActionStatusResponse], count: int) -> list[Shown]:
    async with asyncio.timeout(20):
        return [shown_by(await anext(steps)) for _ in range(count)]


async def over_sse(steps: AsyncIterator[SseEvent], count: int) -> list[Shown]:
    async with asyncio.timeout(20):
        return [(await anext(steps)).shown for _ in range(count)]


async def test_every_channel_shows_the_same_bytes_under_the_same_tokens(tracker: Tracker) -> None:
    first = await tracker.open()
    await reached(tracker, UK, 1)
    leader = tracker.metadata("FCDO", "UK", "leadership")
    headers = tracker.headers("FCDO", "UK", "leadership")
    steps = watch(tracker, UK, leader)
    async with sse(tracker, UK, headers) as events:
        grpc_shown, sse_shown = await over_grpc(steps, 1), await over_sse(events, 1)
        complete = await anext(steps)
        assert complete.snapshot_complete.resume_token == grpc_shown[0][0]
        event = await anext(events)
        assert (event.name, event.id) == ("snapshot-complete", grpc_shown[0][0])
        await tracker.work(first)
        await tracker.open()
        grpc_shown += await over_grpc(steps, 4)
        sse_shown += await over_sse(events, 4)
    on_kafka = [(token, value) for token, value, _ in await tracker.told(UK)]
    assert len(on_kafka) == 5
    assert [token.rpartition(":")[2] for token, _ in on_kafka] == ["1", "2", "3", "4", "5"]
    assert grpc_shown == sse_shown == on_kafka


async def test_a_reader_resumes_mid_stream_on_any_other_channel(tracker: Tracker) -> None:
    first = await tracker.open()
    await reached(tracker, EU, 1)
    office = Office()
    leader = tracker.metadata("EEAS", "EU", "leadership")
    headers = tracker.headers("EEAS", "EU", "chair")
    office.take((await over_grpc(watch(tracker, EU, leader), 1))[0])
    await tracker.work(first)
    async with sse(tracker, EU, headers, token=office.token) as events:
        for shown in await over_sse(events, 2):
            office.take(shown)
    await tracker.open()
    for token, value, _ in await tracker.told(EU):
        if int(token.rpartition(":")[2]) == int(office.token.rpartition(":")[2]) + 1:
            office.take((token, value))
            break
    async with sse(tracker, EU, headers, token=office.token, as_query=True) as events:
        office.take((await over_sse(events, 1))[0])
    assert office.token == f"{tracker.epoch(EU)}:5"
    last = {headers["ce_subject"]: value for _, value, headers in await tracker.told(EU)}
    assert office.held == last


async def test_a_token_of_another_epoch_resets_and_a_malformed_one_is_refused(tracker: Tracker) -> None:
    await tracker.open()
    await reached(tracker, UK, 1)
    headers = tracker.headers("FCDO", "UK", "leadership")
    async with sse(tracker, UK, headers, token=f"{uuid4()}:3") as events, asyncio.timeout(20):
        names = [(await anext(events)).name for _ in range(3)]
    assert names == ["reset", "status", "snapshot-complete"]
    steps = watch(tracker, UK, tracker.metadata("FCDO", "UK", "leadership"), token=f"{uuid4()}:3")
    kinds = [(await anext(steps)).WhichOneof("step") for _ in range(3)]
    assert kinds == ["reset", "status", "snapshot_complete"]
    response = await tracker.http.get(
        f"/v1/audiences/{UK}/status", headers={**headers, "Last-Event-ID": "yesterday"}
    )
    assert (response.status_code, response.json()["reason"]) == (400, "RESUME_TOKEN_MALFORMED")
    stream = watch(tracker, UK, tracker.metadata("FCDO", "UK", "leadership"), token="yesterday")
    denied = await refusal(anext(stream))
    assert denied == (grpc.StatusCode.INVALID_ARGUMENT, "RESUME_TOKEN_MALFORMED")


async def test_a_foreign_feed_is_refused_alike_whether_or_not_it_exists(tracker: Tracker) -> None:
    leader = tracker.headers("FCDO", "UK", "leadership")
    metadata = tracker.metadata("FCDO", "UK", "leadership")
    for audience in (EU, "uk-us-cmr.uk", "uk-fr.uk"):
        response = await tracker.http.get(f"/v1/audiences/{audience}/status", headers=leader)
        assert (response.status_code, response.json()["reason"]) == (403, "NO_ACCESS")
        denied = await refusal(anext(watch(tracker, audience, metadata)))
        assert denied == (grpc.StatusCode.PERMISSION_DENIED, "NO_ACCESS")
    owner = await tracker.http.get(
        f"/v1/audiences/{UK}/status", headers=tracker.headers("DSIT", "UK", "owner")
    )
    assert (owner.status_code, owner.json()["reason"]) == (403, "ROLE_MISSING")
    anonymous = await tracker.http.get(f"/v1/audiences/{UK}/status")
    assert (anonymous.status_code, anonymous.json()["reason"]) == (401, "TOKEN_MISSING")


async def test_streams_of_a_disabled_account_end_with_the_reason_and_nothing_comes_after(
    tracker: Tracker,
) -> None:
    first = await tracker.open()
    await reached(tracker, UK, 1)
    leaver = tracker.headers("FCDO", "UK", "leadership", subject="fcdo-leaver")
    leaving = watch(tracker, UK, [("authorization", leaver["Authorization"])])
    staying = watch(tracker, UK, tracker.metadata("FCDO", "UK", "leadership"))
    async with sse(tracker, UK, leaver) as events:
        assert [(await anext(events)).name for _ in range(2)] == ["status", "snapshot-complete"]
        for steps in (leaving, staying):
            kinds = [(await anext(steps)).WhichOneof("step") for _ in range(2)]
            assert kinds == ["status", "snapshot_complete"]
        tracker.platform.keys.change_account("fcdo-leaver", datetime.now(UTC), disabled=True)
        working = asyncio.create_task(tracker.work(first))
        async with asyncio.timeout(_DISABLED_WITHIN):
            *before, last = [event async for event in events]
        assert {event.name for event in before} <= {"status"}
        assert (last.name, last.id, orjson.loads(last.data)) == (
            "ended",
            None,
            {"reason": "ACCOUNT_DISABLED"},
        )
    async with asyncio.timeout(_DISABLED_WITHIN):
        denied = await refusal(_drained(leaving))
    assert denied == (grpc.StatusCode.UNAUTHENTICATED, "ACCOUNT_DISABLED")
    await working
    shown = await over_grpc(staying, 3)
    assert shown == [(token, value) for token, value, _ in await tracker.told(UK)][1:]
    again = await tracker.http.get(f"/v1/audiences/{UK}/status", headers=leaver)
    assert (again.status_code, again.json()["reason"]) == (401, "ACCOUNT_DISABLED")


async def _drained(steps: AsyncIterator[api.WatchActionStatusResponse]) -> None:
    async for step in steps:
        assert step.WhichOneof("step") == "status"


async def test_open_streams_end_when_the_service_stops(tracker: Tracker) -> None:
    await tracker.open()
    await reached(tracker, UK, 1)
    leader = tracker.metadata("FCDO", "UK", "leadership")
    steps = watch(tracker, UK, leader)
    async with sse(tracker, UK, tracker.headers("FCDO", "UK", "leadership")) as events:
        assert [(await anext(events)).name for _ in range(2)] == ["status", "snapshot-complete"]
        await over_grpc(steps, 1)
        assert (await anext(steps)).WhichOneof("step") == "snapshot_complete"
        tracker.api[-1].stop.set()
        async with asyncio.timeout(10):
            assert [event async for event in events] == []
            assert [step async for step in steps] == []


@pytest.mark.parametrize("audience", [UK, EU])
async def test_a_change_that_an_audience_does_not_see_takes_no_place_in_its_feed(
    tracker: Tracker, audience: str
) -> None:
    hidden, shown = await tracker.open(marking="UK OFFICIAL"), await tracker.open()
    await tracker.work(hidden)
    await tracker.work(shown)
    tokens = [token for token, _, _ in await tracker.told(audience)]
    count = 8 if audience == UK else 4
    assert tokens == [f"{tracker.epoch(audience)}:{number}" for number in range(1, count + 1)]


async def test_what_an_audience_may_no_longer_read_is_withdrawn_from_its_feed_and_given_back(
    tracker: Tracker,
) -> None:
    shown = await tracker.open(marking="UK OFFICIAL-SENSITIVE REL EU")
    hidden = await tracker.open(marking="UK OFFICIAL")
    before = await tracker.told(EU)
    publication = make_publication(tracker.process, tracker.settings)
    narrower = replace(publication.policy, agreements=())
    policies = [narrower, narrower, publication.policy]
    database, clock = tracker.process.database, tracker.process.clock
    for policy in policies:
        told_by = replace(publication, policies=lambda policy=policy: policy)
        await StatusRefresh(database, told_by, clock).turn()
    withheld, again = (orjson.loads(value) for _, value, _ in (await tracker.told(EU))[len(before) :])
    assert set(withheld) == {"actionId", "audience", "changedAt", "epoch", "sequence", "withheld"}
    assert (withheld["actionId"], withheld["withheld"]) == (shown, True)
    assert again == {
        **orjson.loads(before[-1][1]),
        "sequence": again["sequence"],
        "changedAt": again["changedAt"],
    }
    assert hidden not in {headers["ce_subject"] for _, _, headers in await tracker.told(EU)}
