"""A party forwards an item to another body: an experts' meeting, or another series that it is of."""

from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from entente.agenda.v1 import proposal_service_pb2

from services.chassis.documents import read_documents
from services.kernel.policy import Policy
from tests.integration.agenda.test_carry_over import concluded
from tests.integration.agenda.test_grpc_record import same_draft
from tests.integration.agenda.test_working_level import below
from tests.support.agenda_calls import Calls
from tests.support.dialogue import (
    EU_SECRETARIAT,
    FCDO,
    LEADERSHIP,
    UK_SECRETARIAT,
    Account,
    Dialogue,
    account,
    after_the_meeting,
    item_body,
    meeting_body,
)
from tests.support.peers import ALLOWED
from tests.support.processes import POLICY

STRATCOM = account("STRATCOM", "UK", "secretariat")
EXPERTS_DAY = datetime(2026, 12, 1, 9, tzinfo=UTC)


async def refused(dialogue: Dialogue, path: str, sent: object, who: Account = UK_SECRETARIAT) -> Any:
    response = await dialogue.ask(who, "POST", path, sent)
    assert not response.is_success, response.text
    return response.json()


async def test_an_item_of_the_draft_goes_to_the_experts_as_a_proposal_and_stays(
    dialogue: Dialogue, call: Calls
) -> None:
    edition = await dialogue.meeting()
    experts = await below(dialogue, edition, EXPERTS_DAY)
    held = dialogue.assessment()
    draft = await dialogue.item(await dialogue.draft(edition), held)
    item = draft["items"][-1]
    path = f"/v1/drafts/{draft['id']}/items/{item['id']}/forward"
    sent = {"meeting_id": experts["id"], "rationale": "The experts know more."}
    tried = await dialogue.done(UK_SECRETARIAT, "POST", f"{path}?validate_only=true", sent)
    key = str(uuid4())
    asked = {
        "draft_id": draft["id"],
        "item_id": item["id"],
        "item": proposal_service_pb2.ForwardedItem(**sent),
        "request_id": str(uuid4()),
    }
    rpc = await call(UK_SECRETARIAT, "ForwardDraftItem", **asked, validate_only=True)
    assert (rpc.proposal.meeting_id, rpc.proposal.origin.item_id) == (experts["id"], item["id"])
    made = await dialogue.done(UK_SECRETARIAT, "POST", path, sent, key=key)
    assert await dialogue.done(UK_SECRETARIAT, "POST", path, sent, key=key) == made
    assert (await call.refused(UK_SECRETARIAT, "ForwardDraftItem", **asked))[1] == "ALREADY_FORWARDED"
    of_agenda = {**asked, "agenda_id": str(uuid4())}
    del of_agenda["draft_id"]
    assert (await call.refused(UK_SECRETARIAT, "ForwardAgendaItem", **of_agenda))[1] == "NO_ACCESS"
    for wrong in ({"title": " "}, {"meeting_id": "1"}, {"marking": ""}):
        unmeant = {**asked, "item": {**sent, **wrong}}
        assert (await call.refused(UK_SECRETARIAT, "ForwardDraftItem", **unmeant))[1] == "INVALID_VALUE"
    assert {**tried, "id": made["id"]} == made
    assert (made["meeting_id"], made["series"], made["edition"]) == (experts["id"], "uk-eu", 2026)
    for name in ("title", "minutes", "leads", "commitments", "theme", "marking"):
        assert made[name] == item[name]
    assert [one["assessment_id"] for one in made["references"]] == [str(held.id)]
    assert (made["origin"]["kind"], made["origin"]["item_id"]) == ("DRAFT_ITEM", item["id"])
    assert (made["origin"]["source_id"], made["origin"]["history"]) == (draft["id"], [])
    assert made["closes_on"] is None, "an experts' meeting has no plan of its own"
    assert (await refused(dialogue, path, sent))["reason"] == "ALREADY_FORWARDED"
    same_draft(
        seen := await dialogue.done(FCDO, "GET", f"/v1/drafts/{draft['id']}"),
        (await call(FCDO, "GetDraft", draft_id=draft["id"])).draft,
    )
    goes = {"proposal_id": made["id"], "series": "uk-eu", "meeting_id": experts["id"]}
    assert seen == {**draft, "items": [*draft["items"][:-1], {**item, "forwarded": [goes]}]}

    take = {"draft_id": draft["id"], "draft_version": draft["version"]}
    here = await dialogue.ask(UK_SECRETARIAT, "POST", f"/v1/proposals/{made['id']}/take", take, version=1)
    assert (here.status_code, here.json()["reason"]) == (400, "OF_ANOTHER_MEETING")
    rewritten = {**item_body(), "edition": 2027}
    other = await dialogue.ask(UK_SECRETARIAT, "PUT", f"/v1/proposals/{made['id']}", rewritten, version=1)
    assert other.json()["reason"] == "OF_ANOTHER_EDITION"
    theirs = await dialogue.draft(experts)
    take = {"draft_id": theirs["id"], "draft_version": theirs["version"]}
    taken = await dialogue.done(UK_SECRETARIAT, "POST", f"/v1/proposals/{made['id']}/take", take, version=1)
    assert taken["draft_id"] == theirs["id"]
    for body, reason in (
        ({"meeting_id": edition["id"]}, "SAME_MEETING"),
        ({"meeting_id": str(uuid4())}, "NO_ACCESS"),
        ({"meeting_id": experts["id"], "marking": "UK SECRET"}, "ABOVE_CEILING"),
        ({"meeting_id": experts["id"], "leads": {"US": "NSA"}}, "NOT_A_PARTY"),
        ({"meeting_id": experts["id"], "title": "x" * 5_000}, "INVALID_REQUEST"),
    ):
        assert (await refused(dialogue, path, body))["reason"] == reason, body
    # The other side cannot tell the item from none, nor the proposal.
    for who, reason in ((EU_SECRETARIAT, "NO_ACCESS"), (LEADERSHIP, "ROLE_MISSING")):
        for one in (path, path.replace(item["id"], str(uuid4()))):
            assert (await refused(dialogue, one, sent, who))["reason"] == reason
    listed = await dialogue.done(EU_SECRETARIAT, "GET", "/v1/proposals?series=uk-eu")
    assert listed["proposals"] == []
    dialogue.clock.at = EXPERTS_DAY
    assert (await refused(dialogue, path, sent))["reason"] == "MEETING_HAS_BEGUN"


