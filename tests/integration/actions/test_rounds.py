"""Reporting rounds at work: several workers take each step once, owners answer once, and silence is shown."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import grpc
import orjson
import pytest
from entente.actions.v1 import action_service_pb2, report_round_service_pb2, report_round_service_pb2_grpc
from entente.exchange.v1 import action_status_pb2

from services.actions.app import make_publication
from services.actions.store.rounds import lock_running
from services.actions.usecases.run_rounds import RoundRunner
from tests.support.processes import SettableClock
from tests.support.rpc import refusal
from tests.support.tracking import EVIDENCE, Tracker

api = report_round_service_pb2
UK_ONLY = (("UK", "DSIT", True),)


@pytest.fixture
def tracker(shared_tracker: Tracker) -> Tracker:
    return shared_tracker


class Office:
    """The people of uk-eu, a clock that is set, and workers that turn when told."""

    def __init__(self, tracker: Tracker) -> None:
        self.tracker = tracker
        assert isinstance(tracker.process.clock, SettableClock)
        self.clock = tracker.process.clock
        publication = make_publication(tracker.process, tracker.settings)
        self.workers = [RoundRunner(tracker.process.database, publication, self.clock) for _ in range(3)]
        self.people = {
            "UK": tracker.headers("DSIT", "UK", "owner"),
            "EU": tracker.headers("CNECT", "EU", "owner"),
            "NCSC": tracker.headers("NCSC", "UK", "owner"),
            "GCHQ": tracker.headers("GCHQ", "UK", "secretariat"),
        }

    async def at(self, moment: str) -> None:
        """All workers turn at that instant (UTC) until none finds anything to do."""
        self.clock.at = datetime.fromisoformat(moment).replace(tzinfo=UTC)
        while any(await asyncio.gather(*(worker.turn() for worker in self.workers))):
            pass

    async def get(self, path: str, who: str = "UK", **query: str) -> Any:
        response = await self.tracker.http.get(path, params=query, headers=self.people[who])
        return response.json()

    async def version(self, identity: str) -> int:
        return int((await self.get(f"/v1/actions/{identity}"))["version"])

    async def send(self, identity: str, path: str, body: dict[str, Any], who: str = "UK", **more: str) -> Any:
        """The answer as (status, document), on the version in force."""
        response = await self.tracker.post(
            f"/v1/actions/{identity}/{path}", body, self.people[who], await self.version(identity), **more
        )
        return response.status_code, response.json()

    async def done(self, identity: str, path: str, body: dict[str, Any], who: str = "UK") -> Any:
        status, answer = await self.send(identity, path, body, who)
        assert status == 200, answer
        return answer

    async def refused(self, identity: str, path: str, body: dict[str, Any], who: str = "UK") -> Any:
        status, answer = await self.send(identity, path, body, who)
        assert status >= 400, answer
        return status, answer["reason"]

    async def working(self, **changes: Any) -> str:
        identity = await self.tracker.open(**changes)
        await self.done(identity, "accept", {})
        return identity

    async def latest(self, series: str = "uk-eu") -> dict[str, Any]:
        (first, *_) = (await self.get("/v1/report-rounds", series=series))["rounds"]
        return dict(first)

    async def answers(self, identity: str, who: str) -> list[str]:
        view = await self.get(f"/v1/report-rounds/{(await self.latest())['id']}", who)
        return [one["answer"] for one in view["own"] if one["action_id"] == identity]

    def recorded(self, round_id: str) -> list[str]:
        rows = self.tracker.rows("SELECT action FROM audit WHERE subject_id = %s ORDER BY id", round_id)
        return [kind for (kind,) in rows]


AMBER = {"rag": "AMBER", "narrative": "Reviewers are late."}


async def test_a_round_is_opened_reminded_due_and_closed_once_whatever_the_clocks_do(
    tracker: Tracker,
) -> None:
    office = Office(tracker)
    office.clock.at = datetime(2027, 1, 11, 12, tzinfo=UTC)
    both = await office.working()
    hidden = await office.working(marking="UK OFFICIAL", owners=UK_ONLY)
    claimed = await office.working(owners=UK_ONLY)
    await office.done(claimed, "progress", AMBER)
    await office.at("2027-01-11T23:59:59")
    listed = await office.get("/v1/report-rounds", series="uk-eu")
    assert [one["state"] for one in listed["rounds"]] == ["NOT_HELD"]
    assert (listed["next"]["planned_for"], listed["next"]["closes_on"]) == ("2027-01-12", "2027-02-02")
    await office.at("2027-01-12T00:00:00")
    opened = await office.latest()
    here = f"/v1/report-rounds/{opened['id']}"
    assert (opened["state"], opened["due_on"]) == ("OPEN", "2027-01-26")
    await office.at("2026-12-01T09:00:00")
    assert await office.latest() == opened
    await office.at("2027-01-13T09:00:00")
    await office.done(both, "progress", AMBER)
    await office.done(claimed, "completion-claim", {"evidence": [EVIDENCE]})
    views = {who: await office.get(here, who) for who in ("UK", "EU")}
    counts = {"population": 2, "submitted": 1, "late": 0, "outstanding": 0, "missed": 0, "excused": 1}
    waiting = {"population": 1, "submitted": 0, "late": 0, "outstanding": 1, "missed": 0, "excused": 0}
    assert views["UK"]["joint"] == views["EU"]["joint"] == {"UK": counts, "EU": waiting}
    assert views["UK"]["own_counts"] == {**counts, "population": 3, "outstanding": 1}
    assert {one["action_id"] for one in views["UK"]["own"]} == {both, hidden, claimed}
    assert [one["action_id"] for one in views["EU"]["own"]] == [both]
    assert hidden not in orjson.dumps(views["EU"]).decode()
    await office.at("2027-01-19T09:00:00")
    await office.at("2027-01-26T23:59:59")
    assert (await office.latest())["state"] == "REMINDED"
    before = len(await tracker.told("uk-eu.uk"))
    await office.at("2027-01-27T00:00:00")
    told = [orjson.loads(value) for _, value, _ in (await tracker.told("uk-eu.uk"))[before:]]
    stale = {status["actionId"]: status["ragIsStale"] for status in told}
    assert stale == {both: True, hidden: True}
    shown = await office.get(f"/v1/actions/{both}", "EU")
    assert (shown["rag"], shown["rag_is_stale"], "ROUND_MISSED" in shown["computed_because"]) == (
        *("AMBER", True),
        True,
    )
    assert not (await office.get(f"/v1/actions/{claimed}"))["rag_is_stale"]
    await office.done(both, "progress", {"rag": "GREEN"}, "EU")
    assert await office.answers(both, "EU") == ["SUBMITTED_LATE"]
    assert (await office.get(f"/v1/actions/{both}"))["rag"] == "AMBER"
    assert not (await office.get(f"/v1/actions/{both}"))["rag_is_stale"]
    await office.at("2027-02-03T00:00:00")
    assert (await office.latest())["state"] == "CLOSED"
    await office.at("2027-01-20T09:00:00")
    await office.at("2027-02-05T09:00:00")
    assert office.recorded(opened["id"]) == [
        "report-round.opened",
        *["report-round.owner-reminded"] * 2,
        "report-round.reminded",
        *["report-round.owner-silent"] * 2,
        "report-round.fell-due",
        "report-round.closed",
    ]
    assert await office.answers(hidden, "UK") == ["MISSED"]
    assert (await office.get(f"/v1/actions/{hidden}"))["rag_is_stale"]
    await office.done(hidden, "progress", AMBER)
    assert not (await office.get(f"/v1/actions/{hidden}"))["rag_is_stale"]
    assert await office.answers(hidden, "UK") == ["MISSED"]


async def test_an_update_is_locked_and_corrected_only_with_a_reason_while_the_round_runs(
    tracker: Tracker,
) -> None:
    office = Office(tracker)
    office.clock.at = datetime(2027, 4, 1, 12, tzinfo=UTC)
    identity = await office.working(owners=(*UK_ONLY, ("UK", "NCSC", False)))
    await office.done(identity, "progress", {"rag": "GREEN"})
    await office.done(identity, "progress", AMBER)
    fix = {"rag": "RED", "narrative": "It is worse.", "reason": "A figure was wrong."}
    assert await office.refused(identity, "progress/corrections", fix) == (409, "NOTHING_TO_CORRECT")
    await office.at("2027-04-12T09:00:00")
    assert await office.refused(identity, "progress", AMBER, "EU") == (403, "NOT_ACCOUNTABLE")
    assert await office.refused(identity, "progress", AMBER, "NCSC") == (403, "NOT_ACCOUNTABLE")
    assert await office.refused(identity, "progress", {"rag": "RED"}) == (400, "NARRATIVE_MISSING")
    long = {**AMBER, "narrative": "x" * 4_001}
    assert (await office.refused(identity, "progress", long))[0] == 400
    key, version = str(uuid4()), await office.version(identity)
    send = [
        await tracker.post(f"/v1/actions/{identity}/progress", AMBER, office.people["UK"], version, key=key)
        for _ in range(2)
    ]
    assert send[0].status_code == 200
    assert send[0].content == send[1].content
    stale = await tracker.post(f"/v1/actions/{identity}/progress", AMBER, office.people["UK"], version)
    assert (stale.status_code, stale.json()["reason"]) == (412, "ACTION_CHANGED")
    assert await office.refused(identity, "progress", AMBER) == (409, "ROUND_REPORTED")
    assert await office.refused(identity, "progress/corrections", fix, "EU") == (403, "NOT_ACCOUNTABLE")
    blank = {**fix, "reason": "  "}
    assert await office.refused(identity, "progress/corrections", blank) == (400, "REASON_MISSING")
    assert (await office.done(identity, "progress/corrections", fix))["rag"] == "RED"
    await office.at("2027-05-05T00:00:00")
    assert await office.refused(identity, "progress/corrections", fix) == (409, "ROUND_CLOSED")
    await office.done(identity, "progress", {"rag": "GREEN"})
    updates = (await office.get(f"/v1/actions/{identity}/progress", "EU"))["updates"]
    assert [(one["rag"], one["revision"], one["reason"], one["round_id"] is None) for one in updates] == [
        ("GREEN", 1, "", True),
        ("RED", 2, "A figure was wrong.", False),
        ("AMBER", 1, "", False),
        ("AMBER", 1, "", True),
        ("GREEN", 1, "", True),
    ]
    rest = (await office.get(f"/v1/actions/{identity}/progress", before=updates[2]["id"]))["updates"]
    assert rest == updates[3:]
    assert (await office.get(f"/v1/actions/{identity}/progress", before=str(uuid4())))["updates"] == []
    kinds = [
        kind
        for (kind,) in tracker.rows(
            "SELECT action FROM audit WHERE subject_id = %s AND action LIKE '%%report%%' ORDER BY id",
            identity,
        )
    ]
    assert kinds == [*["action.progress-reported"] * 3, "action.report-corrected", "action.progress-reported"]


async def test_a_stop_is_caught_up_with_and_what_fell_due_in_it_is_not_held(tracker: Tracker) -> None:
    office = Office(tracker)
    office.clock.at = datetime(2027, 7, 1, 12, tzinfo=UTC)
    identity = await office.working(owners=UK_ONLY)
    await office.at("2027-07-13T09:00:00")
    opened = await office.latest()
    assert opened["state"] == "OPEN"
    await office.at("2027-10-30T09:00:00")
    left, closed, *_ = (await office.get("/v1/report-rounds", series="uk-eu"))["rounds"]
    assert (closed["id"], closed["state"], closed["reminded_at"]) == (opened["id"], "CLOSED", None)
    assert (left["planned_for"], left["state"]) == ("2027-10-12", "NOT_HELD")
    assert "report-round.owner-reminded" not in office.recorded(opened["id"])
    assert not tracker.rows("SELECT 1 FROM report_obligation WHERE round_id = %s", left["id"])
    assert (await office.get(f"/v1/actions/{identity}"))["rag_is_stale"]
    earlier = (await office.get("/v1/report-rounds", series="uk-eu", before="2027-10-12"))["rounds"]
    assert earlier[0] == closed


async def test_a_report_and_the_end_of_a_round_meet_without_losing_either(tracker: Tracker) -> None:
    office = Office(tracker)
    office.clock.at = datetime(2028, 1, 11, 12, tzinfo=UTC)
    actions = [await office.working(owners=UK_ONLY) for _ in range(6)]
    await office.at("2028-01-12T09:00:00")
    office.clock.at = datetime(2028, 1, 27, 0, 0, 1, tzinfo=UTC)
    answers = await asyncio.gather(
        *(office.send(identity, "progress", AMBER) for identity in actions),
        *(worker.turn() for worker in office.workers),
    )
    assert [answer[0] for answer in answers[:6]] == [200] * 6
    await office.at("2028-01-27T00:00:01")
    for identity in actions:
        assert await office.answers(identity, "UK") == ["SUBMITTED_LATE"]
        assert not (await office.get(f"/v1/actions/{identity}"))["rag_is_stale"]


@asynccontextmanager
async def rounds_over_grpc(tracker: Tracker) -> AsyncIterator[Any]:
    async with grpc.aio.insecure_channel(f"127.0.0.1:{tracker.settings.rpc.port}") as channel:
        yield report_round_service_pb2_grpc.ReportRoundServiceStub(channel)


async def test_rounds_are_read_and_corrected_over_grpc_as_over_rest(tracker: Tracker) -> None:
    office = Office(tracker)
    office.clock.at = datetime(2028, 4, 1, 12, tzinfo=UTC)
    identity = await office.working()
    await office.at("2028-04-12T09:00:00")
    await office.done(identity, "progress", AMBER)
    latest = await office.latest()
    uk, us = tracker.metadata("DSIT", "UK", "owner"), tracker.metadata("NSA", "US", "secretariat")
    async with rounds_over_grpc(tracker) as rpc:
        listed = await rpc.ListReportRounds(api.ListReportRoundsRequest(series="uk-eu"), metadata=uk)
        assert listed.rounds[0].round_id == latest["id"]
        assert listed.rounds[0].state == api.REPORT_ROUND_STATE_OPEN
        assert (listed.next.round_id, listed.next.planned_for) == ("", "2028-07-12")
        asked = api.GetReportRoundRequest(round_id=latest["id"])
        got = await rpc.GetReportRound(asked, metadata=uk)
        (own,) = [one for one in got.own if one.action_id == identity]
        assert own.answer == api.REPORT_ANSWER_SUBMITTED
        view = await office.get(f"/v1/report-rounds/{latest['id']}")
        assert {one.party: one.counts.population for one in got.joint} == {
            party: counts["population"] for party, counts in view["joint"].items()
        }
        action = await tracker.rpc.GetAction(
            action_service_pb2.GetActionRequest(action_id=identity), metadata=uk
        )
        request = api.CorrectReportRequest(
            action_id=identity,
            etag=action.action.etag,
            request_id=str(uuid4()),
            rag=action_status_pb2.RAG_RED,
            narrative="It is worse.",
            reason="A figure was wrong.",
        )
        answer = await rpc.CorrectReport(request, metadata=uk)
        assert answer.action.snapshot.rag == action_status_pb2.RAG_RED
        assert await rpc.CorrectReport(request, metadata=uk) == answer
        updates = await rpc.ListProgressUpdates(
            api.ListProgressUpdatesRequest(action_id=identity), metadata=uk
        )
        assert [update.revision for update in updates.updates] == [2, 1]
        definitions = await rpc.GetRatingDefinitions(api.GetRatingDefinitionsRequest(), metadata=us)
        shown = await office.get("/v1/rating-definitions")
        assert [one.meaning for one in definitions.claimed] == list(shown["claimed"].values())
        assert [one.name for one in definitions.rules] == [one["name"] for one in shown["rules"]]
        refused = (grpc.StatusCode.PERMISSION_DENIED, "NO_ACCESS")
        guessed = api.GetReportRoundRequest(round_id=str(uuid4()))
        assert await refusal(rpc.GetReportRound(asked, metadata=us)) == refused
        assert await refusal(rpc.GetReportRound(guessed, metadata=uk)) == refused
        listing = api.ListReportRoundsRequest(series="uk-eu")
        assert await refusal(rpc.ListReportRounds(listing, metadata=us)) == refused


async def test_whoever_is_not_of_the_series_learns_nothing_of_its_rounds(tracker: Tracker) -> None:
    office = Office(tracker)
    office.clock.at = datetime(2028, 7, 1, 12, tzinfo=UTC)
    identity = await office.working(owners=UK_ONLY)
    await office.at("2028-07-12T09:00:00")
    round_id = (await office.latest())["id"]
    guessed = str(uuid4())
    answers = [await office.get(f"/v1/report-rounds/{one}", "GCHQ") for one in (round_id, guessed)]
    assert [answer["reason"] for answer in answers] == ["NO_ACCESS"] * 2
    assert answers[0]["detail"].replace(round_id, guessed) == answers[1]["detail"]
    assert (await office.get("/v1/report-rounds", "GCHQ", series="uk-eu"))["reason"] == "NO_ACCESS"
    assert (await office.get("/v1/report-rounds", "GCHQ", series="nobody"))["reason"] == "NO_ACCESS"
    assert (await office.get(f"/v1/actions/{identity}/progress", "GCHQ"))["reason"] == "NO_ACCESS"
    assert (await office.get("/v1/report-rounds/first"))["status"] == 400
    assert (await office.get("/v1/report-rounds", series="uk-eu", before="soon"))["status"] == 400


async def test_whoever_reports_waits_for_no_worker_that_takes_a_step_of_the_round(tracker: Tracker) -> None:
    office = Office(tracker)
    office.clock.at = datetime(2028, 10, 1, 12, tzinfo=UTC)
    identity = await office.working(owners=UK_ONLY)
    await office.at("2028-10-14T00:00:00")
    async with tracker.process.database.transaction() as tx:
        assert [one.state for one in await lock_running(tx, "uk-eu")] == ["OPEN"]
        async with asyncio.timeout(10):
            await office.done(identity, "progress", AMBER)
    assert await office.answers(identity, "UK") == ["SUBMITTED"]


async def test_in_a_year_whose_holidays_are_not_known_no_round_is_planned_and_the_worker_goes_on(
    tracker: Tracker,
) -> None:
    office = Office(tracker)
    await office.at("2036-10-14T09:00:00")
    latest = await office.latest()
    assert (latest["opens_on"], latest["state"]) == ("2036-10-13", "OPEN")
    await office.at("2040-01-16T09:00:00")
    listed = await office.get("/v1/report-rounds", series="uk-eu")
    assert (listed["rounds"][0]["id"], listed["rounds"][0]["state"]) == (latest["id"], "CLOSED")
    assert listed["next"] is None
