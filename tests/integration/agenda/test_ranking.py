"""A party's ranking over the api: what it rests on, what explains it, and that nothing else enters it."""

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from entente.threatfeed.v1 import assessment_service_pb2, picture_pb2

from services.chassis.documents import read_documents
from tests.integration.agenda.test_proposals import proposed
from tests.support.dialogue import (
    EU_SECRETARIAT,
    FCDO,
    NSA,
    UK_SECRETARIAT,
    Account,
    Dialogue,
    after_the_meeting,
)
from tests.support.peers import ALLOWED
from tests.support.processes import POLICY

DENIED = {"UK": ALLOWED, "EU": "ORIGINATOR_CONSENT_MISSING"}
LIKELY = assessment_service_pb2.Judgement(
    judgement_id="j1",
    statement="Attacks will go on.",
    likelihood_scheme="PHIA_2025",
    likelihood_term="Highly likely",
    analytic_confidence="HIGH",
)
FORGED = ("0001-01-01", "9999-12-31", "2026-11-16", "2026-11-25", "soon", 7)
POINTS = read_documents(POLICY)["ranking"]["points"]


def picture(audience: str, *rising: str) -> picture_pb2.Picture:
    found = picture_pb2.Picture(audience=audience, as_of="2026-11-22")
    for theme in rising:
        windows = found.themes.add(subject=theme).windows
        windows.add(days=7, count=1, before=1, trend=picture_pb2.TREND_STEADY)
        windows.add(days=30, count=9, before=1, trend=picture_pb2.TREND_RISING)
    return found


async def ranking(dialogue: Dialogue, meeting: Mapping[str, Any], who: Account = UK_SECRETARIAT) -> Any:
    return await dialogue.done(who, "GET", f"/v1/meetings/{meeting['id']}/ranking?page_size=200")


async def explained(
    dialogue: Dialogue, meeting: Mapping[str, Any], subject: str, who: Account = UK_SECRETARIAT
) -> Any:
    return await dialogue.done(who, "GET", f"/v1/meetings/{meeting['id']}/ranking/{subject}")


def known_action(dialogue: Dialogue, series: str = "uk-eu") -> UUID:
    identity = uuid4()
    dialogue.rows(
        """
        INSERT INTO action_state (action_id, reference, series, open, state, due_date, aggregate_version)
        VALUES (%s, 'UKEU-2025-A01', %s, true, 'BLOCKED', '2026-10-01', 1) RETURNING action_id
        """,
        identity,
        series,
    )
    return identity


