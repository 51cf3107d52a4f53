"""Evidence is shown, revised, withdrawn and read over REST and gRPC, and closure rests on what stands."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import grpc
import pytest
from entente.actions.v1 import action_service_pb2 as api
from entente.actions.v1 import closure_service_pb2 as closures
from entente.actions.v1 import (
    closure_service_pb2_grpc,
    evidence_service_pb2_grpc,
)
from entente.actions.v1 import evidence_service_pb2 as shown

from services.actions.app import make_publication
from services.actions.usecases.archive_actions import Archiving
from services.actions.usecases.note_expiries import ExpiryNotes
from tests.support.action_cases import Case, under_way
from tests.support.processes import SettableClock
from tests.support.rpc import refusal
from tests.support.tracking import EVIDENCE, Tracker

CANARY = "canary-7f3a"
PAPER = {**EVIDENCE, "title": f"Paper {CANARY}", "digest": None}


@pytest.fixture
def tracker(shared_tracker: Tracker) -> Tracker:
    return shared_tracker


async def test_evidence_is_shown_revised_and_withdrawn_and_its_history_stays(tracker: Tracker) -> None:
    case = await under_way(tracker)
    first = await case.done("/evidence", {**PAPER, "expires_on": "2099-01-01"}, case.dsit)
    assert (first["revision"], first["kind"], first["joint"], first["stands"]) == (
        1,
        "DOCUMENTARY",
        True,
        True,
    )
    there = f"/evidence/{first['evidence_id']}"
    body = {"kind": "ANALYTICAL", "title": "Numbers", "text": "One of two.", "marking": "TLP:CLEAR"}
    second = await case.ask("PUT", there, body, case.dsit, 1)
    assert (second["http"], second["revision"], second["expires_on"]) == (200, 2, None)
    assert second["digest"].startswith("sha256:")
    assert await case.refused(there, body, case.dsit, method="PUT", version=1) == (412, "EVIDENCE_STALE")
    gone = await case.done(f"{there}/withdraw", {"reason": "Miscounted."}, case.dsit, version=2)
    assert (gone["withdrawn"]["reason"], gone["stands"]) == ("Miscounted.", False)
    assert await case.refused(there, body, case.dsit, method="PUT", version=3) == (409, "EVIDENCE_WITHDRAWN")
    history = (await case.get(f"{there}/revisions", case.cnect))["revisions"]
    assert [(one["revision"], one["title"]) for one in history] == [(1, PAPER["title"]), (2, "Numbers")]
    (listed,) = (await case.get("/evidence", case.cnect))["evidence"]
    assert (listed["revision"], listed["withdrawn"]["organisation"]) == (2, "DSIT")
    (entry,) = [
        field
        for change in (await case.get("/history", case.cnect))["changes"]
        for field in change["fields"]
        if change["kind"] == "action.evidence-withdrawn"
    ]
    named = first["evidence_id"]
    assert entry["before"] == [f"{named} revision 2"]
    assert entry["after"] == [f"{named} revision 2, withdrawn: Miscounted."]
    entries = tracker.rows(
        "SELECT action, detail->>'revision', detail->>'reason' FROM audit WHERE subject_id = %s ORDER BY id",
        first["evidence_id"],
    )
    assert entries == [
        ("action.evidence-submitted", "1", None),
        ("action.evidence-revised", "2", None),
        ("action.evidence-withdrawn", "2", "Miscounted."),
    ]


async def test_what_one_party_keeps_to_itself_is_neither_seen_counted_nor_timed_by_another(
    tracker: Tracker,
) -> None:
    case = await under_way(tracker)
    before = await case.get("", case.cnect)
    told = len(await tracker.snapshots(case.identity))
    kept = await case.done("/evidence", {**PAPER, "marking": "UK OFFICIAL"}, case.dsit)
    assert (kept["joint"], kept["stands"]) == (False, True)
    there = f"/evidence/{kept['evidence_id']}"
    changed = await case.ask(
        "PUT", there, {**PAPER, "title": "Other", "marking": "UK OFFICIAL"}, case.dsit, 1
    )
    assert changed["revision"] == 2
    assert await case.get("", case.cnect) == before
    assert (await case.get("/evidence", case.cnect))["evidence"] == []
    assert len((await case.get("/evidence", case.dsit))["evidence"]) == 1
    assert len(await tracker.snapshots(case.identity)) == told
    absent = f"/evidence/{uuid4()}"
    for path, id_ in ((there, kept["evidence_id"]), (absent, absent.rsplit("/", 1)[1])):
        for read in (path, f"{path}/revisions"):
            answer = await case.get(read, case.cnect)
            assert (answer["http"], answer["reason"]) == (403, "NO_ACCESS")
            assert answer["detail"] == f"permission denied on evidence {id_} (or it might not exist)"
        assert await case.refused(f"{path}/withdraw", {"reason": "x"}, case.cnect) == (403, "NO_ACCESS")
        assert await case.refused(path, PAPER, case.cnect, method="PUT") == (403, "NO_ACCESS")
    assert await case.refused("/completion-claim", {"evidence": []}, case.dsit) == (400, "EVIDENCE_MISSING")
    told_statuses = [value for _, value, _ in await tracker.told("uk-eu.eu")]
    assert not any(CANARY.encode() in value for value in told_statuses)


async def test_a_closure_rests_on_the_evidence_that_stands_when_it_is_confirmed(tracker: Tracker) -> None:
    case = await under_way(tracker)
    first = await case.done("/evidence", PAPER, case.dsit)
    second = await case.done("/evidence", {**EVIDENCE, "digest": "sha256:" + "b" * 64}, case.cnect)
    claimed = await case.done("/completion-claim", {"evidence": [], "narrative": "Done."}, case.dsit)
    assert claimed["state"] == "COMPLETION_CLAIMED"
    revised = await case.ask("PUT", f"/evidence/{first['evidence_id']}", PAPER, case.dsit, 1)
    assert revised["revision"] == 2
    # An etag that was seen before the evidence changed is of no use.
    stale = await case.refused("/confirm", {}, case.eeas, version=claimed["version"])
    assert stale == (412, "ACTION_CHANGED")
    answer = await case.ask("POST", "/confirm", {}, case.eeas)
    assert (answer["http"], answer["reason"]) == (409, "EVIDENCE_CHANGED")
    assert answer["changes"] == f"{first['evidence_id']} REVISED"
    listed = await case.get("/evidence", case.eeas)
    assert listed["evidence_digest"] == answer["evidence_digest"]
    assert {one["evidence_id"] for one in listed["evidence"]} == {
        first["evidence_id"],
        second["evidence_id"],
    }
    closed = await case.done("/confirm", {"evidence_digest": listed["evidence_digest"]}, case.eeas)
    (confirmation,) = closed["confirmations"]
    assert (closed["state"], confirmation["holds"]) == ("CLOSED", True)
    assert confirmation["evidence_digest"] == listed["evidence_digest"]
    assert await case.refused("/evidence", PAPER, case.dsit) == (409, "ILLEGAL_MOVE")


async def test_evidence_that_cannot_be_is_refused_and_a_repeat_gets_the_first_answer(
    tracker: Tracker,
) -> None:
    case = await under_way(tracker)
    today = datetime.now(UTC).date().isoformat()
    for changes, reason in (
        ({"digest": "sha256:" + "A" * 64}, "INVALID_VALUE"),
        ({"digest": "sha256:" + "a" * 65}, "INVALID_REQUEST"),
        ({"uri": "", "text": ""}, "INVALID_VALUE"),
        ({"uri": "", "text": "x", "digest": "sha256:" + "a" * 64}, "INVALID_VALUE"),
        ({"uri": "javascript:alert(1)"}, "INVALID_VALUE"),
        ({"text": "x" * 10_001}, "INVALID_REQUEST"),
        ({"text": "a\x00b"}, "INVALID_VALUE"),
        ({"title": ""}, "INVALID_REQUEST"),
        ({"kind": "HEARSAY"}, "INVALID_REQUEST"),
        ({"expires_on": today}, "EXPIRY_WRONG"),
        ({"expires_on": "soon"}, "INVALID_REQUEST"),
        ({"marking": "UK SECRET"}, "HOLDING_REFUSED"),
        ({"submitted_by": "somebody-else"}, "INVALID_REQUEST"),
    ):
        assert await case.refused("/evidence", {**PAPER, **changes}, case.dsit) == (400, reason), changes
    fcdo = tracker.headers("FCDO", "UK", "owner")
    assert await case.refused("/evidence", PAPER, fcdo) == (403, "NOT_AN_OWNER")
    assert await case.refused("/evidence", PAPER, case.eeas) == (403, "ROLE_MISSING")
    stranger = tracker.headers("NSA", "US", "owner")
    assert await case.refused("/evidence", PAPER, stranger) == (403, "NO_ACCESS")
    hostile = {**EVIDENCE, "title": "<script>alert('1')</script>'; DROP TABLE evidence; --"}
    key = str(uuid4())
    first = await case.done("/evidence", hostile, case.dsit, key=key, version=0)
    assert await case.done("/evidence", hostile, case.dsit, key=key, version=0) == first
    assert first["title"] == hostile["title"]
    assert await case.refused("/evidence", PAPER, case.dsit, key=key, version=0) == (
        400,
        "REQUEST_KEY_REUSED",
    )
    assert await case.refused("/evidence", EVIDENCE, case.dsit) == (409, "EVIDENCE_DUPLICATED")
    assert len((await case.get("/evidence", case.dsit))["evidence"]) == 1
    foreign = f"/evidence/{first['evidence_id']}"
    assert await case.refused(foreign, PAPER, case.cnect, method="PUT", version=1) == (
        403,
        "NOT_THE_PROVIDER",
    )


async def test_nobody_confirms_on_evidence_of_the_own_organisation(tracker: Tracker) -> None:
    case = await under_way(tracker)
    await case.done("/evidence", EVIDENCE, case.cnect)
    await case.done("/completion-claim", {"evidence": [PAPER]}, case.dsit)
    assert await case.refused("/confirm", {}, case.cnect) == (403, "EVIDENCE_BY_CONFIRMER")
    assert await case.refused("/confirm", {}, case.dsit) == (403, "CLAIMANT_CANNOT_CONFIRM")
    assert (await case.done("/confirm", {}, case.eeas))["state"] == "CLOSED"


async def test_closure_waits_for_the_evidence_that_owners_agreed_to_show(tracker: Tracker) -> None:
    case = await under_way(tracker)
    wanted = {"id": str(uuid4()), "kind": "ANALYTICAL", "wording": "The count.", "due": "2027-05-31"}
    body = {"kind": "EXPECT_EVIDENCE", "reason": "To be sure.", "expected_evidence": [wanted]}
    for changes, reason in (
        ({"party": "US"}, "EXPECTED_EVIDENCE_WRONG"),
        ({"due": "2020-01-01"}, "EXPECTED_EVIDENCE_WRONG"),
        ({"wording": "a\x00"}, "INVALID_VALUE"),
        ({"kind": "HEARSAY"}, "INVALID_REQUEST"),
        ({"presence": "MET"}, "INVALID_REQUEST"),
    ):
        wrong = {**body, "expected_evidence": [{**wanted, **changes}]}
        assert await case.refused("/proposals", wrong, case.dsit) == (400, reason)
    waits = await case.done("/proposals", body, case.dsit)
    (proposal,) = waits["proposals"]
    assert (waits["expected_evidence"], proposal["expected_evidence"]) == ([], [{**wanted, "party": ""}])
    agreed = await case.done(f"/proposals/{proposal['id']}/accept", {}, case.eeas)
    (one,) = agreed["expected_evidence"]
    assert (one["presence"], one["late"], one["first_due"]) == ("MISSING", False, wanted["due"])
    assert await case.refused("/completion-claim", {"evidence": [PAPER]}, case.dsit) == (
        409,
        "EXPECTED_EVIDENCE_MISSING",
    )
    answer = {**EVIDENCE, "kind": "ANALYTICAL", "answers": [wanted["id"]]}
    for changes in ({"answers": [str(uuid4())]}, {"kind": "PHYSICAL"}):
        assert await case.refused("/evidence", {**answer, **changes}, case.dsit) == (400, "NOT_EXPECTED")
    kept = await case.done("/evidence", {**answer, "digest": None, "marking": "UK OFFICIAL"}, case.dsit)
    assert kept["answers"] == [wanted["id"]]
    for who in (case.dsit, case.cnect):
        assert (await case.get("", who))["expected_evidence"] == [one]
    claimed = await case.done("/completion-claim", {"evidence": [answer]}, case.dsit)
    (met,) = claimed["expected_evidence"]
    shown_for = [item["evidence_id"] for item in claimed["evidence"] if item["marking"] == "TLP:CLEAR"]
    assert (met["presence"], met["evidence"]) == ("MET", shown_for)
    seen = await tracker.rpc.GetAction(
        api.GetActionRequest(action_id=case.identity), metadata=tracker.metadata("CNECT", "EU", "owner")
    )
    (told,) = seen.action.expected_evidence
    assert (told.expected_id, told.presence, list(told.evidence_ids)) == (wanted["id"], "MET", shown_for)
    assert told.kind == api.EVIDENCE_KIND_ANALYTICAL
    assert (await case.done("/confirm", {}, case.eeas))["state"] == "CLOSED"


async def test_evidence_over_grpc_is_the_same(tracker: Tracker) -> None:
    case = await under_way(tracker)
    owner, eu = tracker.metadata("DSIT", "UK", "owner"), tracker.metadata("CNECT", "EU", "owner")
    code = grpc.StatusCode
    async with grpc.aio.insecure_channel(f"127.0.0.1:{tracker.settings.rpc.port}") as channel:
        stub = evidence_service_pb2_grpc.EvidenceServiceStub(channel)
        given = api.Evidence(
            title="Numbers", text="Two of two.", marking="TLP:CLEAR", expires_on="2099-01-01"
        )
        request = shown.SubmitEvidenceRequest(
            action_id=case.identity, request_id=str(uuid4()), evidence=given
        )
        first = (await stub.SubmitEvidence(request, metadata=owner)).evidence
        assert (await stub.SubmitEvidence(request, metadata=owner)).evidence == first
        assert (first.evidence.revision, first.evidence.organisation, first.joint) == (1, "DSIT", True)
        there = {"action_id": case.identity, "evidence_id": first.evidence.evidence_id}

        def revise(**changes: Any) -> Any:
            members = {**there, "etag": first.etag, "request_id": str(uuid4()), "evidence": given, **changes}
            return stub.ReviseEvidence(shown.ReviseEvidenceRequest(**members), metadata=owner)

        late = api.Evidence(title="Numbers", text="x", marking="TLP:CLEAR", expires_on="1999-01-01")
        assert await refusal(revise(evidence=late)) == (code.INVALID_ARGUMENT, "EXPIRY_WRONG")
        assert await refusal(revise(etag='"7"')) == (code.ABORTED, "EVIDENCE_STALE")
        assert await refusal(revise(evidence_id=str(uuid4()))) == (code.PERMISSION_DENIED, "NO_ACCESS")
        assert (await revise()).evidence.evidence.revision == 2
        assert await refusal(revise()) == (code.ABORTED, "EVIDENCE_STALE")
        gone = await stub.WithdrawEvidence(
            shown.WithdrawEvidenceRequest(**there, etag='"2"', request_id=str(uuid4()), reason="Wrong."),
            metadata=owner,
        )
        assert (gone.evidence.evidence.withdrawn_reason, gone.evidence.stands) == ("Wrong.", False)
        got = await stub.GetEvidence(shown.GetEvidenceRequest(**there), metadata=eu)
        assert got.evidence == gone.evidence
        history = await stub.ListEvidenceRevisions(shown.ListEvidenceRevisionsRequest(**there), metadata=eu)
        assert [entry.evidence.revision for entry in history.revisions] == [1, 2]
        listed = await stub.ListEvidence(shown.ListEvidenceRequest(action_id=case.identity), metadata=eu)
        assert list(listed.evidence) == [gone.evidence]


async def test_time_wears_evidence_out_and_brings_the_review_of_what_was_closed(tracker: Tracker) -> None:
    """Moves the clock of the service: nothing may follow it here."""
    case = await under_way(tracker)
    clock = tracker.process.clock
    assert isinstance(clock, SettableClock)
    long = timedelta(days=900)
    case.dsit = tracker.headers("DSIT", "UK", "owner", lifetime=long)
    case.eeas = tracker.headers("EEAS", "EU", "secretariat", lifetime=long)
    case.cnect = tracker.headers("CNECT", "EU", "owner", lifetime=long)
    soon = (clock() + timedelta(days=2)).date().isoformat()
    passing = await case.done("/evidence", {**PAPER, "expires_on": soon}, case.dsit)
    claimed = await case.done("/completion-claim", {"evidence": [EVIDENCE]}, case.dsit)
    assert "EVIDENCE_LAPSED" not in claimed["computed_because"]
    clock.forward(days=3)
    notes = ExpiryNotes(tracker.process.database, make_publication(tracker.process, tracker.settings), clock)
    for _ in range(2):
        assert not await notes.turn()
    history = (await case.get("/history", case.cnect))["changes"]
    (gone,) = [change for change in history if change["kind"] == "action.evidence-expired"]
    (field,) = gone["fields"]
    assert field["after"] == [f"{passing['evidence_id']} revision 1, expired on {soon}"]
    worn = await case.get("", case.eeas)
    assert "EVIDENCE_LAPSED" in worn["computed_because"]
    answer = await case.ask("POST", "/confirm", {}, case.eeas)
    assert (answer["http"], answer["changes"]) == (409, f"{passing['evidence_id']} EXPIRED")
    seen = {"evidence_digest": answer["evidence_digest"]}
    closed = await case.done("/confirm", seen, case.eeas)
    assert closed["review_on"] == clock().date().replace(year=clock().year + 1).isoformat()
    early = await case.refused("/closure-review", {"finding": "x", "sustained": True}, case.dsit)
    assert early == (409, "CLOSURE_REVIEW_NOT_DUE")

    async def due(**query: str) -> list[str]:
        response = await tracker.http.get(
            "/v1/closure-reviews", params={"series": "uk-eu", **query}, headers=case.eeas
        )
        found = [action["id"] for action in response.json()["actions"]]
        return [one for one in found if one == case.identity]

    assert await due() == []
    assert await due(due_by=closed["review_on"]) == [case.identity]
    clock.forward(days=366)
    assert await due() == [case.identity]
    assert await case.refused("/closure-review", {"finding": "x", "sustained": "yes"}, case.dsit) == (
        400,
        "INVALID_REQUEST",
    )
    async with grpc.aio.insecure_channel(f"127.0.0.1:{tracker.settings.rpc.port}") as channel:
        stub = closure_service_pb2_grpc.ClosureServiceStub(channel)
        owner = [("authorization", case.dsit["Authorization"])]
        reviewed = await stub.ReviewClosure(
            closures.ReviewClosureRequest(
                action_id=case.identity,
                etag=f'"{closed["version"]}"',
                request_id=str(uuid4()),
                finding="It was undone.",
                sustained=False,
            ),
            metadata=owner,
        )
        (review,) = reviewed.action.closure_reviews
        assert (review.finding, review.sustained, reviewed.action.review_on) == ("It was undone.", False, "")
        listed = await stub.ListClosureReviews(
            closures.ListClosureReviewsRequest(series="uk-eu"), metadata=owner
        )
        assert case.identity in {action.snapshot.action_id for action in listed.actions}
    assert await due() == [case.identity]
    await what_is_left_alone_is_archived_once(tracker, case, clock, long)
    stranger = tracker.headers("NSA", "US", "owner", lifetime=long)
    refused = await tracker.http.get("/v1/closure-reviews", params={"series": "uk-eu"}, headers=stranger)
    assert (refused.status_code, refused.json()["reason"]) == (403, "NO_ACCESS")


async def what_is_left_alone_is_archived_once(
    tracker: Tracker, undone: Case, clock: SettableClock, lifetime: timedelta
) -> None:
    left, kept = [Case(tracker, await tracker.open()) for _ in range(2)]
    fcdo = tracker.headers("FCDO", "UK", "secretariat", lifetime=lifetime)
    eeas, cnect = undone.eeas, undone.cnect
    for case in (left, kept):
        case.dsit = undone.dsit
        proposed = await case.done("/proposals", {"kind": "WITHDRAW", "reason": "Void."}, fcdo)
        there = f"/proposals/{proposed['proposals'][0]['id']}/accept"
        assert (await case.done(there, {}, eeas))["state"] == "WITHDRAWN"
    assert await left.refused("/restore", {}, eeas) == (409, "NOT_ARCHIVED")
    clock.forward(days=366)
    publication = make_publication(tracker.process, tracker.settings)
    workers = [Archiving(tracker.process.database, publication, clock) for _ in range(2)]
    await asyncio.gather(*(worker.turn() for worker in workers))
    away = await left.get("", cnect)
    assert (away["archived_on"], away["state"]) == (clock().date().isoformat(), "WITHDRAWN")
    assert (await undone.get("", cnect))["archived_on"] is None
    clock.forward(days=-2)
    assert not await workers[0].turn()
    clock.forward(days=2)
    assert not await workers[1].turn()
    assert (await left.get("", cnect))["version"] == away["version"]
    history = (await left.get("/history", cnect))["changes"]
    (entry,) = [change for change in history if change["kind"] == "action.archived"]
    assert (entry["actor"], entry["party"]) == ("actions", None)

    async def listed(who: dict[str, str], **query: str) -> set[str]:
        wanted = {"series": "uk-eu", "page_size": "200", "state": "WITHDRAWN", **query}
        page = (await tracker.http.get("/v1/actions", params=wanted, headers=who)).json()
        return {action["id"] for action in page["actions"]} & {left.identity, kept.identity}

    both = {left.identity, kept.identity}
    for who in (undone.dsit, cnect):
        assert await listed(who) == await listed(who, archived="false") == set()
        assert await listed(who, archived="true") == await listed(who, archived="all") == both
    assert await left.refused("/restore", {}, cnect) == (403, "ROLE_MISSING")
    back = await left.done("/restore", {}, eeas)
    assert (back["archived_on"], back["version"]) == (None, away["version"] + 1)
    async with grpc.aio.insecure_channel(f"127.0.0.1:{tracker.settings.rpc.port}") as channel:
        stub = closure_service_pb2_grpc.ClosureServiceStub(channel)
        answer = await stub.RestoreAction(
            closures.RestoreActionRequest(
                action_id=kept.identity, etag=f'"{await kept.version()}"', request_id=str(uuid4())
            ),
            metadata=[("authorization", fcdo["Authorization"])],
        )
        assert answer.action.snapshot.archived_on == ""
    assert not await workers[0].turn()
    assert await listed(cnect) == both
    figures = await tracker.http.get("/v1/actions/figures", params={"series": "uk-eu"}, headers=cnect)
    (shelf,) = [one for one in figures.json()["figures"] if one["name"] == "ARCHIVED"]
    assert shelf["population"] == sum(one["value"] for one in shelf["values"])
    statuses = [json.loads(value) for _, value, _ in await tracker.told("uk-eu.eu")]
    marks = [one.get("archived", False) for one in statuses if one["actionId"] == left.identity]
    assert marks[-2:] == [True, False]
