"""An action is planned, held up, moved and ended over REST and gRPC; no party does alone what it may not."""

import asyncio
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import grpc
import orjson
import pytest
from entente.actions.v1 import action_service_pb2

from services.actions.app import make_publication
from services.actions.usecases.refresh_statuses import StatusRefresh
from tests.support.tracking import Tracker


@pytest.fixture
def tracker(shared_tracker: Tracker) -> Tracker:
    return shared_tracker


class Desk:
    """One action and the people who work on it; every change is made on the version last seen."""

    def __init__(self, tracker: Tracker, identity: str) -> None:
        self.tracker = tracker
        self.identity = identity
        self.version = 1
        self.dsit = tracker.headers("DSIT", "UK", "owner")
        self.fcdo = tracker.headers("FCDO", "UK", "secretariat")
        self.eeas = tracker.headers("EEAS", "EU", "secretariat")
        self.chairs = {
            "UK": tracker.headers("FCDO", "UK", "chair"),
            "EU": tracker.headers("EEAS", "EU", "chair"),
        }

    async def ask(self, who: dict[str, str], path: str, body: Any, *, method: str = "POST") -> Any:
        response = await self.tracker.http.request(
            method,
            f"/v1/actions/{self.identity}/{path}",
            json=body,
            headers={"Idempotency-Key": str(uuid4()), "If-Match": f'"{self.version}"', **who},
        )
        answer = response.json()
        if response.status_code == 200:
            self.version = answer["version"]
        return response.status_code, answer

    async def done(self, who: dict[str, str], path: str, body: Any, *, method: str = "POST") -> Any:
        status, answer = await self.ask(who, path, body, method=method)
        assert status == 200, answer
        return answer

    async def refused(self, who: dict[str, str], path: str, body: Any, *, method: str = "POST") -> Any:
        status, answer = await self.ask(who, path, body, method=method)
        assert status >= 400, answer
        return status, answer["reason"]

    def recorded(self) -> list[str]:
        rows = self.tracker.rows("SELECT action FROM audit WHERE subject_id = %s ORDER BY id", self.identity)
        return [name for (name,) in rows]


async def working(tracker: Tracker) -> Desk:
    desk = Desk(tracker, await tracker.open())
    await desk.done(desk.dsit, "accept", {})
    await desk.done(desk.dsit, "progress", {"rag": "GREEN"})
    return desk


async def test_an_action_is_planned_and_held_up_and_goes_on(tracker: Tracker) -> None:
    desk = Desk(tracker, await tracker.open())
    declined = await desk.done(desk.dsit, "decline", {"reason": "No mandate yet."})
    assert declined["declined"]["reason"] == "No mandate yet."
    assert (await desk.done(desk.dsit, "accept", {}))["declined"] is None
    step, other = str(uuid4()), str(uuid4())
    steps = [
        {"id": step, "title": "Draft <b>circulated</b>", "weight": 3, "due": "2027-03-31"},
        {"id": other, "title": "Operators heard", "weight": 1, "due": "2027-04-30"},
    ]
    planned = await desk.done(desk.dsit, "milestones", {"milestones": steps}, method="PUT")
    assert planned["progress_percent"] == 0
    assert planned["milestones"][0]["title"] == "Draft <b>circulated</b>"
    assert (await desk.done(desk.dsit, f"milestones/{step}/reach", {}))["progress_percent"] == 75
    assert await desk.refused(desk.dsit, "milestones", {"milestones": steps[1:]}, method="PUT") == (
        409,
        "MILESTONE_KEPT",
    )
    assert await desk.refused(desk.eeas, "block", {"reason": "x"}) == (403, "ROLE_MISSING")
    blocked = await desk.done(desk.dsit, "block", {"reason": "The law is missing."})
    assert (blocked["state"], blocked["blocked"]["reason"]) == ("BLOCKED", "The law is missing.")
    told = (await tracker.snapshots(desk.identity))[-1]
    assert (told.blocked_reason, told.progress_percent) == ("The law is missing.", 75)
    assert (await desk.done(desk.dsit, "unblock", {}))["state"] == "IN_PROGRESS"
    assert await desk.refused(desk.dsit, "unblock", {}) == (409, "ILLEGAL_MOVE")
    assert desk.recorded() == [
        "action.opened",
        "action.declined",
        "action.accepted",
        "action.planned",
        "action.planned",
        "action.blocked",
        "action.unblocked",
    ]


