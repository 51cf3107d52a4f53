"""What other services and officials read of assessments is decided for them, and recorded."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import grpc
import httpx
import psycopg
import pytest
from entente.exchange.v1 import release_pb2
from entente.threatfeed.v1 import assessment_service_pb2, assessment_service_pb2_grpc

from deploy.local.keys import issue_token
from deploy.local.platform import PlatformAccess
from services.chassis.consumer.records import Record
from services.chassis.http.application import HttpParts, create_api
from services.chassis.lifecycle import Component
from services.chassis.migrations import migrate
from services.chassis.process import Process
from services.chassis.rpc.server import RpcServer
from services.chassis.settings import ListenerSettings
from services.kernel.identifiers import assessment_id
from services.kernel.markings.levels import Level
from services.threatfeed.app import MIGRATIONS
from services.threatfeed.http.routes import routes
from services.threatfeed.rpc.assessments import AssessmentServicer, assessment_service
from services.threatfeed.usecases.holding import Holding
from services.threatfeed.usecases.ingest_submissions import Submission, ingest_submissions
from tests.support.postgres import Databases
from tests.support.processes import SettableClock, process_parts, running
from tests.support.submissions import read, real_policy

UK_ONLY = "UK OFFICIAL-SENSITIVE - HMG USE ONLY"
JOINT = "UK OFFICIAL REL EU"
OCCASION = assessment_service_pb2.Occasion(series="uk-eu")
OCCASION.used_at.FromDatetime(datetime.now(UTC) + timedelta(days=14))


@dataclass(slots=True)
class Reading:
    """A threatfeed api with some assessments in it."""

    platform: PlatformAccess
    process: Process
    dsn: str
    stub: "assessment_service_pb2_grpc.AssessmentServiceAsyncStub"
    client: httpx.AsyncClient

    def token(self, subject: str, party: str, organisation: str, *roles: str) -> str:
        return issue_token(
            self.platform.keys,
            subject=subject,
            party=party,
            organisation=organisation,
            roles=roles,
            at=datetime.now(UTC),
        )

    def uk(self) -> dict[str, str]:
        token = self.token("fcdo-secretariat", "UK", "FCDO", "secretariat")
        return {"authorization": f"Bearer {token}"}

    def eu(self) -> dict[str, str]:
        token = self.token("eeas-secretariat", "EU", "EEAS", "secretariat")
        return {"authorization": f"Bearer {token}"}


@pytest.fixture
async def reading(platform: PlatformAccess, postgres: Databases) -> AsyncIterator[Reading]:
    dsn = postgres.database("threatfeed", lambda dsn: migrate(dsn, MIGRATIONS))
    policy, clock = real_policy(), SettableClock()
    async with process_parts(platform, "threatfeed", dsn, clock=clock) as process:
        server = RpcServer(
            [assessment_service(AssessmentServicer(process.database, policy, clock))],
            ListenerSettings(port=0),
            verifier=process.verifier,
            health=process.health,
            telemetry=process.telemetry,
        )
        app = create_api(
            "threatfeed",
            "v1",
            HttpParts(process.database, process.verifier, clock, process.ids),
            routes(),
            health=process.health,
            telemetry=process.telemetry,
            policy=policy,
        )
        async with (
            running(Component("rpc", server.run)),
            grpc.aio.insecure_channel(f"127.0.0.1:{server.port}") as channel,
            httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://threatfeed") as client,
        ):
            stub = assessment_service_pb2_grpc.AssessmentServiceStub(channel)
            yield Reading(platform, process, dsn, stub, client)


async def hold(reading: Reading, *documents: dict[str, object]) -> list[UUID]:
    """Has assessments of ncsc ingested."""
    holding = Holding("UK", Level.parse("UK OFFICIAL-SENSITIVE"), real_policy())
    batch = []
    for offset, document in enumerate(documents):
        raw = json.dumps(document).encode()
        record = Record("threatfeed.submission.ncsc.v1", 0, offset, b"k", raw, (), 0)
        batch.append(Submission(record, "ncsc", read(raw)))
    async with reading.process.database.transaction() as tx:
        assert await ingest_submissions(tx, batch, holding, reading.process.clock()) == []
    return [assessment_id("ncsc", str(document["id"])) for document in documents]


def document(identity: str, marking: str, **more: object) -> dict[str, object]:
    return {
        "id": identity,
        "version": 1,
        "title": f"Title of {identity}",
        "text": f"Text of {identity}",
        "published": "2026-11-20T09:00:00Z",
        "marking": {"national": marking},
        **more,
    }


TEAR_LINE = {"title": "What may be said", "text": "Less.", "marking": {"national": JOINT}}


async def test_a_reader_gets_the_widest_rendition_that_its_party_may_have(reading: Reading) -> None:
    (identity,) = await hold(reading, document("A", UK_ONLY, tear_line=TEAR_LINE))
    request = assessment_service_pb2.GetAssessmentRequest(assessment_id=str(identity))
    own = (await reading.stub.GetAssessment(request, metadata=list(reading.uk().items()))).assessment
    other = (await reading.stub.GetAssessment(request, metadata=list(reading.eu().items()))).assessment
    assert (own.rendition, own.title) == (release_pb2.RENDITION_FULL, "Title of A")
    assert (other.rendition, other.title) == (release_pb2.RENDITION_TEAR_LINE, "What may be said")
    assert b"Text of A" not in other.SerializeToString()
    with psycopg.connect(reading.dsn) as connection:
        reads = connection.execute(
            "SELECT actor, detail->>'rendition' FROM audit WHERE action = 'assessment.read' ORDER BY id"
        ).fetchall()
    assert reads == [("fcdo-secretariat", "FULL"), ("eeas-secretariat", "TEAR_LINE")]


async def test_what_may_not_be_seen_is_answered_as_what_does_not_exist(reading: Reading) -> None:
    (identity,) = await hold(reading, document("B", UK_ONLY))
    missing = uuid4()
    hidden = await reading.client.get(f"/v1/assessments/{identity}", headers=reading.eu())
    absent = await reading.client.get(f"/v1/assessments/{missing}", headers=reading.eu())
    assert hidden.status_code == absent.status_code == 403
    told, untold = hidden.json(), absent.json()
    for body in (told, untold):
        del body["instance"]
    assert json.dumps(told).replace(str(identity), "x") == json.dumps(untold).replace(str(missing), "x")


async def test_candidates_come_with_a_reason_for_every_party_and_what_all_may_have(reading: Reading) -> None:
    await hold(
        reading, document("C", JOINT), document("D", UK_ONLY, tear_line=TEAR_LINE), document("E", UK_ONLY)
    )
    request = assessment_service_pb2.ListCandidatesRequest(occasion=OCCASION)
    own = await reading.stub.ListCandidates(request, metadata=list(reading.uk().items()))
    joint = {item.assessment.title: (item.joint_rendition, item.joint_title) for item in own.candidates}
    assert joint == {
        "Title of C": (release_pb2.RENDITION_FULL, "Title of C"),
        "Title of D": (release_pb2.RENDITION_TEAR_LINE, "What may be said"),
        "Title of E": (release_pb2.RENDITION_UNSPECIFIED, ""),
    }
    denied = [d for item in own.candidates for d in item.decisions if not d.allowed and d.party == "EU"]
    assert {decision.rule_id for decision in denied} == {"HMG_USE_ONLY"}
    assert all(decision.explanation for decision in denied)
    other = await reading.stub.ListCandidates(request, metadata=list(reading.eu().items()))
    assert sorted(item.assessment.title for item in other.candidates) == ["Title of C", "What may be said"]


async def test_pages_of_candidates_do_not_betray_what_lies_between(reading: Reading) -> None:
    await hold(reading, *(document(f"P{n}", JOINT if n % 2 else UK_ONLY) for n in range(8)))
    request = assessment_service_pb2.ListCandidatesRequest(occasion=OCCASION, page_size=2)
    titles, pages = [], 0
    while True:
        page = await reading.stub.ListCandidates(request, metadata=list(reading.eu().items()))
        titles += [item.assessment.title for item in page.candidates]
        pages += 1
        if not page.next_page_token:
            break
        request.page_token = page.next_page_token
    assert sorted(titles) == ["Title of P1", "Title of P3", "Title of P5", "Title of P7"]
    request.theme = "OTHER"
    await refused(
        lambda: reading.stub.ListCandidates(request, metadata=list(reading.eu().items())),
        grpc.StatusCode.INVALID_ARGUMENT,
    )


async def test_decisions_are_made_for_every_party_and_kept(reading: Reading) -> None:
    (identity,) = await hold(reading, document("F", UK_ONLY, tear_line=TEAR_LINE))
    request = assessment_service_pb2.DecideReleasabilityRequest(occasion=OCCASION)
    for rendition in (release_pb2.RENDITION_FULL, release_pb2.RENDITION_TEAR_LINE):
        request.texts.add(
            assessment_id=str(identity),
            revision=1,
            rendition=rendition,
            mode=release_pb2.RELEASE_MODE_RELEASE,
        )
    answer = await reading.stub.DecideReleasability(request, metadata=list(reading.uk().items()))
    assert [(text.allowed, text.title) for text in answer.texts] == [(False, ""), (True, "What may be said")]
    assert [decision.party for decision in answer.texts[0].decisions] == ["UK", "EU"]
    with psycopg.connect(reading.dsn) as connection:
        kept = connection.execute("SELECT count(*) FROM releasability_decision").fetchone()
    assert kept == (4,)


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ("nobody", grpc.StatusCode.UNAUTHENTICATED),
        ("role", grpc.StatusCode.PERMISSION_DENIED),
        ("series", grpc.StatusCode.PERMISSION_DENIED),
    ],
)
async def test_who_may_not_ask_is_refused(reading: Reading, headers: str, code: grpc.StatusCode) -> None:
    tokens = {
        "nobody": {},
        "role": {"authorization": f"Bearer {reading.token('a', 'UK', 'NCSC', 'agency')}"},
        "series": {"authorization": f"Bearer {reading.token('n', 'US', 'NSA', 'secretariat')}"},
    }
    request = assessment_service_pb2.ListCandidatesRequest(occasion=OCCASION)
    metadata = list(tokens[headers].items())
    await refused(lambda: reading.stub.ListCandidates(request, metadata=metadata), code)


async def refused(call: Callable[[], Awaitable[object]], code: grpc.StatusCode) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await asyncio.wait_for(call(), 10)
    assert caught.value.code() is code
