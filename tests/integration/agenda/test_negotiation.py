"""Two sides negotiate an agenda item by item: what a change re-opens, what each side sees, who agrees."""

import asyncio
import json
from typing import Any
from uuid import UUID, uuid4

from services.chassis.officials import OfficialKeys
from services.cli.agreement_check import verify_agenda
from services.kernel.canonical import canonical_json
from tests.support.dialogue import (
    DSIT,
    EEAS,
    EU_SECRETARIAT,
    FCDO,
    NSA,
    QUORUM,
    UK_SECRETARIAT,
    Dialogue,
    account,
    item_body,
)

CNECT_SECRETARIAT = account("CNECT", "EU", "secretariat")


def open_for(agenda: Any) -> dict[str, list[str]]:
    return {item["item_id"]: item["open_for"] for item in agenda["items"] if item["open_for"]}


def answer(item_id: object, said: str = "ACCEPTED", **members: object) -> dict[str, object]:
    return {"item_id": item_id, "answer": said, **members}


async def test_amendments_go_into_the_own_draft_in_one_step(dialogue: Dialogue) -> None:
    draft = await dialogue.item(await dialogue.draft(await dialogue.meeting()))
    agenda = await dialogue.table(draft)
    first, *_, last = (item["item_id"] for item in agenda["items"])
    await dialogue.answers(
        EU_SECRETARIAT,
        agenda,
        answer(first, "AMENDED", proposal={"minutes": 25}),
        answer(last, "AMENDED", proposal={"title": "Water", "position": 1}),
    )
    path = f"/v1/drafts/{draft['id']}/apply-amendments"
    body, version = {"agenda_id": agenda["id"]}, draft["version"]

    async def asked(where: str = path, said: object = body, **options: Any) -> Any:
        return await dialogue.ask(UK_SECRETARIAT, "POST", where, said, **{"version": version, **options})

    tried = await asked(f"{path}?validate_only=true")
    assert tried.status_code == 200
    key = str(uuid4())
    done, again = await asked(key=key), await asked(key=key)
    assert done.json() == again.json()
    assert done.json()["draft"]["version"] == version + 1
    assert [(one["item_id"], one["party"], one["field"], one["after"]) for one in done.json()["applied"]] == [
        (last, "EU", "title", "Water"),
        (first, "EU", "minutes", 25),
        (last, "EU", "position", 1),
    ]
    assert done.json()["not_applied"] == []
    assert done.json()["draft"]["items"][0]["title"] == "Water"
    # Today is 23 November: drafts were to be exchanged by 28 October, the agenda agreed by 18 November.
    late = {"name": "exchange_drafts", "due": "2026-10-28"}
    found = {one["id"]: one["missed_deadline"] for one in done.json()["draft"]["items"]}
    assert {one: missed for one, missed in found.items() if missed} == {last: late}
    seen = await dialogue.done(EEAS, "GET", f"/v1/agendas/{agenda['id']}")
    found = {one["item_id"]: one["missed_deadline"] for one in seen["items"]}
    assert {one: missed for one, missed in found.items() if missed} == {last: late}
    said = [answer["missed_deadline"] for one in seen["items"] for answer in one["answers"]]
    assert [missed for missed in said if missed] == [{"name": "agree_agenda", "due": "2026-11-18"}] * 2
    stale = await asked()
    assert (stale.status_code, stale.json()["reason"]) == (412, "STALE_VERSION")
    chosen = {**body, "item_ids": [first]}
    left = await asked(said=chosen, version=version + 1)
    assert left.json()["applied"] == []
    assert left.json()["not_applied"] == [
        {"item_id": first, "party": "EU", "field": "minutes", "reason": "ALREADY_SO"}
    ]
    assert (await asked(said={**body, "item_ids": []})).json()["reason"] == "INVALID_REQUEST"
    assert (await asked(said={"agenda_id": str(uuid4())})).json()["reason"] == "NO_ACCESS"
    foreign = await dialogue.ask(EU_SECRETARIAT, "POST", path, body, version=version + 1)
    assert foreign.json()["reason"] == "NO_ACCESS"