async def test_a_due_date_moves_when_every_party_has_accepted(tracker: Tracker) -> None:
    desk = await working(tracker)
    terms = {"kind": "MOVE_DUE_DATE", "reason": "The consultation was extended.", "due_date": "2027-09-30"}
    proposed = await desk.done(desk.dsit, "proposals", terms)
    (pending,) = proposed["proposals"]
    assert (proposed["due_date"], pending["party"]) == ("2027-06-30", "UK")
    answer = f"proposals/{pending['id']}/accept"
    assert await desk.refused(desk.dsit, "proposals", terms) == (409, "PROPOSAL_PENDING")
    assert await desk.refused(desk.fcdo, answer, {}) == (409, "ANSWER_NOT_AWAITED")
    moved = await desk.done(desk.eeas, answer, {})
    assert (moved["due_date"], moved["original_due_date"]) == ("2027-09-30", "2027-06-30")
    assert moved["due_date_changes"] == [
        {
            "from_date": "2027-06-30",
            "to_date": "2027-09-30",
            "reason": "The consultation was extended.",
            "requested_by": "DSIT",
            "accepted_by": ["EEAS"],
            "accepted_on": moved["due_date_changes"][0]["accepted_on"],
        }
    ]
    assert await desk.refused(desk.eeas, answer, {}) == (409, "UNKNOWN_PROPOSAL")
    early = {**terms, "due_date": "2020-01-01"}
    assert await desk.refused(desk.dsit, "proposals", early) == (400, "DUE_DATE_WRONG")


async def test_no_party_ends_an_action_by_itself(tracker: Tracker) -> None:
    desk = await working(tracker)
    terms = {"kind": "CLOSE_NOT_IMPLEMENTED", "reason": "The directive was repealed."}
    assert await desk.refused(desk.dsit, "proposals", terms) == (403, "NOT_ENTITLED")
    proposed = await desk.done(desk.fcdo, "proposals", terms)
    assert proposed["state"] == "IN_PROGRESS"
    here = f"proposals/{proposed['proposals'][0]['id']}"
    refused = await desk.done(desk.eeas, f"{here}/refuse", {"reason": "It stands in our law."})
    assert (refused["state"], refused["proposals"]) == ("IN_PROGRESS", [])
    again = await desk.done(desk.eeas, "proposals", terms)
    ended = await desk.done(desk.fcdo, f"proposals/{again['proposals'][0]['id']}/accept", {})
    assert ended["state"] == "CLOSED_NOT_IMPLEMENTED"
    assert await desk.refused(desk.dsit, "progress", {"rag": "GREEN"}) == (409, "ILLEGAL_MOVE")


async def test_an_action_gives_way_to_another_open_one_of_its_series(tracker: Tracker) -> None:
    desk, successor = await working(tracker), await tracker.open()
    ((reference,),) = tracker.rows("SELECT reference FROM action WHERE id = %s", successor)
    ((own,),) = tracker.rows("SELECT reference FROM action WHERE id = %s", desk.identity)
    terms = {"kind": "SUPERSEDE", "reason": "Taken up there."}
    for wrong in ("", "UKEU-2026-A99", own):
        refusal = await desk.refused(desk.fcdo, "proposals", {**terms, "successor": wrong})
        assert refusal == (400, "SUCCESSOR_WRONG")
    proposed = await desk.done(desk.fcdo, "proposals", {**terms, "successor": reference})
    ended = await desk.done(desk.eeas, f"proposals/{proposed['proposals'][0]['id']}/accept", {})
    assert (ended["state"], ended["successor"]) == ("SUPERSEDED", reference)


async def test_only_chairs_reopen_what_was_closed(tracker: Tracker) -> None:
    desk = Desk(tracker, await tracker.open())
    desk.version = (await tracker.work(desk.identity))["version"]
    assert (await desk.done(desk.eeas, "confirm", {}))["state"] == "CLOSED"
    terms = {"kind": "REOPEN", "reason": "The guidance was taken down.", "meeting_id": "uk-eu-2027"}
    assert await desk.refused(desk.fcdo, "proposals", terms) == (403, "NOT_ENTITLED")
    proposed = await desk.done(desk.chairs["UK"], "proposals", terms)
    here = f"proposals/{proposed['proposals'][0]['id']}/accept"
    assert await desk.refused(desk.eeas, here, {}) == (403, "NOT_ENTITLED")
    reopened = await desk.done(desk.chairs["EU"], here, {})
    assert (reopened["state"], reopened["closure_id"]) == ("IN_PROGRESS", None)
    assert reopened["confirmations"] == []


