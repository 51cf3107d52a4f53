"""What a search finds is counted by what it is about, in what the reader's party may read."""

from collections.abc import AsyncIterator
from typing import Any

import psycopg
import pytest

from deploy.local.platform import PlatformAccess
from services.threatfeed.domain.search import Kind, Search
from services.threatfeed.store.view_search import count_facts
from tests.support.postgres import Databases
from tests.support.reading import JOINT, TEAR_LINE, UK_ONLY, Reading, document, hold, open_reading


@pytest.fixture
async def reading(platform: PlatformAccess, postgres: Databases) -> AsyncIterator[Reading]:
    async with open_reading(platform, postgres) as opened:
        yield opened


async def counts(reading: Reading, headers: dict[str, str], **query: str) -> dict[str, Any]:
    answer = await reading.client.get("/v1/assessment-counts", headers=headers, params=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_each_party_counts_its_own(reading: Reading) -> None:
    energy = [{"scheme": "NIS2", "code": "energy"}]
    await hold(
        reading,
        document("A", JOINT, sectors=energy),
        document("B", UK_ONLY, sectors=["energy", "water"]),
        document("C", UK_ONLY, sectors=["water"], tear_line=TEAR_LINE),
    )
    own, other = [await counts(reading, headers) for headers in (reading.uk(), reading.eu())]
    assert (own["assessments"], other["assessments"]) == (3, 2)
    assert own["sectors"] == [
        {"value": "energy", "assessments": 2},
        {"value": "water", "assessments": 2},
    ]
    assert other["sectors"] == [{"value": "energy", "assessments": 1}]
    assert other["agencies"] == [{"value": "ncsc", "assessments": 2}]
    assert (await counts(reading, reading.uk(), sector="water"))["assessments"] == 2
    assert (await counts(reading, reading.eu(), sector="water"))["assessments"] == 0


async def test_it_is_said_where_more_are_found_than_are_counted(reading: Reading) -> None:
    await hold(reading, *(document(f"P{n}", JOINT, sectors=["energy"]) for n in range(4)))
    everything = Search.of("", {}, None, None)
    async with reading.process.database.transaction() as tx:
        number, values = await count_facts(tx, "EU", everything, [Kind.SECTOR], 2)
    assert (number, values) == (3, {Kind.SECTOR: [("energy", 2)]})
    assert (await counts(reading, reading.eu()))["complete"] is True


async def test_a_count_is_on_record_and_not_for_everybody(reading: Reading) -> None:
    await counts(reading, reading.uk(), theme="ransomware")
    with psycopg.connect(reading.dsn) as connection:
        rows = connection.execute("SELECT actor FROM audit WHERE action = 'assessments.counted'").fetchall()
    assert rows == [("fcdo-secretariat",)]
    token = reading.token("s", "UK", "UNIT42", "secretariat")
    answer = await reading.client.get("/v1/assessment-counts", headers={"authorization": f"Bearer {token}"})
    assert answer.status_code == 403


@pytest.mark.parametrize(
    "query", [{"theme": ""}, {"words": "x" * 501}, {"by": "title"}, {"since": "x"}], ids=str
)
async def test_what_cannot_be_counted_is_refused(reading: Reading, query: dict[str, str]) -> None:
    answer = await reading.client.get("/v1/assessment-counts", headers=reading.uk(), params=query)
    assert answer.status_code == 400
