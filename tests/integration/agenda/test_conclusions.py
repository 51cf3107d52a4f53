"""Minutes that both sides accept, and the conclusions of a meeting signed as one text."""

import asyncio
from typing import Any
from uuid import uuid4

from entente.agenda.v1 import outcome_event_pb2

from services.kernel.canonical import content_hash
from tests.support.dialogue import (
    EEAS,
    ENDS,
    EU_SECRETARIAT,
    FCDO,
    LEADERSHIP,
    NSA,
    QUORUM,
    UK_SECRETARIAT,
    Dialogue,
    account,
)
from tests.support.outcome_bodies import outcome_body

TEXT = {"text": "Both sides exchanged views.", "marking": "TLP:GREEN"}


async def held(dialogue: Dialogue) -> tuple[Any, Any]:
    """A meeting that is over, with its registers closed."""
    meeting, draft, agenda = await dialogue.tabled()
    await dialogue.agree("agendas", agenda["id"])
    dialogue.clock.at = ENDS
    await dialogue.attended(meeting)
    return meeting, draft


async def agree(dialogue: Dialogue, path: str, who: Any, **changes: object) -> Any:
    asked = await dialogue.done(who, "GET", f"{path}/agreement")
    body = {"content_hash": asked["content_hash"], "jws": dialogue.signature(who, asked["payload"])}
    return await dialogue.ask(who, "POST", f"{path}/agreements", {**body, **changes})


async def test_two_secretaries_write_one_section_at_once_and_nothing_is_lost(dialogue: Dialogue) -> None:
    meeting, draft = await held(dialogue)
    path = f"/v1/meetings/{meeting['id']}/minutes"
    section = f"{path}/{draft['items'][2]['id']}"
    ours, theirs = {**TEXT, "text": "As we remember it."}, {**TEXT, "text": "As they remember it."}
    answers = await asyncio.gather(
        dialogue.ask(UK_SECRETARIAT, "PUT", section, ours, version=0),
        dialogue.ask(EU_SECRETARIAT, "PUT", section, theirs, version=0),
    )
    assert sorted(one.status_code for one in answers) == [200, 412]
    late = next(one.json() for one in answers if one.status_code == 412)
    first = next(one.json() for one in answers if one.status_code == 200)
    assert late["reason"] == "STALE_VERSION"
    assert [(one["revision"], one["text"]) for one in late["changes"]] == [(1, first["text"])]
    both = await dialogue.done(EU_SECRETARIAT, "PUT", section, {**TEXT, "text": "Together."}, version=1)
    assert (both["revision"], both["accepted_by"]) == (2, ["EU"])
    assert [one["text"] for one in both["revisions"]] == [first["text"], "Together."]
    said = await dialogue.done(UK_SECRETARIAT, "POST", f"{section}/comments", {"text": "Agreed."})
    assert [(one["revision"], one["party"]) for one in said["comments"]] == [(2, "UK")]
    stale = await dialogue.ask(UK_SECRETARIAT, "POST", f"{section}/acceptances", {}, version=1)
    assert (stale.status_code, stale.json()["changes"][0]["text"]) == (412, "Together.")
    accepted = await dialogue.done(UK_SECRETARIAT, "POST", f"{section}/acceptances", {}, version=2)
    assert accepted["accepted_by"] == ["EU", "UK"]
    other = await dialogue.done(UK_SECRETARIAT, "PUT", f"{path}/OPENING", TEXT, version=0)
    assert other["revision"] == 1
    read = await dialogue.done(LEADERSHIP, "GET", path)
    assert [one["revision"] for one in read["sections"] if one["revision"]] == [1, 2]
    for target, body, status, reason in (
        (f"{path}/{uuid4()}", TEXT, 404, "SECTION_UNKNOWN"),
        (f"{path}/APPENDIX", TEXT, 400, "INVALID_REQUEST"),
        (f"{path}/CLOSING", {**TEXT, "marking": "UK SECRET"}, 400, "ABOVE_CEILING"),
        (f"{path}/CLOSING", {**TEXT, "text": "x" * 4_001}, 400, "INVALID_REQUEST"),
    ):
        refused = await dialogue.ask(UK_SECRETARIAT, "PUT", target, body, version=0)
        assert (refused.status_code, refused.json()["reason"]) == (status, reason)
    assert (await dialogue.ask(NSA, "GET", path)).json()["reason"] == "NO_ACCESS"


async def every_page_of_what_waits(dialogue: Dialogue, meeting_id: str, outcomes: list[str]) -> None:
    """Minutes and outcomes wait for a chair of the side that has not accepted; only these outcomes for the
    other."""
    whole = (await dialogue.done(EEAS, "GET", "/v1/awaiting"))["awaiting"]
    expected = [("MINUTES_TO_ACCEPT", meeting_id), *(("OUTCOME_TO_AGREE", one) for one in sorted(outcomes))]
    assert [(one["matter"], one["subject_id"]) for one in whole] == expected
    assert all(one["what_to_do"] for one in whole)
    own = (await dialogue.done(FCDO, "GET", "/v1/awaiting"))["awaiting"]
    assert [(one["matter"], one["subject_id"]) for one in own] == expected[1:]
    secretary = (await dialogue.done(EU_SECRETARIAT, "GET", "/v1/awaiting"))["awaiting"]
    assert [one["matter"] for one in secretary] == ["MINUTES_TO_ACCEPT"]
    assert (await dialogue.done(NSA, "GET", "/v1/awaiting"))["awaiting"] == []
    told, token = [], ""
    while not told or token:
        page = await dialogue.done(EEAS, "GET", f"/v1/awaiting?page_size=4&page_token={token}")
        assert 0 < len(page["awaiting"]) <= 4
        told += page["awaiting"]
        token = page["next_page_token"]
        if token:
            foreign = await dialogue.ask(FCDO, "GET", f"/v1/awaiting?page_token={token}")
            assert (foreign.status_code, foreign.json()["reason"]) == (400, "INVALID_VALUE")
    assert told == whole
    for wrong in ("page_size=0", "page_size=201", "page_token=W10%3D"):
        assert (await dialogue.ask(EEAS, "GET", f"/v1/awaiting?{wrong}")).status_code == 400


