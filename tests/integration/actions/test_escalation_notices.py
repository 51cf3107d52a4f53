"""Those who are told read and take note of what they were told, and nobody else learns of it."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import grpc
import orjson
from entente.actions.v1 import notice_service_pb2, notice_service_pb2_grpc

from services.actions.app import make_publication
from services.actions.store.heartbeats import Heartbeat
from services.actions.usecases.escalate_actions import EscalationScheduler
from services.actions.usecases.watch_scheduler import SchedulerState, recording
from tests.support.processes import SettableClock
from tests.support.rpc import refusal
from tests.support.tracking import Tracker

HERE = "/v1/notices"


async def over_grpc(tracker: Tracker, mine: Mapping[str, Any], whole: Sequence[Mapping[str, Any]]) -> None:
    """The same is read, by the same, and a trial acknowledges nothing."""
    dsit, cnect = tracker.metadata("DSIT", "UK", "owner"), tracker.metadata("CNECT", "EU", "owner")
    async with grpc.aio.insecure_channel(f"127.0.0.1:{tracker.settings.rpc.port}") as channel:
        stub = notice_service_pb2_grpc.NoticeServiceStub(channel)
        found: list[notice_service_pb2.Notice] = []
        token = ""
        while not found or token:
            asked = notice_service_pb2.ListNoticesRequest(series="uk-eu", page_size=1, page_token=token)
            page = await stub.ListNotices(asked, metadata=dsit)
            found.extend(page.notices)
            token = page.next_page_token
        assert [(one.notice_id, one.trigger, one.since, one.sent_on, one.text) for one in found] == [
            (one["id"], one["trigger"], one["since"], one["sent_on"], one["text"]) for one in whole
        ]
        one = notice_service_pb2.GetNoticeRequest(notice_id=mine["id"])
        assert (await stub.GetNotice(one, metadata=dsit)).notice in found
        key = str(uuid4())
        taken = notice_service_pb2.AcknowledgeNoticeRequest(
            notice_id=mine["id"], request_id=key, validate_only=True
        )
        tried = await stub.AcknowledgeNotice(taken, metadata=dsit)
        assert tried.notice.acknowledged.official == "dsit-owner"
        assert not (await stub.GetNotice(one, metadata=dsit)).notice.HasField("acknowledged")
        denied = (grpc.StatusCode.PERMISSION_DENIED, "NO_ACCESS")
        for identity in (mine["id"], str(uuid4())):
            one.notice_id = taken.notice_id = identity
            assert await refusal(stub.GetNotice(one, metadata=cnect)) == denied
            assert await refusal(stub.AcknowledgeNotice(taken, metadata=cnect)) == denied
        invalid = (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_VALUE")
        for wrong in ("", "1\n2", "x" * 200):
            one.notice_id = taken.notice_id = wrong
            assert await refusal(stub.GetNotice(one, metadata=dsit)) == invalid
            assert await refusal(stub.AcknowledgeNotice(taken, metadata=dsit)) == invalid


async def test_only_the_body_addressed_reads_and_acknowledges_and_only_its_side_is_told(
    tracker: Tracker,
) -> None:
    clock = tracker.process.clock
    assert isinstance(clock, SettableClock)
    identity = await tracker.open(due_date="2027-06-30")
    clock.at = datetime(2027, 7, 1, 10, tzinfo=UTC)
    publication = make_publication(tracker.process, tracker.settings)
    scheduler = EscalationScheduler(tracker.process.database, publication, clock, every=timedelta(minutes=1))
    await scheduler.turn()
    dsit, cnect = tracker.headers("DSIT", "UK", "owner"), tracker.headers("CNECT", "EU", "owner")

    async def overdue(headers: dict[str, str]) -> list[dict[str, str]]:
        answer = await tracker.http.get(HERE, params={"series": "uk-eu"}, headers=headers)
        assert answer.status_code == 200, answer.text
        return [one for one in answer.json()["notices"] if one["trigger"] == "OVERDUE"]

    ((mine,), (theirs,)) = (await overdue(dsit), await overdue(cnect))
    assert (mine["action_id"], mine["step"], mine["acknowledged"]) == (identity, "OWNER", None)
    assert mine["id"] != theirs["id"]
    await digests_are_of_the_organisation_alone(tracker, identity)
    await tracker.open(due_date="2027-06-30")
    await scheduler.turn()
    query: dict[str, str | int] = {"series": "uk-eu"}
    whole = (await tracker.http.get(HERE, params=query, headers=dsit)).json()["notices"]
    pages, query["page_size"] = [], 1
    while query.get("page_token") != "":
        answer = (await tracker.http.get(HERE, params=query, headers=dsit)).json()
        pages += answer["notices"]
        query["page_token"] = answer["next_page_token"]
        if answer["next_page_token"]:
            strange = await tracker.http.get(HERE, params=query, headers=cnect)
            assert (strange.status_code, strange.json()["reason"]) == (400, "PAGE_TOKEN_INVALID")
    assert len(whole) > 1
    assert pages == whole
    for stranger in (
        cnect,
        tracker.headers("DSIT", "UK", "secretariat"),
        tracker.headers("NCSC", "UK", "owner"),
    ):
        assert mine["id"] not in {one["id"] for one in await overdue(stranger)}
        for path in (f"{HERE}/{mine['id']}", f"{HERE}/{uuid4()}"):
            read = await tracker.http.get(path, headers=stranger)
            noted = await tracker.post(f"{path}/acknowledgement", {}, stranger, 1)
            for refused in (read, noted):
                assert (refused.status_code, refused.json()["reason"]) == (403, "NO_ACCESS")
    await over_grpc(tracker, mine, whole)
    noted = await tracker.post(f"{HERE}/{mine['id']}/acknowledgement", {}, dsit, 1)
    assert noted.status_code == 200, noted.text
    assert noted.json()["acknowledged"]["official"] == "dsit-owner"
    again = await tracker.post(f"{HERE}/{mine['id']}/acknowledgement", {}, dsit, 1)
    assert (again.status_code, again.json()["reason"]) == (409, "NOTICE_ACKNOWLEDGED")
    assert tracker.rows("SELECT count(*) FROM audit WHERE action = 'action.notice-acknowledged'") == [(1,)]
    for audience, acknowledged in (("uk-eu.uk", True), ("uk-eu.eu", False)):
        shown = [orjson.loads(value) for _, value, _ in await tracker.told(audience)][-1]["escalations"]
        (late,) = [one for one in shown if one["trigger"] == "ESCALATION_TRIGGER_OVERDUE"]
        assert late["step"] == "ESCALATION_STEP_OWNER"
        assert late.get("acknowledged", False) is acknowledged


async def test_a_silence_is_written_once_by_whoever_finds_it_and_only_a_later_round_ends_it(
    tracker: Tracker,
) -> None:
    """Two replicas look; one of them has not yet seen what the other has."""
    publication = make_publication(tracker.process, tracker.settings)
    record, at = recording(publication), tracker.process.clock()

    def found(rounds: int, *, silent: bool) -> SchedulerState:
        return SchedulerState(silent, timedelta(minutes=6), at, Heartbeat(rounds, at, at, at))

    looks = [
        (found(1, silent=False), 0),
        (found(1, silent=True), 1),
        (found(1, silent=True), 0),
        (found(1, silent=False), 0),
        (found(2, silent=False), 1),
        (found(2, silent=False), 0),
        (found(1, silent=True), 0),
        (found(2, silent=True), 1),
    ]
    audiences = sum(len(publication.policy.audiences(one)) for one in publication.policy.series)
    counted = "SELECT coalesce(sum(cardinality(keys)), 0) FROM outbox WHERE headers ->> 'ce_type' = %s"
    async with tracker.process.database.transaction() as tx, tx.transaction(force_rollback=True):
        written = 0
        for state, more in looks:
            await record(tx, state)
            written += more * audiences
            row = await (await tx.execute(counted, ["entente.actions.v1.FeedNotice"])).fetchone()
            assert row == (written,), state


async def digests_are_of_the_organisation_alone(tracker: Tracker, identity: str) -> None:
    """One a working day, with everything that the organisation owns; nobody else reads it."""
    query: dict[str, str | int] = {"series": "uk-eu", "page_size": 1}
    own: list[str] = []
    for organisation, party in (("DSIT", "UK"), ("CNECT", "EU")):
        headers = tracker.headers(organisation, party, "owner")
        answer = await tracker.http.get("/v1/digests", params=query, headers=headers)
        assert answer.status_code == 200, answer.text
        (digest,) = answer.json()["digests"]
        assert (digest["party"], digest["organisation"], digest["sent_on"]) == (
            *(party, organisation),
            "2027-07-01",
        )
        entries = [entry for group in digest["groups"] for entry in group["entries"]]
        assert [one["matters"] for one in entries if one["action_id"] == identity] == [["OVERDUE"]]
        read = await tracker.http.get(f"/v1/digests/{digest['id']}", headers=headers)
        assert read.json() == digest
        target = f"127.0.0.1:{tracker.settings.rpc.port}"
        async with grpc.aio.insecure_channel(target) as channel:
            stub = notice_service_pb2_grpc.NoticeServiceStub(channel)
            asked = notice_service_pb2.GetDigestRequest(digest_id=digest["id"])
            told = await stub.GetDigest(asked, metadata=tracker.metadata(organisation, party, "owner"))
        assert [entry.action_id for group in told.digest.groups for entry in group.entries] == [
            entry["action_id"] for entry in entries
        ]
        own.append(digest["id"])
    for stranger in (
        tracker.headers("NCSC", "UK", "owner"),
        tracker.headers("DSIT", "UK", "chair"),
        tracker.headers("NSA", "US", "owner"),
    ):
        for wanted in (*own, str(uuid4())):
            refused = await tracker.http.get(f"/v1/digests/{wanted}", headers=stranger)
            reason = refused.json()["reason"]
            assert (refused.status_code, reason in ("NO_ACCESS", "ROLE_MISSING")) == (403, True)
