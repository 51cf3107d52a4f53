"""Every answer of an api: framed, limited, authorised, and when refused a problem document (RFC 9457)."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import httpx
import psycopg
import pytest
from fastapi import APIRouter, Depends, FastAPI
from psycopg_pool import AsyncConnectionPool
from pydantic import BaseModel, ConfigDict

from services.chassis.clock import system_clock
from services.chassis.database import Database, Transaction
from services.chassis.health import Health
from services.chassis.http.application import HttpParts, create_api, create_probe_app
from services.chassis.http.middleware import LARGEST_BODY, SECURITY_HEADERS
from services.chassis.http.problems import PROBLEM
from services.chassis.http.requests import ExpectedVersion, MutationDependency, permit
from services.chassis.identity import Principal
from services.chassis.ids import random_ids
from services.kernel.refusals import InvalidValue, NoAccess
from tests.support.processes import Traces
from tests.support.tokens import Issuer


class Text(BaseModel):
    model_config = ConfigDict(extra="forbid")
    text: str


def routes() -> APIRouter:
    router = APIRouter(prefix="/v1")
    caller = Annotated[Principal, Depends(permit("secretariat", "chair"))]

    @router.get("/whoami")
    async def whoami(caller: caller) -> dict[str, str]:
        return {"subject": caller.subject}

    @router.post("/texts")
    async def post(text: Text, _: caller) -> Text:
        return text

    @router.get("/refused")
    async def refused(_: caller) -> None:
        raise InvalidValue("not so", pointer="/a/b", agenda="7")

    @router.get("/hidden")
    async def hidden(_: caller) -> None:
        raise NoAccess("agenda 7")

    @router.get("/defect")
    async def defect(_: caller) -> None:
        raise KeyError("a secret")

    @router.get("/cut-off")
    async def cut_off(_: caller) -> None:
        raise psycopg.errors.AdminShutdown("terminating connection")

    @router.put("/versioned")
    async def versioned(version: ExpectedVersion, _: caller) -> dict[str, int]:
        return {"version": version}

    @router.post("/mutations")
    async def mutate(mutation: MutationDependency, _: caller) -> dict[str, str]:
        return {"key": mutation.key}

    return router


def unopened_database() -> Database:
    pool: AsyncConnectionPool[Transaction] = AsyncConnectionPool("postgresql://nowhere", open=False)
    return Database(pool)


@pytest.fixture
def traces() -> Traces:
    return Traces.kept_in_memory()


@pytest.fixture
def health() -> Health:
    return Health()


@pytest.fixture
def issuer(tmp_path: Path) -> Issuer:
    return Issuer.at(tmp_path / "issuer")


@pytest.fixture
def app(issuer: Issuer, traces: Traces, health: Health) -> FastAPI:
    parts = HttpParts(unopened_database(), issuer.verifier(), system_clock, random_ids)
    return create_api("Test", "v1", parts, [routes()], health=health, telemetry=traces.telemetry)


@pytest.fixture
async def client(app: FastAPI, issuer: Issuer) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app),
        base_url="https://entente.test",
        headers={"Authorization": f"Bearer {issuer.token('secretariat')}"},
    ) as client:
        yield client


def problem_of(response: httpx.Response, status: int, reason: str) -> dict[str, Any]:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == PROBLEM
    document: dict[str, Any] = response.json()
    assert (document["status"], document["reason"]) == (status, reason)
    assert document["type"] == f"urn:entente:problem:{reason.lower().replace('_', '-')}"
    assert document["instance"] == f"urn:uuid:{response.headers['x-request-id']}"
    assert document["title"]
    assert document["detail"]
    return document


async def test_every_answer_is_framed(client: httpx.AsyncClient) -> None:
    for path in ("/v1/whoami", "/nowhere", "/v1/defect", "/livez"):
        response = await client.get(path)
        assert {name: response.headers[name] for name in SECURITY_HEADERS} == SECURITY_HEADERS
        assert UUID(response.headers["x-request-id"])


async def test_a_request_id_that_is_a_uuid_is_kept_and_any_other_replaced(client: httpx.AsyncClient) -> None:
    given = "7b8e0f2a-3c4d-4e5f-8a9b-0c1d2e3f4a5b"
    assert (await client.get("/livez", headers={"X-Request-Id": given})).headers["x-request-id"] == given
    answer = await client.get("/livez", headers={"X-Request-Id": "<script>"})
    assert UUID(answer.headers["x-request-id"])


async def test_a_refusal_tells_reason_place_and_metadata(client: httpx.AsyncClient) -> None:
    document = problem_of(await client.get("/v1/refused"), 400, "INVALID_VALUE")
    assert document["errors"] == [{"pointer": "/a/b", "detail": "not so"}]
    assert document["agenda"] == "7"


async def test_a_lost_database_is_an_outage_and_no_defect(client: httpx.AsyncClient) -> None:
    response = await client.get("/v1/cut-off")
    document = problem_of(response, 503, "DATABASE_UNAVAILABLE")
    assert response.headers["retry-after"] == "1"
    assert "terminating" not in json.dumps(document)


async def test_what_a_caller_may_not_see_is_refused_without_telling_whether_it_is(
    client: httpx.AsyncClient,
) -> None:
    document = problem_of(await client.get("/v1/hidden"), 403, "NO_ACCESS")
    assert "or it might not exist" in document["detail"]


async def test_no_such_route_and_no_such_method(client: httpx.AsyncClient) -> None:
    problem_of(await client.get("/nowhere"), 404, "NO_SUCH_ROUTE")
    refused = await client.delete("/v1/texts")
    problem_of(refused, 405, "METHOD_NOT_ALLOWED")
    assert refused.headers["allow"] == "POST"


async def test_a_defect_is_told_as_one_and_nothing_of_it(client: httpx.AsyncClient, traces: Traces) -> None:
    response = await client.get("/v1/defect")
    problem_of(response, 500, "INTERNAL")
    assert "secret" not in response.text
    assert not [span for span in traces.exporter.get_finished_spans() if "secret" in span.to_json()]


async def test_a_body_that_does_not_fit_is_refused_with_the_place(client: httpx.AsyncClient) -> None:
    response = await client.post("/v1/texts", json={"text": 7, "more": 1})
    document = problem_of(response, 400, "INVALID_REQUEST")
    assert {(error["pointer"], error["in"]) for error in document["errors"]} == {
        ("/text", "body"),
        ("/more", "body"),
    }


@pytest.mark.parametrize(
    "body",
    [b"{", b"\xff\xfe", b"[" * 100_000, b"", b'{"text": NaN}', b"null"],
    ids=["truncated", "not UTF-8", "deep", "empty", "NaN", "null"],
)
async def test_a_body_that_is_no_json_is_refused(client: httpx.AsyncClient, body: bytes) -> None:
    response = await client.post("/v1/texts", content=body, headers={"Content-Type": "application/json"})
    assert response.status_code == 400
    assert response.headers["content-type"] == PROBLEM


async def test_a_body_over_the_limit_is_refused_by_its_announced_length(client: httpx.AsyncClient) -> None:
    response = await client.post("/v1/texts", content=b"x" * (LARGEST_BODY + 1))
    problem_of(response, 413, "BODY_TOO_LARGE")


@pytest.mark.parametrize("path", ["/v1/texts", "/v1/mutations"])
async def test_a_body_over_the_limit_is_refused_also_when_its_length_is_not_announced(
    client: httpx.AsyncClient, path: str
) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield b"x" * 65_536

    response = await client.post(path, content=chunks(), headers={"Idempotency-Key": str(UUID(int=1))})
    problem_of(response, 413, "BODY_TOO_LARGE")


async def test_a_body_of_just_the_limit_is_taken(client: httpx.AsyncClient) -> None:
    text = "x" * (LARGEST_BODY - len('{"text":""}'))
    body = json.dumps({"text": text}, separators=(",", ":"))
    response = await client.post("/v1/texts", content=body, headers={"Content-Type": "application/json"})
    assert response.status_code == 200


@pytest.mark.parametrize("given", [None, "", "seven", "7b8e0f2a-3c4d-4e5f-8a9b"])
async def test_a_mutation_without_a_request_key_is_refused(
    client: httpx.AsyncClient, given: str | None
) -> None:
    headers = {} if given is None else {"Idempotency-Key": given}
    document = problem_of(await client.post("/v1/mutations", headers=headers), 400, "REQUEST_KEY_MISSING")
    assert document["errors"][0]["pointer"] == "/idempotency-key"


async def test_a_request_key_may_be_quoted_as_the_draft_standard_has_it(client: httpx.AsyncClient) -> None:
    key = "7b8e0f2a-3c4d-4e5f-8a9b-0c1d2e3f4a5b"
    for written in (key, f'"{key}"', key.upper()):
        response = await client.post("/v1/mutations", headers={"Idempotency-Key": written})
        assert response.json() == {"key": key}


async def test_a_mutation_that_cannot_be_tried_is_not_made_when_it_is_asked_for_on_trial(
    client: httpx.AsyncClient,
) -> None:
    headers = {"Idempotency-Key": str(UUID(int=1))}
    for value in ("true", "1", "false", ""):
        response = await client.post(f"/v1/mutations?validate_only={value}", headers=headers)
        document = problem_of(response, 400, "VALIDATE_ONLY_UNAVAILABLE")
        assert document["errors"][0]["pointer"] == "/validate_only"


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (None, "ETAG_MISSING"),
        ("", "ETAG_MISSING"),
        ("*", "ETAG_MALFORMED"),
        ('W/"7"', "ETAG_MALFORMED"),
        ('"seven"', "ETAG_MALFORMED"),
        ('"' + "9" * 30 + '"', "ETAG_MALFORMED"),
    ],
)
async def test_a_change_without_the_version_it_was_made_upon_is_refused(
    client: httpx.AsyncClient, given: str | None, reason: str
) -> None:
    headers = {} if given is None else {"If-Match": given}
    problem_of(await client.put("/v1/versioned", headers=headers), 400, reason)
    assert (await client.put("/v1/versioned", headers={"If-Match": '"7"'})).json() == {"version": 7}


async def test_who_does_not_say_who_he_is_is_asked_to(client: httpx.AsyncClient) -> None:
    for header, reason in (("", "TOKEN_MISSING"), ("Bearer x.y.z", "TOKEN_INVALID")):
        response = await client.get("/v1/whoami", headers={"Authorization": header})
        problem_of(response, 401, reason)
        assert response.headers["www-authenticate"] == "Bearer"


async def test_who_has_none_of_the_roles_is_refused(client: httpx.AsyncClient, issuer: Issuer) -> None:
    headers = {"Authorization": f"Bearer {issuer.token('auditor')}"}
    problem_of(await client.get("/v1/whoami", headers=headers), 403, "ROLE_MISSING")


async def test_requests_at_the_same_time_do_not_take_each_others_caller(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    subjects = [f"official-{number}" for number in range(20)]
    answers = await asyncio.gather(
        *(
            client.get("/v1/whoami", headers={"Authorization": f"Bearer {issuer.token(subject=subject)}"})
            for subject in subjects
        )
    )
    assert [answer.json()["subject"] for answer in answers] == subjects


async def test_probes_tell_readiness_and_liveness_and_need_no_token(
    client: httpx.AsyncClient, health: Health
) -> None:
    bare = {"Authorization": ""}
    assert (await client.get("/readyz", headers=bare)).status_code == 200
    health.set_problem("feed", "is catching up")
    response = await client.get("/readyz", headers=bare)
    assert (response.status_code, response.json()) == (
        503,
        {"not_ready": {"feed": "is catching up"}, "warnings": {}},
    )
    assert (await client.get("/livez", headers=bare)).status_code == 200
    health.set_problem("feed", None)
    health.draining = True
    stopping = (await client.get("/readyz", headers=bare)).json()
    assert stopping["not_ready"] == {"process": "shutting down"}
    health.add_heart("loop", limit=-1.0)
    response = await client.get("/livez", headers=bare)
    assert (response.status_code, response.json()) == (503, {"stopped": ["loop"]})
    metrics = await client.get("/metrics", headers=bare)
    assert "entente_records_consumed" in metrics.text


async def test_a_process_without_an_api_has_probes_and_nothing_else(health: Health, traces: Traces) -> None:
    app = create_probe_app(health, traces.telemetry, random_ids)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="https://entente.test"
    ) as client:
        assert (await client.get("/livez")).status_code == 200
        problem_of(await client.get("/openapi.json"), 404, "NO_SUCH_ROUTE")
        problem_of(await client.get("/docs"), 404, "NO_SUCH_ROUTE")
