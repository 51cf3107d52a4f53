"""What no rule gives a theme waits for people; what they decide concerns the view of their audience alone."""

import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import grpc
import httpx
import psycopg
import pytest
from entente.threatfeed.v1 import assessment_service_pb2, triage_service_pb2, triage_service_pb2_grpc

from deploy.local.platform import PlatformAccess
from tests.support.postgres import Databases
from tests.support.reading import JOINT, OCCASION, TEAR_LINE, UK_ONLY, Reading, document, hold, open_reading
from tests.support.rpc import refusal

CRIME = "CYBERCRIME_RANSOMWARE"
Headers = dict[str, str]


@pytest.fixture
async def reading(platform: PlatformAccess, postgres: Databases) -> AsyncIterator[Reading]:
    async with open_reading(platform, postgres) as reading:
        yield reading


def dated(identity: str, marking: str, day: int, **more: object) -> dict[str, object]:
    return document(identity, marking, published=f"2026-11-{day:02}T09:00:00Z", **more)


async def waiting(reading: Reading, who: Headers, series: str = "uk-eu", size: int = 0) -> list[list[str]]:
    """The titles of each page."""
    pages: list[list[str]] = []
    token = ""
    while True:
        query = {"series": series, "size": size, "token": token}
        response = await reading.client.get("/v1/triage", params=query, headers=who)
        assert response.status_code == 200, response.text
        pages.append([one["assessment"]["title"] for one in response.json()["assessments"]])
        token = response.json()["next_page_token"]
        if not token:
            return pages


async def count(reading: Reading, who: Headers, series: str = "uk-eu") -> dict[str, Any]:
    response = await reading.client.get("/v1/triage/count", params={"series": series}, headers=who)
    found: dict[str, Any] = response.json()
    return found


async def decide(
    reading: Reading,
    who: Headers,
    identity: UUID,
    verdict: str = "ASSIGNED",
    *,
    theme: str = CRIME,
    version: int = 0,
    series: str = "uk-eu",
    reason: str = "It is about money.",
    key: str | None = None,
) -> httpx.Response:
    return await reading.client.post(
        f"/v1/assessments/{identity}/theme-decisions",
        json={"series": series, "theme": theme, "verdict": verdict, "reason": reason},
        headers={**who, "If-Match": f'"{version}"', "Idempotency-Key": key or str(uuid4())},
    )


async def themes(reading: Reading, who: Headers, identity: UUID, series: str = "uk-eu") -> dict[str, str]:
    """Who assigned each theme."""
    response = await reading.client.get(
        f"/v1/assessments/{identity}/themes", params={"series": series}, headers=who
    )
    assert response.status_code == 200, response.text
    return {one["theme"]: one["assigned_by"] for one in response.json()["themes"]}


async def test_what_no_rule_themes_waits_oldest_first_for_those_who_may_see_it(reading: Reading) -> None:
    ransom = dated("Z", JOINT, 1, text="Ransomware again")
    hidden = [dated(f"H{day}", UK_ONLY, day) for day in (2, 4, 6)]
    await hold(reading, dated("C", JOINT, 7), dated("A", JOINT, 3), ransom, *hidden, dated("B", JOINT, 5))
    assert await waiting(reading, reading.eu(), size=2) == [["Title of A", "Title of B"], ["Title of C"]]
    assert await waiting(reading, reading.eu(), size=3) == [["Title of A", "Title of B", "Title of C"]]
    assert await count(reading, reading.eu()) == {"count": 3, "oldest_published_at": "2026-11-03T09:00:00Z"}
    (own,) = await waiting(reading, reading.uk())
    assert own == [f"Title of {name}" for name in ("H2", "A", "H4", "B", "H6", "C")]
    assert (await count(reading, reading.uk()))["count"] == 6


async def test_a_theme_by_hand_is_seen_by_its_own_audience_only(reading: Reading) -> None:
    (identity,) = await hold(reading, document("A", JOINT))
    answer = await decide(reading, reading.uk(), identity)
    assert (answer.status_code, answer.headers["etag"]) == (200, '"1"')
    (assigned,) = answer.json()["themes"]
    assert (assigned["assigned_by"], assigned["rule_id"]) == ("person", None)
    assert assigned["decision"]["reason"] == "It is about money."
    assert assigned["decision"]["official"] == "fcdo-secretariat"
    assert await waiting(reading, reading.uk()) == [[]]
    assert await waiting(reading, reading.eu()) == [["Title of A"]]
    assert await waiting(reading, reading.gchq(), "uk-us-cmr") == [["Title of A"]]
    assert await themes(reading, reading.eu(), identity) == {}
    assert await themes(reading, reading.gchq(), identity, "uk-us-cmr") == {}
    with psycopg.connect(reading.dsn) as connection:
        entries = connection.execute(
            "SELECT action, actor, party, detail->>'reason' FROM audit WHERE action LIKE 'theme.%'"
        ).fetchall()
        told = connection.execute("SELECT topic FROM outbox ORDER BY topic").fetchall()
    assert entries == [("theme.assigned-by-hand", "fcdo-secretariat", "UK", "It is about money.")]
    assert told == [("threatfeed.assessment.v1",), ("threatfeed.receipt.ncsc.v1",)], "nobody hears of it"


