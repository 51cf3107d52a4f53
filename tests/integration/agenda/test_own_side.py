"""What belongs to one side stays there: comments, clearances, briefs; and what waits for whom."""

from typing import Any
from uuid import uuid4

from tests.support.dialogue import (
    CNECT,
    EEAS,
    EU_SECRETARIAT,
    FCDO,
    LEADERSHIP,
    NSA,
    UK_SECRETARIAT,
    Account,
    Dialogue,
    account,
    item_body,
)

NCSC = account("NCSC", "UK", "owner", "release-officer")
HOME_OFFICE = account("HOME-OFFICE", "UK", "owner")
ENISA = account("ENISA", "EU", "owner")
DUE = "2026-11-27T12:00:00Z"


async def ask(dialogue: Dialogue, draft: Any, item: str, **changes: object) -> Any:
    body = {"organisation": "NCSC", "question": "May this be said?", "due_at": DUE, **changes}
    return await dialogue.ask(
        UK_SECRETARIAT, "POST", f"/v1/drafts/{draft['id']}/items/{item}/clearances", body
    )


async def answer(dialogue: Dialogue, who: Account, clearance: Any, said: str, version: int = 1) -> Any:
    path = f"/v1/internal-clearances/{clearance['id']}/answers"
    return await dialogue.ask(who, "POST", path, {"answer": said, "remarks": "As is."}, version=version)


async def waits_for(dialogue: Dialogue, who: Account) -> list[str]:
    return [one["matter"] for one in (await dialogue.done(who, "GET", "/v1/awaiting"))["awaiting"]]


async def test_a_draft_is_not_tabled_while_a_required_clearance_is_open_refused_or_of_other_words(
    dialogue: Dialogue,
) -> None:
    draft = await dialogue.item(await dialogue.draft(await dialogue.meeting()))
    item = draft["items"][-1]["id"]
    table = f"/v1/drafts/{draft['id']}/table"

    async def refused() -> tuple[str, str]:
        body = {"marking": "TLP:GREEN"}
        response = await dialogue.ask(UK_SECRETARIAT, "POST", table, body, version=draft["version"])
        assert response.status_code == 409, response.text
        return response.json()["reason"], response.json()["organisation"]

    first = (await ask(dialogue, draft, item)).json()
    assert await refused() == ("CLEARANCE_OPEN", "NCSC")
    assert await waits_for(dialogue, NCSC) == ["CLEARANCE_TO_GIVE"]
    seen = await dialogue.done(NCSC, "GET", f"/v1/internal-clearances/{first['id']}")
    assert seen["words"]["title"] == draft["items"][-1]["title"]
    for other in (HOME_OFFICE, FCDO, UK_SECRETARIAT, ENISA, NSA):
        assert (await answer(dialogue, other, first, "GRANTED")).status_code == 403
    assert (await answer(dialogue, NCSC, first, "REFUSED")).json()["state"] == "REFUSED"
    late = await answer(dialogue, NCSC, first, "GRANTED")
    assert (late.status_code, late.json()["current"]["state"]) == (412, "REFUSED")
    assert [(one["change"], one["official"]) for one in late.json()["changes"]] == [
        ("answered", NCSC.subject)
    ]
    assert (await answer(dialogue, NCSC, first, "GRANTED", 2)).json()["reason"] == "ILLEGAL_TRANSITION"
    assert await refused() == ("CLEARANCE_REFUSED", "NCSC")
    assert "CLEARANCE_TO_MEND" in await waits_for(dialogue, UK_SECRETARIAT)
    again = (await ask(dialogue, draft, item)).json()
    await answer(dialogue, NCSC, again, "GRANTED_WITH_REMARKS")
    path = f"/v1/drafts/{draft['id']}/items/{item}"
    body = item_body(title="Other words")
    draft = await dialogue.done(UK_SECRETARIAT, "PUT", path, body, version=draft["version"])
    assert await refused() == ("CLEARANCE_OUTDATED", "NCSC")
    third = (await ask(dialogue, draft, item)).json()
    path = f"/v1/internal-clearances/{third['id']}/withdrawal"
    assert (await dialogue.ask(NCSC, "POST", path, {}, version=1)).status_code == 403
    await dialogue.done(UK_SECRETARIAT, "POST", path, {}, version=1)
    fourth = (await ask(dialogue, draft, item)).json()
    await answer(dialogue, NCSC, fourth, "GRANTED")
    assert (await dialogue.table(draft))["state"] == "TABLED"
    listed = await dialogue.done(FCDO, "GET", f"/v1/drafts/{draft['id']}/clearances")
    states = [one["state"] for one in listed["clearances"]]
    assert states == ["REFUSED", "GRANTED_WITH_REMARKS", "WITHDRAWN", "GRANTED"]


