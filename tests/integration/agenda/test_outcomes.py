"""What becomes of items: kinds of outcome, their numbers, their versions, a party's legal clearance."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from services.agenda.app import MIGRATIONS
from services.chassis.migrations import migrate
from tests.support.agenda_calls import Calls, alike, told
from tests.support.dialogue import (
    DSIT,
    EEAS,
    EU_SECRETARIAT,
    FCDO,
    QUORUM,
    UK_SECRETARIAT,
    Account,
    Dialogue,
    account,
    after_the_meeting,
)
from tests.support.outcome_bodies import outcome_body
from tests.support.postgres import Databases

NOTHING_SAID = {"clearances": [], "refusals": [], "next_page_token": ""}
WHY = "It would bind the armed forces."
ACTION: Any = outcome_body("")["action"]


async def agreed_agenda(dialogue: Dialogue) -> tuple[Any, Any]:
    meeting, draft, agenda = await dialogue.tabled()
    await dialogue.agree("agendas", agenda["id"])
    with after_the_meeting(dialogue):
        await dialogue.attended(meeting)
    return meeting, draft


async def recorded(dialogue: Dialogue, meeting: Any, body: object, who: Any = UK_SECRETARIAT) -> Any:
    return await dialogue.done(who, "POST", f"/v1/meetings/{meeting['id']}/outcomes", body)


def plain(item: Any, kind: str, **changes: object) -> dict[str, object]:
    return outcome_body(item["id"], kind=kind, action=None, **changes)


async def test_decisions_are_numbered_by_year_without_gaps_in_the_order_they_are_agreed(
    dialogue: Dialogue,
) -> None:
    meeting, draft = await agreed_agenda(dialogue)
    items = draft["items"]
    with after_the_meeting(dialogue):
        guidance = await recorded(
            dialogue,
            meeting,
            plain(items[0], "GUIDANCE", addressees=[{"party": "EU", "organisation": "ENISA"}]),
        )
        deferred = await recorded(
            dialogue,
            meeting,
            plain(items[1], "DEFERRED", conclusion="", reason="No time.", deferred_to=2028),
        )
        never = await recorded(dialogue, meeting, plain(items[2], "CONCLUDED"))
        concluded = await recorded(dialogue, meeting, outcome_body(items[3]["id"]))
        agreed = [await dialogue.agree("outcomes", one["id"]) for one in (concluded, deferred, guidance)]
    assert [one["decision_reference"] for one in agreed] == ["UKEU-2026-D01", None, "UKEU-2026-D02"]
    assert agreed[1]["deferred_to"] == 2028
    assert agreed[2]["review_edition"] == 2027
    listed = await dialogue.done(EEAS, "GET", f"/v1/meetings/{meeting['id']}/outcomes")
    assert {one["id"]: one["decision_reference"] for one in listed["outcomes"]} == {
        guidance["id"]: "UKEU-2026-D02",
        deferred["id"]: None,
        never["id"]: None,
        concluded["id"]: "UKEU-2026-D01",
    }


async def test_two_last_signatures_at_once_take_two_numbers_and_a_forged_one_takes_none(
    dialogue: Dialogue,
) -> None:
    meeting, draft = await agreed_agenda(dialogue)
    with after_the_meeting(dialogue):
        outcomes = [
            await recorded(dialogue, meeting, plain(item, "CONCLUDED")) for item in draft["items"][:3]
        ]
        for one in outcomes:
            await dialogue.agree("outcomes", one["id"], *QUORUM[:-1])
        forged = await dialogue.try_to_agree(
            QUORUM[-1],
            "outcomes",
            outcomes[0]["id"],
            jws=dialogue.signature(QUORUM[-1], "something else"),
        )
        assert forged.json()["reason"] == "SIGNATURE_INVALID"
        answers = await asyncio.gather(
            *(dialogue.try_to_agree(QUORUM[-1], "outcomes", one["id"]) for one in outcomes)
        )
    assert {one.json()["decision_reference"] for one in answers} == {
        "UKEU-2026-D01",
        "UKEU-2026-D02",
        "UKEU-2026-D03",
    }


async def test_another_wording_voids_what_was_agreed_and_keeps_the_action_and_the_record(
    dialogue: Dialogue,
) -> None:
    meeting, draft = await agreed_agenda(dialogue)
    with after_the_meeting(dialogue):
        shown = {"kind": "DOCUMENTARY", "wording": "The guidance.", "party": "UK", "due": "2027-05-31"}
        action = {**ACTION, "expected_evidence": [shown]}
        first = await recorded(dialogue, meeting, outcome_body(draft["items"][2]["id"], action=action))
        assert first["document"]["action"]["expectedEvidence"] == first["action"]["expected_evidence"]
        await dialogue.agree("outcomes", first["id"], FCDO)
        body = outcome_body("", conclusion="The parties will publish it in May.", action=action)
        del body["item_id"]
        path = f"/v1/outcomes/{first['id']}"
        stale = await dialogue.ask(EU_SECRETARIAT, "PUT", path, body, version=1)
        assert (stale.status_code, stale.json()["reason"]) == (412, "STALE_VERSION")
        assert (stale.json()["version"], stale.json()["content_hash"]) == ("2", first["content_hash"])
        assert [(one["change"], one["party"]) for one in stale.json()["changes"]] == [
            ("agreement-counted", "UK")
        ]
        second = await dialogue.done(EU_SECRETARIAT, "PUT", path, body, version=2)
        assert (second["version"], second["state"]) == (2, "PROPOSED")
        again = (await dialogue.ask(UK_SECRETARIAT, "PUT", path, body, version=2)).json()
        assert [(one["change"], one["fields"]) for one in again["changes"]] == [("revised", ["conclusion"])]
        assert again["current"]["conclusion"] == body["conclusion"]
        assert all(party["agreed"] == [] for party in second["agreements"])
        assert second["action"]["id"] == first["action"]["id"]
        assert second["action"]["expected_evidence"] == [shown]
        assert second["action"]["reference"] == "UKEU-2026-A01"
        late = await dialogue.try_to_agree(FCDO, "outcomes", first["id"], content_hash=first["content_hash"])
        assert late.json()["reason"] == "STALE_CONTENT_HASH"
        agreed = await dialogue.agree("outcomes", first["id"])
        assert agreed["state"] == "AGREED"
        again = await dialogue.ask(UK_SECRETARIAT, "PUT", path, body, version=7)
        assert (again.status_code, again.json()["reason"]) == (409, "ILLEGAL_TRANSITION")
    versions = dialogue.rows("SELECT version, content_hash FROM outcome_version ORDER BY version")
    assert versions == [(1, first["content_hash"]), (2, second["content_hash"])]


async def waiting(dialogue: Dialogue, who: Account) -> list[str]:
    return [one["matter"] for one in (await dialogue.done(who, "GET", "/v1/awaiting"))["awaiting"]]


@pytest.fixture
def lawful(dialogue: Dialogue) -> None:
    """The series asks an organisation of the United Kingdom for its legal clearance."""
    policy = dialogue.parts.policy
    series = replace(policy.get_series("uk-eu"), legal_clearance={"UK": ("FCDO",)})
    policy = replace(policy, series={**policy.series, "uk-eu": series})
    dialogue.app.state.agenda = dialogue.parts = replace(dialogue.parts, policy=policy)


@pytest.mark.usefixtures("lawful")
async def test_a_party_signs_once_its_named_adviser_has_cleared_and_the_other_learns_nothing(
    dialogue: Dialogue, call: Calls
) -> None:
    meeting, draft = await agreed_agenda(dialogue)
    adviser = account("FCDO", "UK", "release-officer")
    with after_the_meeting(dialogue):
        outcome = await recorded(dialogue, meeting, outcome_body(draft["items"][2]["id"]))
        path = f"/v1/outcomes/{outcome['id']}/clearances"
        clear = {"content_hash": outcome["content_hash"]}
        await dialogue.agree("outcomes", outcome["id"], EEAS)
        assert await waiting(dialogue, adviser) == ["OUTCOME_TO_CLEAR"]
        for who in (DSIT, EEAS):
            assert await waiting(dialogue, who) == []
        missing = await dialogue.try_to_agree(DSIT, "outcomes", outcome["id"])
        assert (missing.status_code, missing.json()["reason"]) == (409, "LEGAL_CLEARANCE_MISSING")
        for who in (DSIT, EU_SECRETARIAT):
            refused = await dialogue.ask(who, "POST", path, clear)
            assert (refused.status_code, refused.json()["reason"]) == (403, "NOT_THE_LEGAL_ADVISER")
        wrong = await dialogue.ask(adviser, "POST", path, {"content_hash": "sha256:" + "0" * 64})
        assert wrong.json()["reason"] == "STALE_CONTENT_HASH"
        before = await dialogue.ask(EEAS, "GET", f"/v1/outcomes/{outcome['id']}")
        await refuses(dialogue, adviser, outcome)
        again = await dialogue.try_to_agree(DSIT, "outcomes", outcome["id"])
        assert (again.status_code, again.json()["reason"]) == (409, "LEGAL_CLEARANCE_MISSING")
        given = await dialogue.done(adviser, "POST", path, clear)
        assert given == {
            "clearances": [{"organisation": "FCDO", "content_hash": outcome["content_hash"]}],
            "refusals": [],
        }
        assert "OUTCOME_TO_REVISE" not in await waiting(dialogue, UK_SECRETARIAT)
        after = await dialogue.ask(EEAS, "GET", f"/v1/outcomes/{outcome['id']}")
        assert (before.content, before.headers["etag"]) == (after.content, after.headers["etag"])
        assert {**given, "next_page_token": ""} == await dialogue.done(UK_SECRETARIAT, "GET", path)
        assert await waiting(dialogue, adviser) == []
        assert await waiting(dialogue, DSIT) == ["OUTCOME_TO_AGREE"]
        assert (await dialogue.done(EU_SECRETARIAT, "GET", path)) == NOTHING_SAID
        await dialogue.agree("outcomes", outcome["id"], DSIT)
        revised = await refused_and_revised(dialogue, call, adviser, outcome)
        await dialogue.agree("outcomes", outcome["id"])
        late = await call.refused(
            adviser, "RefuseOutcomeClearance", **text_of(revised), reason=WHY, request_id=str(uuid4())
        )
        assert late[1] == "ILLEGAL_TRANSITION"
    path = f"/v1/meetings/{meeting['id']}/history?kind=CLEARANCE"
    entries = (await dialogue.done(UK_SECRETARIAT, "GET", path))["entries"]
    assert [(one["action"], one["reason"]) for one in entries] == [
        *(("outcome.clearance-refused", WHY), ("outcome.cleared", None)),
        *(("outcome.clearance-refused", WHY), ("outcome.cleared", None)),
    ]
    assert (await dialogue.done(EU_SECRETARIAT, "GET", path))["entries"] == []


def refusals_of(outcome: Any) -> str:
    return f"/v1/outcomes/{outcome['id']}/clearance-refusals"


async def refuses(dialogue: Dialogue, adviser: Account, outcome: Any) -> None:
    """Only the adviser's own side learns that it refuses, and why."""
    path, text = refusals_of(outcome), {"content_hash": outcome["content_hash"]}
    said = {**text, "reason": WHY}
    for who in (DSIT, EU_SECRETARIAT):
        refused = await dialogue.ask(who, "POST", path, said)
        assert (refused.status_code, refused.json()["reason"]) == (403, "NOT_THE_LEGAL_ADVISER")
    for body, reason in (
        ({**said, "content_hash": "sha256:" + "0" * 64}, "STALE_CONTENT_HASH"),
        ({**said, "reason": " "}, "INVALID_REQUEST"),
        (text, "INVALID_REQUEST"),
    ):
        assert (await dialogue.ask(adviser, "POST", path, body)).json()["reason"] == reason
    given = await dialogue.done(adviser, "POST", path, said)
    assert given == {"clearances": [], "refusals": [{"organisation": "FCDO", **said}]}
    read = f"/v1/outcomes/{outcome['id']}/clearances"
    for who in (DSIT, UK_SECRETARIAT):
        assert await dialogue.done(who, "GET", read) == {**given, "next_page_token": ""}
    assert await dialogue.done(EU_SECRETARIAT, "GET", read) == NOTHING_SAID
    assert "OUTCOME_TO_REVISE" in await waiting(dialogue, UK_SECRETARIAT)
    for who in (adviser, DSIT, EEAS):
        assert await waiting(dialogue, who) == []
    assert "OUTCOME_TO_REVISE" not in await waiting(dialogue, EU_SECRETARIAT)


