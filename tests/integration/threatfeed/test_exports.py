"""A reader takes away what they may read, and nothing else, over REST and gRPC; it is on record."""

import csv
import io
import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import unquote
from uuid import uuid4

import grpc
import psycopg
import pytest
import stix2
from entente.threatfeed.v1 import assessment_service_pb2

from deploy.local.platform import PlatformAccess
from services.kernel.parties import Reader, Role
from services.threatfeed.domain.exports import ExportFormat
from services.threatfeed.domain.search import Search
from services.threatfeed.usecases.export_assessments import export_assessments
from tests.support.postgres import Databases
from tests.support.reading import JOINT, OCCASION, TEAR_LINE, UK_ONLY, Reading, document, hold, open_reading

FORMS = ("stix", "csv", "jsonl")


@pytest.fixture
async def reading(platform: PlatformAccess, postgres: Databases) -> AsyncIterator[Reading]:
    async with open_reading(platform, postgres) as opened:
        yield opened


async def export(reading: Reading, form: str, headers: dict[str, str], **query: object) -> Any:
    answer = await reading.client.get(f"/v1/exports/assessments.{form}", headers=headers, params=query)  # type: ignore[arg-type]
    assert answer.status_code == 200, answer.text
    return answer


def rows(answer: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.content.decode(), newline="")))


async def exported_by_rpc(
    reading: Reading, request: assessment_service_pb2.ExportAssessmentsRequest, headers: dict[str, str]
) -> tuple[assessment_service_pb2.ExportHead, bytes]:
    parts = [part async for part in reading.stub.ExportAssessments(request, metadata=list(headers.items()))]
    assert parts[0].WhichOneof("part") == "head"
    return parts[0].head, b"".join(part.chunk for part in parts[1:])


async def test_each_party_takes_away_its_own_rendition(reading: Reading) -> None:
    await hold(
        reading, document("A", JOINT), document("B", UK_ONLY), document("C", UK_ONLY, tear_line=TEAR_LINE)
    )
    own, other = [await export(reading, "csv", headers) for headers in (reading.uk(), reading.eu())]
    assert sorted(row["title"] for row in rows(own)) == ["Title of A", "Title of B", "Title of C"]
    assert sorted(row["title"] for row in rows(other)) == ["Title of A", "What may be said"]
    assert own.headers["entente-marking"] == UK_ONLY
    assert other.headers["entente-marking"] == JOINT
    for form in FORMS:
        found = (await export(reading, form, reading.eu())).text
        for word in ("HMG", "Title of B", "Text of C", "OFFICIAL-SENSITIVE"):
            assert word not in found, (form, word)


async def test_an_export_is_narrowed_as_the_search_is(reading: Reading) -> None:
    await hold(
        reading,
        document("A", JOINT, text="A quokka.", sectors=["energy"]),
        document("B", JOINT, sectors=["water"], published="2026-10-01T00:00:00Z"),
    )
    for query, title in (
        ({"words": "quokka"}, "Title of A"),
        ({"sector": "water"}, "Title of B"),
        ({"until": "2026-11-01T00:00:00Z"}, "Title of B"),
    ):
        answer = await export(reading, "stix", reading.eu(), **query)
        reports = [one for one in stix2.parse(answer.text).objects if one.type == "report"]
        assert [report.name for report in reports] == [title]
        assert answer.headers["content-type"] == "application/stix+json;version=2.1"


async def test_files_follow_each_other_and_each_has_its_own_marking(reading: Reading) -> None:
    marks = [JOINT, UK_ONLY, JOINT, JOINT, JOINT]
    await hold(
        reading,
        *(document(f"P{n}", mark, published=f"2026-11-1{n}T00:00:00Z") for n, mark in enumerate(marks)),
    )
    titles, markings, token = [], [], ""
    while True:
        answer = await export(reading, "jsonl", reading.uk(), page_size=2, page_token=token)
        head, *lines = [json.loads(line) for line in answer.text.splitlines()]
        assert head["assessments"] == len(lines) == int(answer.headers["entente-assessments"])
        assert head["marking"] == unquote(answer.headers["entente-marking"])
        titles += [line["title"] for line in lines]
        markings.append(head["marking"])
        if not (token := answer.headers.get("entente-next-page-token", "")):
            break
    assert titles == [f"Title of P{n}" for n in (4, 3, 2, 1, 0)]
    assert markings == [JOINT, UK_ONLY, JOINT]


async def test_the_same_is_streamed_over_rpc(reading: Reading) -> None:
    await hold(reading, *(document(f"P{n}", JOINT) for n in range(3)))
    for name, form in zip(("STIX", "CSV", "JSONL"), FORMS, strict=True):
        request = assessment_service_pb2.ExportAssessmentsRequest(
            format=assessment_service_pb2.ExportFormat.Value(f"EXPORT_FORMAT_{name}"), page_size=2
        )
        head, content = await exported_by_rpc(reading, request, reading.eu())
        answer = await export(reading, form, reading.eu(), page_size=2)
        assert content == answer.content
        assert (head.marking, head.assessments) == (JOINT, 2)
        request.page_token = head.next_page_token
        head, content = await exported_by_rpc(reading, request, reading.eu())
        assert (head.assessments, head.next_page_token) == (1, "")


async def test_what_was_exported_is_on_record_before_it_is_given(reading: Reading) -> None:
    (identity,) = await hold(reading, document("A", UK_ONLY))
    await export(reading, "csv", reading.uk(), words="title")
    with psycopg.connect(reading.dsn) as connection:
        row = connection.execute(
            "SELECT actor, detail->>'format', detail->>'marking', detail->'assessments' FROM audit "
            "WHERE action = 'assessments.exported'"
        ).fetchone()
    assert row == ("fcdo-secretariat", "csv", UK_ONLY, [str(identity)])