async def test_questions_that_cannot_be_asked(dialogue: Dialogue) -> None:
    draft = await dialogue.draft(await dialogue.meeting())
    item = draft["items"][3]["id"]
    for changes, reason in (
        ({"organisation": "ENISA"}, "ORGANISATION_OF_ANOTHER_PARTY"),
        ({"organisation": "FCDO"}, "CLEARANCE_OF_ITSELF"),
        ({"due_at": "2026-11-01T12:00:00Z"}, "CLEARANCE_DUE_WRONG"),
        ({"due_at": "2026-12-24T12:00:00Z"}, "CLEARANCE_DUE_WRONG"),
        ({"due_at": "2026-11-27T12:00:00"}, "INVALID_REQUEST"),
        ({"question": " "}, "INVALID_REQUEST"),
    ):
        refused = await ask(dialogue, draft, item, **changes)
        assert refused.json()["reason"] == reason, changes
    assert (await ask(dialogue, draft, str(uuid4()))).json()["reason"] == "UNKNOWN_ITEM"
    assert dialogue.rows("SELECT 1 FROM internal_clearance") == []


async def test_one_sides_own_material_leaves_no_trace_with_the_other(dialogue: Dialogue) -> None:
    meeting = await dialogue.meeting()
    draft = await dialogue.draft(meeting)
    agenda = await dialogue.table(draft)
    item = draft["items"][3]["id"]
    shared = [f"/v1/agendas/{agenda['id']}", f"/v1/meetings/{meeting['id']}", "/v1/awaiting"]
    shared += [f"/v1/meetings/{meeting['id']}/{one}" for one in ("agendas", "briefs")]
    shared.append(f"/v1/trace/{item}")
    before = [(await dialogue.ask(EU_SECRETARIAT, "GET", path)).content for path in shared]
    comment = f"/v1/drafts/{draft['id']}/items/{item}/comments"
    await dialogue.done(FCDO, "POST", comment, {"text": "<i>Our</i> red line."})
    clearance = (await ask(dialogue, draft, item)).json()
    brief = f"/v1/meetings/{meeting['id']}/briefs/{item}"
    words = {"brief": "Do not give way.", "speaking_notes": "We welcome …", "marking": "UK OFFICIAL"}
    written = await dialogue.done(UK_SECRETARIAT, "PUT", brief, words, version=0)
    assert [(await dialogue.ask(EU_SECRETARIAT, "GET", path)).content for path in shared] == before
    hidden = [f"/v1/drafts/{draft['id']}/{one}" for one in ("comments", "clearances", "releasability")]
    for path in (*hidden, f"/v1/internal-clearances/{clearance['id']}"):
        answered = await dialogue.ask(EU_SECRETARIAT, "GET", path)
        assert (answered.status_code, answered.json()["reason"]) == (403, "NO_ACCESS")
    own = await dialogue.done(FCDO, "GET", f"/v1/meetings/{meeting['id']}/briefs")
    assert own["briefs"] == [written]
    comments = await dialogue.done(UK_SECRETARIAT, "GET", f"/v1/drafts/{draft['id']}/comments")
    assert [one["text"] for one in comments["comments"]] == ["<i>Our</i> red line."]
    # The same item, the other side's own brief: two compartments.
    await dialogue.done(EU_SECRETARIAT, "PUT", brief, {**words, "brief": "Insist."}, version=0)
    assert (await dialogue.done(FCDO, "GET", f"/v1/meetings/{meeting['id']}/briefs"))["briefs"] == [written]
    stale = await dialogue.ask(UK_SECRETARIAT, "PUT", brief, words, version=0)
    assert (stale.status_code, stale.json()["reason"]) == (412, "STALE_VERSION")
    assert (stale.json()["version"], stale.json()["current"]) == ("1", words)
    assert [(one["party"], one["official"], one["fields"]) for one in stale.json()["changes"]] == [
        ("UK", UK_SECRETARIAT.subject, ["brief", "speaking_notes", "marking"])
    ]
    await dialogue.done(UK_SECRETARIAT, "PUT", brief, words, version=1)
    for who, body, reason in (
        (UK_SECRETARIAT, {**words, "marking": "UK SECRET"}, "ABOVE_CEILING"),
        (UK_SECRETARIAT, {**words, "marking": "KEEP QUIET"}, "MARKING_UNKNOWN"),
        (LEADERSHIP, words, "ROLE_MISSING"),
        (NSA, words, "NO_ACCESS"),
    ):
        refused = await dialogue.ask(who, "PUT", brief, body, version=2)
        assert refused.json()["reason"] == reason
    nowhere = f"/v1/meetings/{meeting['id']}/briefs/{uuid4()}"
    absent = await dialogue.ask(UK_SECRETARIAT, "PUT", nowhere, words, version=0)
    assert absent.json()["reason"] == "UNKNOWN_ITEM"