async def test_what_people_decided_survives_revisions(reading: Reading) -> None:
    (identity,) = await hold(reading, document("A", JOINT, text="Sanctions and disinformation"))
    assert await themes(reading, reading.uk(), identity) == {"OSINT_SANCTIONS_HYBRID": "rule"}
    await decide(reading, reading.uk(), identity)
    await decide(reading, reading.uk(), identity, "REMOVED", theme="OSINT_SANCTIONS_HYBRID", version=1)
    assert await themes(reading, reading.uk(), identity) == {CRIME: "person"}
    await hold(reading, document("A", JOINT, version=3, text="Sanctions, and artificial intelligence"))
    await hold(reading, document("A", JOINT, version=2, text="Ransomware and international law"))
    assert await themes(reading, reading.uk(), identity) == {
        CRIME: "person",
        "CAPABILITY_DEVELOPMENT": "rule",
    }
    assert set(await themes(reading, reading.eu(), identity)) == {
        "OSINT_SANCTIONS_HYBRID",
        "CAPABILITY_DEVELOPMENT",
    }
    left = await decide(
        reading, reading.uk(), identity, "LEFT_TO_RULES", theme="OSINT_SANCTIONS_HYBRID", version=2
    )
    assert left.json()["removed"] == []
    assert (await themes(reading, reading.uk(), identity))["OSINT_SANCTIONS_HYBRID"] == "rule"


async def test_what_loses_its_last_theme_by_hand_waits_again(reading: Reading) -> None:
    (identity,) = await hold(reading, document("A", JOINT, text="Ransomware"))
    assert await waiting(reading, reading.uk()) == [[]]
    await decide(reading, reading.uk(), identity, "REMOVED")
    assert await waiting(reading, reading.uk()) == [["Title of A"]]
    assert await waiting(reading, reading.eu()) == [[]]


async def test_who_gets_a_tear_line_learns_nothing_from_the_themes_of_the_rest(reading: Reading) -> None:
    await hold(
        reading,
        document("A", UK_ONLY, text="Ransomware", tear_line=TEAR_LINE),
        document("B", UK_ONLY, tear_line={**TEAR_LINE, "text": "Ransomware"}),
    )
    assert await waiting(reading, reading.uk()) == [["Title of B"]]
    assert await waiting(reading, reading.eu()) == [["What may be said"]]
    request = assessment_service_pb2.ListCandidatesRequest(occasion=OCCASION, theme=CRIME)
    found = await reading.stub.ListCandidates(request, metadata=list(reading.eu().items()))
    assert [one.assessment.text for one in found.candidates] == ["Ransomware"]


async def test_candidates_carry_the_themes_that_their_reader_decided(reading: Reading) -> None:
    assigned, removed = await hold(reading, document("A", JOINT), document("B", JOINT, text="Ransomware"))
    await decide(reading, reading.uk(), assigned)
    await decide(reading, reading.uk(), removed, "REMOVED")
    request = assessment_service_pb2.ListCandidatesRequest(occasion=OCCASION, theme=CRIME)
    own = await reading.stub.ListCandidates(request, metadata=list(reading.uk().items()))
    other = await reading.stub.ListCandidates(request, metadata=list(reading.eu().items()))
    assert [one.assessment.title for one in own.candidates] == ["Title of A"]
    assert [theme.assigned_by for theme in own.candidates[0].assessment.themes] == ["person"]
    assert [one.assessment.title for one in other.candidates] == ["Title of B"]


async def test_a_repeated_decision_gets_the_first_answer_and_a_stale_one_is_refused(reading: Reading) -> None:
    (identity,) = await hold(reading, document("A", JOINT))
    key = str(uuid4())
    first = await decide(reading, reading.uk(), identity, key=key)
    again = await decide(reading, reading.uk(), identity, key=key)
    assert (again.status_code, again.content) == (200, first.content)
    stale = await decide(reading, reading.uk(), identity, "REMOVED")
    assert (stale.status_code, stale.json()["reason"], stale.json()["version"]) == (
        412,
        "THEMES_CHANGED",
        "1",
    )
    other = await decide(reading, reading.uk(), identity, "REMOVED", key=key)
    assert (other.status_code, other.json()["reason"]) == (400, "REQUEST_KEY_REUSED")
    assert await themes(reading, reading.uk(), identity) == {CRIME: "person"}


