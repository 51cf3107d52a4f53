"""Reading over REST and gRPC: what is found, told and counted, and which questions are refused."""

import base64
from typing import Any

import grpc
import orjson
import pytest
from entente.actions.v1 import action_service_pb2 as api
from entente.exchange.v1 import action_status_pb2
from google.protobuf.timestamp_pb2 import Timestamp

from tests.support.rpc import refusal
from tests.support.tracking import Tracker


@pytest.fixture
def tracker(shared_tracker: Tracker) -> Tracker:
    return shared_tracker


async def ask(tracker: Tracker, path: str, reader: str = "EU", /, **query: Any) -> dict[str, Any]:
    organisation = {"EU": "CNECT", "UK": "DSIT"}[reader]
    response = await tracker.http.get(
        f"/v1/actions{path}",
        params={"series": "uk-eu", **query},
        headers=tracker.headers(organisation, reader, "owner"),
    )
    answer: dict[str, Any] = response.json()
    return {"status": response.status_code, **answer}


def figure(answer: dict[str, Any], name: str) -> dict[str, Any]:
    (found,) = [one for one in answer["figures"] if one["name"] == name]
    return {entry["key"]: entry["value"] for entry in found["values"]} | {"of": found["population"]}


async def test_what_a_party_may_not_see_is_on_no_list_in_no_number_and_in_no_history(
    tracker: Tracker,
) -> None:
    before = {party: await ask(tracker, "/figures", party) for party in ("UK", "EU")}
    shown = await tracker.open(marking="TLP:CLEAR")
    hidden = await tracker.open(marking="UK OFFICIAL")
    await tracker.work(shown)
    after = {party: await ask(tracker, "/figures", party) for party in ("UK", "EU")}
    grown = {
        party: figure(after[party], "STATE")["of"] - figure(before[party], "STATE")["of"]
        for party in ("UK", "EU")
    }
    assert grown == {"UK": 2, "EU": 1}
    history = await ask(tracker, f"/{shown}/history")
    assert [change["kind"] for change in history["changes"]] == [
        "action.opened",
        "action.accepted",
        "action.progress-reported",
        "action.completion-claimed",
    ]
    assert {"field": "state", "before": ["AGREED"], "after": ["ASSIGNED"]} in history["changes"][1]["fields"]
    first = await ask(tracker, f"/{shown}/history", page_size=3)
    second = await ask(tracker, f"/{shown}/history", page_size=3, page_token=first["next_page_token"])
    assert first["changes"] + second["changes"] == history["changes"]
    foreign = await ask(tracker, f"/{shown}/history", "UK", page_token=first["next_page_token"])
    assert foreign["reason"] == "PAGE_TOKEN_INVALID"
    for part in ("history", "thread"):
        assert (await ask(tracker, f"/{hidden}/{part}"))["reason"] == "NO_ACCESS"
    thread = await ask(tracker, f"/{shown}/thread")
    assert (thread["action"]["state"], len(thread["evidence"])) == ("COMPLETION_CLAIMED", 1)
    changed = await ask(tracker, "/changes", since="2020-01-01", page_size=200)
    assert hidden not in {change["action_id"] for change in changed["changes"]}
    assert shown in {change["action_id"] for change in changed["changes"]}