async def test_a_deferred_item_goes_to_another_series_with_its_history_and_texts_decided_anew(
    dialogue: Dialogue,
) -> None:
    documents = deepcopy(dict(read_documents(POLICY)))
    both = {"series": "uk-us-cmr", "party": "UK", "organisation": "FCDO", "roles": ["secretariat"]}
    documents["entitlements"]["entitlements"].append(both)
    held = dialogue.assessment()
    meeting, draft, agenda = await dialogue.tabled(held)
    await dialogue.agree("agendas", agenda["id"])
    item, dealt_with = draft["items"][-1], draft["items"][3]
    path = f"/v1/agendas/{agenda['id']}/items/{item['id']}/forward"
    body = meeting_body(series="uk-us-cmr", host_party="US", venue="Fort Meade")
    later = {"starts_at": "2026-12-15T09:00:00Z", "ends_at": "2026-12-15T16:00:00Z"}
    review = await dialogue.done(STRATCOM, "POST", "/v1/meetings", {**body, **later})
    sent: dict[str, Any] = {"meeting_id": review["id"]}
    assert (await refused(dialogue, path, sent))["reason"] == "ITEM_NOT_PUT_OFF"
    with after_the_meeting(dialogue):
        await dialogue.attended(meeting)
        put_off = await concluded(dialogue, meeting, item["id"], "DEFERRED", reason="No time.", conclusion="")
        await concluded(dialogue, meeting, dealt_with["id"], "NOTED")
        assert (await refused(dialogue, path, sent))["reason"] == "NO_ACCESS"
        dialogue.app.state.agenda = replace(dialogue.parts, policy=Policy.from_documents(documents))
        done = path.replace(item["id"], dealt_with["id"])
        assert (await refused(dialogue, done, sent))["reason"] == "ITEM_NOT_PUT_OFF"
        assert (await refused(dialogue, path, sent, EU_SECRETARIAT))["reason"] == "NO_ACCESS"

        # The review may have the tear line alone.
        denied = {"UK": ALLOWED, "US": "REL_MISSING"}
        cleared = {"UK": ALLOWED, "US": ALLOWED}
        dialogue.threatfeed.holds(replace(held, rules=denied, tear_line=cleared))
        whole = {**item["references"][0], "rendition": "FULL"}
        del whole["state"]
        offer = await refused(dialogue, path, {**sent, "references": [whole]})
        assert (offer["reason"], offer["rule_id"], offer["party"]) == (
            "REFERENCE_NOT_RELEASABLE",
            "REL_MISSING",
            "US",
        )
        assert offer["offered_rendition"] == "TEAR_LINE"
        dialogue.threatfeed.holds(replace(held, rules=denied))
        bare = await refused(dialogue, path, sent)
        assert (bare["reason"], "offered_rendition" in bare) == ("REFERENCE_NOT_RELEASABLE", False)
        dialogue.threatfeed.holds(replace(held, rules=denied, tear_line=cleared))
        torn = {**whole, "rendition": "TEAR_LINE"}
        made = await dialogue.done(UK_SECRETARIAT, "POST", path, {**sent, "references": [torn]})
    assert (made["series"], made["edition"], made["meeting_id"]) == ("uk-us-cmr", 2026, None)
    assert (made["title"], made["commitments"], made["leads"]) == (item["title"], [], {})
    assert made["origin"]["kind"] == "AGENDA_ITEM"
    assert made["origin"]["history"] == [
        {
            "outcome_id": put_off["id"],
            "meeting_id": meeting["id"],
            "edition": 2026,
            "kind": "DEFERRED",
            "reason": "No time.",
        }
    ]
    goes = {"proposal_id": made["id"], "series": "uk-us-cmr", "meeting_id": review["id"]}
    for who, shown in ((UK_SECRETARIAT, [goes]), (FCDO, [])):
        last = (await dialogue.done(who, "GET", f"/v1/drafts/{draft['id']}"))["items"][-1]
        assert last["forwarded"] == shown, "the other body's proposals are for those who may read them"
    await dialogue.done(UK_SECRETARIAT, "POST", f"/v1/proposals/{made['id']}/withdraw", {}, version=1)
    last = (await dialogue.done(UK_SECRETARIAT, "GET", f"/v1/drafts/{draft['id']}"))["items"][-1]
    assert last["forwarded"] == []
    there = await dialogue.ask(STRATCOM, "GET", f"/v1/proposals/{made['id']}")
    assert there.json()["origin"] is None
    for trace in (meeting["id"], agenda["id"], item["id"], "uk-eu", "No time."):
        assert trace not in there.text
    ((detail,),) = dialogue.rows("SELECT detail FROM audit WHERE action = 'proposal.made'")
    assert (detail["from"], detail["of"]) == ("AGENDA_ITEM", item["id"])
    assert any(one.endswith("-US") for one in detail["decisions"])
