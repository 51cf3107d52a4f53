"""Assessments overlap because of what both state; people link them, and undo that exactly."""

import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import httpx
import psycopg
import pytest
from entente.threatfeed.v1 import correlation_service_pb2, correlation_service_pb2_grpc

from deploy.local.platform import PlatformAccess
from tests.support.postgres import Databases
from tests.support.reading import JOINT, TEAR_LINE, UK_ONLY, Reading, document, hold, open_reading

Headers = dict[str, str]


@pytest.fixture
async def reading(platform: PlatformAccess, postgres: Databases) -> AsyncIterator[Reading]:
    async with open_reading(platform, postgres) as reading:
        yield reading


async def overlaps(
    reading: Reading, who: Headers, identity: UUID, series: str = "uk-eu"
) -> dict[str, set[tuple[str, str, int]]]:
    """The reasons by title."""
    response = await reading.client.get(
        f"/v1/assessments/{identity}/overlaps", params={"series": series}, headers=who
    )
    assert response.status_code == 200, response.text
    return {
        one["assessment"]["title"]: {(r["ground"], r["value"], r["weight"]) for r in one["reasons"]}
        for one in response.json()["overlaps"]
    }


async def post(reading: Reading, who: Headers, path: str, **body: object) -> httpx.Response:
    headers = {**who, "Idempotency-Key": str(uuid4())}
    return await reading.client.post(f"/v1{path}", json=body, headers=headers)


async def link(
    reading: Reading, who: Headers, one: UUID, other: UUID, series: str = "uk-eu"
) -> httpx.Response:
    return await post(
        reading, who, "/links", series=series, one=str(one), other=str(other), reason="The same break-in."
    )


async def links(
    reading: Reading, who: Headers, identity: UUID, series: str = "uk-eu"
) -> list[dict[str, Any]]:
    response = await reading.client.get(
        f"/v1/assessments/{identity}/links", params={"series": series}, headers=who
    )
    found: list[dict[str, Any]] = response.json()["links"]
    return found


def kept(reading: Reading) -> dict[str, list[tuple[Any, ...]]]:
    """Everything that is held but the record and the answers that were given."""
    with psycopg.connect(reading.dsn) as connection:
        tables = connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename NOT IN"
            " ('audit', 'idempotency') AND NOT starts_with(tablename, '_')"
            " AND NOT starts_with(tablename, 'yoyo')"
        ).fetchall()
        return {
            name: connection.execute(f"SELECT t::text FROM {name} AS t ORDER BY 1").fetchall()  # noqa: S608
            for (name,) in tables
        }


async def test_what_both_state_is_the_reason_and_nothing_hidden_is(reading: Reading) -> None:
    shared = {"actors": ["GREY HERON"], "techniques": ["T1566.001"], "sectors": ["energy"]}
    first, second, _, _ = await hold(
        reading,
        document("A", JOINT, text="CVE-2024-3400 again", **shared),
        document("B", JOINT, text="About CVE-2024-3400", actors=["grey heron"]),
        document("H", UK_ONLY, text="About CVE-2024-3400", **shared),
        document("T", JOINT, techniques=["T1566.001"], sectors=["energy"]),
    )
    both = {("ACTOR", "grey heron", 4), ("VULNERABILITY", "CVE-2024-3400", 3)}
    assert await overlaps(reading, reading.eu(), first) == {"Title of B": both}
    assert await overlaps(reading, reading.eu(), second) == {"Title of A": both}
    own = await overlaps(reading, reading.uk(), first)
    assert set(own) == {"Title of H", "Title of B"}
    assert own["Title of H"] == {
        *both, ("TECHNIQUE", "T1566.001", 1), ("SECTOR_AND_PERIOD", "energy", 1),
    }  # fmt: skip


async def test_sources_are_shared_both_ways_and_a_tear_line_has_none(
    reading: Reading,
) -> None:
    derived = [{"agency": "ncsc", "id": "SRC"}]
    source, first, torn = await hold(
        reading,
        document("SRC", JOINT),
        document("D1", JOINT, derived_from=derived),
        document("TORN", UK_ONLY, text="CVE-2024-3400", derived_from=derived, tear_line=TEAR_LINE),
    )
    assert await overlaps(reading, reading.uk(), source) == {
        "Title of D1": {("SOURCE", "SRC", 5)},
        "Title of TORN": {("SOURCE", "SRC", 5)},
    }
    assert set(await overlaps(reading, reading.uk(), first)) == {"Title of SRC", "Title of TORN"}
    assert await overlaps(reading, reading.eu(), source) == {"Title of D1": {("SOURCE", "SRC", 5)}}
    assert await overlaps(reading, reading.eu(), torn) == {}