async def test_one_question_has_one_answer_over_rest_and_over_grpc(tracker: Tracker) -> None:
    await tracker.open(marking="TLP:CLEAR", due_date="2027-02-03")
    eu = tracker.metadata("CNECT", "EU", "owner")
    wanted = api.ActionFilter(
        states=[action_status_pb2.ACTION_STATE_AGREED], due_from="2027-02-03", due_to="2027-02-03"
    )
    request = api.ListActionsRequest(
        series="uk-eu", filter=wanted, order=api.ACTION_ORDER_REFERENCE, descending=True
    )
    told = await tracker.rpc.ListActions(request, metadata=eu)
    query = {"state": "AGREED", "due_from": "2027-02-03", "due_to": "2027-02-03"}
    answer = await ask(tracker, "", order="REFERENCE", descending=True, **query)
    assert [one["id"] for one in answer["actions"]] == [one.snapshot.action_id for one in told.actions]
    assert told.actions
    counted = await tracker.rpc.GetActionFigures(
        api.GetActionFiguresRequest(series="uk-eu", filter=wanted), metadata=eu
    )
    figures = await ask(tracker, "/figures", **query)
    assert [
        (one.name, one.population, [(v.key, v.value) for v in one.values]) for one in counted.figures
    ] == [
        (one["name"], one["population"], [(v["key"], v["value"]) for v in one["values"]])
        for one in figures["figures"]
    ]
    assert all(one["as_of"] == figures["as_of"] and one["counted"] for one in figures["figures"])
    trend = await tracker.rpc.GetRatingTrend(
        api.GetRatingTrendRequest(series="uk-eu", filter=wanted, period=api.TREND_PERIOD_WEEK, periods=3),
        metadata=eu,
    )
    points = (await ask(tracker, "/figures/trend", period="WEEK", periods=3, **query))["points"]
    assert [(one.day, [(f.name, f.population) for f in one.figures]) for one in trend.points] == [
        (one["day"], [(f["name"], f["population"]) for f in one["figures"]]) for one in points
    ]
    rated = [one for one in figures["figures"] if one["name"] in {"CLAIMED_RAG", "COMPUTED_RAG"}]
    assert [one["values"] for one in points[-1]["figures"]] == [one["values"] for one in rated]
    assert (len(points), points[0]["figures"][0]["population"]) == (3, 0)
    identity = told.actions[0].snapshot.action_id
    history = await tracker.rpc.GetActionHistory(api.GetActionHistoryRequest(action_id=identity), metadata=eu)
    assert [one.kind for one in history.changes] == ["action.opened"]
    since = Timestamp(seconds=1)
    changes = await tracker.rpc.ListActionChanges(
        api.ListActionChangesRequest(series="uk-eu", since=since, filter=wanted), metadata=eu
    )
    assert identity in {one.action_id for one in changes.changes}


@pytest.mark.parametrize(
    ("path", "query", "reason"),
    [
        ("", {"owner": "NOBODY"}, "INVALID_VALUE"),
        ("", {"supporting": "DSIT'; DROP TABLE action; --"}, "INVALID_VALUE"),
        ("", {"party": "US"}, "INVALID_VALUE"),
        ("", {"commitment": "Z9"}, "INVALID_VALUE"),
        ("", {"instrument": "cyber-management-review-2021"}, "INVALID_VALUE"),
        ("", {"due_from": "2027-02-02", "due_to": "2027-02-01"}, "INVALID_VALUE"),
        ("", {"text": "\x00"}, "INVALID_VALUE"),
        ("", {"meeting_id": "a\nb"}, "INVALID_VALUE"),
        ("/figures", {"as_of": "9999-12-31"}, "INVALID_VALUE"),
        ("/figures", {"as_of": "2026-02-30"}, "INVALID_VALUE"),
        ("/figures/trend", {"as_of": "9999-12-31"}, "INVALID_VALUE"),
        ("/figures", {"as_of": "2026-11-23T10:00:00"}, "INVALID_VALUE"),
        ("/figures", {"as_of": "0001-01-01T00:00:00+23:59"}, "INVALID_VALUE"),
        ("/changes", {"since": "9999-12-31"}, "INVALID_VALUE"),
        ("/changes", {"since": "yesterday"}, "INVALID_VALUE"),
        ("/changes", {"since": "0001-01-01"}, "INVALID_VALUE"),
        ("/changes", {"since": "2020-01-01", "page_token": "W10"}, "PAGE_TOKEN_INVALID"),
        ("", {"page_token": "WyJhIiwiYiJd"}, "PAGE_TOKEN_INVALID"),
    ],
)
async def test_a_question_that_can_have_no_answer_is_refused(
    tracker: Tracker, path: str, query: dict[str, str], reason: str
) -> None:
    answer = await ask(tracker, path, **query)
    assert (answer["status"], answer["reason"]) == (400, reason)
    assert [error["pointer"].strip("/") in query for error in answer["errors"]] == [True]


@pytest.mark.parametrize(
    "query",
    [
        {"state": "DONE"},
        {"claimed_rag": "BLUE"},
        {"edition": "0"},
        {"page_size": "-1"},
        {"page_size": "x"},
        {"order": "RANDOM"},
        {"due_from": "31/12/2027"},
        {"text": "a" * 201},
        {"page_token": "a" * 501},
    ],
)
async def test_what_is_no_value_of_a_filter_is_refused(tracker: Tracker, query: dict[str, str]) -> None:
    assert (await ask(tracker, "", **query))["status"] == 400