def text_of(outcome: Any) -> dict[str, str]:
    return {"outcome_id": outcome["id"], "content_hash": outcome["content_hash"]}


async def refused_and_revised(dialogue: Dialogue, call: Calls, adviser: Account, outcome: Any) -> Any:
    """The adviser thinks again and refuses what it cleared; other words are asked about anew. Over gRPC."""
    key = {"request_id": str(uuid4())}
    for wrong in ({"reason": " "}, {"reason": WHY, "content_hash": "sha256:0"}):
        sent = {**text_of(outcome), **key, **wrong}
        assert (await call.refused(adviser, "RefuseOutcomeClearance", **sent))[1] == "INVALID_VALUE"
    said = {**text_of(outcome), "reason": WHY, **key}
    tried = await call(adviser, "RefuseOutcomeClearance", **said, validate_only=True)
    assert await waiting(dialogue, DSIT) == []
    refused = await call(adviser, "RefuseOutcomeClearance", **said)
    assert tried == refused == await call(adviser, "RefuseOutcomeClearance", **said)
    assert (list(refused.clearances), [one.reason for one in refused.refusals]) == ([], [WHY])
    for matter, who in (("OUTCOME_TO_REVISE", UK_SECRETARIAT), ("OUTCOME_TO_CLEAR", adviser)):
        shown = await call(who, "ListAwaiting")
        assert (f"AWAITING_MATTER_{matter}" in {told(one)["matter"] for one in shown.awaiting}) == (
            who is UK_SECRETARIAT
        )
    path, body = f"/v1/outcomes/{outcome['id']}", outcome_body("", conclusion="The parties may publish.")
    del body["item_id"]
    version = (await dialogue.ask(UK_SECRETARIAT, "GET", path)).headers["etag"].strip('"')
    revised = await dialogue.done(UK_SECRETARIAT, "PUT", path, body, version=int(version))
    assert await waiting(dialogue, adviser) == ["OUTCOME_TO_CLEAR"]
    assert "OUTCOME_TO_REVISE" not in await waiting(dialogue, UK_SECRETARIAT)
    await call(adviser, "ClearOutcome", **text_of(revised), request_id=str(uuid4()))
    token, found = "", []
    while not found or token:
        asked = {"outcome_id": outcome["id"], "page_size": 1, "page_token": token}
        page = await call(DSIT, "ListOutcomeClearances", **asked)
        rest = await dialogue.done(DSIT, "GET", f"{path}/clearances?page_size=1&page_token={token}")
        alike(rest, told(page))
        found.extend([*page.clearances, *page.refusals])
        token = page.next_page_token
    assert sorted(one.content_hash for one in found) == sorted(
        [outcome["content_hash"], revised["content_hash"]]
    )
    whose = await call.refused(EU_SECRETARIAT, "ListOutcomeClearances", **{**asked, "page_token": "e30="})
    assert whose[1] == "INVALID_VALUE"
    assert not (await call(EU_SECRETARIAT, "ListOutcomeClearances", outcome_id=outcome["id"])).ListFields()
    return revised


