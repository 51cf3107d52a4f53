"""Where an originator says two things at once, a human of its party chooses, and everybody hears of it."""

import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import grpc
import httpx
import psycopg
import pytest
from entente.threatfeed.v1 import assessment_event_pb2, conflict_service_pb2, conflict_service_pb2_grpc
from prometheus_client import CollectorRegistry

from deploy.local.platform import PlatformAccess
from services.kernel.identifiers import assessment_id
from services.threatfeed.app import make_feeds
from services.threatfeed.store.end_states import read_end_states
from services.threatfeed.usecases.measure_feeds import FeedGauges
from tests.support.formats import EVENT_ID, event
from tests.support.postgres import Databases
from tests.support.reading import JOINT, TEAR_LINE, UK_ONLY, Reading, document, hold, open_reading
from tests.support.submissions import accepted

Headers = dict[str, str]


@pytest.fixture
async def reading(platform: PlatformAccess, postgres: Databases) -> AsyncIterator[Reading]:
    async with open_reading(platform, postgres) as reading:
        yield reading


async def get(reading: Reading, who: Headers, path: str = "") -> httpx.Response:
    return await reading.client.get(f"/v1/conflicts{path}", headers=who)


async def open_conflicts(reading: Reading, who: Headers, **query: str) -> list[dict[str, Any]]:
    response = await reading.client.get("/v1/conflicts", headers=who, params=query)
    assert response.status_code == 200, response.text
    found: list[dict[str, Any]] = response.json()["conflicts"]
    return found


async def resolve(
    reading: Reading, who: Headers, conflict: dict[str, Any], choice: str, key: str | None = None
) -> httpx.Response:
    headers = {**who, "Idempotency-Key": key or str(uuid4()), "If-Match": conflict["etag"]}
    body = {"choice": choice, "reason": "The agency says so."}
    return await reading.client.post(f"/v1/conflicts/{conflict['id']}/resolve", json=body, headers=headers)


async def contested(reading: Reading, *more: dict[str, object]) -> tuple[UUID, dict[str, Any]]:
    """An assessment of which version 1 came with two contents, and the conflict as its party reads it."""
    identity, *_ = await hold(
        reading,
        document("A", JOINT, text="First words"),
        document("A", JOINT, text="Other words"),
        *more,
    )
    (conflict,) = await open_conflicts(reading, reading.uk())
    shown = await get(reading, reading.uk(), f"/{conflict['id']}")
    assert shown.headers["etag"] == conflict["etag"]
    return identity, shown.json()


def choice_of(shown: dict[str, Any], text: str) -> str:
    (choice,) = [
        one["choice"] for one in shown["alternatives"] if one["content"] and one["content"]["text"] == text
    ]
    return str(choice)


def told(reading: Reading) -> list[tuple[str, str, int, bool]]:
    """State, cause, number and whether a text is told, of every change of the assessment."""
    with psycopg.connect(reading.dsn) as connection:
        rows = connection.execute(
            "SELECT value FROM outbox, unnest(data) WITH ORDINALITY AS one (value, place)"
            " WHERE topic = 'threatfeed.assessment.v1' ORDER BY outbox.id, place"
        ).fetchall()
    events = [assessment_event_pb2.AssessmentChanged.FromString(value) for (value,) in rows]
    assert [event.aggregate_version for event in events] == list(range(1, len(events) + 1))
    return [
        (
            assessment_event_pb2.AssessmentState.Name(event.state).removeprefix("ASSESSMENT_STATE_"),
            assessment_event_pb2.AssessmentCause.Name(event.cause).removeprefix("ASSESSMENT_CAUSE_"),
            event.revision,
            bool(event.revision_id),
        )
        for event in events
    ]


async def current(reading: Reading, who: Headers, identity: UUID) -> tuple[str, str, int]:
    response = await reading.client.get(f"/v1/assessments/{identity}", headers=who)
    assert response.status_code == 200, response.text
    shown = response.json()
    return shown["state"], shown["text"], shown["revision"]


