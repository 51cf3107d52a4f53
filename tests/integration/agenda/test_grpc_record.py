"""Drafts, register, run clock and minutes over gRPC: the answers of REST, and its refusals."""

import base64
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import uuid4

import grpc
from entente.agenda.v1 import meeting_history_pb2, meeting_record_pb2

from tests.support.agenda_calls import Calls, alike, key, told, without
from tests.support.dialogue import (
    EEAS,
    ENDS,
    EU_SECRETARIAT,
    FCDO,
    LEADERSHIP,
    NSA,
    STARTS,
    UK_SECRETARIAT,
    Account,
    Dialogue,
    account,
    item_body,
    participant_body,
)

INVALID = (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_VALUE")
NO_DRAFTS = {"drafts": [], "next_page_token": ""}
HIDDEN = (grpc.StatusCode.PERMISSION_DENIED, "NO_ACCESS")
STALE = (grpc.StatusCode.ABORTED, "STALE_VERSION")


def same_draft(rest: Mapping[str, Any], rpc: Any) -> None:
    message = told(rpc)
    assert (rpc.draft_id, rpc.etag) == (rest["id"], f'"{rest["version"]}"')
    alike(without(rest, "id", "version", "items"), message)
    assert [one["id"] for one in rest["items"]] == [one.item_id for one in rpc.items]
    assert [one["leads"] for one in rest["items"]] == [
        {lead.party: lead.organisation for lead in one.leads} for one in rpc.items
    ]
    alike([without(one, "id", "leads") for one in rest["items"]], message["items"])


def same_people(rest: Any, rpc: Any) -> None:
    assert [(one["id"], f'"{one["version"]}"') for one in rest] == [
        (one.participant_id, one.etag) for one in rpc
    ]
    alike([without(one, "id", "version") for one in rest], [told(one) for one in rpc])


def same_section(rest: Mapping[str, Any], rpc: Any) -> None:
    alike(without(rest, "comments"), told(rpc))
    assert [one["id"] for one in rest["comments"]] == [one.comment_id for one in rpc.comments]
    alike([without(one, "id") for one in rest["comments"]], told(rpc)["comments"])


async def test_a_draft_is_told_to_its_own_party_as_over_rest(dialogue: Dialogue, call: Calls) -> None:
    meeting = await dialogue.meeting()
    assert list((await call(UK_SECRETARIAT, "ListDrafts", meeting_id=meeting["id"])).drafts) == []
    draft = await dialogue.item(await dialogue.draft(meeting), dialogue.assessment())
    found = await call(UK_SECRETARIAT, "GetDraft", draft_id=draft["id"])
    same_draft(draft, found.draft)
    assert found.draft.items[-1].references[0].state == "CURRENT"
    (listed,) = (await call(FCDO, "ListDrafts", meeting_id=meeting["id"])).drafts
    assert listed == found.draft
    rest = await dialogue.done(FCDO, "GET", f"/v1/meetings/{meeting['id']}/drafts")
    same_draft(rest["drafts"][0], listed)
    assert list((await call(EU_SECRETARIAT, "ListDrafts", meeting_id=meeting["id"])).drafts) == []
    assert (await dialogue.done(EEAS, "GET", f"/v1/meetings/{meeting['id']}/drafts")) == NO_DRAFTS
    for who in (EU_SECRETARIAT, NSA):
        assert (await call.refused(who, "GetDraft", draft_id=draft["id"]))[:2] == HIDDEN
    no_role = await call.refused(LEADERSHIP, "GetDraft", draft_id=draft["id"])
    assert no_role[:2] == (grpc.StatusCode.PERMISSION_DENIED, "ROLE_MISSING")


async def test_a_register_and_a_run_clock_are_kept_as_over_rest(dialogue: Dialogue, call: Calls) -> None:
    meeting, _, agenda = await dialogue.tabled()
    await dialogue.agree("agendas", agenda["id"])
    where = {"meeting_id": meeting["id"]}
    path = f"/v1/meetings/{meeting['id']}"
    person = {**participant_body(UK_SECRETARIAT), "role": meeting_record_pb2.PARTICIPANT_ROLE_CO_CHAIR}
    fields = {**where, **person, **key()}
    added = await call(UK_SECRETARIAT, "AddParticipant", **fields)
    assert await call(UK_SECRETARIAT, "AddParticipant", **fields) == added
    identity = added.participant.participant_id
    note = {"note": "Wants the first word."}
    await dialogue.done(UK_SECRETARIAT, "PUT", f"/v1/participants/{identity}/note", note)
    for wrong in ({"role": 0}, {"nationality": "GB"}, {"name": " "}, {"name": "a\nb"}, {"represents": "/"}):
        refused = await call.refused(UK_SECRETARIAT, "AddParticipant", **{**fields, **key(), **wrong})
        assert refused[:2] == INVALID, wrong
    for who in (UK_SECRETARIAT, EU_SECRETARIAT):
        register = await call(who, "GetRegister", **where)
        rest = await dialogue.done(who, "GET", f"{path}/register")
        same_people(rest["participants"], register.participants)
        assert (register.participants[0].note != "") == (who is UK_SECRETARIAT)
    other = await dialogue.participant(meeting, EU_SECRETARIAT)
    await dialogue.participant(meeting, EU_SECRETARIAT)
    whole = await call(EEAS, "GetRegister", **where)
    assert [one.side for one in whole.participants] == ["EU", "EU", "UK"]
    token, found = "", []
    while not found or token:
        page = await call(EEAS, "GetRegister", **where, page_size=1, page_token=token)
        rest = await dialogue.done(EEAS, "GET", f"{path}/register?page_size=1&page_token={token}")
        same_people(rest["participants"], page.participants)
        assert rest["next_page_token"] == page.next_page_token
        found.extend(page.participants)
        token = page.next_page_token
    assert found == list(whole.participants)
    for method in ("GetRegister", "ListDrafts"):
        assert (await call.refused(UK_SECRETARIAT, method, **where, page_token="e30="))[:2] == INVALID

    dialogue.clock.at = STARTS
    run = await call(EEAS, "GetRun", **where)
    alike(without(await dialogue.done(EEAS, "GET", f"{path}/run"), "version"), told(run.run))
    item = agenda["items"][0]["item_id"]
    start = {**where, "item_id": item, "etag": run.run.etag, **key()}
    started = await call(FCDO, "StartItem", **start)
    assert await call(FCDO, "StartItem", **start) == started
    assert (await call.refused(FCDO, "StartItem", **{**start, **key()}))[:2] == STALE
    told_since = await call.stale(FCDO, "StartItem", **{**start, **key()})
    assert [one["change"] for one in told_since["changes"]][-1:] == ["item-started"]
    assert told_since["current"]["state"] == "ON_ITEM"
    dialogue.clock.at = STARTS + timedelta(minutes=90)
    for move in (meeting_record_pb2.RUN_MOVE_PAUSE, meeting_record_pb2.RUN_MOVE_RESUME):
        etag = (await call(EEAS, "GetRun", **where)).run.etag
        moved = await call(EEAS, "MoveClock", **where, move=move, etag=etag, **key())
        alike(without(await dialogue.done(FCDO, "GET", f"{path}/run"), "version"), told(moved.run))
        dialogue.clock.at += timedelta(minutes=7)
    assert moved.run.state == meeting_record_pb2.RUN_STATE_ON_ITEM
    assert moved.run.break_minutes == 7
    screen = await call(EEAS, "GetPresentation", **where)
    alike(await dialogue.done(FCDO, "GET", f"{path}/presentation"), told(screen.presentation))
    assert screen.presentation.current.over_by > 0
    nothing = await call.refused(EEAS, "MoveClock", **where, etag=moved.run.etag, **key())
    assert nothing[:2] == INVALID

    dialogue.clock.at = ENDS + timedelta(hours=1)
    attend = meeting_record_pb2.PRESENCE_COMMAND_ATTEND
    mark = {"participant_id": identity, "etag": added.participant.etag, "command": attend, **key()}
    there = await call(UK_SECRETARIAT, "MarkPresence", **mark)
    assert there.participant.presence == meeting_record_pb2.PRESENCE_ATTENDED
    assert (await call.refused(UK_SECRETARIAT, "MarkPresence", **{**mark, **key()}))[:2] == STALE
    unknown = await call.refused(UK_SECRETARIAT, "MarkPresence", **{**mark, **key(), "command": 0})
    assert unknown[:2] == INVALID
    foreign = {**mark, **key(), "participant_id": other["id"]}
    refused = await call.refused(UK_SECRETARIAT, "MarkPresence", **foreign)
    over_rest = await dialogue.ask(
        UK_SECRETARIAT, "POST", f"/v1/participants/{other['id']}/presence", {"answer": "ATTEND"}, version=1
    )
    assert refused[1] == over_rest.json()["reason"]
    closed = await call(UK_SECRETARIAT, "CloseRegister", **where, **key())
    assert list(closed.closed_by) == ["UK"]
    again = await call.refused(UK_SECRETARIAT, "CloseRegister", **where, **key())
    assert again[1] == "REGISTER_CLOSED"


async def test_minutes_are_written_accepted_and_commented_on_as_over_rest(
    dialogue: Dialogue, call: Calls
) -> None:
    meeting, _, agenda = await dialogue.tabled()
    await dialogue.agree("agendas", agenda["id"])
    dialogue.clock.at = STARTS
    where = {"meeting_id": meeting["id"]}
    path = f"/v1/meetings/{meeting['id']}/minutes"
    words = {"text": "Both sides exchanged views.", "marking": "TLP:GREEN"}
    write = {**where, "section": "OPENING", **words, "etag": '"0"', **key()}
    written = await call(UK_SECRETARIAT, "WriteSection", **write)
    assert await call(UK_SECRETARIAT, "WriteSection", **write) == written
    assert (await call.refused(EEAS, "WriteSection", **{**write, **key()}))[:2] == STALE
    said = await call(EEAS, "CommentSection", **where, section="OPENING", text="So it was.", **key())
    assert [one.text for one in said.section.comments] == ["So it was."]
    accepted = await call(
        EEAS, "AcceptSection", **where, section="OPENING", etag=written.section.etag, **key()
    )
    assert "EU" in accepted.section.accepted_by
    same_section(await dialogue.done(FCDO, "GET", f"{path}/OPENING"), accepted.section)
    whole = await call(LEADERSHIP, "GetMinutes", **where)
    rest = (await dialogue.done(LEADERSHIP, "GET", path))["sections"]
    assert len(rest) == len(whole.sections)
    for one, section in zip(rest, whole.sections, strict=True):
        same_section(one, section)
    wrongs: list[dict[str, str]] = [
        {"section": "MIDDLE"},
        {"text": " "},
        {"text": "a\x00b"},
        {"text": "x" * 4_001},
        {"marking": ""},
    ]
    for wrong in wrongs:
        refused = await call.refused(UK_SECRETARIAT, "WriteSection", **{**write, **key(), **wrong})
        assert refused[:2] == INVALID, wrong


async def test_a_side_reads_who_changed_what_and_nothing_of_what_the_other_does_for_itself(
    dialogue: Dialogue, call: Calls
) -> None:
    meeting, draft, first = await dialogue.tabled()
    path, where = f"/v1/meetings/{meeting['id']}/history", {"meeting_id": meeting["id"]}
    item = first["items"][-1]["item_id"]

    async def read(who: Account, query: str = "") -> Any:
        return (await dialogue.ask(who, "GET", f"{path}{query}")).content

    before = {who: await read(who) for who in (EU_SECRETARIAT, LEADERSHIP)}
    comment = f"/v1/drafts/{draft['id']}/items/{draft['items'][-1]['id']}/comments"
    await dialogue.done(FCDO, "POST", comment, {"text": "Our red line."})
    last = draft["items"][-1]
    changed = item_body(title="Hushed", minutes=45, position=1, kind=last["kind"], marking="TLP:GREEN")
    rewrite = f"/v1/drafts/{draft['id']}/items/{last['id']}"
    await dialogue.done(UK_SECRETARIAT, "PUT", rewrite, changed, version=draft["version"])
    assert {who: await read(who) for who in before} == before

    answer = {"item_id": item, "answer": "DECLINED", "comment": "Not this year."}
    await dialogue.answers(EU_SECRETARIAT, first, answer)
    whole = await dialogue.done(UK_SECRETARIAT, "GET", path)
    assert [(one["action"], one["by"]["official"]) for one in whole["entries"]] == [
        ("meeting.planned", "fcdo-secretariat"),
        ("draft.started", "fcdo-secretariat"),
        ("agenda.tabled", "fcdo-secretariat"),
        ("meeting.agenda-exchanged", "fcdo-secretariat"),
        ("draft.commented", "fcdo-chair"),
        ("draft.item-rewritten", "fcdo-secretariat"),
        ("agenda.items-answered", None),
    ]
    rewritten, answered = whole["entries"][-2:]
    values = {one["field"]: (one["before"], one["after"]) for one in rewritten["changes"]}
    assert values["position"] == (str(len(draft["items"])), "1")
    assert (values["minutes"][1], values["title"]) == ("45", (None, None))
    assert "Not this year." not in str(answered)
    assert answered["by"] == {"party": "EU", "organisation": "EEAS", "official": None, "roles": []}
    assert [(one["item_id"], one["before"], one["after"]) for one in answered["changes"]] == [
        (item, None, "DECLINED")
    ]
    assert answered["changes"][0]["item_title"] == last["title"]
    assert rewritten["item_title"] == "Hushed"

    theirs = await dialogue.done(EU_SECRETARIAT, "GET", path)
    assert len(theirs["entries"]) == 4
    auditor = account("NAO", "UK", "auditor")
    for who in (LEADERSHIP, EU_SECRETARIAT, auditor):
        seen = await dialogue.ask(who, "GET", path)
        assert "draft" not in seen.text, who
    for who in (UK_SECRETARIAT, EU_SECRETARIAT):
        rest = (await dialogue.done(who, "GET", path))["entries"]
        rpc = await call(who, "ListHistory", **where)
        assert [(one["action"], one["item_title"] or "") for one in rest] == [
            (one.action, one.item_title) for one in rpc.entries
        ]
        assert [one["by"]["official"] or "" for one in rest] == [one.by.official for one in rpc.entries]
        assert [len(one["changes"]) for one in rest] == [len(one.changes) for one in rpc.entries]
    kind = meeting_history_pb2.HISTORY_KIND_COMMENT
    (commented,) = (await call(FCDO, "ListHistory", **where, kind=kind)).entries
    assert (commented.action, list(commented.by.roles)) == ("draft.commented", ["chair"])

    found, token = [], ""
    while token or not found:
        page = await dialogue.done(UK_SECRETARIAT, "GET", f"{path}?page_size=1&page_token={token}")
        found, token = [*found, *page["entries"]], page["next_page_token"]
    assert found == whole["entries"]
    page = await dialogue.done(UK_SECRETARIAT, "GET", f"{path}?page_size=2")
    token = page["next_page_token"]
    stolen = [(EU_SECRETARIAT, ""), (FCDO, ""), (UK_SECRETARIAT, f"&item={item}")]
    for who, query in (*stolen, (UK_SECRETARIAT, "&kind=AGENDA")):
        refused = await dialogue.ask(who, "GET", f"{path}?page_token={token}{query}")
        assert (refused.status_code, refused.json()["reason"]) == (400, "INVALID_VALUE"), query
    tampered = base64.urlsafe_b64encode(base64.urlsafe_b64decode(token).replace(b"2026-", b"2x26-")).decode()
    for wrong in (f"page_token={tampered}", "page_token=e30%3D"):
        refused = await dialogue.ask(UK_SECRETARIAT, "GET", f"{path}?{wrong}")
        assert (refused.status_code, refused.json()["reason"]) == (400, "INVALID_VALUE"), wrong
    limits = ("page_size=201", "page_size=0", "by_organisation=%0a")
    for wrong in ("since=2026-12-01T09:00:00", "since=x", "kind=SECRET", "item=1", *limits):
        refused = await dialogue.ask(UK_SECRETARIAT, "GET", f"{path}?{wrong}")
        assert (refused.status_code, refused.json()["reason"]) == (400, "INVALID_REQUEST"), wrong
    for fields in ({"kind": 99}, {"item": "1"}, {"by_organisation": "/"}, {"page_size": -1}):
        assert (await call.refused(UK_SECRETARIAT, "ListHistory", **{**where, **fields}))[:2] == INVALID
    by = await dialogue.done(UK_SECRETARIAT, "GET", f"{path}?by_organisation=EEAS&since=2026-11-01T00:00:00Z")
    assert [one["action"] for one in by["entries"]] == ["agenda.items-answered"]
    unmoved = await read(EU_SECRETARIAT)
    dialogue.rows(
        """
        INSERT INTO audit (at, actor, party, action, subject_kind, subject_id, detail)
        SELECT %s, 'fcdo-chair', 'UK', 'draft.commented', 'draft', %s, '{}' FROM generate_series(1, 950)
        RETURNING 1
        """,
        dialogue.clock(),
        draft["id"],
    )
    sizes, token = [], ""
    while token or not sizes:
        page = await dialogue.done(FCDO, "GET", f"{path}?kind=COMMENT&page_size=200&page_token={token}")
        sizes, token = [*sizes, len(page["entries"])], page["next_page_token"]
    assert sizes == [200, 200, 200, 200, 151]
    assert (await dialogue.done(FCDO, "GET", f"{path}?kind=BRIEF"))["entries"] == []
    assert await read(EU_SECRETARIAT) == unmoved
    guessed = await dialogue.ask(NSA, "GET", f"/v1/meetings/{uuid4()}/history")
    foreign = await dialogue.ask(NSA, "GET", path)
    assert guessed.status_code == foreign.status_code == 403
    assert {guessed.json()["reason"], foreign.json()["reason"]} == {"NO_ACCESS"}
    assert (await call.refused(NSA, "ListHistory", **where))[:2] == HIDDEN