async def test_a_link_explains_itself_and_leaves_nothing_once_it_is_undone(reading: Reading) -> None:
    one, other = await hold(
        reading, document("A", JOINT, text="CVE-2024-3400"), document("B", JOINT, text="CVE-2024-3400")
    )
    before = kept(reading)
    made = await link(reading, reading.uk(), other, one)
    assert made.status_code == 201
    (seen,) = await links(reading, reading.uk(), one)
    assert seen == made.json() == (await links(reading, reading.uk(), other))[0]
    assert (seen["official"], seen["reason"]) == ("fcdo-secretariat", "The same break-in.")
    assert [(one["ground"], one["value"]) for one in seen["shared"]] == [("VULNERABILITY", "CVE-2024-3400")]
    assert set(seen["assessments"]) == {str(one), str(other)}
    for who, series in ((reading.eu(), "uk-eu"), (reading.gchq(), "uk-us-cmr")):
        assert await links(reading, who, one, series) == []
    again = await link(reading, reading.uk(), one, other)
    assert (again.status_code, again.json()["reason"]) == (409, "LINK_EXISTS")
    assert kept(reading) != before
    undone = await post(reading, reading.uk(), f"/links/{seen['id']}/undo", reason="Two break-ins.")
    assert undone.json() == seen
    assert kept(reading) == before
    with psycopg.connect(reading.dsn) as connection:
        record = connection.execute(
            "SELECT action, detail->>'reason' FROM audit WHERE subject_kind = 'assessment-link' ORDER BY id"
        ).fetchall()
    assert record == [
        ("assessments.linked", "The same break-in."),
        ("assessments.link-undone", "Two break-ins."),
    ]


async def test_who_may_not_gets_the_same_answer_whether_or_not_there_is_anything(reading: Reading) -> None:
    hidden, one, other = await hold(
        reading, document("H", UK_ONLY), document("A", JOINT), document("B", JOINT)
    )
    made = (await link(reading, reading.uk(), one, other)).json()["id"]
    answers = set()
    for who in (reading.eu(), reading.gchq()):
        for identity in (made, str(uuid4())):
            answer = await post(reading, who, f"/links/{identity}/undo", reason="No.")
            body = {name: value for name, value in answer.json().items() if name != "instance"}
            answers.add((answer.status_code, json.dumps(body).replace(identity, "x")))
    assert len(answers) == 1
    for identity in (hidden, uuid4()):
        refused = await link(reading, reading.eu(), one, identity)
        assert (refused.status_code, refused.json()["reason"]) == (403, "NO_ACCESS")
        looked = await reading.client.get(
            f"/v1/assessments/{identity}/overlaps", params={"series": "uk-eu"}, headers=reading.eu()
        )
        assert (looked.status_code, looked.json()["reason"]) == (403, "NO_ACCESS")
    outside = await link(reading, reading.eu(), one, other, "uk-us-cmr")
    assert (outside.status_code, outside.json()["reason"]) == (403, "NOT_ENTITLED")
    agency = {"authorization": f"Bearer {reading.token('a', 'UK', 'NCSC', 'agency')}"}
    assert (await link(reading, agency, one, other)).json()["reason"] == "ROLE_MISSING"
    alone = await link(reading, reading.uk(), one, one)
    assert (alone.status_code, alone.json()["reason"]) == (400, "INVALID_VALUE")
    assert len(await links(reading, reading.uk(), one)) == 1


async def test_the_same_over_grpc(reading: Reading) -> None:
    one, other = await hold(reading, document("A", JOINT, actors=["X"]), document("B", JOINT, actors=["X"]))
    stub: correlation_service_pb2_grpc.CorrelationServiceAsyncStub = (
        correlation_service_pb2_grpc.CorrelationServiceStub(reading.channel)
    )
    messages, uk = correlation_service_pb2, list(reading.uk().items())
    asked = messages.ListOverlapsRequest(assessment_id=str(one), series="uk-eu")
    (found,) = (await stub.ListOverlaps(asked, metadata=uk)).overlaps
    assert (found.assessment.title, found.weight, found.reasons[0].ground) == ("Title of B", 4, "ACTOR")
    request = messages.LinkAssessmentsRequest(
        series="uk-eu", one_id=str(one), other_id=str(other), reason="One group.", request_id=str(uuid4())
    )
    made = (await stub.LinkAssessments(request, metadata=uk)).link
    assert (await stub.LinkAssessments(request, metadata=uk)).link == made
    listing = messages.ListLinksRequest(assessment_id=str(other), series="uk-eu")
    assert list((await stub.ListLinks(listing, metadata=uk)).links) == [made]
    undo = messages.UndoLinkRequest(link_id=made.link_id, reason="Two groups.", request_id=str(uuid4()))
    assert (await stub.UndoLink(undo, metadata=uk)).link == made
    assert not (await stub.ListLinks(listing, metadata=uk)).links
