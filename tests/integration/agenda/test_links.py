"""A party's private links between actions of two series, and what a series has concluded over the years."""

from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

from services.agenda.consumers import read_action
from services.agenda.usecases.note_news import note_actions
from services.kernel.parties import Entitlement, Role
from tests.support.dialogue import (
    EU_SECRETARIAT,
    NSA,
    TODAY,
    UK_SECRETARIAT,
    Account,
    Dialogue,
    after_the_meeting,
)
from tests.support.outcome_bodies import outcome_body
from tests.support.outcomes import action_told, record_of

BOTH = Account("uk-links", "UK", "FCDO", ("secretariat",))
STRATCOM = Account("stratcom-secretariat", "UK", "STRATCOM", ("secretariat",))
ONE, OTHER, SAME = uuid4(), uuid4(), uuid4()


async def told(dialogue: Dialogue, *messages: Any) -> None:
    async with dialogue.process.database.transaction() as tx:
        await note_actions(tx, [read_action(record_of(message)) for message in messages], TODAY)


def entitle(dialogue: Dialogue) -> None:
    """FCDO's secretariat works in both series of the United Kingdom."""
    policy = dialogue.parts.policy
    more = Entitlement("uk-us-cmr", "UK", "FCDO", Role.SECRETARIAT)
    policy = replace(policy, entitlements=policy.entitlements | {more})
    dialogue.app.state.agenda = replace(dialogue.parts, policy=policy)


async def test_a_link_warns_its_own_party_and_is_nothing_to_anybody_else(dialogue: Dialogue) -> None:
    entitle(dialogue)
    await told(
        dialogue,
        action_told(ONE, "uk-eu", "UKEU-2026-A01"),
        action_told(OTHER, "uk-us-cmr", "UKUSCMR-2026-A01", due_date="2027-09-30", text="Other words."),
        action_told(SAME, "uk-eu", "UKEU-2026-A02"),
    )
    before = await dialogue.ask(NSA, "GET", "/v1/action-links")
    body = {"one": str(ONE), "other": str(OTHER), "note": "One piece of work for us."}
    made = await dialogue.done(BOTH, "POST", "/v1/action-links", body)
    assert made["warnings"] == ["WORDINGS_DIFFER", "DUE_DATES_DIFFER"]
    assert {made["one"]["series"], made["other"]["series"]} == {"uk-eu", "uk-us-cmr"}
    for who in (STRATCOM, NSA, EU_SECRETARIAT):
        assert await dialogue.done(who, "GET", "/v1/action-links") == {"links": [], "next_page_token": ""}
    after = await dialogue.ask(NSA, "GET", "/v1/action-links")
    assert after.content == before.content
    again = await dialogue.ask(BOTH, "POST", "/v1/action-links", {**body, "note": ""})
    assert (again.status_code, again.json()["reason"]) == (409, "LINK_EXISTS")
    within = await dialogue.ask(BOTH, "POST", "/v1/action-links", {"one": str(ONE), "other": str(SAME)})
    assert (within.status_code, within.json()["reason"]) == (400, "LINK_WITHIN_SERIES")
    for who, other in ((STRATCOM, ONE), (NSA, OTHER), (BOTH, uuid4()), (EU_SECRETARIAT, OTHER)):
        refused = await dialogue.ask(who, "POST", "/v1/action-links", {"one": str(ONE), "other": str(other)})
        assert (refused.status_code, refused.json()["reason"]) == (403, "NO_ACCESS")
    await told(dialogue, action_told(OTHER, "uk-us-cmr", "UKUSCMR-2026-A01", version=2))
    (link,) = (await dialogue.done(BOTH, "GET", "/v1/action-links"))["links"]
    assert link["warnings"] == []
    second = await dialogue.done(BOTH, "POST", "/v1/action-links", {"one": str(SAME), "other": str(OTHER)})
    paged = [one["id"] for one in await dialogue.by_ones(BOTH, "/v1/action-links", "links")]
    assert paged == sorted((link["id"], second["id"])), "made at one instant, they are told by their ids"
    await dialogue.done(BOTH, "DELETE", f"/v1/action-links/{second['id']}")
    assert (await dialogue.ask(STRATCOM, "DELETE", f"/v1/action-links/{link['id']}")).status_code == 403
    await dialogue.done(BOTH, "DELETE", f"/v1/action-links/{link['id']}")
    assert await dialogue.done(BOTH, "GET", "/v1/action-links") == {"links": [], "next_page_token": ""}


async def test_what_a_series_has_concluded_is_compiled_over_its_editions_page_by_page(
    dialogue: Dialogue,
) -> None:
    meeting, draft, agenda = await dialogue.tabled(dialogue.assessment())
    await dialogue.agree("agendas", agenda["id"])
    wanted: list[UUID] = []
    with after_the_meeting(dialogue):
        await dialogue.attended(meeting)
        for item in (draft["items"][2], draft["items"][-1], draft["items"][0]):
            body = outcome_body(item["id"])
            path = f"/v1/meetings/{meeting['id']}/outcomes"
            outcome = await dialogue.done(UK_SECRETARIAT, "POST", path, body)
            if item is not draft["items"][0]:
                await dialogue.agree("outcomes", outcome["id"])
                wanted.append(outcome["id"])
    base = "/v1/outcomes?series=uk-eu"
    found: list[Any] = []
    token = ""
    for _ in range(2):
        page = await dialogue.done(
            EU_SECRETARIAT, "GET", f"{base}&commitment=C3&page_size=1&page_token={token}"
        )
        found += [one["outcome"]["id"] for one in page["outcomes"]]
        last, token = token, page["next_page_token"]
    assert sorted(found) == sorted(wanted)
    assert token == ""
    for query, count in (
        ("&theme=THREAT_LANDSCAPE", 1),
        ("&theme=CNI_PRIVATE_SECTOR", 1),
        ("&kind=NOTED", 0),
        ("&agreed_only=false", 3),
        ("&commitment=C7", 0),
    ):
        page = await dialogue.done(UK_SECRETARIAT, "GET", base + query)
        assert (len(page["outcomes"]), page["next_page_token"]) == (count, "")
    for query, status, reason in (
        (f"{base}&commitment=C1&page_token={last}", 400, "PAGE_TOKEN_INVALID"),
        (f"{base}&page_token=W10", 400, "PAGE_TOKEN_INVALID"),
        (f"{base}&kind=AGREED", 400, "INVALID_REQUEST"),
        (f"{base}&theme=%27%20OR%201=1", 400, "INVALID_REQUEST"),
        ("/v1/outcomes?series=uk-us-cmr", 403, "NO_ACCESS"),
        ("/v1/outcomes?series=none", 403, "NO_ACCESS"),
    ):
        refused = await dialogue.ask(UK_SECRETARIAT, "GET", query)
        assert (refused.status_code, refused.json()["reason"]) == (status, reason)
    assert (await dialogue.ask(NSA, "GET", base)).json()["reason"] == "NO_ACCESS"
