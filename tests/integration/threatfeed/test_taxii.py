"""An existing TAXII client reads what its user's party may read, in order, and learns of nothing else."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any, TypeVar
from uuid import uuid4

import httpx
import psycopg
import pytest
import requests
import stix2
from taxii2client.v21 import Collection, Server, as_pages

from deploy.local.platform import PlatformAccess
from tests.support.postgres import Databases
from tests.support.reading import JOINT, TEAR_LINE, UK_ONLY, Reading, document, hold, open_reading
from tests.support.waiting import eventually

T = TypeVar("T")


class Bearer(requests.auth.AuthBase):
    def __init__(self, headers: dict[str, str]) -> None:
        self._value = headers["authorization"]

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = self._value
        return request


@pytest.fixture
async def reading(platform: PlatformAccess, postgres: Databases) -> AsyncIterator[Reading]:
    async with open_reading(platform, postgres) as opened, httpx.AsyncClient(trust_env=False) as client:

        async def answers() -> bool:
            with suppress(httpx.ConnectError):
                return (await client.get(f"{opened.address}/livez")).status_code == 200
            return False

        await eventually(answers)
        yield opened


async def hold_in_turn(reading: Reading, *documents: dict[str, object]) -> None:
    for one in documents:
        await hold(reading, one)


async def with_collection(
    reading: Reading, headers: dict[str, str], use: Callable[[Collection], T], title: str = ""
) -> T:
    """Uses the client as a tool would, from discovery on."""

    def work() -> T:
        with Server(f"{reading.address}/taxii2/", auth=Bearer(headers)) as server:
            (root,) = server.api_roots
            found = {one.title: one for one in root.collections}
            return use(found[title] if title else next(iter(found.values())))

    return await asyncio.to_thread(work)


async def reports(reading: Reading, headers: dict[str, str], **query: Any) -> list[dict[str, Any]]:
    envelope = await with_collection(reading, headers, lambda one: one.get_objects(type="report", **query))
    found: list[dict[str, Any]] = envelope.get("objects", [])
    return found


async def ask(reading: Reading, headers: dict[str, str], rest: str = "", **query: Any) -> Any:
    url = await with_collection(reading, headers, lambda one: one.url)
    path = url.removeprefix(reading.address) + rest
    return await reading.client.get(path, headers=headers, params=query)


async def test_a_client_finds_its_collection_from_discovery(reading: Reading) -> None:
    titles = await with_collection(
        reading, reading.eu(), lambda one: (one.title, one.can_read, one.can_write)
    )
    assert titles == ("uk-eu.eu", True, False)
    assert (await with_collection(reading, reading.uk(), lambda one: one.title)).endswith(".uk")


async def test_each_audience_reads_its_own_rendition(reading: Reading) -> None:
    await hold_in_turn(
        reading, document("A", JOINT), document("B", UK_ONLY), document("C", UK_ONLY, tear_line=TEAR_LINE)
    )
    own, other = [await reports(reading, headers) for headers in (reading.uk(), reading.eu())]
    assert [one["name"] for one in own] == ["Title of A", "Title of B", "Title of C"]
    assert [one["name"] for one in other] == ["Title of A", "What may be said"]
    raw = (await ask(reading, reading.eu(), "objects/")).text
    assert [word for word in ("HMG", "Title of B", "Text of C", "OFFICIAL-SENSITIVE") if word in raw] == []


async def test_every_object_is_valid_stix(reading: Reading) -> None:
    await hold(reading, document("A", JOINT, sectors=["energy"], actors=["Sandworm"], techniques=["T1059"]))
    envelope = await with_collection(reading, reading.eu(), lambda one: one.get_objects())
    kinds = {stix2.parse(one, allow_custom=False).type for one in envelope["objects"]}
    assert kinds == {"report", "identity", "threat-actor", "attack-pattern", "marking-definition"}


async def test_pages_hold_each_object_once_and_in_order(reading: Reading) -> None:
    await hold_in_turn(reading, *(document(f"P{n}", JOINT, techniques=[f"T100{n}"]) for n in range(5)))

    def all_pages(one: Collection) -> list[list[dict[str, Any]]]:
        return [page["objects"] for page in as_pages(one.get_objects, per_request=3)]

    pages = await with_collection(reading, reading.eu(), all_pages)
    assert max(map(len, pages)) == 3
    names = [one["name"] for page in pages for one in page if one["type"] in ("report", "attack-pattern")]
    assert names == [name for n in range(5) for name in (f"Title of P{n}", f"T100{n}")]


async def test_a_client_that_comes_back_gets_what_was_added_since(reading: Reading) -> None:
    await hold(reading, document("A", JOINT), document("B", JOINT))
    last = (await ask(reading, reading.eu(), "objects/")).headers["x-taxii-date-added-last"]
    assert await reports(reading, reading.eu(), added_after=last) == []
    await hold(reading, document("B", UK_ONLY, version=2), document("C", UK_ONLY))
    (gone,) = await reports(reading, reading.eu(), added_after=last)
    assert gone["revoked"] is True
    assert "Title of B" not in str(gone)
    stix2.parse(gone, allow_custom=False)
    last = (await ask(reading, reading.eu(), "objects/")).headers["x-taxii-date-added-last"]
    await hold_in_turn(reading, document("D", JOINT), document("A", JOINT, version=2, title="Anew"))
    assert [one["name"] for one in await reports(reading, reading.eu(), added_after=last)] == [
        "Title of D",
        "Anew",
    ]


async def test_every_change_has_a_moment_of_its_own_in_the_order_in_which_it_was_shown(
    reading: Reading,
) -> None:
    for n in range(4):
        # A clock that is set back must not hide what comes after.
        reading.clock.at = reading.clock() - timedelta(minutes=1)
        await hold(reading, document(f"P{n}", JOINT))
    manifest = await with_collection(reading, reading.eu(), lambda one: one.get_manifest(type="report"))
    added = [one["date_added"] for one in manifest["objects"]]
    assert added == sorted(set(added))
    assert len(added) == 4
    found = await reports(reading, reading.eu(), added_after=added[1])
    assert [one["name"] for one in found] == ["Title of P2", "Title of P3"]


async def test_one_object_and_its_versions_are_asked_for_by_id(reading: Reading) -> None:
    first, _ = await hold(reading, document("A", JOINT), document("B", JOINT))
    name = f"report--{first}"
    envelope = await with_collection(reading, reading.eu(), lambda one: one.get_object(name))
    (report,) = envelope["objects"]
    assert report["name"] == "Title of A"
    versions = (await ask(reading, reading.eu(), f"objects/{name}/versions/")).json()
    assert versions == {"more": False, "versions": [report["modified"]]}
    for query, count in (
        ({"match[version]": "last"}, 1),
        ({"match[version]": report["modified"]}, 1),
        ({"match[version]": "2020-01-01T00:00:00Z"}, 0),
        ({"match[id]": f"{name},report--{uuid4()}"}, 1),
        ({"match[spec_version]": "2.0"}, 0),
        ({"match[type]": "malware"}, 0),
    ):
        answer = await ask(
            reading, reading.eu(), "objects/", **{"match[type]": "report", "match[id]": name, **query}
        )
        assert len(answer.json()["objects"]) == count, query


async def test_what_is_not_there_and_what_is_kept_back_answer_alike(reading: Reading) -> None:
    _, kept_back = await hold(reading, document("A", JOINT), document("B", UK_ONLY))
    answers = [
        await ask(reading, reading.eu(), f"objects/report--{identity}/") for identity in (kept_back, uuid4())
    ]
    assert [(one.status_code, one.json()["reason"]) for one in answers] == [(403, "NO_ACCESS")] * 2
    uk = await with_collection(reading, reading.uk(), lambda one: one.id)
    for identity in (uk, str(uuid4())):
        path = f"/taxii2/threatfeed/collections/{identity}/objects/"
        answer = await reading.client.get(path, headers=reading.eu())
        assert (answer.status_code, answer.json()["reason"]) == (403, "NO_ACCESS")


async def test_its_media_type_is_that_of_the_standard_and_a_token_is_needed(reading: Reading) -> None:
    for rest in ("", "objects/", "manifest/"):
        answer = await ask(reading, reading.eu(), rest)
        assert answer.headers["content-type"] == "application/taxii+json;version=2.1"
    assert (await reading.client.get("/taxii2/")).status_code == 401
    operator = await reading.client.get("/taxii2/", headers=reading.operator())
    assert operator.status_code == 403


async def test_what_is_read_is_on_record(reading: Reading) -> None:
    (identity,) = await hold(reading, document("A", JOINT))
    await reports(reading, reading.eu())
    with psycopg.connect(reading.dsn) as connection:
        rows = connection.execute(
            "SELECT actor, detail->'assessments' FROM audit WHERE action = 'collection.read'"
        ).fetchall()
    assert rows == [("eeas-secretariat", [str(identity)])]


@pytest.mark.parametrize(
    "query",
    [
        {"limit": 0},
        {"limit": "many"},
        {"added_after": "yesterday"},
        {"added_after": "2026-01-01T00:00:00"},
        {"next": "x"},
        {"next": "W10="},
        {"match[id]": "report--' OR 1=1"},
        {"match[id]": ",".join(f"x{n}" for n in range(101))},
        {"match[type]": ",,"},
    ],
    ids=str,
)
async def test_what_cannot_be_asked_for_is_refused(reading: Reading, query: dict[str, Any]) -> None:
    answer = await ask(reading, reading.eu(), "objects/", **query)
    assert answer.status_code == 400, answer.text


async def test_a_next_of_another_question_is_refused(reading: Reading) -> None:
    await hold(reading, document("A", JOINT), document("B", JOINT))
    following = (await ask(reading, reading.eu(), "objects/", limit=1)).json()["next"]
    other = await ask(reading, reading.eu(), "objects/", limit=1, next=following, **{"match[type]": "report"})
    foreign = await ask(reading, reading.uk(), "objects/", limit=1, next=following)
    assert (other.status_code, foreign.status_code) == (400, 400)
