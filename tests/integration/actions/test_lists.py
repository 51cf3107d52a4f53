"""Lists are paged, and show no trace of what their reader may not see."""

from typing import Any

import grpc
from entente.actions.v1 import action_service_pb2 as api

from tests.support.rpc import refusal
from tests.support.tracking import Tracker


async def test_a_list_is_paged_without_a_trace_of_what_the_reader_may_not_see(tracker: Tracker) -> None:
    shown = []
    for month, marking in enumerate(["UK OFFICIAL", "TLP:CLEAR", "UK OFFICIAL", "TLP:GREEN", "TLP:CLEAR"], 1):
        identity = await tracker.open(marking=marking, due_date=f"2027-{month:02}-01")
        if marking != "UK OFFICIAL":
            shown.append(identity)
    eu = tracker.headers("CNECT", "EU", "owner")

    async def page(token: str = "", **more: Any) -> dict[str, Any]:
        query = {"series": "uk-eu", "page_size": 2, "page_token": token, **more}
        response = await tracker.http.get("/v1/actions", params=query, headers=eu)
        answer: dict[str, Any] = response.json()
        return answer

    first = await page()
    second = await page(first["next_page_token"])
    assert [action["id"] for action in first["actions"] + second["actions"]] == shown
    assert second["next_page_token"] == ""
    assert len((await page(page_size=1))["actions"]) == 1
    assert (await page(first["next_page_token"], open_only=True))["reason"] == "PAGE_TOKEN_INVALID"
    assert (await page("bm8"))["reason"] == "PAGE_TOKEN_INVALID"
    assert (await page("é"))["reason"] == "PAGE_TOKEN_INVALID"
    assert (await page(series="uk-us-cmr"))["reason"] == "NO_ACCESS"
    assert (await page(series="uk-fr"))["reason"] == "NO_ACCESS"


async def test_closed_actions_are_left_out_of_what_is_open(tracker: Tracker) -> None:
    closed, still_open = await tracker.open(), await tracker.open()
    await tracker.work(closed)
    eu = tracker.headers("CNECT", "EU", "owner")
    await tracker.post(f"/v1/actions/{closed}/confirm", {}, eu, 4)
    query = {"series": "uk-eu", "open_only": "true"}
    answer = (await tracker.http.get("/v1/actions", params=query, headers=eu)).json()
    assert [action["id"] for action in answer["actions"]] == [still_open]


async def test_lists_are_paged(tracker: Tracker) -> None:
    opened = [await tracker.open(due_date=f"2027-0{month}-01") for month in (1, 2, 3)]
    eu = tracker.metadata("CNECT", "EU", "owner")
    found: list[str] = []
    token = ""
    while True:
        request = api.ListActionsRequest(series="uk-eu", page_size=2, page_token=token)
        page = await tracker.rpc.ListActions(request, metadata=eu)
        found.extend(action.snapshot.action_id for action in page.actions)
        token = page.next_page_token
        if not token:
            break
    assert found == opened
    negative = tracker.rpc.ListActions(api.ListActionsRequest(series="uk-eu", page_size=-1), metadata=eu)
    assert await refusal(negative) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_VALUE")