async def test_what_waits_for_whom_as_an_agenda_goes_its_way(dialogue: Dialogue) -> None:
    draft = await dialogue.draft(await dialogue.meeting())
    assert await waits_for(dialogue, UK_SECRETARIAT) == ["AGENDA_TO_TABLE"]
    agenda = await dialogue.table(draft)
    everybody = (UK_SECRETARIAT, EU_SECRETARIAT, FCDO, EEAS)
    assert [await waits_for(dialogue, who) for who in everybody] == [[], ["ITEMS_TO_ANSWER"], [], []]
    await dialogue.accept(agenda["id"])
    assert [await waits_for(dialogue, who) for who in everybody] == [
        *([], [], ["AGREEMENT_TO_SIGN"], ["AGREEMENT_TO_SIGN"])
    ]
    (to_sign,) = (await dialogue.done(EEAS, "GET", "/v1/awaiting"))["awaiting"]
    assert (to_sign["subject_id"], to_sign["overdue"]) == (agenda["id"], True)
    await dialogue.agree("agendas", agenda["id"], EEAS)
    assert await waits_for(dialogue, EEAS) == []
    assert await waits_for(dialogue, CNECT) == ["AGREEMENT_TO_SIGN"]
    assert await waits_for(dialogue, NSA) == []


async def test_the_draft_is_checked_before_it_is_tabled_and_what_to_do_is_said(dialogue: Dialogue) -> None:
    fine = dialogue.assessment()
    kept = dialogue.assessment(rules={"UK": "ALL_PASSED", "EU": "TLP_AMBER"})
    revised = dialogue.assessment()
    draft = await dialogue.draft(await dialogue.meeting())
    for held in (fine, kept, revised):
        draft = await dialogue.item(draft, held)
    revised.revision = 2
    found = await dialogue.done(UK_SECRETARIAT, "GET", f"/v1/drafts/{draft['id']}/releasability")
    by_id = {one["text"]["assessment_id"]: one for one in found["references"]}
    assert not found["tableable"]
    assert by_id[str(fine.id)]["what_to_do"] == []
    assert [one["remedy"] for one in by_id[str(kept.id)]["what_to_do"]] == [
        *("ASK_CONSENT", "RESERVE", "TAKE_OFF")
    ]
    advice = by_id[str(revised.id)]["what_to_do"]
    assert (advice[0]["remedy"], advice[0]["text"]["revision"]) == ("REVISE", 2)
    assert "revise to revision 2" in advice[0]["words"]
    decided = {one["party"]: one["rule_id"] for one in by_id[str(kept.id)]["decisions"]}
    assert decided == {"UK": "ALL_PASSED", "EU": "TLP_AMBER"}


async def test_a_reserved_item_is_a_placeholder_and_nothing_else(dialogue: Dialogue) -> None:
    held = dialogue.assessment()
    draft = await dialogue.draft(await dialogue.meeting())
    path = f"/v1/drafts/{draft['id']}/items"
    reserved = {"kind": "RESERVED", "title": "Reserved item", "theme": "", "references": []}
    for changes in ({"title": "Operation Tell-All"}, {"references": item_body(held)["references"]}):
        body = item_body(**{**reserved, **changes})
        refused = await dialogue.ask(UK_SECRETARIAT, "POST", path, body, version=draft["version"])
        assert (refused.status_code, refused.json()["reason"]) == (400, "RESERVED_ITEM_HAS_CONTENT")
    draft = await dialogue.item(draft, **reserved)
    agenda = await dialogue.table(draft)
    item = agenda["items"][-1]["item_id"]
    told = await dialogue.answers(
        EU_SECRETARIAT,
        agenda,
        {"item_id": item, "answer": "AMENDED", "proposal": {"title": "Operation Tell-All"}},
    )
    assert told.json()["reason"] == "RESERVED_ITEM_HAS_CONTENT"


async def test_what_a_guest_may_not_have_is_not_tabled(dialogue: Dialogue) -> None:
    meeting = await dialogue.meeting()
    observer = {"role": "OBSERVER", "nationality": "USA", "represents": "US"}
    guest = await dialogue.participant(meeting, UK_SECRETARIAT, **observer)
    draft = await dialogue.item(await dialogue.draft(meeting), marking="TLP:AMBER")
    path = f"/v1/drafts/{draft['id']}/table"
    body = {"marking": "TLP:AMBER"}
    refused = await dialogue.ask(UK_SECRETARIAT, "POST", path, body, version=draft["version"])
    assert (refused.status_code, refused.json()["reason"]) == (409, "REFERENCE_NOT_RELEASABLE")
    assert (refused.json()["party"], refused.json()["item_id"]) == ("US", draft["items"][-1]["id"])
    await dialogue.presence(guest, "DECLINE", UK_SECRETARIAT)
    await dialogue.table(draft, marking=body["marking"])