async def test_two_changes_that_would_close_a_circle_together_are_not_both_made(tracker: Tracker) -> None:
    desks = [await working(tracker), await working(tracker)]
    answers = await asyncio.gather(
        *(
            desk.ask(desk.dsit, "dependencies", {"depends_on": [other.identity]}, method="PUT")
            for desk, other in zip(desks, reversed(desks), strict=True)
        )
    )
    assert sorted(status for status, _ in answers) == [200, 409]
    assert {answer["reason"] for status, answer in answers if status == 409} == {"DEPENDENCY_CYCLE"}
    unknown = {"depends_on": [str(uuid4())]}
    assert await desks[0].refused(desks[0].dsit, "dependencies", unknown, method="PUT") == (
        400,
        "DEPENDENCY_WRONG",
    )


async def test_a_forecast_needs_actions_that_are_finished_and_one_that_is_not(tracker: Tracker) -> None:
    desk = await working(tracker)
    here = f"/v1/actions/{desk.identity}/forecast"
    answer = (await tracker.http.get(here, headers=desk.eeas)).json()
    assert (answer["like"], answer["likely"], answer["in_time_percent"]) == (0, None, None)
    stranger = tracker.headers("NSA", "US", "secretariat")
    assert (await tracker.http.get(here, headers=stranger)).json()["reason"] == "NO_ACCESS"
    proposed = await desk.done(desk.fcdo, "proposals", {"kind": "WITHDRAW", "reason": "Overtaken."})
    await desk.done(desk.eeas, f"proposals/{proposed['proposals'][0]['id']}/accept", {})
    assert (await tracker.http.get(here, headers=desk.eeas)).json()["reason"] == "ILLEGAL_MOVE"


async def test_the_same_moves_are_made_over_grpc(tracker: Tracker) -> None:
    desk = await working(tracker)
    owner = tracker.metadata("DSIT", "UK", "owner")
    common = {"action_id": desk.identity, "etag": f'"{desk.version}"'}
    step = action_service_pb2.Milestone(
        milestone_id=str(uuid4()), title="Draft circulated", weight=1, due="2027-03-31"
    )
    planned = await tracker.rpc.PlanMilestones(
        action_service_pb2.PlanMilestonesRequest(**common, request_id=str(uuid4()), milestones=[step]),
        metadata=owner,
    )
    assert [one.title for one in planned.action.milestones] == ["Draft circulated"]
    proposed = await tracker.rpc.ProposeChange(
        action_service_pb2.ProposeChangeRequest(
            action_id=desk.identity,
            etag=planned.action.etag,
            request_id=str(uuid4()),
            kind=action_service_pb2.PROPOSAL_KIND_WITHDRAW,
            reason="Overtaken.",
        ),
        metadata=tracker.metadata("FCDO", "UK", "secretariat"),
    )
    (pending,) = proposed.action.proposals
    accepted = await tracker.rpc.AcceptProposal(
        action_service_pb2.AcceptProposalRequest(
            action_id=desk.identity,
            etag=proposed.action.etag,
            request_id=str(uuid4()),
            proposal_id=pending.proposal_id,
        ),
        metadata=tracker.metadata("EEAS", "EU", "secretariat"),
    )
    assert accepted.action.snapshot.state == 8
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await tracker.rpc.ProposeChange(
            action_service_pb2.ProposeChangeRequest(**common, request_id=str(uuid4()), reason="?"),
            metadata=owner,
        )
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_the_audiences_are_told_what_the_passing_of_days_changes_and_told_it_once(
    tracker: Tracker,
) -> None:
    desk = await working(tracker)
    publication = make_publication(tracker.process, tracker.settings)
    refresh = StatusRefresh(tracker.process.database, publication, lambda: datetime(2027, 7, 15, tzinfo=UTC))

    async def told() -> list[dict[str, Any]]:
        found = [orjson.loads(value) for _, value, _ in await tracker.told("uk-eu.eu")]
        return [document for document in found if document["actionId"] == desk.identity]

    before, snapshots = await told(), await tracker.snapshots(desk.identity)
    assert (before[-1]["timeliness"], before[-1]["computedRag"]) == ("TIMELINESS_ON_TRACK", "RAG_GREEN")
    while await refresh.turn():
        pass
    after = await told()
    assert len(after) == len(before) + 1
    assert after[-1]["timeliness"] == "TIMELINESS_OVERDUE"
    assert (after[-1]["rag"], after[-1]["computedRag"], after[-1]["contradicted"]) == (
        "RAG_GREEN",
        "RAG_RED",
        True,
    )
    assert "LATE_AND_SILENT" in after[-1]["computedBecause"]
    while await refresh.turn():
        pass
    assert await told() == after
    assert await tracker.snapshots(desk.identity) == snapshots