async def test_what_changes_while_an_export_is_written_never_outgrows_its_marking(reading: Reading) -> None:
    await hold(reading, document("A", JOINT), document("B", JOINT))
    reader = Reader("eeas-secretariat", "EU", "EEAS", frozenset({Role.SECRETARIAT}))
    made = await export_assessments(
        reading.process.database,
        reader,
        Search.of("", {}, None, None),
        ExportFormat.CSV,
        after=None,
        size=10,
        policy=reading.policy,
        clock=reading.clock,
    )
    await hold(reading, document("A", UK_ONLY, version=2, tear_line=TEAR_LINE))
    content = b"".join([chunk async for chunk in made.chunks()]).decode()
    assert "Title of B" in content
    for word in ("What may be said", "HMG", "OFFICIAL-SENSITIVE"):
        assert word not in content


@pytest.mark.parametrize(
    "query",
    [
        {"page_size": -1},
        {"page_token": "x"},
        {"page_token": "W10="},
        {"page_token": "A" * 5_000},
        {"words": "a\x00b"},
        {"words": "x" * 501},
        {"theme": ""},
        {"since": "2026-01-01T00:00:00"},
        {"order_by": "title"},
    ],
    ids=str,
)
async def test_what_cannot_be_exported_is_refused(reading: Reading, query: dict[str, str]) -> None:
    answer = await reading.client.get("/v1/exports/assessments.csv", headers=reading.uk(), params=query)
    assert answer.status_code == 400, answer.text


async def test_a_token_is_no_use_to_another_reader_or_for_another_question(reading: Reading) -> None:
    await hold(reading, *(document(f"P{n}", JOINT) for n in range(3)))
    token = (await export(reading, "csv", reading.eu(), page_size=1)).headers["entente-next-page-token"]
    for headers, more in ((reading.uk(), {}), (reading.eu(), {"words": "x"})):
        answer = await reading.client.get(
            "/v1/exports/assessments.csv", headers=headers, params={"page_token": token, **more}
        )
        assert answer.status_code == 400


@pytest.mark.parametrize("words", ["' OR 1=1 --", "(((", "a:*", "%", "\\", "🦘 \ufffc", "ﬁ" * 200])
async def test_no_words_reach_further_than_what_they_find(reading: Reading, words: str) -> None:
    await hold(reading, document("A", UK_ONLY))
    assert rows(await export(reading, "csv", reading.eu(), words=words)) == []


async def test_there_is_no_other_format_and_nothing_for_who_has_no_part_in_any_series(
    reading: Reading,
) -> None:
    answer = await reading.client.get("/v1/exports/assessments.exe", headers=reading.uk())
    assert answer.status_code == 400
    token = reading.token("s", "UK", "UNIT42", "secretariat")
    stranger = {"authorization": f"Bearer {token}"}
    answer = await reading.client.get("/v1/exports/assessments.csv", headers=stranger)
    assert answer.status_code == 403
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await exported_by_rpc(reading, assessment_service_pb2.ExportAssessmentsRequest(), reading.uk())
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_texts_for_a_meeting_are_decided_over_rest_as_over_rpc(reading: Reading) -> None:
    first, second = await hold(reading, document("A", JOINT), document("B", UK_ONLY))
    used_at = OCCASION.used_at.ToDatetime().isoformat() + "Z"
    body = {
        "series": "uk-eu",
        "used_at": used_at,
        "texts": [
            {"assessment_id": str(identity), "revision": 1, "rendition": "FULL", "mode": "RELEASE"}
            for identity in (first, second)
        ],
    }
    key = {"idempotency-key": str(uuid4())}
    answer = await reading.client.post("/v1/releasability", headers=reading.uk() | key, json=body)
    assert answer.status_code == 200, answer.text
    joint, kept = answer.json()["texts"]
    assert (joint["allowed"], joint["title"]) == (True, "Title of A")
    assert (kept["allowed"], kept["title"]) == (False, None)
    assert {one["party"] for one in joint["decisions"]} == {"UK", "EU"}
    again = await reading.client.post("/v1/releasability", headers=reading.uk() | key, json=body)
    assert again.content == answer.content
    foreign = await reading.client.post(
        "/v1/releasability", headers=reading.eu() | {"idempotency-key": str(uuid4())}, json=body
    )
    unknown = body | {"texts": [{**body["texts"][0], "assessment_id": str(uuid4())}]}  # type: ignore[dict-item]
    missing = await reading.client.post(
        "/v1/releasability", headers=reading.eu() | {"idempotency-key": str(uuid4())}, json=unknown
    )
    assert (foreign.status_code, foreign.json()["reason"]) == (missing.status_code, missing.json()["reason"])


@pytest.mark.parametrize(
    "change",
    [
        {"texts": []},
        {"used_at": "2026-12-01T00:00:00"},
        {"texts": [{"assessment_id": "x", "revision": 1, "rendition": "FULL", "mode": "RELEASE"}]},
        {"series": "a' OR 1=1"},
        {"more": 1},
    ],
    ids=str,
)
async def test_a_question_on_release_that_is_none_is_refused(
    reading: Reading, change: dict[str, object]
) -> None:
    text = {"assessment_id": str(uuid4()), "revision": 1, "rendition": "FULL", "mode": "RELEASE"}
    body = {"series": "uk-eu", "used_at": "2026-12-01T00:00:00Z", "texts": [text]} | change
    headers = reading.uk() | {"idempotency-key": str(uuid4())}
    answer = await reading.client.post("/v1/releasability", headers=headers, json=body)
    assert answer.status_code == 400, answer.text
