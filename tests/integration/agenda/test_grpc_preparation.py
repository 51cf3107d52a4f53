"""What is done over REST can be done over gRPC: drafts, proposals, a side's own material, the course of a
meeting and what it comes to."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import grpc
import pytest
from entente.agenda.v1 import own_side_service_pb2, planning_pb2
from entente.exchange.v1 import agenda_pb2, outcome_pb2
from google.protobuf.timestamp_pb2 import Timestamp

from services.agenda.domain.deadlines import DeadlineState
from tests.integration.agenda.test_grpc_record import HIDDEN, INVALID, STALE, same_draft
from tests.integration.agenda.test_links import BOTH, ONE, OTHER, entitle
from tests.integration.agenda.test_links import told as told_of
from tests.integration.agenda.test_own_side import DUE, NCSC
from tests.integration.agenda.test_withdrawal_tasks import fell
from tests.support.agenda_calls import (
    AMENDED,
    Calls,
    alike,
    all_pages,
    key,
    same_agenda,
    same_outcome,
    same_proposal,
    seen,
    told,
    without,
)
from tests.support.dialogue import (
    ENDS,
    EU_SECRETARIAT,
    FCDO,
    LEADERSHIP,
    STARTS,
    UK_SECRETARIAT,
    Dialogue,
    item_body,
)
from tests.support.outcome_bodies import outcome_body
from tests.support.outcomes import action_told

UK, EU = UK_SECRETARIAT, EU_SECRETARIAT
SERVICES = ("DraftService", "ProposalService", "OwnSideService", "MeetingService", "OutcomeService")


def item_text(**changes: Any) -> dict[str, Any]:
    body = item_body()
    return {
        **body,
        "kind": agenda_pb2.ITEM_KIND_SUBSTANTIVE,
        "purpose": agenda_pb2.ITEM_PURPOSE_DISCUSS,
        "leads": [{"party": party, "organisation": one} for party, one in body["leads"].items()],  # type: ignore[attr-defined]
        **changes,
    }


def instant(minutes: int) -> Timestamp:
    made = Timestamp()
    made.FromDatetime(STARTS + timedelta(minutes=minutes))
    return made


async def test_a_draft_is_made_planned_and_tabled(dialogue: Dialogue, call: Calls) -> None:
    meeting = await dialogue.meeting()
    draft = (await call(UK, "StartDraft", meeting_id=meeting["id"], **key())).draft
    path, where = f"/v1/drafts/{draft.draft_id}", {"draft_id": draft.draft_id}
    wanted: dict[str, Any] = {**where, "item": item_text(), "position": 2, **seen(draft)}
    tried = await call(UK, "AddDraftItem", **wanted, validate_only=True)
    same_draft(await dialogue.done(UK, "GET", path), draft)
    added = (await call(UK, "AddDraftItem", **wanted)).draft
    assert [one.title for one in added.items] == [one.title for one in tried.draft.items], "a trial tells it"
    assert (await call(UK, "AddDraftItem", **wanted)).draft == added, "a repeat gets the first answer"
    assert added.items[1].title == "Attacks on water utilities"
    stale = {**wanted, **key()}
    assert (await call.refused(UK, "AddDraftItem", **stale))[:2] == STALE
    fresh = {**wanted, **seen(added)}
    for changes in (
        {"title": ""},
        {"title": "x" * 301},
        {"title": "\x1b[2J"},
        {"kind": 0},
        {"kind": 99},
        {"purpose": 0},
        {"minutes": 0},
        {"minutes": 1_441},
        {"marking": ""},
        {"commitments": ["C3"] * 21},
        {"leads": [{"party": "UK", "organisation": "DSIT"}] * 2},
        {"references": [{"assessment_id": "1", "revision": 1, "rendition": 1, "mode": 1}]},
        {"references": [{"assessment_id": str(uuid4()), "revision": 1, "rendition": 0, "mode": 1}]},
    ):
        refused = await call.refused(UK, "AddDraftItem", **{**fresh, "item": item_text(**changes)})
        assert refused[:2] == INVALID, changes
    item = added.items[1].item_id
    rewritten = (
        await call(
            UK, "RewriteDraftItem", **where, item_id=item, item=item_text(title="Other words"), **seen(added)
        )
    ).draft
    assert rewritten.items[1].title == "Other words"
    other = (await call(UK, "AddDraftItem", **where, item=item_text(title="Off"), **seen(rewritten))).draft
    gone = (await call(UK, "RemoveDraftItem", **where, item_id=other.items[-1].item_id, **seen(other))).draft
    same_draft(await dialogue.done(UK, "GET", path), gone)

    total = sum(one.minutes for one in gone.items)
    planned = planning_pb2.PlannedItem
    planning = planning_pb2.Planning(
        windows=[{"id": "day 1", "starts_at": instant(0), "ends_at": instant(total - 20)}],
        items=[
            planned(item_id=item, is_optional=True, worth=5),
            planned(item_id=gone.items[2].item_id, position=2),
        ],
        orders=[{"before_id": gone.items[0].item_id, "after_id": gone.items[2].item_id}],
    )
    version = (await call(UK, "GetPlanning", **where)).planning.etag
    assert version == '"0"'
    kept = await call(UK, "PlanDraft", **where, planning=planning, etag=version, **key())
    assert kept.planning.planning == planning
    again = await call.refused(UK, "PlanDraft", **where, planning=planning, etag=version, **key())
    assert again[:2] == STALE
    for wrong in (
        {"gap": 121},
        {"windows": [{"id": "day 1", "starts_at": instant(0)}]},
        {"items": [{"item_id": "1"}]},
        {"items": [{"item_id": item, "worth": -1}]},
        {"windows": [{"id": "x", "starts_at": instant(0), "ends_at": Timestamp(seconds=10**15)}]},
    ):
        refused = await call.refused(UK, "PlanDraft", **where, planning=wrong, etag='"1"', **key())
        assert refused[:2] == INVALID, wrong
    run = (await call(UK, "RankDraft", **where, **key())).run
    assert (run.number, run.weights_version != "") == (1, True)
    rest = await dialogue.done(UK, "GET", f"{path}/planning")
    now = told((await call(FCDO, "GetPlanning", **where)).planning)
    alike(without(rest, "version", "items", "orders"), {**now["planning"], **now})
    alike([without(one, "optional") for one in rest["items"]], now["planning"]["items"])
    preview = await call(UK, "AssembleDraft", **where, **seen(gone), validate_only=True)
    assert (preview.feasible, preview.applied, preview.draft_etag) == (True, False, gone.etag)
    assert (await call(UK, "GetDraft", **where)).draft.items == gone.items
    shown = await dialogue.done(
        UK, "POST", f"{path}/assembly", {"validate_only": True}, version=int(gone.etag.strip('"'))
    )
    alike(without(shown, "draft_version", "value"), told(preview))
    solved = await call(UK, "AssembleDraft", **where, **seen(gone))
    assert (solved.applied, list(solved.left_out), solved.items) == (True, [item], preview.items)
    assert [one.title for one in (await call(UK, "GetPlanning", **where)).planning.parked] == ["Other words"]
    short = max(one.minutes for one in gone.items)
    impossible = planning_pb2.Planning(
        windows=[{"id": "1", "starts_at": instant(0), "ends_at": instant(short)}]
    )
    await call(UK, "PlanDraft", **where, planning=impossible, etag='"1"', **key())
    again = {**where, "etag": solved.draft_etag, **key()}
    refused = await call.refused(UK, "AssembleDraft", **again)
    conflict = await call(UK, "AssembleDraft", **again, validate_only=True)
    assert (conflict.feasible, conflict.applied) == (False, False)
    assert refused[0] is grpc.StatusCode.FAILED_PRECONDITION
    assert all(one in refused[2] for one in conflict.conflict)
    assert len(conflict.conflict) > 1

    checked = await call(UK, "CheckDraft", **where)
    alike(await dialogue.done(UK, "GET", f"{path}/releasability"), told(checked))
    agenda = (
        await call(UK, "TableAgenda", **where, marking="TLP:GREEN", etag=solved.draft_etag, **key())
    ).agenda
    same_agenda(await dialogue.done(EU, "GET", f"/v1/agendas/{agenda.agenda.agenda_id}"), agenda)
    theirs = (await call(EU, "StartDraft", meeting_id=meeting["id"], **key())).draft
    over = await call(
        EU, "TakeOverAgenda", draft_id=theirs.draft_id, agenda_id=agenda.agenda.agenda_id, **seen(theirs)
    )
    assert len(over.draft.items) == len(agenda.agenda.items)
    amended = {"item_id": agenda.items[2].item_id, "kind": AMENDED, "proposal": {"minutes": 7}}
    await call(
        EU, "AnswerItems", agenda_id=agenda.agenda.agenda_id, marking="TLP:GREEN", answers=[amended],
        **seen(agenda),
    )  # fmt: skip
    drawn = (await call(UK, "GetDraft", **where)).draft
    applied = await call(UK, "ApplyAmendments", **where, agenda_id=agenda.agenda.agenda_id, **seen(drawn))
    (one,) = applied.applied
    assert (one.item_id, one.party, one.field, one.after) == (amended["item_id"], "EU", "minutes", "7")
    back = await call(UK, "TakeInReturning", **where, **seen(applied.draft))
    assert len(back.draft.items) == len(applied.draft.items)


@pytest.fixture
def entitled(dialogue: Dialogue) -> None:
    entitle(dialogue)
    dialogue.parts = dialogue.app.state.agenda


@pytest.mark.usefixtures("entitled")
async def test_a_sides_own_material_is_kept_as_over_rest(dialogue: Dialogue, call: Calls) -> None:
    held = dialogue.assessment()
    meeting = await dialogue.meeting()
    proposed = (
        await call(UK, "Propose", series="uk-eu", item=item_text(), rationale=" Why. ", **key())
    ).proposal
    identity = {"proposal_id": proposed.proposal_id}
    for step, state in (("Park", "PARKED"), ("Resume", "PROPOSED")):
        proposed = (await call(UK, f"{step}Proposal", **identity, **seen(proposed))).proposal
        rest = await dialogue.done(UK, "GET", f"/v1/proposals/{proposed.proposal_id}")
        same_proposal(rest, proposed)
        assert (rest["state"], rest["rationale"]) == (state, "Why.")
    proposed = (
        await call(
            UK, "RewriteProposal", **identity, item=item_text(title="New"), edition=2026, **seen(proposed)
        )
    ).proposal
    assert (await call(FCDO, "GetProposal", **identity)).proposal == proposed
    forwarded = await call(BOTH, "ForwardProposal", **identity, series="uk-us-cmr", **seen(proposed))
    assert (forwarded.proposal.series, forwarded.proposal.title) == ("uk-us-cmr", "New")
    draft = await dialogue.item(await dialogue.draft(meeting), held)
    proposed = (await call(UK, "GetProposal", **identity)).proposal
    taken = await call(
        UK,
        "TakeProposal",
        **identity,
        draft_id=draft["id"],
        draft_etag=f'"{draft["version"]}"',
        **seen(proposed),
    )
    assert taken.proposal.item_id
    other = (await call(UK, "Propose", series="uk-eu", item=item_text(), **key())).proposal
    await call(UK, "WithdrawProposal", proposal_id=other.proposal_id, **seen(other))
    found = await call(UK, "ListCandidates", meeting_id=meeting["id"], page_size=1)
    rest = await dialogue.done(UK, "GET", f"/v1/meetings/{meeting['id']}/candidates?page_size=1")
    alike(rest["candidates"], told(found)["candidates"])
    assert len(found.candidates) == 1

    item, where = draft["items"][-1]["id"], {"draft_id": draft["id"]}
    for words in ("One.", "Two."):
        await call(UK, "CommentOnItem", **where, item_id=item, text=words, **key())
    comments = await all_pages(call, FCDO, "ListItemComments", "comments", **where)
    rest = await dialogue.done(FCDO, "GET", f"/v1/drafts/{draft['id']}/comments")
    alike([without(one, "id") for one in rest["comments"]], [told(one) for one in comments])
    assert {one.text for one in comments} == {"One.", "Two."}
    due = Timestamp()
    due.FromJsonString(DUE)
    asked = {"organisation": "NCSC", "question": "May this be said?", "due_at": due}
    clearance = (await call(UK, "AskInternalClearance", **where, item_id=item, **asked, **key())).clearance
    assert clearance.required, "a draft is not tabled without it unless that is said"
    path = f"/v1/internal-clearances/{clearance.clearance_id}"
    rest = await dialogue.done(NCSC, "GET", path)
    alike(without(rest, "id"), told(clearance))
    waiting = await call(NCSC, "ListAwaiting")
    alike((await dialogue.done(NCSC, "GET", "/v1/awaiting"))["awaiting"], told(waiting)["awaiting"])
    assert [one.subject_id for one in waiting.awaiting] == [clearance.clearance_id]
    answer = {"clearance_id": clearance.clearance_id, **seen(clearance)}
    assert (await call.refused(NCSC, "AnswerInternalClearance", **answer))[:2] == INVALID
    granted = own_side_service_pb2.INTERNAL_CLEARANCE_ANSWER_GRANTED_WITH_REMARKS
    assert (await call.refused(FCDO, "AnswerInternalClearance", **answer, answer=granted))[:2] == HIDDEN
    given = await call(NCSC, "AnswerInternalClearance", **answer, answer=granted, remarks="As is.")
    rest = await dialogue.done(NCSC, "GET", path)
    alike(without(rest, "id"), told(given.clearance))
    again = (
        await call(UK, "AskInternalClearance", **where, item_id=item, **asked, required=False, **key())
    ).clearance
    await call(UK, "WithdrawInternalClearance", clearance_id=again.clearance_id, **seen(again))
    listed = await all_pages(call, FCDO, "ListInternalClearances", "clearances", **where)
    states = own_side_service_pb2.InternalClearanceState
    assert [(one.required, states.Name(one.state)[25:]) for one in listed] == [
        (True, "GRANTED_WITH_REMARKS"),
        (False, "WITHDRAWN"),
    ]
    at = {"meeting_id": meeting["id"], "item_id": item}
    brief = {"brief": "Say little.", "speaking_notes": "", "marking": "TLP:AMBER"}
    written = (await call(UK, "WriteBrief", **at, **brief, etag='"0"', **key())).brief
    rest = await dialogue.done(FCDO, "GET", f"/v1/meetings/{meeting['id']}/briefs")
    alike(rest["briefs"], [told(written)])
    assert list((await call(FCDO, "ListBriefs", meeting_id=meeting["id"])).briefs) == [written]
    assert list((await call(EU, "ListBriefs", meeting_id=meeting["id"])).briefs) == []
    assert (await call.refused(LEADERSHIP, "ListBriefs", meeting_id=meeting["id"]))[1] == "ROLE_MISSING"

    await told_of(
        dialogue,
        action_told(ONE, "uk-eu", "UKEU-2026-A01"),
        action_told(OTHER, "uk-us-cmr", "UKUSCMR-2026-A01", text="Other words."),
    )
    ends = {"action_id": str(ONE), "other_action_id": str(OTHER), "note": "One piece of work."}
    link = (await call(BOTH, "LinkActions", **ends, **key())).link
    assert list(link.warnings) == ["WORDINGS_DIFFER"]
    rest = await dialogue.done(BOTH, "GET", "/v1/action-links")
    alike([without(one, "id") for one in rest["links"]], [told(link)])
    assert list((await call(BOTH, "ListActionLinks")).links) == [link]
    assert (await call.refused(EU, "UnlinkActions", link_id=link.link_id, **key()))[:2] == HIDDEN
    assert (await call(BOTH, "UnlinkActions", link_id=link.link_id, **key())).link == link
    assert list((await call(BOTH, "ListActionLinks")).links) == []
    await fell(dialogue, held, 2)
    (task,) = (await call(UK, "ListWithdrawalTasks")).tasks
    rest = await dialogue.done(UK, "GET", "/v1/withdrawal-tasks")
    alike(without(rest["tasks"][0], "id"), told(task))
    assert (await call.refused(EU, "CloseWithdrawalTask", task_id=task.task_id, note="No.", **key()))[
        :2
    ] == HIDDEN
    closed = (await call(UK, "CloseWithdrawalTask", task_id=task.task_id, note="Told.", **key())).task
    assert list((await call(UK, "ListWithdrawalTasks", selection=2)).tasks) == [closed]
    assert closed.note == "Told."
    assert (await call.refused(UK, "ListWithdrawalTasks", selection=9))[:2] == INVALID


async def test_a_meeting_takes_its_course_as_over_rest(dialogue: Dialogue, call: Calls) -> None:
    times = {"starts_at": "2026-12-09T09:00", "ends_at": "2026-12-10T16:00", "time_zone": "Europe/London"}
    asked = {"series": "uk-eu", "edition": 2026, "host_party": "UK", "venue": "London", "out_of_turn": True}
    for wrong in ({"starts_at": "soon"}, {"starts_at": "2026-13-09T09:00"}, {"venue": ""}, {"edition": 1}):
        assert (await call.refused(UK, "PlanMeeting", **{**asked, **times, **wrong}, **key()))[0] is (
            grpc.StatusCode.INVALID_ARGUMENT
        )
    meeting = (await call(UK, "PlanMeeting", **asked, **times, **key())).meeting
    where, path = {"meeting_id": meeting.meeting_id}, f"/v1/meetings/{meeting.meeting_id}"
    assert meeting.starts_at.ToDatetime().isoformat() == "2026-12-09T09:00:00"
    called = (await call(UK, "CallForItems", **where, **seen(meeting))).meeting
    later = {**times, "ends_at": "2026-12-10T17:00"}
    moved = (await call(UK, "RescheduleMeeting", **where, **later, reason="Rooms.", **seen(called))).meeting
    rest = await dialogue.done(EU, "GET", f"{path}/deadlines")
    history = told(await call(EU, "GetDeadlines", **where))
    alike(rest["deadlines"], history["deadlines"])
    alike(rest["moves"], history["moves"])
    assert {one["state"] for one in history["deadlines"]} <= {
        f"DEADLINE_STATE_{one.value}" for one in DeadlineState
    }
    rest = await dialogue.done(EU, "GET", "/v1/next-edition?series=uk-eu")
    alike(rest, told(await call(EU, "GetNextEdition", series="uk-eu")))

    draft = await dialogue.draft({"id": meeting.meeting_id})
    agenda = await dialogue.table(draft)
    await dialogue.agree("agendas", agenda["id"])
    dialogue.clock.at = STARTS
    await call(UK, "StartItem", **where, item_id=draft["items"][0]["id"], etag='"0"', **key())
    rest = await dialogue.done(UK, "GET", f"{path}/run/rest?more=30")
    alike(rest, told(await call(UK, "ReplanRest", **where, more=30)))
    alike(
        await dialogue.done(UK, "GET", f"{path}/run/rest?until=2026-12-09T10:00:00Z"),
        told(await call(UK, "ReplanRest", **where, until=instant(60))),
    )
    for wrong in ({"more": -1}, {"until": Timestamp(seconds=10**15)}):
        assert (await call.refused(UK, "ReplanRest", **where, **wrong))[0] is grpc.StatusCode.INVALID_ARGUMENT
    dialogue.clock.at = ENDS + timedelta(hours=2)
    register = await dialogue.attended({"id": meeting.meeting_id})
    (participant,) = [one for one in register["participants"] if one["side"] == "UK"]
    who = {"participant_id": participant["id"]}
    noted = await call(UK, "ReopenRegister", **where, reason="One is missing.", **key())
    assert list(noted.closed_by) == ["EU"]
    noted = await call(UK, "NoteParticipant", **who, note="Vegetarian.", **key())
    assert [one.note for one in noted.participants if one.side == "UK"] == ["Vegetarian."]
    assert not (await call(EU, "GetParticipant", **who)).participant.note
    await call(UK, "CloseRegister", **where, **key())
    held = (
        await call(UK, "HoldMeeting", **where, **seen((await call(UK, "GetMeeting", **where)).meeting))
    ).meeting
    assert (await call(EU, "GetMeeting", **where)).meeting == held
    rest = await dialogue.done(EU, "GET", f"{path}/minutes/OPENING")
    alike(rest, told((await call(EU, "GetSection", **where, section="OPENING")).section))

    body = outcome_body(draft["items"][0]["id"])
    action = {**body["action"]}  # type: ignore[dict-item]
    text: dict[str, Any] = {"conclusion": body["conclusion"], "marking": body["marking"], "action": action}
    item = {"item_id": draft["items"][0]["id"]}
    outcome = (await call(UK, "RecordOutcome", **where, **item, text=text, **key())).outcome
    identity = outcome.outcome.outcome_id
    same_outcome(await dialogue.done(EU, "GET", f"/v1/outcomes/{identity}"), outcome)
    assert outcome.outcome.kind == outcome_pb2.OUTCOME_KIND_CONCLUDED
    for changes in (
        {"kind": 99},
        {"marking": ""},
        {"deferred_to_edition": 1},
        {"action": {**action, "owners": []}},
        {"action": {**action, "due_date": "soon"}},
        {"addressees": [{"party": "UK", "organisation": "NCSC"}] * 21},
    ):
        again = {"outcome_id": identity, "text": {**text, **changes}, **seen(outcome)}
        assert (await call.refused(UK, "ReviseOutcome", **again))[:2] == INVALID, changes
    text["conclusion"] = "Otherwise."
    outcome = (await call(UK, "ReviseOutcome", outcome_id=identity, text=text, **seen(outcome))).outcome
    same_outcome(await dialogue.done(EU, "GET", f"/v1/outcomes/{identity}"), outcome)
    found = await call(EU, "CompileOutcomes", series="uk-eu", with_proposed=True)
    assert [(one.edition, one.outcome) for one in found.outcomes] == [(2026, outcome)]
    assert list((await call(EU, "CompileOutcomes", series="uk-eu")).outcomes) == []
    cleared = {"outcome_id": identity, "content_hash": outcome.content_hash, **key()}
    no_adviser = await call.refused(UK, "ClearOutcome", **cleared)
    assert no_adviser[:2] == (grpc.StatusCode.PERMISSION_DENIED, "NOT_THE_LEGAL_ADVISER")
    assert list((await call(EU, "ListOutcomeClearances", outcome_id=identity)).clearances) == []
    for other in draft["items"][1:]:
        noted_text = {"kind": outcome_pb2.OUTCOME_KIND_NOTED, "conclusion": "Noted.", "marking": "TLP:GREEN"}
        await call(UK, "RecordOutcome", **where, item_id=other["id"], text=noted_text, **key())
    put = (await call(UK, "PutConclusions", **where, **key())).conclusions
    assert (await call(EU, "GetConclusions", **where)).conclusions == put
    file = await dialogue.ask(EU, "GET", f"/v1/agendas/{agenda['id']}/agreement-file")
    assert (await call(EU, "ExportAgreement", agenda_id=agenda["id"])).content == file.content
    early = {**where, **seen((await call(UK, "GetMeeting", **where)).meeting)}
    assert (await call.refused(UK, "PublishMeeting", **early))[0] is grpc.StatusCode.FAILED_PRECONDITION
    for name in ("PostponeMeeting", "CancelMeeting"):
        refused = await call.refused(UK, name, **early, reason="Too late.")
        assert refused[0] is grpc.StatusCode.FAILED_PRECONDITION, name
    assert moved.moves == 1
