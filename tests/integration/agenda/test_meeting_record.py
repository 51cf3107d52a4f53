"""The record of a meeting: who was there, and what ran when."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

from tests.support.dialogue import (
    ENDS,
    EU_SECRETARIAT,
    FCDO,
    LEADERSHIP,
    NSA,
    STARTS,
    UK_SECRETARIAT,
    Dialogue,
    participant_body,
)


async def test_each_side_keeps_its_own_people_and_sees_all_but_the_others_notes(
    dialogue: Dialogue,
) -> None:
    meeting = await dialogue.meeting()
    path = f"/v1/meetings/{meeting['id']}"
    mine = await dialogue.participant(meeting)
    theirs = await dialogue.participant(meeting, EU_SECRETARIAT)
    seen = await dialogue.ask(EU_SECRETARIAT, "GET", f"{path}/register")
    note = await dialogue.done(
        UK_SECRETARIAT, "PUT", f"/v1/participants/{mine['id']}/note", {"note": "Will press on item 4."}
    )
    assert [one["note"] for one in note["participants"] if one["id"] == mine["id"]] == [
        "Will press on item 4."
    ]
    again = await dialogue.ask(EU_SECRETARIAT, "GET", f"{path}/register")
    assert again.content == seen.content
    for method, target, body in (
        ("POST", "presence", {"answer": "DECLINE"}),
        ("PUT", "note", {"note": "x"}),
    ):
        refused = await dialogue.ask(
            UK_SECRETARIAT, method, f"/v1/participants/{theirs['id']}/{target}", body, version=1
        )
        assert (refused.status_code, refused.json()["reason"]) == (403, "NOT_OWN_SIDE")
    accepted = await dialogue.presence(mine, "ACCEPT", UK_SECRETARIAT)
    stale = await dialogue.ask(
        UK_SECRETARIAT, "POST", f"/v1/participants/{mine['id']}/presence", {"answer": "DECLINE"}, version=1
    )
    assert (stale.status_code, stale.json()["presence"]) == (412, "ACCEPTED")
    assert [(one["change"], one["official"]) for one in stale.json()["changes"]] == [
        ("accepted", UK_SECRETARIAT.subject)
    ]
    assert stale.json()["current"] == {"presence": "ACCEPTED"}
    assert accepted["version"] == 2
    for there, nowhere in (
        (f"/v1/participants/{mine['id']}", f"/v1/participants/{uuid4()}"),
        (f"{path}/register", f"/v1/meetings/{uuid4()}/register"),
    ):
        answers = [await dialogue.ask(NSA, "GET", target) for target in (there, nowhere)]
        assert [one.json()["reason"] for one in answers] == ["NO_ACCESS", "NO_ACCESS"]
    reader = await dialogue.ask(LEADERSHIP, "POST", f"{path}/participants", participant_body(UK_SECRETARIAT))
    assert reader.json()["reason"] == "ROLE_MISSING"


async def test_nobody_joins_who_may_not_have_what_is_on_the_table(dialogue: Dialogue) -> None:
    held = dialogue.assessment(tlp="AMBER")
    meeting = await dialogue.meeting()
    draft = await dialogue.item(await dialogue.draft(meeting), held, marking="TLP:AMBER")
    await dialogue.table(draft, marking="TLP:AMBER")
    path = f"/v1/meetings/{meeting['id']}/participants"
    observer = {"role": "OBSERVER", "nationality": "USA", "represents": "US"}
    refused = await dialogue.ask(UK_SECRETARIAT, "POST", path, participant_body(UK_SECRETARIAT, **observer))
    assert (refused.status_code, refused.json()["reason"]) == (409, "REFERENCE_NOT_RELEASABLE")
    assert (refused.json()["party"], refused.json()["rule_id"]) == ("US", "TLP_AMBER")
    assert refused.json()["item_id"] == draft["items"][-1]["id"]
    for changes, reason in (
        ({"nationality": "CHE"}, "NATIONALITY_UNKNOWN"),
        ({"nationality": "Swiss"}, "INVALID_REQUEST"),
        ({"represents": "CH"}, "UNKNOWN_PARTY"),
        ({"name": "<b>\u0000"}, "INVALID_REQUEST"),
    ):
        body = participant_body(UK_SECRETARIAT, **changes)
        bad = await dialogue.ask(UK_SECRETARIAT, "POST", path, body)
        assert (bad.status_code, bad.json()["reason"]) == (400, reason)
    held.rules = {"UK": "ALL_PASSED", "EU": "NATIONAL_CAVEAT"}
    denied = await dialogue.ask(UK_SECRETARIAT, "POST", path, participant_body(UK_SECRETARIAT))
    assert (denied.json()["party"], denied.json()["rule_id"]) == ("EU", "NATIONAL_CAVEAT")
    assert dialogue.rows("SELECT 1 FROM participant") == []
    dialogue.clock.at = ENDS
    late = await dialogue.participant(meeting, **observer)
    ((detail,),) = dialogue.rows("SELECT detail FROM audit WHERE action = 'participant.added'")
    assert detail["exposed_items"] == [draft["items"][-1]["id"]]
    assert late["presence"] == "INVITED"


async def test_nothing_goes_on_the_table_that_somebody_on_the_register_may_not_have(
    dialogue: Dialogue,
) -> None:
    meeting = await dialogue.meeting()
    guest = await dialogue.participant(
        meeting, role="OBSERVER", nationality="USA", represents="US", name="Observer"
    )
    draft = await dialogue.item(
        await dialogue.draft(meeting), dialogue.assessment(tlp="AMBER"), marking="TLP:AMBER"
    )
    path, body = f"/v1/drafts/{draft['id']}/table", {"marking": "TLP:AMBER"}
    refused = await dialogue.ask(UK_SECRETARIAT, "POST", path, body, version=draft["version"])
    assert (refused.status_code, refused.json()["reason"]) == (409, "REFERENCE_NOT_RELEASABLE")
    assert (refused.json()["party"], refused.json()["rule_id"]) == ("US", "TLP_AMBER")
    declined = await dialogue.presence(guest, "DECLINE", UK_SECRETARIAT)
    await dialogue.table(draft, marking="TLP:AMBER")
    back = await dialogue.ask(
        UK_SECRETARIAT,
        "POST",
        f"/v1/participants/{guest['id']}/presence",
        {"answer": "ACCEPT"},
        version=declined["version"],
    )
    assert (back.status_code, back.json()["rule_id"]) == (409, "TLP_AMBER")


async def test_a_side_reopens_its_own_register_and_says_why(dialogue: Dialogue) -> None:
    meeting = await dialogue.meeting()
    path = f"/v1/meetings/{meeting['id']}/register"
    mine = await dialogue.participant(meeting)
    why = {"reason": "One of us left before it began."}
    nothing = await dialogue.ask(UK_SECRETARIAT, "POST", f"{path}/reopen", why)
    assert (nothing.status_code, nothing.json()["reason"]) == (409, "REGISTER_NOT_CLOSED")
    dialogue.clock.at = ENDS
    there = await dialogue.presence(mine, "ATTEND", UK_SECRETARIAT)
    await dialogue.done(UK_SECRETARIAT, "POST", f"{path}/close", {})
    of_another_side = await dialogue.ask(EU_SECRETARIAT, "POST", f"{path}/reopen", why)
    assert of_another_side.json()["reason"] == "REGISTER_NOT_CLOSED"
    for bad in ({}, {"reason": ""}, {"reason": "x", "side": "EU"}):
        refused = await dialogue.ask(UK_SECRETARIAT, "POST", f"{path}/reopen", bad)
        assert (refused.status_code, refused.json()["reason"]) == (400, "INVALID_REQUEST")
    assert (await dialogue.ask(LEADERSHIP, "POST", f"{path}/reopen", why)).status_code == 403
    assert (await dialogue.done(UK_SECRETARIAT, "POST", f"{path}/reopen", why))["closed_by"] == []
    ((detail,),) = dialogue.rows("SELECT detail FROM audit WHERE action = 'register.reopened'")
    assert detail == {
        "by": {"organisation": "FCDO", "roles": ["secretariat"]},
        "side": "UK",
        **why,
    }
    await dialogue.presence(there, "MISS", UK_SECRETARIAT)
    dialogue.rows("UPDATE meeting SET state = 'CONCLUDED' RETURNING id")
    dialogue.rows("INSERT INTO register_closure SELECT id, 'UK', 'x', ends_at FROM meeting RETURNING side")
    final = await dialogue.ask(UK_SECRETARIAT, "POST", f"{path}/reopen", why)
    assert (final.status_code, final.json()["reason"]) == (409, "REGISTER_FINAL")


async def test_a_register_is_closed_by_each_side_for_itself_and_then_stands(dialogue: Dialogue) -> None:
    meeting = await dialogue.meeting()
    close = f"/v1/meetings/{meeting['id']}/register/close"
    mine = await dialogue.participant(meeting)
    early = await dialogue.ask(UK_SECRETARIAT, "POST", close, {})
    assert early.json()["reason"] == "MEETING_NOT_HELD"
    dialogue.clock.at = ENDS
    unsettled = await dialogue.ask(UK_SECRETARIAT, "POST", close, {})
    assert (unsettled.status_code, unsettled.json()["reason"]) == (409, "ATTENDANCE_OPEN")
    await dialogue.presence(mine, "ATTEND", UK_SECRETARIAT)
    closed = await dialogue.done(UK_SECRETARIAT, "POST", close, {})
    assert closed["closed_by"] == ["UK"]
    for who, expected in ((UK_SECRETARIAT, []), (EU_SECRETARIAT, ["REGISTER_TO_CLOSE"])):
        waiting = (await dialogue.done(who, "GET", "/v1/awaiting"))["awaiting"]
        assert [one["matter"] for one in waiting] == expected
    late = await dialogue.ask(
        UK_SECRETARIAT,
        "POST",
        f"/v1/meetings/{meeting['id']}/participants",
        participant_body(UK_SECRETARIAT),
    )
    assert late.json()["reason"] == "REGISTER_CLOSED"
    assert (await dialogue.ask(UK_SECRETARIAT, "POST", close, {})).json()["reason"] == "REGISTER_CLOSED"
    await dialogue.participant(meeting, EU_SECRETARIAT)


async def test_the_clock_is_one_for_both_sides_and_warns_of_an_over_run(dialogue: Dialogue) -> None:
    meeting, draft, agenda = await dialogue.tabled()
    path = f"/v1/meetings/{meeting['id']}/run"
    first: Any = draft["items"][0]
    planned = {one["section"]: one["minutes"] for one in agenda["time"]["sections"]}
    assert sum(planned.values()) == sum(one["minutes"] for one in draft["items"])
    assert [day["window_minutes"] for day in agenda["time"]["days"]] == [420, 420]
    unagreed = await dialogue.ask(UK_SECRETARIAT, "GET", path)
    assert unagreed.json()["reason"] == "AGENDA_NOT_AGREED"
    await dialogue.agree("agendas", agenda["id"])
    start = {"item_id": first["id"]}
    early = await dialogue.ask(UK_SECRETARIAT, "POST", f"{path}/items", start, version=0)
    assert early.json()["reason"] == "MEETING_NOT_BEGUN"
    dialogue.clock.at = STARTS
    started = await dialogue.done(UK_SECRETARIAT, "POST", f"{path}/items", start, version=0)
    assert (started["state"], started["current_item_id"]) == ("ON_ITEM", first["id"])
    race = await dialogue.ask(EU_SECRETARIAT, "POST", f"{path}/items", start, version=0)
    assert (race.status_code, race.json()["reason"], race.json()["item_id"]) == (
        412,
        "STALE_VERSION",
        first["id"],
    )
    at = STARTS.isoformat()
    assert race.json()["changes"] == [{"change": "item-started", "party": "UK", "at": at}]
    assert race.json()["current"] == {"state": "ON_ITEM", "item_id": first["id"], "finished": []}
    dialogue.clock.at = STARTS + timedelta(minutes=first["minutes"] + 7)
    over = await dialogue.done(EU_SECRETARIAT, "GET", path)
    assert over["items"][0]["over_by"] == 7
    assert {one["section"]: one["minutes"] for one in over["time"]["sections"]} == planned
    assert [one["over_by"] for one in over["time"]["sections"] if one["over_by"]] == [7]
    assert over["time"]["ends_at"] == over["predicted_end"]
    paused = await dialogue.done(EU_SECRETARIAT, "POST", f"{path}/moves", {"move": "PAUSE"}, version=1)
    assert paused["state"] == "ON_BREAK"
    dialogue.clock.at += timedelta(minutes=15)
    await dialogue.done(FCDO, "POST", f"{path}/moves", {"move": "RESUME"}, version=2)
    done = await dialogue.done(FCDO, "POST", f"{path}/moves", {"move": "FINISH"}, version=3)
    assert (done["state"], done["break_minutes"], done["items"][0]["over_by"]) == ("WAITING", 15, 7)
    assert done["items"][0]["finished_at"] is not None
    again = await dialogue.ask(UK_SECRETARIAT, "POST", f"{path}/items", start, version=4)
    assert (again.status_code, again.json()["reason"]) == (409, "ITEM_FINISHED")
    foreign = await dialogue.ask(
        UK_SECRETARIAT, "POST", f"{path}/items", {"item_id": str(uuid4())}, version=4
    )
    assert (foreign.status_code, foreign.json()["reason"]) == (404, "UNKNOWN_ITEM")
    left = [one for one in draft["items"][1:] if one["minutes"]]
    in_time = await dialogue.done(EU_SECRETARIAT, "GET", f"{path}/rest")
    assert [(one["item_id"], one["minutes"]) for one in in_time["items"]] == [
        (one["id"], one["minutes"]) for one in left
    ]
    screen = await dialogue.done(EU_SECRETARIAT, "GET", f"/v1/meetings/{meeting['id']}/presentation")
    assert (screen["state"], screen["current"]) == ("WAITING", None)
    assert [(one["title"], one["minutes"]) for one in screen["coming"]] == [
        (one["title"], one["minutes"]) for one in left
    ]
    assert screen["coming"][0]["starts_at"] == screen["as_of"]
    minutes = sum(one["minutes"] for one in left) - 30
    until = (dialogue.clock.at + timedelta(minutes=minutes)).isoformat().replace("+00:00", "Z")
    shorter = await dialogue.done(EU_SECRETARIAT, "GET", f"{path}/rest?until={until}")
    assert shorter["ends_at"] == until
    assert sum(one["planned_minutes"] - one["minutes"] for one in shorter["items"]) == 30
    assert min(one["minutes"] for one in shorter["items"]) >= 5
    too_late = await dialogue.done(EU_SECRETARIAT, "GET", f"{path}/rest?until=2026-12-09T09:00:00Z")
    assert {one["minutes"] for one in too_late["items"]} == {None}
    dialogue.clock.at = ENDS
    late = await dialogue.done(UK_SECRETARIAT, "GET", path)
    screen = await dialogue.done(EU_SECRETARIAT, "GET", f"/v1/meetings/{meeting['id']}/presentation")
    assert {one["minutes"] for one in screen["coming"]} == {None}
    assert (screen["late_by"], screen["replanned_end"]) == (late["late_by"], screen["as_of"])
    assert late["late_by"] == late["remaining_minutes"] > 0
    assert [(one["day"], one["minutes"]) for one in late["time"]["over_runs"]] == [
        ("2026-12-10", late["late_by"])
    ]