async def test_a_change_reopens_only_what_it_changes(dialogue: Dialogue) -> None:
    meeting = await dialogue.meeting()
    draft = await dialogue.item(await dialogue.draft(meeting))
    first = await dialogue.table(draft)
    everything = [item["item_id"] for item in first["items"]]
    assert open_for(first) == {item_id: ["EU"] for item_id in everything}
    refused = await dialogue.try_to_agree(FCDO, "agendas", first["id"])
    assert (refused.status_code, refused.json()["reason"]) == (409, "ITEMS_OPEN")
    assert refused.json()["party"] == "EU"
    water = everything[-1]
    amended = await dialogue.answers(
        EU_SECRETARIAT,
        first,
        *(answer(item_id) for item_id in everything[:-2]),
        answer(everything[-2], "DECLINED", comment="Not this year."),
        answer(water, "AMENDED", comment="More time.", proposal={"minutes": 40}),
    )
    seen = await dialogue.done(UK_SECRETARIAT, "GET", f"/v1/agendas/{first['id']}")
    assert seen == amended.json()
    said = {one["party"]: one for one in seen["items"][-1]["answers"]}["EU"]
    assert (said["answer"], said["comment"]) == ("AMENDED", "More time.")
    assert said["proposal"] == {"title": "", "minutes": 40, "position": None}
    path = f"/v1/drafts/{draft['id']}/items/{water}"
    body = item_body(minutes=40, position=1)
    draft = await dialogue.done(UK_SECRETARIAT, "PUT", path, body, version=draft["version"])
    second = await dialogue.table(draft)
    assert open_for(second) == {water: ["EU"], everything[-2]: ["EU"]}
    kept = {item["item_id"]: item["answers"] for item in second["items"]}
    assert {one["since_version"] for one in kept[everything[0]]} == {1, 2}
    compared = await dialogue.done(EEAS, "GET", f"/v1/agendas/{second['id']}/difference?from={first['id']}")
    assert compared["rewritten"] == [
        {
            "item_id": water,
            "fields": [{"name": "minutes", "before": 20, "after": 40}],
            "missed_deadline": {"name": "agree_agenda", "due": "2026-11-18"},
        }
    ]
    assert compared["moved"] == [{"item_id": water, "before": len(everything), "after": 1}]
    assert (compared["added"], compared["removed"], compared["whole"]) == ([], [], [])
    agreed = await dialogue.agree("agendas", second["id"])
    assert agreed["state"] == "AGREED"
    file = await dialogue.ask(EEAS, "GET", f"/v1/agendas/{second['id']}/agreement-file")
    found = verify_agenda(file.content, OfficialKeys.read(str(dialogue.platform.keys.official_keys)))
    assert found.content_hash == second["content_hash"]
    assert {one.official for one in found.agreements} == {who.subject for who in QUORUM}
    hidden = await dialogue.ask(NSA, "GET", f"/v1/agendas/{second['id']}/agreement-file")
    assert (hidden.status_code, hidden.json()["reason"]) == (403, "NO_ACCESS")
    late = await dialogue.answers(EU_SECRETARIAT, agreed, answer(water, "DECLINED"))
    assert (late.status_code, late.json()["reason"]) == (409, "ILLEGAL_TRANSITION")


async def test_answers_are_kept_as_the_messages_that_would_be_sent(dialogue: Dialogue) -> None:
    _, _, agenda = await dialogue.tabled()
    item = agenda["items"][0]["item_id"]
    for said in ("DECLINED", "ACCEPTED"):
        response = await dialogue.answers(EU_SECRETARIAT, agenda, answer(item, said, comment="<b>Why</b>"))
        agenda = response.json()
    assert agenda["items"][0]["answers"][0]["comment"] == "<b>Why</b>"
    stored = dialogue.rows(
        "SELECT type, payload FROM item_answer WHERE payload IS NOT NULL ORDER BY aggregate_version"
    )
    documents = [json.loads(payload) for _, payload in stored]
    assert [one["kind"] for one in documents] == ["ITEM_ANSWER_KIND_DECLINED", "ITEM_ANSWER_KIND_ACCEPTED"]
    for (kind, payload), document in zip(stored, documents, strict=True):
        assert kind == "entente.exchange.v1.ItemAnswer"
        assert canonical_json(document) == bytes(payload)
        assert document["contentHash"] == agenda["content_hash"]
        assert (document["party"], document["official"]) == ("EU", EU_SECRETARIAT.subject)
    assert len(dialogue.rows("SELECT 1 FROM audit WHERE action = 'agenda.items-answered'")) == 2


