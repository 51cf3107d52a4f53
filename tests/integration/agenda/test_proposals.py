"""A party's backlog: its own, from the first proposal to the draft."""

import asyncio
import json
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from services.chassis.documents import read_documents
from services.kernel.policy import Policy
from tests.support.dialogue import (
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
from tests.support.processes import POLICY

STRATCOM = account("STRATCOM", "UK", "secretariat")


def body(**changes: object) -> dict[str, object]:
    return {**item_body(), "rationale": "Two of our utilities were hit.", "edition": 2026, **changes}


async def proposed(dialogue: Dialogue, who: Account = UK_SECRETARIAT, **changes: object) -> Any:
    return await dialogue.done(who, "POST", "/v1/proposals", {"series": "uk-eu", **body(**changes)})


async def moved(
    dialogue: Dialogue, proposal: Mapping[str, Any], command: str, sent: object = None, **options: Any
) -> Any:
    path = f"/v1/proposals/{proposal['id']}/{command}"
    return await dialogue.done(
        options.pop("who", UK_SECRETARIAT), "POST", path, sent or {}, version=proposal["version"], **options
    )


async def test_a_proposal_is_written_rewritten_parked_and_taken_into_the_draft(dialogue: Dialogue) -> None:
    held = dialogue.assessment()
    draft = await dialogue.draft(await dialogue.meeting())
    made = await proposed(dialogue, references=item_body(held)["references"])
    assert (made["state"], made["version"], made["party"]) == ("PROPOSED", 1, "UK")
    # Drafts are exchanged 42 days before 9 December, and today is 23 November.
    assert (made["closes_on"], made["late"]) == ("2026-10-28", True)
    missed = {"name": "exchange_drafts", "due": "2026-10-28"}
    assert made["missed_deadline"] == missed

    written = await dialogue.done(
        UK_SECRETARIAT,
        "PUT",
        f"/v1/proposals/{made['id']}",
        body(title="Routers <script>alert(1)</script>", references=made["references"]),
        version=1,
    )
    assert written["title"] == "Routers <script>alert(1)</script>"
    stale = await dialogue.ask(UK_SECRETARIAT, "PUT", f"/v1/proposals/{made['id']}", body(), version=1)
    assert (stale.status_code, stale.json()["reason"]) == (412, "STALE_VERSION")
    (change,) = stale.json()["changes"]
    assert (change["change"], change["official"], change["fields"]) == (
        "rewritten",
        UK_SECRETARIAT.subject,
        ["title"],
    )
    assert stale.json()["current"]["title"] == written["title"]

    parked = await moved(dialogue, written, "park")
    sent = {"draft_id": draft["id"], "draft_version": draft["version"], "position": 4}
    path = f"/v1/proposals/{made['id']}/take"
    refused = await dialogue.ask(UK_SECRETARIAT, "POST", path, sent, version=parked["version"])
    assert (refused.status_code, refused.json()["reason"]) == (409, "ILLEGAL_TRANSITION")
    ready = await moved(dialogue, parked, "resume")

    late = {**sent, "draft_version": 7}
    refused = await dialogue.ask(UK_SECRETARIAT, "POST", path, late, version=ready["version"])
    assert (refused.status_code, refused.json()["reason"]) == (412, "STALE_VERSION")
    key = str(uuid4())
    taken = await moved(dialogue, ready, "take", sent, key=key)
    assert await moved(dialogue, ready, "take", sent, key=key) == taken
    assert (taken["state"], taken["draft_id"]) == ("TAKEN", draft["id"])
    draft = await dialogue.done(UK_SECRETARIAT, "GET", f"/v1/drafts/{draft['id']}")
    item = draft["items"][3]
    assert (item["id"], item["title"], draft["version"]) == (taken["item_id"], written["title"], 2)
    assert [one["proposal_id"] for one in draft["items"] if one["proposal_id"]] == [made["id"]]
    assert item["references"][0]["assessment_id"] == str(held.id)
    assert [one["missed_deadline"] for one in draft["items"] if one["missed_deadline"]] == [missed]

    again = await dialogue.ask(
        UK_SECRETARIAT, "POST", f"/v1/proposals/{made['id']}/resume", {}, version=taken["version"]
    )
    assert (again.status_code, again.json()["reason"]) == (409, "PROPOSAL_IN_DRAFT")
    await dialogue.done(
        UK_SECRETARIAT, "DELETE", f"/v1/drafts/{draft['id']}/items/{item['id']}", version=draft["version"]
    )
    back = await moved(dialogue, taken, "resume")
    assert (back["state"], back["item_id"]) == ("PROPOSED", None)
    gone = await moved(dialogue, back, "withdraw")
    closed = await dialogue.ask(
        UK_SECRETARIAT, "PUT", f"/v1/proposals/{made['id']}", body(), version=gone["version"]
    )
    assert (closed.status_code, closed.json()["reason"]) == (409, "ILLEGAL_TRANSITION")
    audited = dialogue.rows("SELECT action FROM audit WHERE subject_id = %s ORDER BY id", made["id"])
    names = ["made", "rewritten", "parked", "resumed", "taken", "resumed", "withdrawn"]
    assert [action for (action,) in audited] == [f"proposal.{name}" for name in names]


async def test_a_backlog_is_listed_over_editions_in_pages(dialogue: Dialogue) -> None:
    made = []
    for edition in (2026, None, 2027):
        made.append(await proposed(dialogue, edition=edition, title=f"About {edition}"))
        dialogue.clock.at += timedelta(seconds=1)
    await moved(dialogue, made[2], "park")

    async def titles(query: str) -> list[str]:
        found = await dialogue.done(FCDO, "GET", f"/v1/proposals?series=uk-eu{query}")
        return [entry["title"] for entry in found["proposals"]]

    assert await titles("") == ["About 2026", "About None", "About 2027"]
    assert await titles("&edition=2026") == ["About 2026", "About None"]
    assert await titles("&state=PARKED&state=TAKEN") == ["About 2027"]
    page = await dialogue.done(FCDO, "GET", "/v1/proposals?series=uk-eu&page_size=2")
    token = page["next_page_token"]
    assert await titles(f"&page_size=2&page_token={token}") == ["About 2027"]
    for query in (
        f"&page_token={token}&state=PARKED",
        "&page_token=e30=",
        "&page_token=W10=",
        "&page_token=x",
    ):
        refused = await dialogue.ask(FCDO, "GET", f"/v1/proposals?series=uk-eu{query}")
        assert (refused.status_code, refused.json()["reason"]) == (400, "INVALID_VALUE")


async def test_what_a_proposal_cannot_say_is_refused(dialogue: Dialogue) -> None:
    unseen = dialogue.assessment(seen_by=frozenset({"EU"}))
    for changes, status, reason in (
        ({"title": "x" * 301}, 400, "INVALID_REQUEST"),
        ({"title": "bell\u0007"}, 400, "INVALID_REQUEST"),
        ({"rationale": "x" * 4_001}, 400, "INVALID_REQUEST"),
        ({"minutes": 0}, 400, "INVALID_REQUEST"),
        ({"minutes": -1}, 400, "INVALID_REQUEST"),
        ({"edition": 26}, 400, "INVALID_REQUEST"),
        ({"party": "EU"}, 400, "INVALID_REQUEST"),
        ({"theme": "NO_SUCH_THEME"}, 400, "UNKNOWN_THEME"),
        ({"commitments": ["S1"]}, 400, "COMMITMENT_UNKNOWN"),
        ({"leads": {"US": "NSA"}}, 400, "NOT_A_PARTY"),
        ({"kind": "STANDING"}, 409, "STANDING_ITEM_KEPT"),
        ({"marking": "UK SECRET"}, 400, "ABOVE_CEILING"),
        ({"references": item_body(unseen)["references"]}, 403, "PEER_UNAVAILABLE"),
        ({"series": "uk-us-cmr"}, 403, "NO_ACCESS"),
        ({"series": "no-such-series"}, 403, "NO_ACCESS"),
    ):
        sent = {"series": "uk-eu", **body(**changes)}
        refused = await dialogue.ask(UK_SECRETARIAT, "POST", "/v1/proposals", sent)
        assert (refused.status_code, refused.json()["reason"]) == (status, reason), changes
    assert dialogue.rows("SELECT 1 FROM proposal UNION ALL SELECT 1 FROM audit") == []


async def test_the_other_side_cannot_tell_a_proposal_from_none(dialogue: Dialogue) -> None:
    meeting = await dialogue.meeting()
    theirs, draft = await dialogue.draft(meeting, EU_SECRETARIAT), await dialogue.draft(meeting)
    made = await proposed(dialogue)
    for who in (EU_SECRETARIAT, NSA, LEADERSHIP):
        answers = []
        for identity in (made["id"], str(uuid4())):
            take = {"draft_id": theirs["id"], "draft_version": 1}
            forward = {"series": "uk-us-cmr"}
            asked = [
                await dialogue.ask(who, "GET", f"/v1/proposals/{identity}"),
                await dialogue.ask(who, "PUT", f"/v1/proposals/{identity}", body(), version=1),
                *[
                    await dialogue.ask(who, "POST", f"/v1/proposals/{identity}/{command}", sent, version=1)
                    for command, sent in (
                        ("park", {}),
                        ("resume", {}),
                        ("withdraw", {}),
                        ("take", take),
                        ("forward", forward),
                    )
                ],
            ]
            assert {one.status_code for one in asked} == {403}
            problems = [{**one.json(), "instance": None} for one in asked]
            answers.append(json.dumps(problems).replace(identity, "ID"))
        assert answers[0] == answers[1]
    listed = await dialogue.done(EU_SECRETARIAT, "GET", "/v1/proposals?series=uk-eu")
    assert listed == {"proposals": [], "next_page_token": ""}
    sent = {"draft_id": theirs["id"], "draft_version": 1}
    refused = await dialogue.ask(UK_SECRETARIAT, "POST", f"/v1/proposals/{made['id']}/take", sent, version=1)
    assert (refused.status_code, refused.json()["reason"]) == (403, "NO_ACCESS")
    later = await proposed(dialogue, edition=2027)
    sent = {"draft_id": draft["id"], "draft_version": 1}
    refused = await dialogue.ask(UK_SECRETARIAT, "POST", f"/v1/proposals/{later['id']}/take", sent, version=1)
    assert (refused.status_code, refused.json()["reason"]) == (409, "OF_ANOTHER_EDITION")


async def test_a_proposal_is_forwarded_to_another_series_of_the_party_and_leaves_the_rest_behind(
    dialogue: Dialogue,
) -> None:
    made = await proposed(dialogue, references=item_body(dialogue.assessment())["references"])
    path = f"/v1/proposals/{made['id']}/forward"
    sent = {"series": "uk-us-cmr", "commitments": ["S2"], "leads": {"US": "NSA"}}
    refused = await dialogue.ask(UK_SECRETARIAT, "POST", path, sent, version=1)
    assert (refused.status_code, refused.json()["reason"]) == (403, "NO_ACCESS")

    documents = deepcopy(dict(read_documents(POLICY)))
    both = {"series": "uk-us-cmr", "party": "UK", "organisation": "FCDO", "roles": ["secretariat"]}
    documents["entitlements"]["entitlements"].append(both)
    dialogue.app.state.agenda = replace(dialogue.parts, policy=Policy.from_documents(documents))
    for changes, reason in (
        ({"series": "uk-eu"}, "SAME_SERIES"),
        ({"commitments": ["C3"]}, "COMMITMENT_UNKNOWN"),
        ({"leads": {"EU": "EEAS"}}, "NOT_A_PARTY"),
    ):
        refused = await dialogue.ask(UK_SECRETARIAT, "POST", path, {**sent, **changes}, version=1)
        assert (refused.status_code, refused.json()["reason"]) == (400, reason)
    copy = await moved(dialogue, made, "forward", sent)
    assert copy["forwarded"] == [{"proposal_id": made["id"], "series": "uk-eu"}]
    origin = await dialogue.done(UK_SECRETARIAT, "GET", f"/v1/proposals/{made['id']}")
    assert origin["forwarded"] == [{"proposal_id": copy["id"], "series": "uk-us-cmr"}]
    assert (origin["state"], origin["version"]) == ("PROPOSED", 2)

    there = await dialogue.ask(STRATCOM, "GET", f"/v1/proposals/{copy['id']}")
    seen = there.json()
    assert (seen["title"], seen["theme"], seen["commitments"]) == (made["title"], made["theme"], ["S2"])
    assert (seen["forwarded"], seen["references"], seen["rationale"]) == ([], [], "")
    for trace in (made["id"], "uk-eu", "EEAS", "CNECT", "C3", "utilities were hit"):
        assert trace not in there.text
    here = await dialogue.done(FCDO, "GET", f"/v1/proposals/{made['id']}")
    assert here["forwarded"] == []


async def test_a_proposal_in_time_is_not_late(dialogue: Dialogue) -> None:
    await dialogue.meeting()
    dialogue.clock.at = datetime(2026, 10, 28, 23, 59, tzinfo=UTC)
    assert (await proposed(dialogue))["late"] is False
    assert (await proposed(dialogue, edition=2027))["late"] is None


async def test_two_secretaries_who_take_one_proposal_at_once_make_one_item(dialogue: Dialogue) -> None:
    draft = await dialogue.draft(await dialogue.meeting())
    made = await proposed(dialogue)
    sent = {"draft_id": draft["id"], "draft_version": draft["version"]}
    path = f"/v1/proposals/{made['id']}/take"
    answers = await asyncio.gather(
        *[
            dialogue.ask(who, "POST", path, sent, version=1)
            for who in (UK_SECRETARIAT, account("DSIT", "UK", "secretariat"))
        ]
    )
    assert sorted(answer.status_code for answer in answers) == [200, 412]
    items = (await dialogue.done(UK_SECRETARIAT, "GET", f"/v1/drafts/{draft['id']}"))["items"]
    assert [item["title"] for item in items].count(made["title"]) == 1