async def test_what_each_kind_needs_is_asked_for_by_name(dialogue: Dialogue) -> None:
    meeting, draft = await agreed_agenda(dialogue)
    path = f"/v1/meetings/{meeting['id']}/outcomes"
    item = draft["items"][2]
    with after_the_meeting(dialogue):
        for body, reason in (
            (plain(item, "DEFERRED", conclusion=""), "OUTCOME_PART_MISSING"),
            (plain(item, "DEFERRED", reason="No time.", deferred_to=2026), "DEFERRED_TO_THE_PAST"),
            (outcome_body(item["id"], kind="NOTED"), "OUTCOME_PART_REFUSED"),
            (plain(item, "CONCLUDED", conclusion=""), "OUTCOME_PART_MISSING"),
            (plain(item, "GUIDANCE", addressees=[{"party": "US", "organisation": "NSA"}]), "NOT_A_PARTY"),
            (plain(item, "AGREED"), "INVALID_REQUEST"),
            (plain(item, "NOTED", deferred_to="2028"), "INVALID_REQUEST"),
            (plain(item, "NOTED", conclusion="<\u0000>"), "INVALID_REQUEST"),
        ):
            refused = await dialogue.ask(UK_SECRETARIAT, "POST", path, body)
            assert (refused.status_code, refused.json()["reason"]) == (400, reason)
    assert dialogue.rows("SELECT 1 FROM outcome UNION ALL SELECT 1 FROM reference_number") == []