async def test_answers_that_cannot_be_meant_are_refused_by_name(dialogue: Dialogue) -> None:
    _, _, agenda = await dialogue.tabled()
    item = agenda["items"][0]["item_id"]
    cases: list[tuple[Any, list[dict[str, object]], str, str]] = [
        (UK_SECRETARIAT, [answer(item)], "TLP:GREEN", "ANSWERS_OWN_VERSION"),
        (EU_SECRETARIAT, [answer(str(uuid4()))], "TLP:GREEN", "UNKNOWN_ITEM"),
        (EU_SECRETARIAT, [answer(item), answer(item)], "TLP:GREEN", "ANSWER_TWICE"),
        (EU_SECRETARIAT, [answer(item, "AMENDED")], "TLP:GREEN", "PROPOSAL_MISSING"),
        (EU_SECRETARIAT, [answer(item, proposal={"minutes": 5})], "TLP:GREEN", "PROPOSAL_MISSING"),
        (EU_SECRETARIAT, [answer(item, "AMENDED", proposal={"minutes": 0})], "TLP:GREEN", "INVALID_REQUEST"),
        (EU_SECRETARIAT, [answer(item, comment="x")], "UK SECRET", "ABOVE_CEILING"),
        (EU_SECRETARIAT, [answer(item, comment="x")], "HIGHLY PRIVATE", "MARKING_UNKNOWN"),
        (EU_SECRETARIAT, [answer(item, "MAYBE")], "TLP:GREEN", "INVALID_REQUEST"),
        (EU_SECRETARIAT, [], "TLP:GREEN", "INVALID_REQUEST"),
        (EEAS, [answer(item)], "TLP:GREEN", "ROLE_MISSING"),
        (NSA, [answer(item)], "TLP:GREEN", "NO_ACCESS"),
    ]
    for who, answers, marking, reason in cases:
        refused = await dialogue.answers(who, agenda, *answers, marking=marking)
        assert refused.json()["reason"] == reason, (answers, marking)
    assert dialogue.rows("SELECT 1 FROM item_answer WHERE party = 'EU'") == []


async def test_two_secretaries_of_one_side_answer_at_once_and_one_is_told_what_the_other_said(
    dialogue: Dialogue,
) -> None:
    _, _, agenda = await dialogue.tabled()
    item = agenda["items"][0]["item_id"]
    answers = await asyncio.gather(
        dialogue.answers(EU_SECRETARIAT, agenda, answer(item)),
        dialogue.answers(CNECT_SECRETARIAT, agenda, answer(item, "DECLINED")),
    )
    won, lost = sorted(answers, key=lambda one: one.status_code)
    assert (won.status_code, lost.status_code) == (200, 412)
    (said,) = [one for one in won.json()["items"][0]["answers"] if one["party"] == "EU"]
    assert lost.json()["changes"] == [{"item_id": item, "party": "EU", "answer": said["answer"]}]
    await dialogue.done(EU_SECRETARIAT, "GET", f"/v1/agendas/{agenda['id']}")


async def test_two_secretaries_edit_one_item_at_once_and_one_is_told_what_changed(dialogue: Dialogue) -> None:
    draft = await dialogue.item(await dialogue.draft(await dialogue.meeting()))
    item = draft["items"][-1]["id"]
    path = f"/v1/drafts/{draft['id']}/items/{item}"
    first, second = (item_body(title="<h1>Water & power</h1>"), item_body(minutes=35, position=2))
    colleague = account("DSIT", "UK", "secretariat")
    answers = await asyncio.gather(
        dialogue.ask(UK_SECRETARIAT, "PUT", path, first, version=draft["version"]),
        dialogue.ask(colleague, "PUT", path, second, version=draft["version"]),
    )
    won, lost = sorted(answers, key=lambda one: one.status_code)
    assert (won.status_code, lost.status_code) == (200, 412)
    fields = {one["change"]: one["fields"] for one in lost.json()["changes"]}
    one_won = won is answers[0]
    assert fields == ({"rewritten": ["title"]} if one_won else {"moved": [], "rewritten": ["minutes"]})
    assert {one["official"] for one in lost.json()["changes"]} == {
        (UK_SECRETARIAT if one_won else colleague).subject
    }
    # Nothing is lost: what came late is written over what it was told of.
    merged = item_body(title="<h1>Water & power</h1>", minutes=35)
    kept = await dialogue.done(UK_SECRETARIAT, "PUT", path, merged, version=won.json()["version"])
    (row,) = [one for one in kept["items"] if one["id"] == item]
    assert (row["title"], row["minutes"]) == ("<h1>Water & power</h1>", 35)
    stale = await dialogue.ask(EU_SECRETARIAT, "PUT", path, second, version=draft["version"])
    assert (stale.status_code, stale.json()["reason"]) == (403, "NO_ACCESS")


async def test_the_other_side_takes_the_version_over_and_tables_its_own(dialogue: Dialogue) -> None:
    held = dialogue.assessment()
    meeting = await dialogue.meeting()
    ours = await dialogue.item(await dialogue.draft(meeting), held)
    first = await dialogue.table(ours)
    theirs = await dialogue.draft(meeting, EU_SECRETARIAT)
    taken = await dialogue.done(
        EU_SECRETARIAT,
        "POST",
        f"/v1/drafts/{theirs['id']}/take-over",
        {"agenda_id": first["id"]},
        version=theirs["version"],
    )
    assert [one["id"] for one in taken["items"]] == [one["id"] for one in ours["items"]]
    assert taken["items"][-1]["references"] == ours["items"][-1]["references"]
    path = f"/v1/drafts/{theirs['id']}/items/{taken['items'][3]['id']}"
    taken = await dialogue.done(EU_SECRETARIAT, "DELETE", path, version=taken["version"])
    second = await dialogue.table(taken, EU_SECRETARIAT)
    # The first side tabled these very words, so nothing is open for it; what it drafted is its own.
    assert open_for(second) == {}
    assert (await dialogue.agree("agendas", second["id"]))["state"] == "AGREED"
    unchanged = await dialogue.done(UK_SECRETARIAT, "GET", f"/v1/drafts/{ours['id']}")
    assert unchanged == ours


