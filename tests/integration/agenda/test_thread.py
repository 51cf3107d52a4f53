"""The agenda's part of the thread: from candidates to an agreed outcome."""

import json

from entente.actions.v1 import action_service_pb2
from entente.agenda.v1 import agenda_event_pb2, outcome_event_pb2
from entente.exchange.v1 import action_status_pb2

from services.agenda.clients.threatfeed import Threatfeed
from services.chassis.rpc.client import open_channel
from services.kernel.canonical import canonical_json, content_hash
from tests.support.dialogue import (
    EU_SECRETARIAT,
    FCDO,
    LEADERSHIP,
    QUORUM,
    UK_SECRETARIAT,
    Dialogue,
    after_the_meeting,
)
from tests.support.outcome_bodies import outcome_body


async def test_a_secretariat_is_offered_candidates_with_their_reasons(dialogue: Dialogue) -> None:
    held = dialogue.assessment(rules={"UK": "ALL_PASSED", "EU": "REL_MISSING"})
    meeting = await dialogue.meeting()
    answer = await dialogue.done(
        UK_SECRETARIAT, "GET", f"/v1/meetings/{meeting['id']}/candidates?theme=THREAT_LANDSCAPE"
    )
    (candidate,) = answer["candidates"]
    assert candidate["assessment_id"] == str(held.id)
    assert candidate["joint_title"] == ""
    assert candidate["themes"] == [{"theme": "THREAT_LANDSCAPE", "rule_id": "THREAT-1"}]
    assert {(one["party"], one["allowed"], one["rule_id"]) for one in candidate["decisions"]} == {
        ("UK", True, "ALL_PASSED"),
        ("EU", False, "REL_MISSING"),
    }
    assert dialogue.threatfeed.tokens == [dialogue.token(UK_SECRETARIAT)]


async def test_a_draft_has_the_standing_items_of_its_series_at_dense_positions(
    dialogue: Dialogue,
) -> None:
    draft = await dialogue.draft(await dialogue.meeting())
    assert [item["position"] for item in draft["items"]] == list(range(1, 15))
    assert draft["items"][0]["title"] == "Opening and adoption of the agenda"
    assert draft["items"][0]["leads"] == {"UK": "FCDO", "EU": "EEAS"}
    draft = await dialogue.item(draft, position=4)
    assert draft["items"][3]["title"] == "Attacks on water utilities"
    assert [item["position"] for item in draft["items"]] == list(range(1, 16))
    item_id = draft["items"][3]["id"]
    path = f"/v1/drafts/{draft['id']}/items/{item_id}"
    draft = await dialogue.done(UK_SECRETARIAT, "DELETE", path, version=draft["version"])
    assert [item["position"] for item in draft["items"]] == list(range(1, 15))


async def test_the_tabled_version_carries_the_joint_title_and_hashes_to_its_canonical_form(
    dialogue: Dialogue,
) -> None:
    held = dialogue.assessment()
    _, _, agenda = await dialogue.tabled(held)
    assert agenda["state"] == "TABLED"
    assert agenda["content_hash"] == content_hash(agenda["document"])
    references = agenda["document"]["items"][-1]["references"]
    assert [one["title"] for one in references] == ["Intrusions into water utilities"]
    assert "named group" not in json.dumps(agenda)
    stored = dialogue.rows(
        "SELECT party, allowed, rule_id FROM releasability_decision WHERE agenda_id = %s", agenda["id"]
    )
    assert sorted(stored) == [("EU", True, "ALL_PASSED"), ("UK", True, "ALL_PASSED")]
    assert await dialogue.done(EU_SECRETARIAT, "GET", f"/v1/agendas/{agenda['id']}") == agenda