def test_outcomes_from_before_there_were_kinds_are_decisions_with_numbers(
    postgres: Databases, tmp_path: Path
) -> None:
    older = [path for path in sorted(MIGRATIONS.glob("*.sql")) if path.stem < "agenda-0003"]
    for path in older:
        (tmp_path / path.name).write_text(path.read_text("utf-8"), "utf-8")
    dsn = postgres.database("agenda-before-kinds", lambda dsn: migrate(dsn, tmp_path))
    meeting, agenda, item = uuid4(), uuid4(), uuid4()
    payload = f'{{"items":[{{"itemId":"{item}","theme":"OSINT","commitments":["C7","C3"]}}]}}'
    with psycopg.connect(dsn) as connection:
        connection.execute(
            "INSERT INTO meeting VALUES (%s, 'uk-eu', 2025, 'UK', 'London', '2025-12-09', '2025-12-10',"
            " 'CONCLUSIONS_DRAFT', 5)",
            [meeting],
        )
        connection.execute(
            "INSERT INTO agenda VALUES (%s, %s, 'uk-eu', 1, 'AGREED', 'UK', 'h', %s, '2025-12-01',"
            " '2025-12-02', 1, NULL)",
            [agenda, meeting, payload.encode()],
        )
        connection.execute("INSERT INTO agenda_item VALUES (%s, %s, 1)", [agenda, item])
        for number, (state, agreed_at) in enumerate(
            [("AGREED", "2025-12-13"), ("PROPOSED", None), ("AGREED", "2025-12-12")], start=1
        ):
            connection.execute(
                "INSERT INTO outcome VALUES (%s, %s, %s, %s, 'uk-eu', 1, %s, 'c', %s, %s, 'h', '{}',"
                " '2025-12-11', %s, 1, NULL)",
                [
                    uuid4(),
                    meeting,
                    agenda,
                    item,
                    state,
                    uuid4(),
                    f"UKEU-2025-A{number:02d}",
                    agreed_at,
                ],
            )
    migrate(dsn, MIGRATIONS)
    with psycopg.connect(dsn) as connection:
        found = connection.execute(
            "SELECT action_reference, kind, decision_reference, theme, commitments FROM outcome ORDER BY 1"
        ).fetchall()
        last = connection.execute("SELECT kind, last FROM reference_number ORDER BY 1").fetchall()
    assert found == [
        ("UKEU-2025-A01", "CONCLUDED", "UKEU-2025-D02", "OSINT", ["C7", "C3"]),
        ("UKEU-2025-A02", "CONCLUDED", None, "OSINT", ["C7", "C3"]),
        ("UKEU-2025-A03", "CONCLUDED", "UKEU-2025-D01", "OSINT", ["C7", "C3"]),
    ]
    assert last == [("A", 3), ("D", 2)]
