"""The gRPC face of the agenda: the same answers and the same refusals as over REST."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import grpc
import pytest
from entente.agenda.v1 import agenda_event_pb2, negotiation_pb2
from entente.agenda.v1 import agenda_service_pb2 as messages
from entente.exchange.v1 import item_answer_pb2, outcome_pb2
from google.protobuf.json_format import MessageToDict

from services.agenda.consumers import read_action
from services.agenda.usecases.note_news import note_actions
from tests.integration.agenda.test_proposals import proposed
from tests.support.agenda_calls import (
    ACCEPTED,
    AMENDED,
    IN_THE_DOCUMENT,
    Calls,
    alike,
    same_agenda,
    same_outcome,
    sign,
    told,
    without,
)
from tests.support.dialogue import (
    EEAS,
    ENDS,
    EU_SECRETARIAT,
    FCDO,
    LEADERSHIP,
    NSA,
    TODAY,
    UK_SECRETARIAT,
    Dialogue,
)
from tests.support.outcome_bodies import outcome_body
from tests.support.outcomes import action_told, record_of


async def test_what_is_negotiated_is_told_as_over_rest(dialogue: Dialogue, call: Calls) -> None:
    meeting, draft, first = await dialogue.tabled(dialogue.assessment())
    second = await dialogue.table(await dialogue.item(draft, title="Routers", position=2))
    shown = (await call(LEADERSHIP, "GetMeeting", meeting_id=meeting["id"])).meeting
    rest = await dialogue.done(LEADERSHIP, "GET", f"/v1/meetings/{meeting['id']}")
    alike(without(rest, "id", "version"), told(shown))
    assert (shown.meeting_id, shown.etag) == (rest["id"], f'"{rest["version"]}"')
    compared = await call(EEAS, "CompareAgendas", agenda_id=second["id"], earlier_agenda_id=first["id"])
    path = f"/v1/agendas/{second['id']}/difference?from={first['id']}"
    alike(await dialogue.done(EEAS, "GET", path), told(compared))
    assert [one.title for one in compared.added] == ["Routers"]

    items = [item["item_id"] for item in second["items"]]
    proposal = item_answer_pb2.ItemProposal(minutes=35)
    answers = [negotiation_pb2.GivenAnswer(item_id=one, kind=ACCEPTED) for one in items[1:]]
    amended = negotiation_pb2.GivenAnswer(
        item_id=items[0], kind=AMENDED, comment=" Longer. ", proposal=proposal
    )
    asked: dict[str, Any] = {
        "agenda_id": second["id"],
        "etag": second["etag"],
        "marking": "TLP:GREEN",
        "answers": [amended, *answers],
        "request_id": str(uuid4()),
    }
    tried = await call(EU_SECRETARIAT, "AnswerItems", **asked, validate_only=True)
    read = await dialogue.done(EEAS, "GET", f"/v1/agendas/{second['id']}")
    assert read == second, "a trial changes nothing"
    assert dialogue.rows("SELECT 1 FROM audit WHERE action = 'agenda.items-answered'") == []
    given = await call(EU_SECRETARIAT, "AnswerItems", **asked)
    assert given == tried, "a trial tells what would be"
    assert await call(EU_SECRETARIAT, "AnswerItems", **asked) == given, "a repeat gets the first answer"
    read = await dialogue.done(EEAS, "GET", f"/v1/agendas/{second['id']}")
    same_agenda(read, given.agenda)
    assert told(given)["agenda"]["items"][0]["answers"][0]["comment"] == "Longer."

    stale = {**asked, "request_id": str(uuid4())}
    other = {**asked, "marking": "TLP:CLEAR"}
    for fields, code, reason in (
        (other, grpc.StatusCode.INVALID_ARGUMENT, "REQUEST_KEY_REUSED"),
        (stale, grpc.StatusCode.ABORTED, "STALE_VERSION"),
        ({**stale, "validate_only": True}, grpc.StatusCode.ABORTED, "STALE_VERSION"),
        ({**stale, "request_id": "1"}, grpc.StatusCode.INVALID_ARGUMENT, "REQUEST_ID_MISSING"),
        ({**stale, "etag": ""}, grpc.StatusCode.INVALID_ARGUMENT, "ETAG_MISSING"),
        ({**stale, "etag": "soon"}, grpc.StatusCode.INVALID_ARGUMENT, "ETAG_MALFORMED"),
    ):
        assert (await call.refused(EU_SECRETARIAT, "AnswerItems", **fields))[:2] == (code, reason)

    now = {**stale, "etag": read["etag"], "answers": [answers[0], answers[0]]}
    bad: list[tuple[dict[str, Any], str]] = [
        ({}, "ANSWER_TWICE"),
        ({"answers": []}, "INVALID_VALUE"),
        ({"answers": [answers[0]] * 201}, "INVALID_VALUE"),
        ({"answers": [negotiation_pb2.GivenAnswer(item_id=items[0])]}, "INVALID_VALUE"),
        ({"answers": [negotiation_pb2.GivenAnswer(item_id="1", kind=ACCEPTED)]}, "INVALID_VALUE"),
        ({"answers": [negotiation_pb2.GivenAnswer(item_id=str(uuid4()), kind=ACCEPTED)]}, "UNKNOWN_ITEM"),
        ({"answers": [negotiation_pb2.GivenAnswer(item_id=items[0], kind=AMENDED)]}, "PROPOSAL_MISSING"),
        ({"marking": ""}, "INVALID_VALUE"),
    ]
    wrongs: list[dict[str, Any]] = [
        {"comment": "\x1b[2J"},
        {"comment": "x" * 4_001},
        {"proposal": {"title": " "}},
        *({"proposal": {"minutes": minutes}} for minutes in (0, -1, 1_441)),
    ]
    bad += [
        ({"answers": [{"item_id": items[0], "kind": AMENDED, **wrong}]}, "INVALID_VALUE") for wrong in wrongs
    ]
    for trial in (True, False):
        for changes, reason in bad:
            fields = {**now, **changes, "validate_only": trial}
            refused = await call.refused(EU_SECRETARIAT, "AnswerItems", **fields)
            assert refused[1] == reason, changes
            assert refused[0] in {grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.NOT_FOUND}
    assert await dialogue.done(EEAS, "GET", f"/v1/agendas/{second['id']}") == read

    accepted = await dialogue.accept(second["id"])
    signed = await sign(dialogue, call, FCDO, agenda_id=second["id"])
    fields = {"agenda_id": second["id"], "request_id": str(uuid4()), **signed}
    agreed = await call(FCDO, "AgreeAgenda", **fields)
    assert await call(FCDO, "AgreeAgenda", **fields) == agreed
    same_agenda(await dialogue.done(FCDO, "GET", f"/v1/agendas/{second['id']}"), agreed.agenda)
    assert accepted["content_hash"] == signed["content_hash"]
    fresh = {**fields, "request_id": str(uuid4())}
    old = await call.refused(FCDO, "AgreeAgenda", **{**fresh, "content_hash": first["content_hash"]})
    assert old[:2] == (grpc.StatusCode.FAILED_PRECONDITION, "STALE_CONTENT_HASH")
    foreign = await call.refused(EEAS, "AgreeAgenda", **fresh)
    assert foreign[:2] == (grpc.StatusCode.PERMISSION_DENIED, "SIGNATURE_KEY_FOREIGN")
    for changes in ({"content_hash": "sha256:1"}, {"jws": ""}, {"jws": "x" * 2_049}):
        refused = await call.refused(FCDO, "AgreeAgenda", **{**fresh, **changes})
        assert refused[:2] == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_VALUE")

    got = await call(LEADERSHIP, "GetAgenda", agenda_id=second["id"])
    assert got.SerializeToString(deterministic=True) == agreed.agenda.SerializeToString(deterministic=True)
    assert got.state == agenda_event_pb2.AGENDA_STATE_TABLED
    listed = await dialogue.done(FCDO, "GET", f"/v1/meetings/{meeting['id']}/agendas")
    versions: list[Any] = []
    token = ""
    while not versions or token:
        page = await call(FCDO, "ListAgendas", meeting_id=meeting["id"], page_size=1, page_token=token)
        assert len(page.agendas) == 1
        versions.extend(page.agendas)
        token = page.next_page_token
    for rest, rpc in zip(listed["agendas"], versions, strict=True):
        same_agenda(rest, rpc)


async def test_what_a_meeting_made_and_what_comes_back_are_told_as_over_rest(
    dialogue: Dialogue, call: Calls
) -> None:
    meeting, draft, agenda = await dialogue.tabled()
    await dialogue.agree("agendas", agenda["id"])
    dialogue.clock.at = ENDS
    await dialogue.attended(meeting)
    path = f"/v1/meetings/{meeting['id']}"
    kinds: dict[int, dict[str, object]] = {
        2: {},
        3: {"kind": "DEFERRED", "reason": "No time.", "conclusion": "", "deferred_to": 2027, "action": None},
        4: {"kind": "GUIDANCE", "addressees": [{"party": "UK", "organisation": "NCSC"}], "action": None},
    }
    for place, item in enumerate(draft["items"]):
        body = outcome_body(item["id"], **kinds.get(place, {"kind": "NOTED", "action": None}))
        await dialogue.done(UK_SECRETARIAT, "POST", f"{path}/outcomes", body)
    rest = (await dialogue.done(EEAS, "GET", f"{path}/outcomes"))["outcomes"]
    found: list[Any] = []
    token = ""
    while not found or token:
        page = await call(EEAS, "ListOutcomes", meeting_id=meeting["id"], page_size=6, page_token=token)
        found.extend(page.outcomes)
        token = page.next_page_token
    for one, other in zip(rest, found, strict=True):
        same_outcome(one, other)
    signed = await sign(dialogue, call, FCDO, outcome_id=rest[2]["id"])
    fields = {"outcome_id": rest[2]["id"], "request_id": str(uuid4()), **signed}
    agreed = await call(FCDO, "AgreeOutcome", **fields)
    assert await call(FCDO, "AgreeOutcome", **fields) == agreed
    same_outcome(await dialogue.done(FCDO, "GET", f"/v1/outcomes/{rest[2]['id']}"), agreed.outcome)
    assert (await call(EEAS, "GetOutcome", outcome_id=rest[2]["id"])).outcome == agreed.outcome

    hidden = await call.refused(FCDO, "GetConclusions", meeting_id=meeting["id"])
    assert hidden[:2] == (grpc.StatusCode.PERMISSION_DENIED, "NO_ACCESS")
    await dialogue.done(UK_SECRETARIAT, "POST", f"{path}/conclusions", {})
    for who in (FCDO, EEAS):
        signed = await sign(dialogue, call, who, conclusions_meeting_id=meeting["id"])
        fields = {"meeting_id": meeting["id"], "request_id": str(uuid4()), **signed}
        concluded = await call(who, "AgreeConclusions", **fields)
        assert await call(who, "AgreeConclusions", **fields) == concluded
    rest = await dialogue.done(LEADERSHIP, "GET", f"{path}/conclusions")
    alike(without(rest, *IN_THE_DOCUMENT), told(concluded.conclusions))
    assert MessageToDict(concluded.conclusions.conclusions) == rest["document"]
    assert (await call(LEADERSHIP, "GetConclusions", meeting_id=meeting["id"])).conclusions == (
        concluded.conclusions
    )
    for kind in (outcome_pb2.OUTCOME_KIND_DEFERRED, outcome_pb2.OUTCOME_KIND_GUIDANCE):
        (one,) = [other.outcome for other in found if other.outcome.kind == kind]
        await dialogue.agree("outcomes", one.outcome_id)

    starts = datetime(2027, 12, 8, 9, tzinfo=UTC)
    dialogue.clock.at = starts - timedelta(days=60)
    following = await dialogue.meeting(
        edition=2027, starts_at=starts.isoformat(), ends_at=(starts + timedelta(hours=8)).isoformat()
    )
    for day in (1, 2):
        times = {"starts_at": f"2027-11-0{day}T09:00:00Z", "ends_at": f"2027-11-0{day}T12:00:00Z"}
        await dialogue.meeting(edition=2027, parent=following["id"], **times)
    again = f"/v1/meetings/{following['id']}"
    back = await call(EEAS, "GetCarryOver", meeting_id=following["id"])
    assert (len(back.items), len(back.guidance)) == (1, 1)
    alike(await dialogue.done(EEAS, "GET", f"{again}/carry-over"), told(back))
    async with dialogue.process.database.transaction() as tx:
        for number in (1, 2):
            news = action_told(uuid4(), "uk-eu", f"UKEU-2026-A0{number}")
            await note_actions(tx, [read_action(record_of(news))], TODAY)
    matters: list[Any] = []
    token = ""
    while not matters or token:
        page = await call(
            EEAS, "ListMattersArising", meeting_id=following["id"], page_size=1, page_token=token
        )
        matters.extend(page.matters)
        token = page.next_page_token
    section = await dialogue.done(EEAS, "GET", f"{again}/matters-arising")
    assert len(section["matters"]) == 2
    alike(section["matters"], [told(one) for one in matters])
    alike(without(section, "matters"), told(page))
    listed = (await dialogue.done(EEAS, "GET", "/v1/meetings?series=uk-eu"))["meetings"]
    assert [one["level"] for one in listed] == ["EDITION", "WORKING", "WORKING", "EDITION"]
    meetings: list[Any] = []
    token = ""
    while not meetings or token:
        page = await call(EEAS, "ListMeetings", series="uk-eu", page_size=1, page_token=token)
        meetings.extend(page.meetings)
        token = page.next_page_token
    assert [one.meeting_id for one in meetings] == [one["id"] for one in listed]
    alike([without(one, "id", "version") for one in listed], [told(one) for one in meetings])


async def test_a_partys_own_material_is_told_to_it_as_over_rest_and_to_nobody_else(
    dialogue: Dialogue, call: Calls
) -> None:
    held = dialogue.assessment()
    dialogue.assessment(rules={"UK": "ALL_PASSED", "EU": "REL_MISSING"})
    meeting = await dialogue.meeting()
    for title in ("Routers", "Cables"):
        await proposed(dialogue, title=title)
    theirs = await proposed(dialogue, EU_SECRETARIAT, title="Theirs")
    path = f"/v1/meetings/{meeting['id']}/ranking"
    rest = await dialogue.done(UK_SECRETARIAT, "GET", f"{path}?page_size=3")
    ranked = await call(UK_SECRETARIAT, "ListRanking", meeting_id=meeting["id"], page_size=3)
    alike(without(rest, "subjects"), {**told(ranked), **told(ranked.basis)})
    alike(rest["subjects"], told(ranked)["subjects"])
    next_rest = await dialogue.done(
        UK_SECRETARIAT, "GET", f"{path}?page_size=3&page_token={ranked.next_page_token}"
    )
    further = await call(
        UK_SECRETARIAT,
        "ListRanking",
        meeting_id=meeting["id"],
        page_size=3,
        page_token=rest["next_page_token"],
    )
    alike(next_rest["subjects"], told(further)["subjects"])
    why = await call(
        UK_SECRETARIAT, "ExplainSubject", meeting_id=meeting["id"], subject="theme:THREAT_LANDSCAPE"
    )
    rest = await dialogue.done(UK_SECRETARIAT, "GET", f"{path}/theme:THREAT_LANDSCAPE")
    message = told(why)
    alike(without(rest, "contributions"), {**message, **message["basis"], **message["ranked"]})
    alike(rest["contributions"], [{**one, **one["rule"]} for one in message["contributions"]])
    assert {one.rule_id for source in why.sources for one in source.denials} == {"REL_MISSING"}

    rest = (await dialogue.done(UK_SECRETARIAT, "GET", "/v1/proposals?series=uk-eu"))["proposals"]
    found = await call(UK_SECRETARIAT, "ListProposals", series="uk-eu", page_size=1)
    more = await call(UK_SECRETARIAT, "ListProposals", series="uk-eu", page_token=found.next_page_token)
    own = [*found.proposals, *more.proposals]
    alike([without(one, "id", "version", "leads") for one in rest], [told(one) for one in own])
    assert [(one.proposal_id, one.title) for one in own] == [(one["id"], one["title"]) for one in rest]
    assert {one.title for one in own} == {"Routers", "Cables"}
    parked = await call(UK_SECRETARIAT, "ListProposals", series="uk-eu", states=[2, 2], edition=2026)
    assert list(parked.proposals) == []
    for fields in ({"states": [0]}, {"states": [99]}, {"edition": 1}, {"series": "x" * 61}, {"series": ""}):
        refused = await call.refused(UK_SECRETARIAT, "ListProposals", **{"series": "uk-eu", **fields})
        assert refused[:2] == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_VALUE")
    no_role = await call.refused(FCDO, "ListRanking", meeting_id=meeting["id"])
    assert no_role[:2] == (grpc.StatusCode.PERMISSION_DENIED, "ROLE_MISSING")
    subject = f"proposal:{theirs['id']}"
    hidden = await call.refused(UK_SECRETARIAT, "ExplainSubject", meeting_id=meeting["id"], subject=subject)
    assert hidden[:2] == (grpc.StatusCode.PERMISSION_DENIED, "NO_ACCESS")

    item = (await dialogue.item(await dialogue.draft(meeting), held))["items"][-1]["id"]
    thread = await call(UK_SECRETARIAT, "TraceThread", id=item)
    assert len(thread.nodes) == 2
    alike(await dialogue.done(UK_SECRETARIAT, "GET", f"/v1/trace/{item}"), told(thread))
    hidden = await call.refused(EU_SECRETARIAT, "TraceThread", id=item)
    assert hidden[:2] == (grpc.StatusCode.PERMISSION_DENIED, "NO_ACCESS")
    for wrong in ("", "x" * 121, "a\nb", "é"):
        refused = await call.refused(UK_SECRETARIAT, "TraceThread", id=wrong)
        assert refused[:2] == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_VALUE")


async def test_another_series_a_guessed_id_and_what_is_no_id_or_token(
    dialogue: Dialogue, call: Calls
) -> None:
    meeting, draft, agenda = await dialogue.tabled()
    await dialogue.agree("agendas", agenda["id"])
    dialogue.clock.at = ENDS
    participant = (await dialogue.attended(meeting))["participants"][0]
    body = outcome_body(draft["items"][0]["id"], action=None)
    outcome = await dialogue.done(UK_SECRETARIAT, "POST", f"/v1/meetings/{meeting['id']}/outcomes", body)
    signed = {"content_hash": agenda["content_hash"], "jws": "a..b", "request_id": str(uuid4())}
    accepted = {"item_id": agenda["items"][0]["item_id"], "kind": ACCEPTED}
    answers = {"etag": '"1"', "marking": "TLP:GREEN", "answers": [accepted], "request_id": str(uuid4())}
    change = {"request_id": str(uuid4())}
    seen, section = {"etag": '"1"', **change}, {"section": "OPENING", "text": "Words."}
    person = {"name": "Director", "role": 1, "organisation": "NSA", "nationality": "USA"}
    methods: list[tuple[str, str, str, dict[str, Any]]] = [
        ("GetMeeting", "meeting_id", meeting["id"], {}),
        ("GetAgenda", "agenda_id", agenda["id"], {}),
        ("ListAgendas", "meeting_id", meeting["id"], {}),
        ("CompareAgendas", "agenda_id", agenda["id"], {"earlier_agenda_id": agenda["id"]}),
        ("AnswerItems", "agenda_id", agenda["id"], answers),
        ("AnswerItems", "agenda_id", agenda["id"], {**answers, "validate_only": True}),
        ("AgreeAgenda", "agenda_id", agenda["id"], signed),
        ("GetOutcome", "outcome_id", outcome["id"], {}),
        ("ListOutcomes", "meeting_id", meeting["id"], {}),
        ("AgreeOutcome", "outcome_id", outcome["id"], signed),
        ("GetConclusions", "meeting_id", meeting["id"], {}),
        ("AgreeConclusions", "meeting_id", meeting["id"], signed),
        ("GetStatement", "agenda_id", agenda["id"], {}),
        ("GetStatement", "outcome_id", outcome["id"], {}),
        ("GetStatement", "conclusions_meeting_id", meeting["id"], {}),
        ("GetCarryOver", "meeting_id", meeting["id"], {}),
        ("ListMattersArising", "meeting_id", meeting["id"], {}),
        ("ListRanking", "meeting_id", meeting["id"], {}),
        ("ExplainSubject", "meeting_id", meeting["id"], {"subject": "theme:THREAT_LANDSCAPE"}),
        ("TraceThread", "id", agenda["items"][0]["item_id"], {}),
        ("ListMeetings", "series", "uk-eu", {}),
        ("ListProposals", "series", "uk-eu", {}),
        ("ListDrafts", "meeting_id", meeting["id"], {}),
        ("GetDraft", "draft_id", draft["id"], {}),
        ("GetRegister", "meeting_id", meeting["id"], {}),
        ("AddParticipant", "meeting_id", meeting["id"], {**person, **change}),
        ("MarkPresence", "participant_id", participant["id"], {"etag": '"1"', "command": 1, **change}),
        ("CloseRegister", "meeting_id", meeting["id"], change),
        ("GetRun", "meeting_id", meeting["id"], {}),
        ("ListHistory", "meeting_id", meeting["id"], {}),
        ("GetPresentation", "meeting_id", meeting["id"], {}),
        ("StartItem", "meeting_id", meeting["id"], {"item_id": accepted["item_id"], **seen}),
        ("MoveClock", "meeting_id", meeting["id"], {"move": 1, **seen}),
        ("GetMinutes", "meeting_id", meeting["id"], {}),
        ("WriteSection", "meeting_id", meeting["id"], {**section, "marking": "TLP:GREEN", **seen}),
        ("AcceptSection", "meeting_id", meeting["id"], {"section": "OPENING", **seen}),
        ("CommentSection", "meeting_id", meeting["id"], {**section, **change}),
    ]
    assert {name for name, *_ in methods} == {
        method.name for method in messages.DESCRIPTOR.services_by_name["AgendaService"].methods
    }
    for name, field, identity, fields in methods:
        guessed = "no-such" if field == "series" else str(uuid4())
        answers_given = [
            await call.refused(NSA, name, **{**fields, field: one}) for one in (identity, guessed)
        ]
        assert {one[:2] for one in answers_given} == {(grpc.StatusCode.PERMISSION_DENIED, "NO_ACCESS")}, name
        real, other = (one[2] for one in answers_given)
        assert real.replace(identity, "") == other.replace(guessed, ""), name
        for wrong in ("1\n2", "x" * 200):
            refused = await call.refused(NSA, name, **{**fields, field: wrong})
            assert refused[:2] == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_VALUE"), name
    unnamed = await call.refused(FCDO, "GetStatement")
    assert unnamed[:2] == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_VALUE")
    with pytest.raises(grpc.aio.AioRpcError) as missing:
        await call.stub.GetMeeting(messages.GetMeetingRequest(meeting_id=meeting["id"]))
    assert missing.value.code() is grpc.StatusCode.UNAUTHENTICATED

    for year in (2027, 2028):
        await dialogue.meeting(
            edition=year, starts_at=f"{year}-12-09T09:00:00Z", ends_at=f"{year}-12-09T17:00:00Z"
        )
    token = (await call(UK_SECRETARIAT, "ListMeetings", series="uk-eu", page_size=1)).next_page_token
    assert token
    paged: dict[str, dict[str, str]] = {
        "ListMeetings": {"series": "uk-eu"},
        "ListProposals": {"series": "uk-eu"},
        **{
            name: {"meeting_id": meeting["id"]}
            for name in ("ListAgendas", "ListOutcomes", "ListMattersArising", "ListRanking")
        },
    }
    for name, fields in paged.items():
        forged = ["bm8=", "W10=", "é", "x" * 513, token[:-4] + "AAAA"]
        for wrong in forged if name == "ListMeetings" else [*forged, token]:
            refused = await call.refused(UK_SECRETARIAT, name, **fields, page_token=wrong)
            assert refused[:2] == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_VALUE"), (name, wrong)
        small = await call.refused(UK_SECRETARIAT, name, **fields, page_size=-1)
        assert small[:2] == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_VALUE")
        await call(UK_SECRETARIAT, name, **fields, page_size=2_000_000_000)