async def test_what_is_chosen_stands_under_a_new_number_and_is_told(reading: Reading) -> None:
    identity, shown = await contested(reading)
    assert shown["conflict"]["cause"] == "CONTENT"
    assert {one["content"]["text"] for one in shown["alternatives"]} == {"First words", "Other words"}
    other = choice_of(shown, "Other words")
    answer = await resolve(reading, reading.uk(), shown["conflict"], other)
    assert answer.status_code == 200, answer.text
    settled = answer.json()["conflict"]
    assert (settled["state"], settled["chosen"]) == ("RESOLVED", other)
    assert settled["among"] == sorted(one["choice"] for one in shown["alternatives"])
    assert (settled["resolved_by"], settled["reason"]) == ("fcdo-secretariat", "The agency says so.")
    assert told(reading) == [
        ("ACTIVE", "UNSPECIFIED", 1, True),
        ("CONFLICTED", "CONTENT", 1, False),
        ("ACTIVE", "UNSPECIFIED", 2, True),
    ]
    assert await current(reading, reading.eu(), identity) == ("CURRENT", "Other words", 2)
    assert await open_conflicts(reading, reading.uk()) == []
    assert [one["id"] for one in await open_conflicts(reading, reading.uk(), state="RESOLVED")] == [
        settled["id"]
    ]
    with psycopg.connect(reading.dsn) as connection:
        (entry,) = connection.execute(
            "SELECT actor, party, subject_id, detail ->> 'chosen', detail ->> 'reason' FROM audit"
            " WHERE action = 'assessment.conflict-resolved'"
        ).fetchall()
    assert entry == ("fcdo-secretariat", "UK", str(identity), other, "The agency says so.")


async def test_the_first_content_stands_again_under_the_number_it_had(reading: Reading) -> None:
    identity, shown = await contested(reading)
    first = choice_of(shown, "First words")
    assert (await resolve(reading, reading.uk(), shown["conflict"], first)).is_success
    assert told(reading)[-1] == ("ACTIVE", "UNSPECIFIED", 1, True)
    assert await current(reading, reading.uk(), identity) == ("CURRENT", "First words", 1)
    async with reading.process.database.transaction() as tx:
        (state,) = await read_end_states(tx)
    assert list(state.to_document()["chosen"]) == [["NUMBER", "1", first]]  # type: ignore[call-overload]


async def test_a_repeat_is_answered_alike_and_a_stale_or_second_choice_is_refused(reading: Reading) -> None:
    _, shown = await contested(reading)
    conflict, other, key = shown["conflict"], choice_of(shown, "Other words"), str(uuid4())
    answer = await resolve(reading, reading.uk(), conflict, other, key)
    again = await resolve(reading, reading.uk(), conflict, other, key)
    assert (again.content, again.headers["etag"]) == (answer.content, answer.headers["etag"])
    stale = await resolve(reading, reading.uk(), conflict, choice_of(shown, "First words"))
    assert (stale.status_code, stale.json()["reason"]) == (412, "CONFLICT_CHANGED")
    second = await resolve(reading, reading.uk(), answer.json()["conflict"], other)
    assert (second.status_code, second.json()["reason"]) == (409, "CONFLICT_SETTLED")
    assert len(told(reading)) == 3


async def test_only_what_there_is_can_be_chosen_and_only_for_a_reason(reading: Reading) -> None:
    _, shown = await contested(reading)
    unknown = await resolve(reading, reading.uk(), shown["conflict"], "0" * 64)
    assert (unknown.status_code, unknown.json()["reason"]) == (400, "ALTERNATIVE_UNKNOWN")
    headers = {**reading.uk(), "Idempotency-Key": str(uuid4()), "If-Match": shown["conflict"]["etag"]}
    path = f"/v1/conflicts/{shown['conflict']['id']}/resolve"
    for reason in ("", "   ", "\x1b[2J"):
        body = {"choice": choice_of(shown, "First words"), "reason": reason}
        assert (await reading.client.post(path, json=body, headers=headers)).status_code in (400, 422)
    assert len(await open_conflicts(reading, reading.uk())) == 1