async def test_a_ranking_says_what_each_place_rests_on_and_what_may_not_cross(dialogue: Dialogue) -> None:
    shared = dialogue.assessment(judgements=(LIKELY,))
    held_back = dialogue.assessment(title="Held back", rules=DENIED, seen_by=frozenset({"UK"}))
    dialogue.threatfeed.pictures["uk-eu.uk"] = picture("uk-eu.uk", "THREAT_LANDSCAPE")
    action = known_action(dialogue)
    known_action(dialogue, "uk-us-cmr")
    meeting = await dialogue.meeting()
    proposal = await proposed(dialogue, title="<b>Routers</b>", theme="THREAT_LANDSCAPE", commitments=[])
    parked = await proposed(dialogue, title="Parked")
    await dialogue.done(UK_SECRETARIAT, "POST", f"/v1/proposals/{parked['id']}/park", {}, version=1)

    found = await ranking(dialogue, meeting)
    assert found["weights_version"] == dialogue.parts.policy.ranking.version
    assert (found["party"], found["as_of"], found["picture_as_of"]) == ("UK", "2026-11-23", "2026-11-22")
    assert (found["complete"], found["next_page_token"]) == (True, "")
    places = {entry["subject"]: entry for entry in found["subjects"]}
    assert [entry["position"] for entry in found["subjects"]] == list(range(1, len(places) + 1))
    theme = places["theme:THREAT_LANDSCAPE"]
    # Two assessments of three weeks ago, one judgement at 90 per cent, the tempo, and C1, never discussed.
    points = 2 * POINTS["ASSESSMENTS"] + 0.9 * POINTS["JUDGEMENTS"] + POINTS["TEMPO"]
    assert float(theme["points"]) == points + POINTS["NEVER_DISCUSSED"]
    assert (theme["not_releasable"], theme["in_tear_line"]) == (1, 1)
    own = places[f"proposal:{proposal['id']}"]
    assert (own["title"], float(own["points"])) == ("<b>Routers</b>", points + POINTS["PROPOSED"])
    # 1 October to 23 November: the second thirty days have begun.
    overdue = POINTS["OUTSTANDING"] + 2 * POINTS["OVERDUE"]
    assert float(places[f"action:{action}"]["points"]) == overdue
    assert sum(entry["kind"] == "ACTION" for entry in found["subjects"]) == 1
    assert f"proposal:{parked['id']}" not in places
    assert "COMBINED_OPERATIONS" not in str(found)

    # C5 was discussed at the edition of 2024, entered from its public text: 23 times thirty days ago.
    (before,) = (await explained(dialogue, meeting, "commitment:C5"))["contributions"]
    assert before["counted"][0]["values"]["discussed_on"] == "2024-12-06"
    assert float(before["points"]) == 23 * POINTS["NOT_DISCUSSED"]

    why = await explained(dialogue, meeting, "theme:THREAT_LANDSCAPE")
    assert sum(float(part["points"]) for part in why["contributions"]) == float(why["points"])
    assert (why["points"], why["position"]) == (theme["points"], theme["position"])
    sources = {entry["source"]: entry for entry in why["sources"]}
    kept = sources[f"assessment:{held_back.id}"]
    assert (kept["joint_rendition"], kept["joint_title"], kept["title"]) == ("", "", "Held back")
    assert {(one["party"], one["rule_id"]) for one in kept["denials"]} == {("EU", DENIED["EU"])}
    offered = sources[f"assessment:{shared.id}"]
    assert (offered["joint_rendition"], offered["joint_title"]) == ("TEAR_LINE", shared.joint_title)
    assert (why["rises"] is None) is (why["position"] == 1)
    assert why["falls"]["neighbour"] == found["subjects"][why["position"]]["subject"]

    # What the explanation says of a source is what happens when it goes.
    for entry in (kept, offered):
        dialogue.threatfeed.held[entry["source"].removeprefix("assessment:")].state = "WITHDRAWN"
        left = await explained(dialogue, meeting, "theme:THREAT_LANDSCAPE")
        assert float(left["points"]) == float(why["points"]) - float(entry["loss"])
        why = left


async def test_what_other_parties_and_other_series_hold_moves_nothing(dialogue: Dialogue) -> None:
    meeting = await dialogue.meeting()
    dialogue.assessment()
    sides = (UK_SECRETARIAT, "uk-eu.eu", frozenset({"EU"})), (EU_SECRETARIAT, "uk-eu.uk", frozenset({"UK"}))
    for reader, others, owner in sides:
        other = EU_SECRETARIAT if reader is UK_SECRETARIAT else UK_SECRETARIAT
        path = f"/v1/meetings/{meeting['id']}/ranking"
        subject = f"{path}/theme:THREAT_LANDSCAPE"
        before = [await dialogue.ask(reader, "GET", one) for one in (path, subject)]
        held = dialogue.assessment(title="Of one side", seen_by=owner, judgements=(LIKELY,))
        dialogue.threatfeed.pictures[others] = picture(others, "THREAT_LANDSCAPE")
        theirs = await proposed(dialogue, other, title="Of one side", theme="THREAT_LANDSCAPE")
        draft = await dialogue.draft(meeting, other)
        await dialogue.item(draft, held, who=other, title="Of one side")
        known_action(dialogue, "uk-us-cmr")
        after = [await dialogue.ask(reader, "GET", one) for one in (path, subject)]
        assert [one.content for one in after] == [one.content for one in before]
        moved = await dialogue.done(other, "GET", path)
        assert f"proposal:{theirs['id']}" in {entry["subject"] for entry in moved["subjects"]}