async def test_a_trend_is_of_known_periods_and_no_more_than_two_dozen(tracker: Tracker) -> None:
    for wrong in ({"periods": 0}, {"periods": 25}, {"period": "DAY"}, {"periods": "x"}):
        assert (await ask(tracker, "/figures/trend", **wrong))["status"] == 400
    ancient = await ask(tracker, "/figures/trend", as_of="0001-01-20", periods=24)
    assert [one["day"] for one in ancient["points"]] == ["0001-01-20"]
    eu = tracker.metadata("CNECT", "EU", "owner")
    for changes in ({"periods": 25}, {"periods": -1}, {"period": 99}):
        asked = tracker.rpc.GetRatingTrend(
            api.GetRatingTrendRequest(series="uk-eu", **changes),  # type: ignore[arg-type]
            metadata=eu,
        )
        assert await refusal(asked) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_VALUE")


async def test_a_token_whose_place_a_reader_rewrote_is_refused(tracker: Tracker) -> None:
    """Python reads days by their week, which the database does not, and instants without an offset."""
    for _ in range(2):
        await tracker.open(marking="TLP:CLEAR")
    for order, place in (
        ("DUE_DATE", "2027-W01-1"),
        ("OPENED_AT", "2027-W01-1T00:00:00+00:00"),
        ("OPENED_AT", "2027-01-01T00:00:00"),
    ):
        given = (await ask(tracker, "", order=order, page_size=1))["next_page_token"]
        question, _, reference = orjson.loads(base64.urlsafe_b64decode(given + "=="))
        rewritten = base64.urlsafe_b64encode(orjson.dumps([question, place, reference])).decode().rstrip("=")
        answer = await ask(tracker, "", order=order, page_size=1, page_token=rewritten)
        assert (answer["status"], answer["reason"]) == (400, "PAGE_TOKEN_INVALID")


async def test_the_ends_of_the_calendar_and_a_huge_page_are_no_mistakes(tracker: Tracker) -> None:
    for query in ({"due_from": "0001-01-01"}, {"due_to": "9999-12-31"}, {"page_size": "2147483647"}):
        assert (await ask(tracker, "", **query))["status"] == 200
    assert figure(await ask(tracker, "/figures", as_of="2000-01-01"), "STATE")["of"] == 0


async def test_only_readers_of_the_series_ask(tracker: Tracker) -> None:
    for path in ("", "/figures", "/figures/trend", "/changes"):
        answer = await ask(tracker, path, series="uk-us-cmr", since="2020-01-01")
        assert (answer["status"], answer["reason"]) == (403, "NO_ACCESS")
        response = await tracker.http.get(f"/v1/actions{path}", params={"series": "uk-eu"})
        assert response.status_code == 401
    eu = tracker.metadata("CNECT", "EU", "owner")
    unknown = api.ActionFilter(states=[99])  # type: ignore[list-item]
    asked = tracker.rpc.ListActions(api.ListActionsRequest(series="uk-eu", filter=unknown), metadata=eu)
    assert await refusal(asked) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_VALUE")
    far = Timestamp(seconds=10**15)
    figures = api.GetActionFiguresRequest(series="uk-eu", as_of=far)
    asked = tracker.rpc.GetActionFigures(figures, metadata=eu)
    assert await refusal(asked) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_VALUE")


async def test_what_was_before_the_record_began_is_not_made_up(tracker: Tracker) -> None:
    tracker.rows("UPDATE action_history SET began_at = '2026-01-01T00:00:00Z' RETURNING 1")
    answer = await ask(tracker, "/figures", as_of="2025-12-31")
    assert (answer["status"], answer["reason"]) == (400, "HISTORY_UNKNOWN")
    assert (await ask(tracker, "/figures", as_of="2026-01-02"))["status"] == 200
    trend = await ask(tracker, "/figures/trend", as_of="2026-02-03")
    assert [one["day"] for one in trend["points"]] == ["2026-01-31", "2026-02-03"]
    assert trend["record_began_at"] == "2026-01-01T00:00:00Z"
    tracker.rows("UPDATE action_history SET began_at = NULL RETURNING 1")