async def test_the_agenda_is_agreed_when_every_quorum_has_signed_one_hash(dialogue: Dialogue) -> None:
    meeting, _, agenda = await dialogue.tabled(dialogue.assessment())
    for official in QUORUM[:-1]:
        answer = await dialogue.agree("agendas", agenda["id"], official)
        assert answer["state"] == "TABLED"
    agreed = await dialogue.agree("agendas", agenda["id"], QUORUM[-1])
    assert agreed["state"] == "AGREED"
    assert agreed["agreements"] == [
        {"party": "UK", "needed": ["FCDO", "DSIT"], "agreed": ["FCDO", "DSIT"]},
        {"party": "EU", "needed": ["EEAS", "CNECT"], "agreed": ["EEAS", "CNECT"]},
    ]
    after = await dialogue.done(FCDO, "GET", f"/v1/meetings/{meeting['id']}")
    assert after["state"] == "AGENDA_AGREED"
    events = [
        agenda_event_pb2.AgendaChanged.FromString(value)
        for value, _ in dialogue.published("agenda.agenda.v1")
    ]
    assert [event.state for event in events] == [
        agenda_event_pb2.AGENDA_STATE_TABLED,
        agenda_event_pb2.AGENDA_STATE_AGREED,
    ]
    assert {event.content_hash for event in events} == {agenda["content_hash"]}


async def test_a_signed_statement_is_kept_exactly_as_it_was_signed(dialogue: Dialogue) -> None:
    _, _, agenda = await dialogue.tabled()
    statement = await dialogue.statement(FCDO, "agendas", agenda["id"])
    await dialogue.agree("agendas", agenda["id"], FCDO)
    ((kind, payload, signature),) = dialogue.rows("SELECT type, payload, jws FROM agreement")
    assert kind == statement["type"] == "entente.exchange.v1.Agreement"
    assert bytes(payload).decode() == statement["payload"]
    assert canonical_json(json.loads(payload)) == bytes(payload)
    assert signature == dialogue.signature(FCDO, statement["payload"])


async def test_agreeing_twice_counts_once(dialogue: Dialogue) -> None:
    _, _, agenda = await dialogue.tabled()
    first = await dialogue.agree("agendas", agenda["id"], FCDO)
    assert await dialogue.agree("agendas", agenda["id"], FCDO) == first
    assert dialogue.rows("SELECT count(*) FROM agreement") == [(1,)]


async def test_a_new_version_supersedes_the_one_on_the_table_and_voids_its_agreements(
    dialogue: Dialogue,
) -> None:
    meeting, draft, first = await dialogue.tabled()
    await dialogue.agree("agendas", first["id"])
    second = await dialogue.table(await dialogue.item(draft))
    assert (second["version"], second["state"]) == (2, "TABLED")
    assert all(party["agreed"] == [] for party in second["agreements"])
    listed = await dialogue.done(FCDO, "GET", f"/v1/meetings/{meeting['id']}/agendas")
    assert [(one["version"], one["state"]) for one in listed["agendas"]] == [
        (2, "TABLED"),
        (1, "SUPERSEDED"),
    ]
    assert all(party["agreed"] == [] for party in listed["agendas"][1]["agreements"])
    assert dialogue.rows("SELECT count(*) FROM agreement WHERE voided_at IS NULL") == [(0,)]


async def test_an_agreed_outcome_is_told_with_its_action_and_what_it_rests_on(
    dialogue: Dialogue,
) -> None:
    held = dialogue.assessment()
    meeting, draft, agenda = await dialogue.tabled(held)
    await dialogue.agree("agendas", agenda["id"])
    with after_the_meeting(dialogue):
        await dialogue.attended(meeting)
        body = outcome_body(draft["items"][-1]["id"])
        outcome = await dialogue.done(EU_SECRETARIAT, "POST", f"/v1/meetings/{meeting['id']}/outcomes", body)
        assert outcome["state"] == "PROPOSED"
        assert outcome["action"]["reference"] == "UKEU-2026-A01"
        assert outcome["content_hash"] == content_hash(outcome["document"])
        assert not dialogue.published("agenda.outcome.v1")
        agreed = await dialogue.agree("outcomes", outcome["id"])
    assert agreed["state"] == "AGREED"
    ((value, headers),) = dialogue.published("agenda.outcome.v1")
    event = outcome_event_pb2.OutcomeAgreed.FromString(value)
    assert headers["ce_type"] == "entente.agenda.v1.OutcomeAgreed"
    assert event.outcome.action.reference == "UKEU-2026-A01"
    assert [one.assessment_id for one in event.outcome.action.basis] == [str(held.id)]
    assert event.content_hash == outcome["content_hash"]
    after = await dialogue.done(FCDO, "GET", f"/v1/meetings/{meeting['id']}")
    assert after["state"] == "CONCLUDED"