async def test_a_ranking_is_read_in_pages_of_one_day(dialogue: Dialogue) -> None:
    meeting = await dialogue.meeting()
    for number in range(3):
        await proposed(dialogue, title=f"Proposal {number}")
    whole = (await ranking(dialogue, meeting))["subjects"]
    path, token, pages = f"/v1/meetings/{meeting['id']}/ranking", "", []
    while True:
        page = await dialogue.done(UK_SECRETARIAT, "GET", f"{path}?page_size=4&page_token={token}")
        assert page["as_of"] == "2026-11-23"
        pages += page["subjects"]
        token = page["next_page_token"]
        if not token:
            break
        dialogue.clock.at = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
    assert pages == whole
    first = await dialogue.done(UK_SECRETARIAT, "GET", f"{path}?page_size=4")
    token = first["next_page_token"]
    content = json.loads(base64.urlsafe_b64decode(token))
    days = [base64.urlsafe_b64encode(json.dumps([day, *content[1:]]).encode()).decode() for day in FORGED]
    own = [(UK_SECRETARIAT, asked) for asked in ("e30=", "W10=", "x", *days)]
    for who, asked in (*own, (EU_SECRETARIAT, token)):
        refused = await dialogue.ask(who, "GET", f"{path}?page_size=4&page_token={asked}")
        assert (refused.status_code, refused.json()["reason"]) == (400, "INVALID_VALUE")


async def test_who_may_not_rank_and_subjects_that_are_not_there(dialogue: Dialogue) -> None:
    meeting = await dialogue.meeting()
    theirs = await proposed(dialogue, EU_SECRETARIAT)
    path = f"/v1/meetings/{meeting['id']}/ranking"
    for who, asked in (
        (NSA, path),
        (FCDO, path),
        (UK_SECRETARIAT, f"/v1/meetings/{uuid4()}/ranking"),
        (UK_SECRETARIAT, f"{path}/proposal:{theirs['id']}"),
        (UK_SECRETARIAT, f"{path}/proposal:{uuid4()}"),
        (UK_SECRETARIAT, f"{path}/theme:NO_SUCH_THEME"),
    ):
        refused = await dialogue.ask(who, "GET", asked)
        assert refused.status_code == 403
    for asked in ("theme", "theme:%3Cb%3E", f"theme:{'x' * 200}"):
        refused = await dialogue.ask(UK_SECRETARIAT, "GET", f"{path}/{asked}")
        assert (refused.status_code, refused.json()["reason"]) == (400, "INVALID_REQUEST")


async def test_what_was_put_off_comes_back_and_what_was_discussed_is_not_pressing(dialogue: Dialogue) -> None:
    meeting = await dialogue.meeting()
    draft = await dialogue.item(await dialogue.draft(meeting), title="Quantum", commitments=["C5"])
    agenda = await dialogue.table(draft)
    tabled = next(item for item in agenda["document"]["items"] if item["title"] == "Quantum")
    offered = {
        who.party: [
            (entry["subject"], entry["title"])
            for entry in (await ranking(dialogue, meeting, who))["subjects"]
            if entry["kind"] == "TABLED"
        ]
        for who in (UK_SECRETARIAT, EU_SECRETARIAT)
    }
    assert offered == {"UK": [], "EU": [(f"tabled:{tabled['itemId']}", "Quantum")]}
    await dialogue.agree("agendas", agenda["id"])
    with after_the_meeting(dialogue):
        await dialogue.attended(meeting)
        sent = {"item_id": tabled["itemId"], "kind": "NOT_REACHED", "marking": "TLP:GREEN"}
        path = f"/v1/meetings/{meeting['id']}/outcomes"
        outcome = await dialogue.done(UK_SECRETARIAT, "POST", path, sent)
        await dialogue.agree("outcomes", outcome["id"])
        times = {"starts_at": "2027-12-08T09:00:00Z", "ends_at": "2027-12-08T16:00:00Z"}
        following = await dialogue.meeting(edition=2027, host_party="EU", **times)
        dialogue.clock.at += timedelta(days=65)
        places = {entry["subject"]: entry for entry in (await ranking(dialogue, following))["subjects"]}
        (back,) = [entry for entry in places.values() if entry["kind"] == "RETURNING"]
        assert (back["title"], back["commitments"]) == ("Quantum", ["C5"])
        points = {rule["rule"]: float(rule["points"]) for rule in back["rules"]}
        assert points["NOT_REACHED"] == POINTS["NOT_REACHED"]
        draft = await dialogue.draft(following)
        assert back["subject"] in {f"returning:{item['id']}" for item in draft["items"]}
        # C6 was on the agreed agenda 65 days ago: two times thirty days.
        c6 = await explained(dialogue, following, "commitment:C6")
        (part,) = c6["contributions"]
        assert (part["rule"], part["points"]) == ("NOT_DISCUSSED", "2.0000")
        assert part["counted"][0]["values"]["discussed_on"] == "2026-12-10"
