"""What a party may read is kept ready for it, follows every change, and tells it of nothing else."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import psycopg
import pytest
from entente.exchange.v1 import release_pb2
from entente.threatfeed.v1 import assessment_service_pb2

from deploy.local.platform import PlatformAccess
from services.threatfeed.usecases.make_views import make_all_views, make_due_views
from tests.support.postgres import Databases
from tests.support.reading import (
    JOINT,
    OCCASION,
    TEAR_LINE,
    UK_ONLY,
    Reading,
    document,
    hold,
    make_views,
    maker,
    open_reading,
)


@pytest.fixture
async def reading(platform: PlatformAccess, postgres: Databases) -> AsyncIterator[Reading]:
    async with open_reading(platform, postgres) as opened:
        yield opened


async def titles(reading: Reading, headers: dict[str, str], **query: object) -> list[str]:
    answer = await reading.client.get("/v1/assessments", headers=headers, params=query)  # type: ignore[arg-type]
    assert answer.status_code == 200, answer.text
    return [entry["title"] for entry in answer.json()["assessments"]]


def feed(reading: Reading, party: str) -> list[tuple[int, UUID, str | None, str]]:
    """What a party was told, in its order."""
    with psycopg.connect(reading.dsn) as connection:
        return connection.execute(
            """
            SELECT sequence, assessment_id, rendition, state FROM party_view
            WHERE party = %s ORDER BY sequence
            """,
            [party],
        ).fetchall()


async def test_each_party_lists_what_it_may_read_and_nothing_else(reading: Reading) -> None:
    await hold(
        reading, document("A", JOINT), document("B", UK_ONLY), document("C", UK_ONLY, tear_line=TEAR_LINE)
    )
    assert sorted(await titles(reading, reading.uk())) == ["Title of A", "Title of B", "Title of C"]
    assert sorted(await titles(reading, reading.eu())) == ["Title of A", "What may be said"]
    assert [entry[0] for entry in feed(reading, "EU")] == [1, 2]


async def test_words_of_a_text_are_found_by_those_only_who_may_read_it(reading: Reading) -> None:
    await hold(
        reading,
        document("A", UK_ONLY, text="A quokka was seen in CVE-2024-3400.", tear_line=TEAR_LINE),
        document("B", JOINT, text="Nothing of that kind."),
    )
    for words in ("quokkas", "CVE-2024-3400", '"quokka was seen"', "quokka -nothing"):
        assert await titles(reading, reading.uk(), words=words) == ["Title of A"], words
        assert await titles(reading, reading.eu(), words=words) == [], words
    assert await titles(reading, reading.eu(), words="less") == ["What may be said"]


async def test_a_search_is_narrowed_by_every_kind_that_is_given(reading: Reading) -> None:
    await hold(
        reading,
        document("A", JOINT, sectors=[{"scheme": "NIS2", "code": "energy"}], text="CVE-2024-3400"),
        document("B", JOINT, sectors=["water"], published="2026-10-01T00:00:00Z"),
    )
    uk = reading.uk()
    assert await titles(reading, uk, sector="ENERGY") == ["Title of A"]
    assert await titles(reading, uk, sector="nis2 energy") == ["Title of A"]
    assert await titles(reading, uk, sector=["energy", "water"]) == ["Title of A", "Title of B"]
    assert await titles(reading, uk, sector="energy", cve="CVE-2024-3400", agency="ncsc", party="UK") == [
        "Title of A"
    ]
    assert await titles(reading, uk, sector="water", cve="CVE-2024-3400") == []
    assert await titles(reading, uk, marking="UK_GSCP OFFICIAL") == ["Title of A", "Title of B"]
    assert await titles(reading, uk, until="2026-11-01T00:00:00Z") == ["Title of B"]
    assert await titles(reading, uk, since="2026-11-01T00:00:00Z") == ["Title of A"]


async def test_pages_hold_each_assessment_once(reading: Reading) -> None:
    await hold(reading, *(document(f"P{n}", JOINT if n % 2 else UK_ONLY) for n in range(9)))
    found: list[str] = []
    query: dict[str, object] = {"page_size": 2}
    while True:
        answer = (await reading.client.get("/v1/assessments", headers=reading.eu(), params=query)).json()  # type: ignore[arg-type]
        assert len(answer["assessments"]) == 2
        found += [entry["title"] for entry in answer["assessments"]]
        if not answer["next_page_token"]:
            break
        query["page_token"] = answer["next_page_token"]
    assert sorted(found) == ["Title of P1", "Title of P3", "Title of P5", "Title of P7"]
    query["page_token"] = (
        await reading.client.get("/v1/assessments", headers=reading.eu(), params={"page_size": 2})
    ).json()["next_page_token"]
    foreign = await reading.client.get("/v1/assessments", headers=reading.uk(), params=query)  # type: ignore[arg-type]
    other = await reading.client.get("/v1/assessments", headers=reading.eu(), params=query | {"words": "x"})  # type: ignore[arg-type]
    assert (foreign.status_code, other.status_code) == (400, 400)


@pytest.mark.parametrize(
    "query",
    [
        {"words": "a\x00b"},
        {"words": "\x1b[2J"},
        {"words": "x" * 501},
        {"theme": ""},
        {"actor": [f"a{n}" for n in range(21)]},
        {"since": "yesterday"},
        {"since": "2026-01-01T00:00:00"},
        {"page_size": -1},
        {"page_token": "x"},
        {"page_token": "W10="},
        {"page_token": "A" * 5_000},
        {"order_by": "title"},
    ],
    ids=str,
)
async def test_what_cannot_be_looked_for_is_refused_with_its_place(
    reading: Reading, query: dict[str, str]
) -> None:
    answer = await reading.client.get("/v1/assessments", headers=reading.uk(), params=query)
    assert answer.status_code in (400, 422), answer.text


@pytest.mark.parametrize(
    "words", ["' OR 1=1 --", "a & | !", "(((", '"', "-", "or", "%", "🦘 ￼", "a:*", "<->", "\\", "ﬁ" * 200]
)
async def test_no_words_reach_further_than_what_they_find(reading: Reading, words: str) -> None:
    await hold(reading, document("A", UK_ONLY))
    assert await titles(reading, reading.eu(), words=words) == []


async def test_a_change_that_a_party_may_not_see_does_not_move_its_order(reading: Reading) -> None:
    await hold(reading, document("A", JOINT), document("B", UK_ONLY))
    before = feed(reading, "EU")
    await hold(reading, document("B", UK_ONLY, version=2, text="Other text"))
    await make_views(reading, *(entry[1] for entry in before))
    assert feed(reading, "EU") == before
    assert {entry[0] for entry in feed(reading, "UK")} & {3}


async def test_what_is_withdrawn_or_kept_back_leaves_every_list(reading: Reading) -> None:
    (first, second) = await hold(reading, document("A", JOINT), document("B", JOINT))
    await hold(reading, {"id": "A", "version": 2, "withdrawn": True, "reason": "Mistaken."})
    await hold(reading, document("B", UK_ONLY, version=2))
    assert await titles(reading, reading.eu()) == []
    assert await titles(reading, reading.eu(), words="title") == []
    assert feed(reading, "EU") == [(3, first, None, "WITHDRAWN"), (4, second, None, "NOT_RELEASED")]
    await hold(reading, {"id": "B", "version": 3, "withdrawn": True, "reason": "Mistaken too."})
    assert [entry[0] for entry in feed(reading, "EU")] == [3, 4]


async def test_a_text_appears_when_its_embargo_ends(reading: Reading) -> None:
    ends = (reading.clock() + timedelta(hours=1)).replace(microsecond=0)
    embargoed = f"UK OFFICIAL REL EU - EMBARGOED UNTIL {ends:%Y-%m-%dT%H:%M:%SZ}"
    await hold(reading, document("A", embargoed))
    assert await titles(reading, reading.eu()) == []
    assert not await make_due_views(reading.process.database, maker(reading), reading.clock())
    reading.clock.at = ends + timedelta(seconds=1)
    assert await make_due_views(reading.process.database, maker(reading), reading.clock())
    assert await titles(reading, reading.eu()) == ["Title of A"]
    assert not await make_due_views(reading.process.database, maker(reading), reading.clock())


async def test_another_policy_makes_every_view_anew_and_tells_only_of_what_differs(reading: Reading) -> None:
    await hold(reading, document("A", JOINT), document("B", "") | {"marking": {"tlp": "TLP:GREEN"}})
    at = reading.clock()
    assert await make_all_views(reading.process.database, maker(reading), at)
    assert [entry[0] for entry in feed(reading, "EU")] == [1, 2]
    assert not await make_all_views(reading.process.database, maker(reading), at)
    changed = replace(reading.policy, version="another", tlp_community=frozenset({"UK"}))
    assert await make_all_views(reading.process.database, maker(reading, changed), at)
    (kept, gone) = feed(reading, "EU")
    assert (kept[3], gone[0], gone[3]) == ("ACTIVE", 3, "NOT_RELEASED")


async def test_a_view_follows_the_sources_that_its_text_was_written_from(reading: Reading) -> None:
    await hold(reading, document("SOURCE", JOINT))
    derived = {"derived_from": [{"agency": "ncsc", "id": "SOURCE"}]}
    await hold(reading, document("A", JOINT, **derived))
    assert sorted(await titles(reading, reading.eu())) == ["Title of A", "Title of SOURCE"]
    await hold(reading, document("SOURCE", UK_ONLY, version=2))
    assert await titles(reading, reading.eu()) == []


async def test_who_has_no_part_in_any_series_lists_nothing(reading: Reading) -> None:
    token = reading.token("s", "UK", "UNIT42", "secretariat")
    answer = await reading.client.get("/v1/assessments", headers={"authorization": f"Bearer {token}"})
    assert answer.status_code == 403


async def test_what_was_listed_is_on_record(reading: Reading) -> None:
    (identity,) = await hold(reading, document("A", UK_ONLY))
    await titles(reading, reading.uk(), words="title")
    with psycopg.connect(reading.dsn) as connection:
        row = connection.execute(
            "SELECT actor, detail->'assessments' FROM audit WHERE action = 'assessments.listed'"
        ).fetchone()
    assert row == ("fcdo-secretariat", [str(identity)])


async def test_a_tear_line_has_the_themes_of_its_own_words(reading: Reading) -> None:
    tear_line = TEAR_LINE | {"text": "Ransomware was seen."}
    (identity,) = await hold(
        reading, document("A", UK_ONLY, text="Ransomware in the supply chain.", tear_line=tear_line)
    )
    own, other = [
        (await reading.client.get(f"/v1/assessments/{identity}", headers=headers)).json()
        for headers in (reading.uk(), reading.eu())
    ]
    hidden = {theme["theme"] for theme in own["themes"]} - {theme["theme"] for theme in other["themes"]}
    assert other["themes"]
    assert hidden
    for theme in hidden:
        assert await titles(reading, reading.eu(), theme=theme) == []


async def test_candidates_tell_a_reader_of_a_tear_line_nothing_of_the_whole(reading: Reading) -> None:
    await hold(reading, document("A", UK_ONLY, tear_line=TEAR_LINE))
    request = assessment_service_pb2.ListCandidatesRequest(occasion=OCCASION)
    own = await reading.stub.ListCandidates(request, metadata=list(reading.uk().items()))
    other = await reading.stub.ListCandidates(request, metadata=list(reading.eu().items()))
    renditions = [{decision.rendition for decision in page.candidates[0].decisions} for page in (own, other)]
    assert renditions == [
        {release_pb2.RENDITION_FULL, release_pb2.RENDITION_TEAR_LINE},
        {release_pb2.RENDITION_TEAR_LINE},
    ]
    assert b"HMG" not in other.SerializeToString()
