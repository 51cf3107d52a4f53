"""Another version of the theme rules changes nothing until people have read what it would change."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import grpc
import httpx
import psycopg
import pytest
from entente.threatfeed.v1 import (
    assessment_event_pb2,
    theme_rules_service_pb2,
    theme_rules_service_pb2_grpc,
)

from deploy.local.platform import PlatformAccess
from services.kernel.policy import Policy
from services.kernel.themes import read_themes
from services.threatfeed.usecases.apply_theme_rules import apply_further
from services.threatfeed.usecases.expire_assessments import expire_assessments
from tests.support.postgres import Databases
from tests.support.reading import JOINT, TEAR_LINE, UK_ONLY, Reading, document, hold, open_reading
from tests.support.rpc import refusal
from tests.support.submissions import real_policy

Headers = dict[str, str]


def changed_rules() -> Policy:
    """Rules that know water, forget ransomware and name the rule of skills anew."""
    document: dict[str, Any] = dict(real_policy().themes.document)
    rules = [dict(rule) for rule in document["rules"] if rule["id"] != "CRIME-1"]
    for rule in rules:
        if rule["id"] == "SKILLS-1":
            rule["id"] = "SKILLS-2"
    water = {"id": "WATER-1", "theme": "CNI_INTERDEPENDENCY", "any_of": [{"keywords": ["water"]}]}
    themes = read_themes({**document, "version": "test", "rules": [*rules, water]}, "themes")
    return replace(real_policy(), themes=themes)


CHANGED = changed_rules()
APPLIED, DEPLOYED = real_policy().themes.version, CHANGED.themes.version


@pytest.fixture
async def reading(platform: PlatformAccess, postgres: Databases) -> AsyncIterator[Reading]:
    """An api that was started with the changed rules, over what was taken in under the real ones."""
    async with open_reading(platform, postgres, CHANGED) as reading:
        yield reading


async def held(reading: Reading) -> dict[str, UUID]:
    documents = [
        document("crime", JOINT, text="Ransomware"),
        document("water", JOINT, text="A water board"),
        document("both", UK_ONLY, text="Ransomware at a water board"),
        document("skills", JOINT, text="Cyber skills"),
        document("plain", JOINT),
        document("torn", UK_ONLY, tear_line={**TEAR_LINE, "text": "A water board"}),
    ]
    return dict(zip([str(one["id"]) for one in documents], await hold(reading, *documents), strict=True))


async def get(reading: Reading, who: Headers, path: str = "", **query: str | int) -> Any:
    response = await reading.client.get(f"/v1/theme-rules{path}", params=query, headers=who)
    assert response.status_code == 200, response.text
    return response.json()


async def ask(
    reading: Reading,
    who: Headers,
    version: str = DEPLOYED,
    replaces: str = APPLIED,
    key: str | None = None,
) -> httpx.Response:
    return await reading.client.post(
        "/v1/theme-rules/applications",
        json={"version": version, "replaces": replaces},
        headers={**who, "Idempotency-Key": key or str(uuid4())},
    )


async def run_to_the_end(reading: Reading, chunk: int = 200) -> None:
    while await apply_further(reading.process.database, reading.clock(), chunk=chunk):
        pass


def standing(reading: Reading) -> dict[UUID, tuple[dict[str, str], int]]:
    """Themes with their rules, and the version, of every assessment."""
    with psycopg.connect(reading.dsn) as connection:
        rows = connection.execute(
            "SELECT assessment_id, themes, theme_rules, aggregate_version FROM assessment"
        ).fetchall()
    return {row[0]: (dict(zip(row[1], row[2], strict=True)), row[3]) for row in rows}


def events(reading: Reading) -> list[assessment_event_pb2.AssessmentChanged]:
    with psycopg.connect(reading.dsn) as connection:
        rows = connection.execute(
            "SELECT unnest(data) FROM outbox WHERE topic = 'threatfeed.assessment.v1' ORDER BY id"
        ).fetchall()
    return [assessment_event_pb2.AssessmentChanged.FromString(bytes(value)) for (value,) in rows]


async def test_the_report_says_what_would_change_and_changes_nothing(reading: Reading) -> None:
    identities = await held(reading)
    before = standing(reading)
    report = await get(reading, reading.uk(), "/report")
    assert (report["applied_version"], report["deployed_version"]) == (APPLIED, DEPLOYED)
    assert (report["examined"], report["changed"]) == (6, 4)
    assert {one["rule_id"]: (one["added"], one["removed"]) for one in report["rules"]} == {
        "CRIME-1": (0, 2),
        "SKILLS-1": (0, 1),
        "SKILLS-2": (1, 0),
        "WATER-1": (2, 0),
    }
    page = await get(reading, reading.uk(), "/report/changes")
    changes = {one["title"]: one for one in page["changes"]}
    assert set(changes) == {f"Title of {name}" for name in ("crime", "water", "both", "skills")}
    both = changes["Title of both"]
    assert both["assessment_id"] == str(identities["both"])
    assert [one["rule_id"] for one in both["added"]] == ["WATER-1"]
    assert [one["rule_id"] for one in both["removed"]] == ["CRIME-1"]
    assert changes["Title of skills"]["reassigned"] == [
        {"theme": "CAPABILITY_DEVELOPMENT", "rule_id_before": "SKILLS-1", "rule_id_after": "SKILLS-2"}
    ]
    assert standing(reading) == before
    assert (await get(reading, reading.uk()))["run"] is None


async def test_the_report_is_over_what_its_reader_may_see(reading: Reading) -> None:
    await held(reading)
    report = await get(reading, reading.eu(), "/report")
    assert (report["examined"], report["changed"]) == (5, 4)
    assert {one["rule_id"]: one["removed"] for one in report["rules"]}["CRIME-1"] == 1
    pages, token = [], ""
    while True:
        page = await get(reading, reading.eu(), "/report/changes", size=2, token=token)
        pages.append([one["title"] for one in page["changes"]])
        token = page["next_page_token"]
        if not token:
            break
    assert [len(page) for page in pages] == [2, 2]
    assert {title for page in pages for title in page} == {
        "Title of crime",
        "Title of water",
        "Title of skills",
        "What may be said",
    }
    operator = await get(reading, reading.operator(), "/report/changes")
    assert {one["title"] for one in operator["changes"]} == {""}


async def test_applying_changes_what_was_reported_and_tells_of_that(reading: Reading) -> None:
    identities = await held(reading)
    before, told = standing(reading), len(events(reading))
    answer = await ask(reading, reading.operator())
    assert (answer.status_code, answer.json()["state"]) == (202, "REQUESTED")
    assert standing(reading) == before
    await run_to_the_end(reading)
    after = standing(reading)
    changed = {name for name, identity in identities.items() if after[identity] != before[identity]}
    assert changed == {"crime", "water", "both", "skills", "torn"}
    assert after[identities["both"]] == ({"CNI_INTERDEPENDENCY": "WATER-1"}, 2)
    assert after[identities["skills"]] == ({"CAPABILITY_DEVELOPMENT": "SKILLS-2"}, 2)
    assert after[identities["plain"]] == ({}, 1)
    news = events(reading)[told:]
    assert {UUID(one.assessment_id) for one in news} == {identities[name] for name in changed}
    assert {one.aggregate_version for one in news} == {2}
    assert {one.revision for one in news} == {1}
    assert all(one.marking.national for one in news)
    with psycopg.connect(reading.dsn) as connection:
        actions = connection.execute(
            "SELECT action, actor, count(*) FROM audit WHERE action LIKE 'theme-rules.%%' OR action LIKE %s"
            " GROUP BY 1, 2 ORDER BY 1",
            ["%reassigned"],
        ).fetchall()
        run = connection.execute("SELECT examined, changed FROM theme_rules_run").fetchone()
    assert actions == [
        ("assessment.themes-reassigned", "threatfeed", 5),
        ("theme-rules.application-requested", "operator", 1),
        ("theme-rules.applied", "operator", 1),
        ("theme-rules.first-applied", "threatfeed", 1),
    ]
    assert run == (6, 5)
    rules = await get(reading, reading.uk())
    assert (rules["applied_version"], rules["run"]["state"]) == (DEPLOYED, "DONE")
    assert not {"examined", "changed"} & set(rules["run"])
    assert (await get(reading, reading.uk(), "/report"))["changed"] == 0


async def test_a_run_goes_on_where_it_was_ended_while_more_arrives(reading: Reading) -> None:
    identities = await held(reading)
    await ask(reading, reading.operator())
    for _ in range(3):
        assert await apply_further(reading.process.database, reading.clock(), chunk=1)
    assert 0 < len([1 for _, version in standing(reading).values() if version == 2]) < 5
    # A process that was started with the rules of before takes these in.
    later = await hold(
        reading,
        document("late", JOINT, text="Ransomware"),
        document("crime", JOINT, version=2, text="Ransom"),
    )
    await run_to_the_end(reading, chunk=2)
    after = standing(reading)
    assert [after[identity][0] for identity in later] == [{}, {}]
    assert after[identities["both"]] == ({"CNI_INTERDEPENDENCY": "WATER-1"}, 2)
    assert not any("CRIME-1" in themes.values() for themes, _ in after.values())


async def test_what_arrives_before_the_application_gets_the_themes_of_the_applied_rules(
    reading: Reading,
) -> None:
    await held(reading)
    (identity,) = await hold(
        reading, document("next", JOINT, text="Ransomware at a water board"), policy=CHANGED
    )
    assert standing(reading)[identity] == ({"CYBERCRIME_RANSOMWARE": "CRIME-1"}, 1)


async def test_only_what_was_reported_is_applied_by_those_who_may_and_once(reading: Reading) -> None:
    await held(reading)
    agency = {"authorization": f"Bearer {reading.token('a', 'UK', 'NCSC', 'agency')}"}
    foreign = {"authorization": f"Bearer {reading.token('o', 'US', 'CISA', 'operator')}"}
    for who, reason in ((reading.uk(), "ROLE_MISSING"), (agency, "ROLE_MISSING"), (foreign, "NOT_ENTITLED")):
        refused = await ask(reading, who)
        assert (refused.status_code, refused.json()["reason"]) == (403, reason)
    for version, replaces in (("other", APPLIED), (DEPLOYED, "other")):
        refused = await ask(reading, reading.operator(), version, replaces)
        assert (refused.status_code, refused.json()["reason"]) == (412, "RULES_CHANGED")
        assert (refused.json()["deployed"], refused.json()["applied"]) == (DEPLOYED, APPLIED)
    key = str(uuid4())
    first = await ask(reading, reading.operator(), key=key)
    again = await ask(reading, reading.operator(), key=key)
    assert again.content == first.content
    second = await ask(reading, reading.operator())
    assert (second.status_code, second.json()["reason"]) == (409, "RUN_UNDER_WAY")
    await run_to_the_end(reading)
    done = await ask(reading, reading.operator(), replaces=DEPLOYED)
    assert (done.status_code, done.json()["reason"]) == (409, "RULES_APPLIED")


async def test_the_same_over_grpc(reading: Reading) -> None:
    await held(reading)
    stub: theme_rules_service_pb2_grpc.ThemeRulesServiceAsyncStub = (
        theme_rules_service_pb2_grpc.ThemeRulesServiceStub(reading.channel)
    )
    messages = theme_rules_service_pb2
    operator, secretariat = list(reading.operator().items()), list(reading.uk().items())
    rules = await stub.GetThemeRules(messages.GetThemeRulesRequest(), metadata=operator)
    assert (rules.applied_version, rules.deployed_version) == (APPLIED, DEPLOYED)
    assert not rules.HasField("run")
    report = await stub.ReportThemeRules(messages.ReportThemeRulesRequest(), metadata=secretariat)
    assert (report.examined, report.changed) == (6, 4)
    page = await stub.ListThemeChanges(messages.ListThemeChangesRequest(page_size=3), metadata=secretariat)
    rest = await stub.ListThemeChanges(
        messages.ListThemeChangesRequest(page_token=page.next_page_token), metadata=secretariat
    )
    assert len({one.assessment_id for one in (*page.changes, *rest.changes)}) == 4
    request = messages.ApplyThemeRulesRequest(version=DEPLOYED, replaces=APPLIED, request_id=str(uuid4()))
    assert await refusal(stub.ApplyThemeRules(request, metadata=secretariat)) == (
        grpc.StatusCode.PERMISSION_DENIED,
        "ROLE_MISSING",
    )
    run = (await stub.ApplyThemeRules(request, metadata=operator)).run
    assert run.state == messages.THEME_RULES_RUN_STATE_REQUESTED
    await run_to_the_end(reading)
    done = (await stub.GetThemeRules(messages.GetThemeRulesRequest(), metadata=operator)).run
    assert (done.run_id, done.state) == (run.run_id, messages.THEME_RULES_RUN_STATE_DONE)


async def test_what_has_expired_is_themed_anew_and_stays_expired(reading: Reading) -> None:
    (identity,) = await hold(
        reading,
        document("old", JOINT, text="A water board", valid_until="2030-01-01T00:00:00Z"),
    )
    assert await expire_assessments(reading.process.database, datetime(2031, 1, 1, tzinfo=UTC)) == 1
    assert (await get(reading, reading.uk(), "/report"))["changed"] == 1
    await ask(reading, reading.operator())
    await run_to_the_end(reading)
    themes, version = standing(reading)[identity]
    assert "WATER-1" in themes.values()
    told = [(event.state, event.cause, event.aggregate_version) for event in events(reading)]
    expired = (
        assessment_event_pb2.ASSESSMENT_STATE_EXPIRED,
        assessment_event_pb2.ASSESSMENT_CAUSE_VALIDITY_ENDED,
    )
    assert told[1:] == [(*expired, 2), (*expired, version)]
