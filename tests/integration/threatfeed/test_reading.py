"""What other services and officials read of assessments is decided for them, and recorded."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from uuid import uuid4

import grpc
import psycopg
import pytest
from entente.exchange.v1 import release_pb2
from entente.threatfeed.v1 import assessment_service_pb2

from deploy.local.platform import PlatformAccess
from tests.support.postgres import Databases
from tests.support.reading import JOINT, OCCASION, TEAR_LINE, UK_ONLY, Reading, document, hold, open_reading


@pytest.fixture
async def reading(platform: PlatformAccess, postgres: Databases) -> AsyncIterator[Reading]:
    async with open_reading(platform, postgres) as opened:
        yield opened


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


SUBJECTS: dict[str, object] = {
    "actors": ["Fancy Bear", "GREY HERON"],
    "techniques": [{"id": "T1566", "attack_version": "18.1", "domains": ["enterprise-attack"]}],
    "tactics": ["TA0001"],
    "sectors": [{"scheme": "NIS2", "code": "energy"}],
    "cves": ["CVE-2024-3400"],
    "locations": ["France"],
    "ratings": {"source_reliability": "F"},
    "judgements": [
        {
            "id": "J1",
            "statement": "It happens.",
            "likelihood": {"scheme": "PHIA_2025", "term": "probable"},
            "confidence": {"level": "HIGH", "grounds": "Seen twice.", "scheme": "ANCR"},
        }
    ],
}


async def test_what_a_text_is_about_is_told_in_its_full_rendition_only(reading: Reading) -> None:
    (identity,) = await hold(reading, document("A", UK_ONLY, tear_line=TEAR_LINE, **SUBJECTS))
    request = assessment_service_pb2.GetAssessmentRequest(assessment_id=str(identity))
    own = (await reading.stub.GetAssessment(request, metadata=list(reading.uk().items()))).assessment
    bear, heron = own.subjects.actors
    assert (bear.name_as_reported, heron.name_as_reported) == ("Fancy Bear", "GREY HERON")
    assert [candidate.name for candidate in bear.candidates] == ["APT28"]
    assert not heron.candidates
    (technique,), (sector,) = own.subjects.techniques, own.subjects.sectors
    assert (technique.id, technique.attack_version) == ("T1566", "18.1")
    assert (sector.scheme, sector.code) == ("NIS2", "energy")
    (judgement,) = own.judgements
    assert (judgement.likelihood_term, judgement.analytic_confidence) == ("Likely or probable", "HIGH")
    likelihood = judgement.ratings.likelihood
    assert (likelihood.scale, likelihood.as_reported) == ("PHIA_2025", "probable")
    assert not judgement.ratings.HasField("stix_confidence")
    assert own.ratings.source_reliability.value == "F"

    other = (await reading.stub.GetAssessment(request, metadata=list(reading.eu().items()))).assessment
    assert (other.HasField("subjects"), other.HasField("ratings")) == (False, False)
    path = f"/v1/assessments/{identity}"
    full = (await reading.client.get(path, headers=reading.uk())).json()["subjects"]
    assert [actor["name_as_reported"] for actor in full["actors"]] == ["Fancy Bear", "GREY HERON"]
    assert full["locations"] == [{"as_reported": "France", "scheme": "ISO_3166_1", "code": "FR"}]
    assert (full["tactics"][0]["id"], full["vulnerabilities"]) == ("TA0001", ["CVE-2024-3400"])
    assert full["ratings"]["source_reliability"]["value"] == "F"
    assert (await reading.client.get(path, headers=reading.eu())).json()["subjects"] is None


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
    assert pages == 2, "a token with nothing behind it tells that there is something to hide"
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