async def test_what_comes_later_was_not_chosen_among_and_opens_the_conflict_again(reading: Reading) -> None:
    identity, shown = await contested(reading)
    assert (
        await resolve(reading, reading.uk(), shown["conflict"], choice_of(shown, "First words"))
    ).is_success
    await hold(reading, document("A", JOINT, text="Third words"))
    (conflict,) = await open_conflicts(reading, reading.uk())
    assert conflict["id"] == shown["conflict"]["id"]
    assert (await resolve(reading, reading.uk(), shown["conflict"], "0" * 64)).status_code == 412
    again = (await get(reading, reading.uk(), f"/{conflict['id']}")).json()
    assert len(again["alternatives"]) == 3
    assert (await resolve(reading, reading.uk(), conflict, choice_of(again, "Third words"))).is_success
    await hold(reading, document("A", JOINT, version=2, text="Newer words"))
    assert await current(reading, reading.uk(), identity) == ("CURRENT", "Newer words", 3)


async def test_a_notice_that_is_chosen_ends_the_assessment(reading: Reading) -> None:
    notice = {"id": "A", "version": 1, "withdrawn": True, "reason": "Wrong."}
    identity, shown = await contested(reading, notice)
    (withdrawal,) = [one for one in shown["alternatives"] if one["withdrawal"]]
    assert (withdrawal["withdrawal_reason"], withdrawal["content"]) == ("Wrong.", None)
    assert (await resolve(reading, reading.uk(), shown["conflict"], withdrawal["choice"])).is_success
    assert told(reading)[-1] == ("WITHDRAWN", "WITHDRAWN", 1, False)
    await hold(reading, document("A", JOINT, version=2))
    assert (await current(reading, reading.auditor(), identity))[0] == "WITHDRAWN"


async def test_a_way_of_counting_is_chosen_for_the_whole_assessment(reading: Reading) -> None:
    by_time = accepted(event()).text
    await hold(reading, document(EVENT_ID, JOINT, text="By number"), {**event(), "id": EVENT_ID})
    identity = assessment_id("ncsc", EVENT_ID)
    (conflict,) = await open_conflicts(reading, reading.uk())
    assert conflict["cause"] == "VERSION_SCHEME"
    shown = (await get(reading, reading.uk(), f"/{conflict['id']}")).json()
    assert {one["choice"] for one in shown["alternatives"]} == {"NUMBER", "TIMESTAMP"}
    assert (await resolve(reading, reading.uk(), conflict, "TIMESTAMP")).is_success
    assert await current(reading, reading.uk(), identity) == ("CURRENT", by_time, 2)
    await hold(reading, document(EVENT_ID, JOINT, version=2, text="By number again"))
    assert await current(reading, reading.uk(), identity) == ("CURRENT", by_time, 2)
    assert await open_conflicts(reading, reading.uk()) == []


async def test_nobody_but_the_originators_party_learns_of_it_and_operators_read_nothing(
    reading: Reading,
) -> None:
    _, shown = await contested(reading)
    conflict, choice = shown["conflict"], choice_of(shown, "First words")
    assert await open_conflicts(reading, reading.eu()) == []
    hidden = await get(reading, reading.eu(), f"/{conflict['id']}")
    missing = await get(reading, reading.eu(), f"/{uuid4()}")
    assert (hidden.status_code, hidden.json()["reason"]) == (missing.status_code, missing.json()["reason"])
    assert hidden.status_code == 403
    for who in (reading.eu(), reading.operator()):
        assert (await resolve(reading, who, conflict, choice)).status_code == 403
    assert [one["id"] for one in await open_conflicts(reading, reading.operator())] == [conflict["id"]]
    seen = (await get(reading, reading.operator(), f"/{conflict['id']}")).json()
    assert [one["content"] for one in seen["alternatives"]] == [None, None]
    assert "words" not in json.dumps(seen)