async def test_one_signature_an_official_agrees_every_outcome_and_the_minutes(dialogue: Dialogue) -> None:
    meeting, draft = await held(dialogue)
    path = f"/v1/meetings/{meeting['id']}"
    outcomes = []
    for place, item in enumerate(draft["items"]):
        if place == 1:
            missing = await dialogue.ask(UK_SECRETARIAT, "POST", f"{path}/conclusions", {})
            assert (missing.status_code, missing.json()["reason"]) == (409, "OUTCOMES_MISSING")
        kind = "CONCLUDED" if place in (2, 5) else "NOTED"
        body = outcome_body(item["id"], kind=kind, **({} if place == 2 else {"action": None}))
        outcomes.append(await dialogue.done(UK_SECRETARIAT, "POST", f"{path}/outcomes", body))
    written = await dialogue.done(UK_SECRETARIAT, "PUT", f"{path}/minutes/OPENING", TEXT, version=0)
    assert written["accepted_by"] == ["UK"]
    unaccepted = await dialogue.ask(UK_SECRETARIAT, "POST", f"{path}/conclusions", {})
    assert (unaccepted.json()["reason"], unaccepted.json()["parties"]) == ("MINUTES_NOT_ACCEPTED", "EU")
    await every_page_of_what_waits(dialogue, meeting["id"], [one["id"] for one in outcomes])
    await dialogue.done(EU_SECRETARIAT, "POST", f"{path}/minutes/OPENING/acceptances", {}, version=1)
    conclusions = await dialogue.done(UK_SECRETARIAT, "POST", f"{path}/conclusions", {})
    assert conclusions["content_hash"] == content_hash(conclusions["document"])
    assert [one["outcomeId"] for one in conclusions["document"]["outcomes"]] == [
        one["id"] for one in outcomes
    ]
    await dialogue.agree("outcomes", outcomes[5]["id"], FCDO)
    for who in QUORUM[:2]:
        assert (await agree(dialogue, f"{path}/conclusions", who)).json()["state"] == "PUT"
    wording = outcome_body("", kind="NOTED", action=None, conclusion="Noted with thanks.")
    del wording["item_id"]
    await dialogue.done(EU_SECRETARIAT, "PUT", f"/v1/outcomes/{outcomes[0]['id']}", wording, version=1)
    stale = await agree(dialogue, f"{path}/conclusions", EEAS)
    assert (stale.status_code, stale.json()["reason"]) == (409, "STALE_CONTENT_HASH")
    again = await dialogue.done(EU_SECRETARIAT, "POST", f"{path}/conclusions", {})
    assert (again["version"], all(one["agreed"] == [] for one in again["agreements"])) == (2, True)
    old = await agree(dialogue, f"{path}/conclusions", FCDO, content_hash=conclusions["content_hash"])
    assert old.json()["reason"] == "STALE_CONTENT_HASH"
    outsider = account("HOME-OFFICE", "UK", "chair")
    assert (await dialogue.ask(outsider, "GET", f"{path}/conclusions/agreement")).status_code == 403
    assert not dialogue.published("agenda.outcome.v1")
    for who in QUORUM:
        waiting = (await dialogue.done(who, "GET", "/v1/awaiting"))["awaiting"]
        assert [one["matter"] for one in waiting] == ["CONCLUSIONS_TO_SIGN"]
        last = await agree(dialogue, f"{path}/conclusions", who)
    assert (await dialogue.done(QUORUM[0], "GET", "/v1/awaiting"))["awaiting"] == []
    assert last.json()["state"] == "AGREED"
    listed = await dialogue.done(EEAS, "GET", f"{path}/outcomes")
    assert {one["state"] for one in listed["outcomes"]} == {"AGREED"}
    decided = {one["id"]: one["decision_reference"] for one in listed["outcomes"]}
    assert (decided[outcomes[2]["id"]], decided[outcomes[5]["id"]]) == ("UKEU-2026-D01", "UKEU-2026-D02")
    for one in listed["outcomes"]:
        assert [party["agreed"] for party in one["agreements"]] == [["FCDO", "DSIT"], ["EEAS", "CNECT"]]
    events = [
        outcome_event_pb2.OutcomeAgreed.FromString(value)
        for value, _ in dialogue.published("agenda.outcome.v1")
    ]
    assert [event.outcome.outcome_id for event in events] == [one["id"] for one in outcomes]
    after = await dialogue.done(FCDO, "GET", path)
    assert after["state"] == "CONCLUDED"
    final = await dialogue.ask(UK_SECRETARIAT, "PUT", f"{path}/minutes/OPENING", TEXT, version=1)
    assert (final.status_code, final.json()["reason"]) == (409, "MINUTES_FINAL")
    unchanged = await dialogue.ask(UK_SECRETARIAT, "POST", f"{path}/conclusions", {})
    assert (unchanged.status_code, unchanged.json()["reason"]) == (409, "ILLEGAL_TRANSITION")
    assert (await dialogue.ask(NSA, "GET", f"{path}/conclusions")).json()["reason"] == "NO_ACCESS"