async def test_a_version_of_another_meeting_is_neither_taken_over_nor_compared(dialogue: Dialogue) -> None:
    _, draft, agenda = await dialogue.tabled()
    other = await dialogue.meeting(
        edition=2027, starts_at="2027-12-09T09:00:00Z", ends_at="2027-12-09T17:00:00Z"
    )
    elsewhere = await dialogue.table(await dialogue.draft(other))
    body = {"agenda_id": elsewhere["id"]}
    path = f"/v1/drafts/{draft['id']}/take-over"
    refused = await dialogue.ask(UK_SECRETARIAT, "POST", path, body, version=draft["version"])
    assert (refused.status_code, refused.json()["reason"]) == (400, "OF_ANOTHER_MEETING")
    path = f"/v1/agendas/{agenda['id']}/difference?from="
    refused = await dialogue.ask(FCDO, "GET", path + elsewhere["id"])
    assert (refused.status_code, refused.json()["reason"]) == (400, "OF_ANOTHER_MEETING")
    for guessed in (str(uuid4()), agenda["id"]):
        hidden = await dialogue.ask(NSA, "GET", path + guessed)
        assert (hidden.status_code, hidden.json()["reason"]) == (403, "NO_ACCESS")


async def test_what_one_side_drafts_of_a_shared_item_is_on_no_trace_of_the_other(dialogue: Dialogue) -> None:
    meeting = await dialogue.meeting()
    await dialogue.table(await dialogue.draft(meeting))
    hidden = dialogue.assessment()
    theirs = await dialogue.draft(meeting, EU_SECRETARIAT)
    item = theirs["items"][3]
    before = await dialogue.done(UK_SECRETARIAT, "GET", f"/v1/trace/{item['id']}")
    body = item_body(hidden, title="Their words")
    path = f"/v1/drafts/{theirs['id']}/items/{item['id']}"
    await dialogue.done(EU_SECRETARIAT, "PUT", path, body, version=theirs["version"])
    assert await dialogue.done(UK_SECRETARIAT, "GET", f"/v1/trace/{item['id']}") == before
    assert (await dialogue.ask(UK_SECRETARIAT, "GET", f"/v1/trace/{hidden.id}")).status_code == 403
    own = await dialogue.done(EU_SECRETARIAT, "GET", f"/v1/trace/{hidden.id}")
    assert {"ASSESSMENT", "PROPOSED_ITEM"} == {node["kind"] for node in own["nodes"]}


async def test_a_signature_holds_for_its_version_its_party_and_its_official_only(dialogue: Dialogue) -> None:
    meeting, draft, first = await dialogue.tabled()
    await dialogue.accept(first["id"])
    old = await dialogue.statement(FCDO, "agendas", first["id"])
    replayed = dialogue.signature(FCDO, old["payload"])
    assert (await dialogue.try_to_agree(FCDO, "agendas", first["id"])).status_code == 200
    second = await dialogue.table(await dialogue.item(draft))
    await dialogue.accept(second["id"])
    theirs = (await dialogue.statement(EEAS, "agendas", second["id"]))["payload"]
    cases = {
        replayed: "SIGNATURE_INVALID",
        dialogue.signature(FCDO, theirs): "SIGNATURE_INVALID",
        dialogue.signature(EEAS, theirs): "SIGNATURE_KEY_FOREIGN",
        dialogue.signature(DSIT, old["payload"]): "SIGNATURE_KEY_FOREIGN",
    }
    for jws, reason in cases.items():
        refused = await dialogue.try_to_agree(FCDO, "agendas", second["id"], jws=jws)
        assert refused.json()["reason"] == reason
    stale = await dialogue.try_to_agree(FCDO, "agendas", second["id"], content_hash=first["content_hash"])
    assert stale.json()["reason"] == "STALE_CONTENT_HASH"
    listed = await dialogue.done(FCDO, "GET", f"/v1/meetings/{meeting['id']}/agendas")
    assert all(party["agreed"] == [] for one in listed["agendas"] for party in one["agreements"])
    assert UUID(second["id"]) != UUID(first["id"])