async def test_each_side_is_shown_as_its_party_may_have_it(reading: Reading) -> None:
    await hold(
        reading,
        document("A", UK_ONLY, text="Kept", tear_line=TEAR_LINE),
        document("A", JOINT, text="Not kept"),
    )
    (conflict,) = await open_conflicts(reading, reading.uk())
    shown = (await get(reading, reading.uk(), f"/{conflict['id']}")).json()
    assert {one["content"]["text"] for one in shown["alternatives"]} == {"Kept", "Not kept"}


async def test_conflicts_over_grpc(reading: Reading) -> None:
    identity, shown = await contested(reading)
    stub = conflict_service_pb2_grpc.ConflictServiceStub(reading.channel)
    metadata = list(reading.uk().items())
    listed = await stub.ListConflicts(
        conflict_service_pb2.ListConflictsRequest(page_size=1), metadata=metadata
    )
    (conflict,) = listed.conflicts
    assert (conflict.assessment_id, conflict.agency, conflict.source_object_id) == (
        str(identity),
        "ncsc",
        "A",
    )
    assert listed.next_page_token == ""
    found = await stub.GetConflict(
        conflict_service_pb2.GetConflictRequest(conflict_id=conflict.conflict_id), metadata=metadata
    )
    assert {one.text for one in found.alternatives} == {"First words", "Other words"}
    request = conflict_service_pb2.ResolveConflictRequest(
        conflict_id=conflict.conflict_id,
        choice=choice_of(shown, "Other words"),
        reason="The agency says so.",
        etag=conflict.etag,
        request_id=str(uuid4()),
    )
    settled = await stub.ResolveConflict(request, metadata=metadata)
    assert settled.conflict.state == conflict_service_pb2.CONFLICT_STATE_RESOLVED
    assert await stub.ResolveConflict(request, metadata=metadata) == settled
    request.request_id = str(uuid4())
    with pytest.raises(grpc.aio.AioRpcError) as stale:
        await stub.ResolveConflict(request, metadata=metadata)
    assert stale.value.code() == grpc.StatusCode.ABORTED
    with pytest.raises(grpc.aio.AioRpcError) as hidden:
        await stub.GetConflict(
            conflict_service_pb2.GetConflictRequest(conflict_id=conflict.conflict_id),
            metadata=list(reading.eu().items()),
        )
    assert hidden.value.code() == grpc.StatusCode.PERMISSION_DENIED


@pytest.mark.parametrize(("chosen", "status"), [("May be shown", 200), ("Must be kept", 403)])
async def test_what_was_written_from_a_contested_version_rests_on_the_content_that_was_chosen(
    reading: Reading, chosen: str, status: int
) -> None:
    _, _, derived = await hold(
        reading,
        document("A", JOINT, text="May be shown"),
        document("A", JOINT, version=2),
        document("D", JOINT, derived_from=[{"agency": "ncsc", "id": "A", "version": "1"}]),
    )
    path = f"/v1/assessments/{derived}"
    assert (await reading.client.get(path, headers=reading.eu())).status_code == 200
    await hold(reading, document("A", UK_ONLY, text="Must be kept"))
    assert (await reading.client.get(path, headers=reading.eu())).status_code == 403
    (conflict,) = await open_conflicts(reading, reading.uk())
    shown = (await get(reading, reading.uk(), f"/{conflict['id']}")).json()
    assert (await resolve(reading, reading.uk(), conflict, choice_of(shown, chosen))).is_success
    assert (await reading.client.get(path, headers=reading.eu())).status_code == status


async def test_those_who_watch_the_system_see_how_many_wait(reading: Reading) -> None:
    registry = CollectorRegistry()
    feeds = make_feeds(reading.policy, "UK")
    gauges = FeedGauges(reading.process.database, feeds, reading.clock, registry)

    async def waiting(agency: str) -> float | None:
        await gauges.measure()
        return registry.get_sample_value("entente_revision_conflicts_open", {"agency": agency})

    _, shown = await contested(reading)
    assert (await waiting("ncsc"), await waiting("enisa")) == (1, 0)
    assert (
        await resolve(reading, reading.uk(), shown["conflict"], choice_of(shown, "First words"))
    ).is_success
    assert await waiting("ncsc") == 0
