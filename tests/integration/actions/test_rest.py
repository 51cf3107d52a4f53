"""Actions over REST: from agreed to closed, and every way in which a request is refused."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from tests.support.tracking import EVIDENCE, Tracker


@pytest.fixture
def tracker(shared_tracker: Tracker) -> Tracker:
    return shared_tracker


async def test_an_action_is_worked_to_its_closure(tracker: Tracker) -> None:
    identity = await tracker.open()
    here = f"/v1/actions/{identity}"
    claimed = await tracker.work(identity)
    assert (claimed["state"], claimed["rag"], claimed["version"]) == ("COMPLETION_CLAIMED", "AMBER", 4)
    response = await tracker.post(f"{here}/confirm", {}, tracker.headers("EEAS", "EU", "secretariat"), 4)
    assert response.status_code == 200, response.text
    assert response.headers["etag"] == '"5"'
    closed = response.json()
    assert closed["state"] == "CLOSED"
    assert closed["closure_id"]
    assert [entry["party"] for entry in closed["confirmations"]] == ["EU"]
    assert (closed["due_date"], closed["original_due_date"]) == ("2027-06-30", "2027-06-30")
    assert closed["evidence"][0]["title"] == EVIDENCE["title"]
    got = await tracker.http.get(here, headers=tracker.headers("CNECT", "EU", "owner"))
    assert (got.json(), got.headers["etag"]) == (closed, '"5"')
    versions = [snapshot.aggregate_version for snapshot in await tracker.snapshots(identity)]
    assert versions == [1, 2, 3, 4, 5]
    entries = tracker.rows("SELECT action, actor FROM audit WHERE subject_id = %s ORDER BY id", identity)
    assert entries == [
        ("action.opened", "actions"),
        ("action.accepted", "dsit-owner"),
        ("action.progress-reported", "dsit-owner"),
        ("action.completion-claimed", "dsit-owner"),
        ("action.completion-confirmed", "eeas-secretariat"),
    ]


async def test_a_rejection_sends_the_work_back(tracker: Tracker) -> None:
    identity = await tracker.open()
    await tracker.work(identity)
    response = await tracker.post(
        f"/v1/actions/{identity}/reject",
        {"reason": "The annex is missing."},
        tracker.headers("CNECT", "EU", "chair"),
        4,
    )
    answer = response.json()
    assert (answer["state"], answer["rejection"]["reason"]) == ("IN_PROGRESS", "The annex is missing.")


async def test_a_change_links_to_the_trace_in_which_the_action_was_opened(tracker: Tracker) -> None:
    identity = await tracker.open()
    tracker.traces.exporter.clear()
    await tracker.post(f"/v1/actions/{identity}/accept", {}, tracker.headers("DSIT", "UK", "owner"), 1)
    ((opened, latest),) = tracker.rows(
        "SELECT opened_trace, latest_trace FROM action WHERE id = %s", identity
    )
    spans = [
        span for span in tracker.traces.exporter.get_finished_spans() if "accept" in span.name and span.links
    ]
    linked = {f"{link.context.trace_id:032x}" for span in spans for link in span.links}
    assert opened.split("-")[1] in linked
    assert latest.split("-")[1] in {f"{span.context.trace_id:032x}" for span in spans}
    assert latest.split("-")[1] != opened.split("-")[1]


async def test_a_repeated_post_gets_the_first_answer_and_another_body_is_refused(
    tracker: Tracker,
) -> None:
    identity = await tracker.open()
    owner, here = tracker.headers("DSIT", "UK", "owner"), f"/v1/actions/{identity}"
    await tracker.post(f"{here}/accept", {}, owner, 1)
    key = str(uuid4())
    body = {"rag": "RED", "narrative": "Stuck."}
    first = await tracker.post(f"{here}/progress", body, owner, 2, key=key)
    again = await tracker.post(f"{here}/progress", body, owner, 2, key=key)
    assert (again.status_code, again.content) == (200, first.content)
    assert again.headers["etag"] == first.headers["etag"] == '"3"'
    other = await tracker.post(f"{here}/progress", {**body, "narrative": "Else."}, owner, 2, key=key)
    assert (other.status_code, other.json()["reason"]) == (400, "REQUEST_KEY_REUSED")
    assert len(await tracker.snapshots(identity)) == 3


@pytest.mark.parametrize(
    ("name", "body", "reason", "pointer"),
    [
        ("progress", {"rag": "AMBER"}, "NARRATIVE_MISSING", "/narrative"),
        ("progress", {"rag": "PURPLE"}, "INVALID_REQUEST", "/rag"),
        ("progress", {"rag": "RED", "narrative": "a\x00b"}, "INVALID_VALUE", "/narrative"),
        ("progress", {"rag": "GREEN", "colour": "x"}, "INVALID_REQUEST", "/colour"),
        ("completion-claim", {"evidence": []}, "EVIDENCE_MISSING", "/evidence"),
        (
            "completion-claim",
            {"evidence": [{**EVIDENCE, "uri": "javascript:alert(1)"}]},
            "INVALID_VALUE",
            "/evidence/0/uri",
        ),
        (
            "completion-claim",
            {"evidence": [EVIDENCE, {**EVIDENCE, "digest": "md5:0"}]},
            "INVALID_VALUE",
            "/evidence/1/digest",
        ),
        (
            "completion-claim",
            {"evidence": [{**EVIDENCE, "marking": "COSMIC"}]},
            "MARKING_UNKNOWN",
            "/evidence/0/marking",
        ),
        (
            "completion-claim",
            {"evidence": [{**EVIDENCE, "marking": "UK SECRET"}]},
            "HOLDING_REFUSED",
            "/evidence/0/marking",
        ),
    ],
)
async def test_what_is_wrong_with_a_request_is_said_with_where(
    tracker: Tracker, name: str, body: dict[str, Any], reason: str, pointer: str
) -> None:
    identity = await tracker.open()
    owner, here = tracker.headers("DSIT", "UK", "owner"), f"/v1/actions/{identity}"
    await tracker.post(f"{here}/accept", {}, owner, 1)
    await tracker.post(f"{here}/progress", {"rag": "GREEN"}, owner, 2)
    response = await tracker.post(f"{here}/{name}", body, owner, 3)
    problem = response.json()
    assert (response.status_code, problem["reason"]) == (400, reason)
    assert problem["errors"][0]["pointer"] == pointer
    assert tracker.rows("SELECT version FROM action WHERE id = %s", identity) == [(3,)]


async def test_what_is_only_tried_is_answered_as_if_done_and_leaves_nothing(
    tracker: Tracker,
) -> None:
    identity = await tracker.open()
    await tracker.drained()
    owner, here, key = tracker.headers("DSIT", "UK", "owner"), f"/v1/actions/{identity}", str(uuid4())

    def kept() -> list[tuple[Any, ...]]:
        return tracker.rows(
            """
            SELECT (SELECT count(*) FROM outbox), (SELECT max(sequence) FROM audience_feed),
                (SELECT count(*) FROM audit), (SELECT count(*) FROM idempotency),
                (SELECT count(*) FROM action_history), (SELECT sum(version) FROM action)
            """
        )

    before = kept()
    tried = await tracker.post(f"{here}/accept?validate_only=true", {}, owner, 1, key=key)
    assert (tried.status_code, tried.json()["state"], tried.json()["version"]) == (200, "ASSIGNED", 2)
    stale = await tracker.post(f"{here}/accept?validate_only=true", {}, owner, 7)
    assert (stale.status_code, stale.json()["reason"]) == (412, "ACTION_CHANGED")
    assert kept() == before
    done = await tracker.post(f"{here}/accept", {}, owner, 1, key=key)
    assert (done.status_code, done.json()) == (200, tried.json())
    assert "idempotent-replayed" not in done.headers


async def test_a_stale_etag_a_missing_one_and_an_illegal_move_are_refused(tracker: Tracker) -> None:
    identity = await tracker.open()
    owner, here = tracker.headers("DSIT", "UK", "owner"), f"/v1/actions/{identity}"
    await tracker.post(f"{here}/accept", {}, owner, 1)
    stale = await tracker.post(f"{here}/progress", {"rag": "GREEN"}, owner, 1)
    assert (stale.status_code, stale.json()["reason"]) == (412, "ACTION_CHANGED")
    assert (stale.json()["version"], stale.json()["state"]) == ("2", "ASSIGNED")
    illegal = await tracker.post(f"{here}/accept", {}, owner, 2)
    assert (illegal.status_code, illegal.json()["reason"]) == (409, "ILLEGAL_MOVE")
    for if_match, reason in (("W/x", "ETAG_MALFORMED"), ("", "ETAG_MISSING")):
        refused = await tracker.post(f"{here}/progress", {"rag": "GREEN"}, owner, 2, if_match=if_match)
        assert (refused.status_code, refused.json()["reason"]) == (400, reason)
    keyless = await tracker.http.post(f"{here}/accept", json={}, headers={**owner, "If-Match": '"2"'})
    assert (keyless.status_code, keyless.json()["reason"]) == (400, "REQUEST_KEY_MISSING")


async def test_missing_expired_and_foreign_tokens_are_refused(tracker: Tracker) -> None:
    here = f"/v1/actions/{await tracker.open()}"
    expired = tracker.headers("DSIT", "UK", "owner", lifetime=timedelta(minutes=1))
    foreign = tracker.headers("DSIT", "UK", "owner", issuer="https://elsewhere.example.org")
    other_audience = tracker.headers("DSIT", "UK", "owner", audience="another-system")
    for headers, reason in (
        ({}, "TOKEN_MISSING"),
        (expired, "TOKEN_EXPIRED"),
        (foreign, "TOKEN_ISSUER_UNKNOWN"),
        (other_audience, "TOKEN_INVALID"),
        ({"Authorization": "Bearer x.y.z"}, "TOKEN_INVALID"),
    ):
        response = await tracker.http.get(here, headers=headers)
        assert (response.status_code, response.json()["reason"]) == (401, reason)


async def test_who_may_not_is_refused_and_learns_nothing(tracker: Tracker) -> None:
    hidden, shown = await tracker.open(marking="UK OFFICIAL"), await tracker.open()
    eu, cmr = tracker.headers("CNECT", "EU", "owner"), tracker.headers("NSA", "US", "owner")
    absent = uuid4()
    for headers, identity in ((eu, hidden), (cmr, shown), (eu, absent), (cmr, absent)):
        response = await tracker.http.get(f"/v1/actions/{identity}", headers=headers)
        assert response.status_code == 403
        assert response.json()["reason"] == "NO_ACCESS"
        assert response.json()["detail"] == f"permission denied on action {identity} (or it might not exist)"
    role = await tracker.post(f"/v1/actions/{shown}/accept", {}, tracker.headers("DSIT", "UK", "auditor"), 1)
    assert (role.status_code, role.json()["reason"]) == (403, "ROLE_MISSING")
    stranger = await tracker.post(
        f"/v1/actions/{shown}/accept", {}, tracker.headers("FCDO", "UK", "owner"), 1
    )
    assert (stranger.status_code, stranger.json()["reason"]) == (403, "NOT_ACCOUNTABLE")
    unlawful = tracker.headers("EUROPOL", "EU", "secretariat")
    confirming = await tracker.post(f"/v1/actions/{shown}/confirm", {}, unlawful, 1)
    assert (confirming.status_code, confirming.json()["reason"]) == (403, "NO_ACCESS")


async def test_a_claimant_does_not_confirm_its_own_claim(tracker: Tracker) -> None:
    identity = await tracker.open()
    await tracker.work(identity)
    here = f"/v1/actions/{identity}/confirm"
    own = await tracker.post(here, {}, tracker.headers("DSIT", "UK", "owner"), 4)
    assert (own.status_code, own.json()["reason"]) == (403, "CLAIMANT_CANNOT_CONFIRM")
    colleague = await tracker.post(here, {}, tracker.headers("FCDO", "UK", "chair"), 4)
    assert (colleague.status_code, colleague.json()["reason"]) == (409, "CONFIRMATION_NOT_AWAITED")