async def test_the_thread_is_found_from_every_id_on_it(dialogue: Dialogue) -> None:
    held = dialogue.assessment()
    meeting, draft, agenda = await dialogue.tabled(held)
    await dialogue.agree("agendas", agenda["id"])
    item_id = draft["items"][-1]["id"]
    with after_the_meeting(dialogue):
        await dialogue.attended(meeting)
        path = f"/v1/meetings/{meeting['id']}/outcomes"
        outcome = await dialogue.done(UK_SECRETARIAT, "POST", path, outcome_body(item_id))
        await dialogue.agree("outcomes", outcome["id"])
    action = outcome["action"]
    thread = action_service_pb2.TraceActionResponse(
        outcome_id=outcome["id"],
        action_id=action["id"],
        reference=action["reference"],
        series="uk-eu",
        state=action_status_pb2.ACTION_STATE_CLOSED,
        text=action["text"],
        closure_id="33333333-3333-4333-8333-333333333333",
    )
    evidence_id = "22222222-2222-4222-8222-222222222222"
    thread.evidence.add(evidence_id=evidence_id, title="The guidance")
    dialogue.actions.knows(thread)
    ids = [
        str(held.id),
        item_id,
        f"{agenda['id']}:{item_id}",
        agenda["id"],
        outcome["id"],
        action["id"],
        action["reference"],
        evidence_id,
        thread.closure_id,
    ]
    answers = [await dialogue.done(UK_SECRETARIAT, "GET", f"/v1/trace/{one}") for one in ids]
    assert answers[0]["missing_peers"] == []
    assert [node["kind"] for node in answers[0]["nodes"]] == [
        "ASSESSMENT",
        "PROPOSED_ITEM",
        "AGREED_ITEM",
        "OUTCOME",
        "ACTION",
        "EVIDENCE",
        "CLOSURE",
    ]
    assert all(answer == answers[0] for answer in answers)


async def test_what_a_peer_refuses_is_left_out_of_the_thread(dialogue: Dialogue) -> None:
    held = dialogue.assessment(seen_by=frozenset({"UK"}))
    await dialogue.tabled(held)
    answer = await dialogue.done(EU_SECRETARIAT, "GET", f"/v1/trace/{held.id}")
    assert [node["kind"] for node in answer["nodes"]] == ["PROPOSED_ITEM"]
    assert answer["missing_peers"] == []
    assert "named group" not in json.dumps(answer)


async def test_a_draft_is_a_node_only_for_those_of_its_party_who_may_read_it(dialogue: Dialogue) -> None:
    held = dialogue.assessment()
    draft = await dialogue.item(await dialogue.draft(await dialogue.meeting()), held)
    own = await dialogue.done(UK_SECRETARIAT, "GET", f"/v1/trace/{held.id}")
    assert [node["kind"] for node in own["nodes"]] == ["ASSESSMENT", "PROPOSED_ITEM"]
    for wanted in (str(held.id), draft["items"][-1]["id"]):
        for reader in (EU_SECRETARIAT, LEADERSHIP):
            refused = await dialogue.ask(reader, "GET", f"/v1/trace/{wanted}")
            assert refused.json()["reason"] == "NO_ACCESS"


async def test_a_peer_that_is_down_is_named_and_its_nodes_are_missing(dialogue: Dialogue) -> None:
    held = dialogue.assessment()
    await dialogue.tabled(held)
    async with open_channel("127.0.0.1:1", dialogue.process.telemetry) as nowhere:
        dialogue.parts_with(Threatfeed(nowhere))
        answer = await dialogue.done(UK_SECRETARIAT, "GET", f"/v1/trace/{held.id}")
    assert [node["kind"] for node in answer["nodes"]] == ["PROPOSED_ITEM"]
    assert answer["missing_peers"] == ["threatfeed"]