@pytest.mark.parametrize(
    ("changes", "status", "reason"),
    [
        ({"theme": "NO_SUCH_THEME"}, 400, "THEME_UNKNOWN"),
        ({"reason": " "}, 400, "INVALID_REQUEST"),
        ({"reason": "a\x1b[31mb"}, 400, "INVALID_REQUEST"),
        ({"reason": "x" * 2_001}, 400, "INVALID_REQUEST"),
        ({"reason": "right\u202eleft"}, 400, "INVALID_VALUE"),
        ({"verdict": "LEFT_TO_RULES"}, 409, "NOTHING_DECIDED"),
        ({"verdict": "PERHAPS"}, 400, "INVALID_REQUEST"),
    ],
)
async def test_a_decision_that_makes_no_sense_is_refused_and_nothing_is_kept(
    reading: Reading, changes: dict[str, str], status: int, reason: str
) -> None:
    (identity,) = await hold(reading, document("A", JOINT))
    answer = await decide(reading, reading.uk(), identity, **changes)  # type: ignore[arg-type]
    assert (answer.status_code, answer.json()["reason"]) == (status, reason)
    assert await themes(reading, reading.uk(), identity) == {}


async def test_who_may_not_gets_the_same_answer_whether_or_not_there_is_anything(reading: Reading) -> None:
    hidden, seen = await hold(reading, document("A", UK_ONLY), document("B", JOINT))
    absent = uuid4()
    answers = []
    for identity in (hidden, absent):
        for response in (
            await decide(reading, reading.eu(), identity),
            await reading.client.get(
                f"/v1/assessments/{identity}/themes", params={"series": "uk-eu"}, headers=reading.eu()
            ),
        ):
            assert (response.status_code, response.json()["reason"]) == (403, "NO_ACCESS")
            body = {name: value for name, value in response.json().items() if name != "instance"}
            answers.append(json.dumps(body).replace(str(identity), "x"))
    assert len(set(answers)) == 1
    for series in ("uk-us-cmr", "no-such-series"):
        refused = await decide(reading, reading.eu(), seen, series=series)
        listed = await reading.client.get("/v1/triage", params={"series": series}, headers=reading.eu())
        assert {refused.json()["reason"], listed.json()["reason"]} == {"NOT_ENTITLED"}
        assert {refused.status_code, listed.status_code} == {403}
    agency = {"authorization": f"Bearer {reading.token('a', 'UK', 'NCSC', 'agency')}"}
    for answer in (await decide(reading, agency, seen), await decide(reading, reading.operator(), seen)):
        assert (answer.status_code, answer.json()["reason"]) == (403, "ROLE_MISSING")
    assert (await decide(reading, {}, seen)).status_code == 401


async def test_the_same_over_grpc(reading: Reading) -> None:
    (identity,) = await hold(reading, document("A", JOINT))
    stub: triage_service_pb2_grpc.TriageServiceAsyncStub = triage_service_pb2_grpc.TriageServiceStub(
        reading.channel
    )
    uk, eu = list(reading.uk().items()), list(reading.eu().items())
    listed = await stub.ListUnthemed(triage_service_pb2.ListUnthemedRequest(series="uk-eu"), metadata=uk)
    (one,) = listed.assessments
    request = triage_service_pb2.DecideThemeRequest(
        assessment_id=str(identity),
        series="uk-eu",
        theme=CRIME,
        verdict=triage_service_pb2.THEME_VERDICT_ASSIGNED,
        reason="It is about money.",
        etag=one.etag,
        request_id=str(uuid4()),
    )
    decided = (await stub.DecideTheme(request, metadata=uk)).themes
    assert (await stub.DecideTheme(request, metadata=uk)).themes == decided
    asked = triage_service_pb2.GetThemesRequest(assessment_id=str(identity), series="uk-eu")
    assert (await stub.GetThemes(asked, metadata=uk)).themes == decided
    assert decided.themes[0].decision.official == "fcdo-secretariat"
    counting = triage_service_pb2.CountUnthemedRequest(series="uk-eu")
    assert (await stub.CountUnthemed(counting, metadata=uk)).count == 0
    assert (await stub.CountUnthemed(counting, metadata=eu)).count == 1
    request.request_id = str(uuid4())
    assert await refusal(stub.DecideTheme(request, metadata=uk)) == (
        grpc.StatusCode.ABORTED,
        "THEMES_CHANGED",
    )
    asked.series = "uk-us-cmr"
    assert await refusal(stub.GetThemes(asked, metadata=uk)) == (
        grpc.StatusCode.PERMISSION_DENIED,
        "NOT_ENTITLED",
    )
