"""Who has seen what marked text is on record, whichever way it was read."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID, uuid4

import httpx
import psycopg
import pytest
from entente.threatfeed.v1 import assessment_service_pb2 as messages
from fastapi import FastAPI
from fastapi.routing import APIRoute

from deploy.local.platform import PlatformAccess
from services.threatfeed.http.routes import routes
from tests.support.postgres import Databases
from tests.support.reading import JOINT, OCCASION, Reading, document, hold, open_reading

Ask = Callable[[Reading, UUID], Awaitable[None]]


@pytest.fixture
async def reading(platform: PlatformAccess, postgres: Databases) -> AsyncIterator[Reading]:
    async with open_reading(platform, postgres) as opened:
        yield opened


def getting(path: str, *, shows: str = "Title of A", **query: str) -> Ask:
    async def ask(reading: Reading, identity: UUID) -> None:
        where = path.format(id=identity)
        answer = await reading.client.get(where, headers=reading.uk(), params=query)
        assert answer.status_code == 200, answer.text
        assert shows in answer.text

    return ask


async def decide(reading: Reading, identity: UUID) -> None:
    used_at = (datetime.now(UTC) + timedelta(days=14)).isoformat()
    text = {"assessment_id": str(identity), "revision": 1, "rendition": "FULL", "mode": "RELEASE"}
    body = {"series": "uk-eu", "used_at": used_at, "texts": [text]}
    headers = reading.uk() | {"idempotency-key": str(uuid4())}
    answer = await reading.client.post("/v1/releasability", headers=headers, json=body)
    assert answer.status_code == 200, answer.text


async def collection(reading: Reading, identity: UUID) -> None:
    root = "/taxii2/threatfeed/collections/"
    found = (await reading.client.get(root, headers=reading.uk())).json()["collections"]
    for rest in ("objects/", f"objects/report--{identity}/"):
        await getting(f"{root}{found[0]['id']}/{rest}")(reading, identity)


async def follow(reading: Reading, _: UUID) -> None:
    async with (
        httpx.AsyncClient(base_url=reading.address, trust_env=False) as client,
        client.stream("GET", "/v1/assessment-changes", headers=reading.uk()) as answer,
    ):
        async for line in answer.aiter_lines():
            if line == "event: snapshot-complete":
                return


def calling(method: str, request: object) -> Ask:
    async def ask(reading: Reading, identity: UUID) -> None:
        if hasattr(request, "assessment_id"):
            request.assessment_id = str(identity)
        call = getattr(reading.stub, method)(request, metadata=list(reading.uk().items()))
        if hasattr(call, "__aiter__"):
            async for one in call:
                if one.WhichOneof(one.DESCRIPTOR.oneofs[0].name) in ("snapshot_complete", "chunk"):
                    return
        await call

    return ask


REST: Final[dict[str, Ask]] = {
    "/v1/assessments": getting("/v1/assessments"),
    "/v1/assessments/{assessment_id}": getting("/v1/assessments/{id}"),
    "/v1/assessments/{assessment_id}/history": getting("/v1/assessments/{id}/history"),
    "/v1/assessments/{assessment_id}/difference": getting(
        "/v1/assessments/{id}/difference", from_revision="1", to_revision="1"
    ),
    "/v1/assessments/{assessment_id}/overlaps": getting(
        "/v1/assessments/{id}/overlaps", shows="overlaps", series="uk-eu"
    ),
    "/v1/exports/assessments.{form}": getting("/v1/exports/assessments.csv"),
    "/v1/assessment-changes": follow,
    "/taxii2/threatfeed/collections/{collection_id}/objects/": collection,
    "/taxii2/threatfeed/collections/{collection_id}/objects/{object_id}/": collection,
    "/v1/releasability": decide,
    "/v1/triage": getting("/v1/triage", series="uk-eu"),
}
RPC: Final[dict[str, Ask]] = {
    "GetAssessment": calling("GetAssessment", messages.GetAssessmentRequest()),
    "ListAssessments": calling("ListAssessments", messages.ListAssessmentsRequest()),
    "GetAssessmentHistory": calling("GetAssessmentHistory", messages.GetAssessmentHistoryRequest()),
    "WatchAssessments": calling("WatchAssessments", messages.WatchAssessmentsRequest()),
    "ExportAssessments": calling(
        "ExportAssessments", messages.ExportAssessmentsRequest(format=messages.EXPORT_FORMAT_CSV)
    ),
    "ListCandidates": calling("ListCandidates", messages.ListCandidatesRequest(occasion=OCCASION)),
}
WITHOUT_TEXT: Final = {"CompareRevisions", "DecideReleasability"}
"""Covered by their use case's own tests: they take a history, or texts, that exist."""


async def seen(reading: Reading, ask: Ask) -> set[str]:
    (identity,) = await hold(reading, document("A", JOINT))
    await ask(reading, identity)
    with psycopg.connect(reading.dsn) as connection:
        rows = connection.execute(
            """
            SELECT action FROM audit WHERE actor = 'fcdo-secretariat'
              AND (subject_id = %(id)s OR detail::jsonb -> 'assessments' ? %(id)s)
            """,
            {"id": str(identity)},
        ).fetchall()
    return {action for (action,) in rows}


@pytest.mark.parametrize("path", REST)
async def test_what_is_read_over_rest_is_on_record_with_its_reader(reading: Reading, path: str) -> None:
    assert await seen(reading, REST[path])


@pytest.mark.parametrize("method", RPC)
async def test_what_is_read_over_rpc_is_on_record_with_its_reader(reading: Reading, method: str) -> None:
    assert await seen(reading, RPC[method])


def test_every_way_to_read_assessments_is_asked() -> None:
    methods = messages.DESCRIPTOR.services_by_name["AssessmentService"].methods
    assert {one.name for one in methods} == set(RPC) | WITHOUT_TEXT


def test_every_route_that_answers_with_the_text_of_an_assessment_is_asked() -> None:
    app = FastAPI()
    for router in routes():
        app.include_router(router)
    schemas = app.openapi()["components"]["schemas"]
    giving = set()
    for path, operations in app.openapi()["paths"].items():
        if "get" in operations and _holds_text(operations["get"], schemas):
            giving.add(path)
    assert giving <= set(REST), giving - set(REST)
    assert giving
    asked = {route.path for router in routes() for route in router.routes if isinstance(route, APIRoute)}
    assert set(REST) <= asked


def _holds_text(operation: dict[str, object], schemas: dict[str, object]) -> bool:
    """Whether its answer leads to the view of an assessment."""
    waiting, met = [str(operation["responses"])], set[str]()
    while waiting:
        text = waiting.pop()
        if "AssessmentView" in text:
            return True
        for name, schema in schemas.items():
            if f"schemas/{name}'" in text and name not in met:
                met.add(name)
                waiting.append(str(schema))
    return False
