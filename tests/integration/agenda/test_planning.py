"""A party plans its draft under the time there is; the other party learns of none of it."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from tests.support.dialogue import (
    EU_SECRETARIAT,
    FCDO,
    LEADERSHIP,
    NSA,
    STARTS,
    UK_SECRETARIAT,
    Dialogue,
    item_body,
)
from tests.support.peers import ALLOWED


def at(minutes: int) -> str:
    return (STARTS + timedelta(minutes=minutes)).isoformat()


def window(minutes: int) -> dict[str, object]:
    return {"id": "day 1", "starts_at": at(0), "ends_at": at(minutes)}


async def planned(dialogue: Dialogue, draft: dict[str, Any], version: int = 0, **body: object) -> Any:
    return await dialogue.ask(
        UK_SECRETARIAT, "PUT", f"/v1/drafts/{draft['id']}/planning", body, version=version
    )


async def solved(dialogue: Dialogue, draft: dict[str, Any], version: int, *, only: bool = False) -> Any:
    path = f"/v1/drafts/{draft['id']}/assembly"
    return await dialogue.ask(UK_SECRETARIAT, "POST", path, {"validate_only": only}, version=version)


async def read(dialogue: Dialogue, draft: dict[str, Any], part: str = "") -> Any:
    found = await dialogue.ask(UK_SECRETARIAT, "GET", f"/v1/drafts/{draft['id']}{part}")
    assert found.status_code == 200
    return found.json()


async def test_a_draft_is_assembled_around_what_was_set_by_hand_and_what_has_no_room_waits(
    dialogue: Dialogue,
) -> None:
    draft = await dialogue.draft(await dialogue.meeting())
    added = await dialogue.ask(
        UK_SECRETARIAT,
        "POST",
        f"/v1/drafts/{draft['id']}/items",
        item_body(minutes=30, title="Only if there is time"),
        version=draft["version"],
    )
    held = added.json()
    total = sum(item["minutes"] for item in held["items"])
    extra, second, third = held["items"][-1], held["items"][1], held["items"][2]
    body = {
        "windows": [window(total - 30)],
        "items": [
            {"item_id": extra["id"], "optional": True, "worth": 5},
            {"item_id": third["id"], "position": 2},
            {"item_id": second["id"], "least": 5, "most": second["minutes"], "minutes": 5},
        ],
    }
    put = await planned(dialogue, held, **body)
    assert (put.status_code, put.headers["etag"]) == (200, '"1"')

    preview = (await solved(dialogue, held, held["version"], only=True)).json()
    assert (preview["feasible"], preview["applied"]) == (True, False)
    assert {**await read(dialogue, held), "time": held["time"]} == held
    (day,) = preview["time"]["days"]
    taken = sum(item["minutes"] for item in preview["items"])
    assert (day["item_minutes"], day["window_minutes"], day["over_by"]) == (taken, total - 30, 0)
    (over,) = (await read(dialogue, held))["time"]["over_runs"]
    assert (over["day"], over["minutes"]) == ("2026-12-09", 30)

    applied = (await solved(dialogue, held, held["version"])).json()
    assert applied["items"] == preview["items"]
    assert applied["left_out"] == [extra["id"]]
    now = await read(dialogue, held)
    assert (now["time"]["over_runs"], now["time"]["item_minutes"]) == ([], taken)
    assert now["version"] == applied["draft_version"] == held["version"] + 1
    assert [(i["id"], i["minutes"]) for i in now["items"]] == [
        (i["item_id"], i["minutes"]) for i in applied["items"]
    ]
    assert now["items"][1]["id"] == third["id"]
    assert next(i["minutes"] for i in now["items"] if i["id"] == second["id"]) == 5
    waiting = (await read(dialogue, held, "/planning"))["parked"]
    assert [entry["item_id"] for entry in waiting] == [extra["id"]]

    roomier = {**body, "windows": [window(total + 30)]}
    assert (await planned(dialogue, held, 1, **roomier)).status_code == 200
    again = (await solved(dialogue, held, now["version"])).json()
    assert again["left_out"] == []
    back = await read(dialogue, held)
    returned = next(item for item in back["items"] if item["id"] == extra["id"])
    assert {**returned, "position": extra["position"]} == extra


async def test_a_conflict_is_told_in_words_and_nothing_is_applied(dialogue: Dialogue) -> None:
    draft = await dialogue.draft(await dialogue.meeting())
    one, other = draft["items"][0], draft["items"][1]
    items = [{"item_id": one["id"], "position": 1}, {"item_id": other["id"], "position": 1}]
    assert (await planned(dialogue, draft, items=items)).status_code == 200
    told = (await solved(dialogue, draft, draft["version"], only=True)).json()
    assert (told["feasible"], told["items"]) == (False, [])
    assert sorted(told["conflict"]) == sorted(f"'{i['title']}' is pinned to position 1" for i in (one, other))
    refused = await solved(dialogue, draft, draft["version"])
    assert (refused.status_code, refused.json()["reason"]) == (409, "NO_FEASIBLE_AGENDA")
    assert one["title"] in refused.json()["detail"]
    assert await read(dialogue, draft) == draft


async def test_plannings_that_make_no_sense_are_refused_by_name(dialogue: Dialogue) -> None:
    draft = await dialogue.draft(await dialogue.meeting())
    one, other = (item["id"] for item in draft["items"][:2])

    def item(**changes: object) -> dict[str, object]:
        return {"items": [{"item_id": one, **changes}]}

    day = 1_440
    refusals: list[tuple[dict[str, object], str]] = [
        (item(minutes=0), "MINUTES_INVALID"),
        (item(minutes=-1), "MINUTES_INVALID"),
        (item(least=0), "MINUTES_INVALID"),
        (item(least=-1), "MINUTES_INVALID"),
        (item(most=-1), "MINUTES_INVALID"),
        *(
            ({"movable_breaks": [{"id": "tea", "minutes": none, "earliest": at(0), "latest": at(9)}]}, reason)
            for none, reason in ((0, "MINUTES_INVALID"), (-1, "MINUTES_INVALID"))
        ),
        (item(least=400), "MINUTES_OUT_OF_ORDER"),
        (item(position=99), "POSITION_OUT_OF_RANGE"),
        (item(item_id=str(uuid4())), "UNKNOWN_PLANNING_NAME"),
        (item(window="night"), "UNKNOWN_PLANNING_NAME"),
        (item(present=[{"starts_at": at(9 * day), "ends_at": at(10 * day)}]), "PRESENTER_NEVER_PRESENT"),
        ({"windows": [window(9 * day)]}, "WINDOW_INVALID"),
        ({"windows": [window(-5)]}, "WINDOW_INVALID"),
        ({"windows": [window(2)]}, "MEETING_LONGER_THAN_WINDOW"),
        (
            {"orders": [{"before": one, "after": other}, {"before": other, "after": one}]},
            "ORDER_CIRCULAR",
        ),
        ({"orders": "none"}, "INVALID_REQUEST"),
        ({"colour": "blue"}, "INVALID_REQUEST"),
    ]
    for body, reason in refusals:
        refused = await planned(dialogue, draft, **body)
        assert (refused.status_code, refused.json()["reason"]) == (400, reason), body
    assert (await read(dialogue, draft, "/planning"))["version"] == 0


async def test_a_planning_belongs_to_one_party_and_to_those_who_edit_its_draft(dialogue: Dialogue) -> None:
    draft = await dialogue.draft(await dialogue.meeting())
    await planned(dialogue, draft, gap=5)
    path = f"/v1/drafts/{draft['id']}"
    unknown = f"/v1/drafts/{uuid4()}"
    for who in (EU_SECRETARIAT, NSA):
        seen = await dialogue.ask(who, "GET", f"{path}/planning")
        guess = await dialogue.ask(who, "GET", f"{unknown}/planning")
        assert seen.status_code == guess.status_code == 403
        assert seen.json()["reason"] == guess.json()["reason"] == "NO_ACCESS"
        put = await dialogue.ask(who, "PUT", f"{path}/planning", {}, version=1)
        post = await dialogue.ask(who, "POST", f"{path}/assembly", {}, version=draft["version"])
        assert (put.json()["reason"], post.json()["reason"]) == ("NO_ACCESS", "NO_ACCESS")
    assert (await dialogue.ask(FCDO, "GET", f"{path}/planning")).json()["gap"] == 5
    for who in (FCDO, LEADERSHIP):
        assert (await dialogue.ask(who, "PUT", f"{path}/planning", {}, version=1)).status_code == 403


@pytest.mark.parametrize("version", [0, 7])
async def test_a_stale_planning_is_refused(dialogue: Dialogue, version: int) -> None:
    draft = await dialogue.draft(await dialogue.meeting())
    assert (await planned(dialogue, draft, gap=1)).status_code == 200
    stale = await planned(dialogue, draft, version, gap=2)
    assert (stale.status_code, stale.json()["reason"]) == (412, "STALE_VERSION")
    changes = stale.json().get("changes", [])
    assert [one["fields"] for one in changes] == ([["gap"]] if version == 0 else [])
    solve = await solved(dialogue, draft, draft["version"] + 1)
    assert (solve.status_code, solve.json()["reason"]) == (412, "STALE_VERSION")
    assert (await read(dialogue, draft, "/planning"))["gap"] == 1


async def two_optional(dialogue: Dialogue) -> tuple[Any, Any, Any, dict[str, Any]]:
    """A draft whose last items are as long as each other, of which only one has room, and its planning."""
    draft = await dialogue.draft(await dialogue.meeting())
    room = sum(item["minutes"] for item in draft["items"]) + 20
    for title, theme in (("Any subject", ""), ("A subject that ranks", "THREAT_LANDSCAPE")):
        body = item_body(title=title, theme=theme, commitments=[])
        path = f"/v1/drafts/{draft['id']}/items"
        draft = await dialogue.done(UK_SECRETARIAT, "POST", path, body, version=draft["version"])
    any_subject, ranking = draft["items"][-2:]
    items = [{"item_id": entry["id"], "optional": True} for entry in (any_subject, ranking)]
    return draft, any_subject, ranking, {"windows": [window(room)], "items": items}


def names(value: object) -> set[str]:
    """The names of all members of a document."""
    if isinstance(value, dict):
        return set(value).union(*map(names, value.values()))
    return set().union(*map(names, value)) if isinstance(value, list) else set()


async def test_a_partys_own_ranking_gives_worth_to_its_own_items_and_reaches_nobody_else(
    dialogue: Dialogue,
) -> None:
    dialogue.assessment(rules={"UK": ALLOWED, "EU": "ORIGINATOR_CONSENT_MISSING"}, seen_by=frozenset({"UK"}))
    draft, any_subject, ranking, body = await two_optional(dialogue)
    assert (await planned(dialogue, draft, **body)).status_code == 200
    assert (await read(dialogue, draft, "/planning"))["ranking_run"] is None
    equal = (await solved(dialogue, draft, draft["version"], only=True)).json()
    assert (equal["ranking_run"], len(equal["left_out"])) == (0, 1)

    path = f"/v1/drafts/{draft['id']}/planning/ranking"
    run = await dialogue.done(UK_SECRETARIAT, "POST", path, {})
    assert (run["number"], run["weights_version"]) == (1, dialogue.parts.policy.ranking.version)
    by_rank = (await solved(dialogue, draft, draft["version"], only=True)).json()
    assert (by_rank["ranking_run"], by_rank["left_out"]) == (1, [any_subject["id"]])
    assert by_rank["value"] > equal["value"]
    # What is published later moves nothing until the ranking is made anew.
    dialogue.assessment()
    again = (await solved(dialogue, draft, draft["version"], only=True)).json()
    assert again == by_rank
    assert (await dialogue.done(UK_SECRETARIAT, "POST", path, {}))["number"] == 2

    body["items"][0]["worth"] = 1_000
    assert (await planned(dialogue, draft, 1, **body)).status_code == 200
    by_hand = (await solved(dialogue, draft, draft["version"])).json()
    assert (by_hand["ranking_run"], by_hand["left_out"]) == (2, [ranking["id"]])
    ((detail,),) = dialogue.rows("SELECT detail FROM audit WHERE action = 'draft.assembled'")
    assert (detail["planning"], detail["ranking_run"]) == (2, 2)

    for who in (EU_SECRETARIAT, NSA):
        seen = await dialogue.ask(who, "POST", path, {})
        guess = await dialogue.ask(who, "POST", f"/v1/drafts/{uuid4()}/planning/ranking", {})
        assert seen.status_code == guess.status_code == 403
        assert seen.json()["reason"] == guess.json()["reason"] == "NO_ACCESS"
    tabled = await dialogue.table(await read(dialogue, draft))
    view = await dialogue.done(EU_SECRETARIAT, "GET", f"/v1/agendas/{tabled['id']}")
    unranked = await dialogue.draft({"id": draft["meeting_id"]}, EU_SECRETARIAT)
    plain = await dialogue.table(unranked, EU_SECRETARIAT)
    joint = names(await dialogue.done(UK_SECRETARIAT, "GET", f"/v1/agendas/{plain['id']}"))
    # An item that is no line of the template came late, which follows from when it was tabled.
    assert names(view) <= joint | {"name", "due"}
    for word in ("worth", "ranking", "points"):
        assert word not in str(view)
    assert "ranking" not in str(dialogue.published("agenda.agenda.v1"))


async def test_an_item_that_is_removed_leaves_the_planning_and_what_waits(dialogue: Dialogue) -> None:
    draft, one, other, body = await two_optional(dialogue)
    body["orders"] = [{"before": one["id"], "after": other["id"]}]
    assert (await planned(dialogue, draft, **body)).status_code == 200
    applied = (await solved(dialogue, draft, draft["version"])).json()
    (waiting,) = applied["left_out"]
    (taken,) = {one["id"], other["id"]} - {waiting}
    path = f"/v1/drafts/{draft['id']}/items"
    version = applied["draft_version"]
    for who, seen, status in ((UK_SECRETARIAT, version - 1, 412), (EU_SECRETARIAT, version, 403)):
        refused = await dialogue.ask(who, "DELETE", f"{path}/{waiting}", version=seen)
        assert refused.status_code == status
    now = await dialogue.done(UK_SECRETARIAT, "DELETE", f"{path}/{waiting}", version=version)
    assert [item["id"] for item in now["items"]] == [entry["item_id"] for entry in applied["items"]]
    planning = await read(dialogue, draft, "/planning")
    assert (planning["version"], planning["parked"], planning["orders"]) == (2, [], [])
    assert [entry["item_id"] for entry in planning["items"]] == [taken]
    now = await dialogue.done(UK_SECRETARIAT, "DELETE", f"{path}/{taken}", version=now["version"])
    assert (await read(dialogue, draft, "/planning"))["items"] == []
    gone = await dialogue.ask(UK_SECRETARIAT, "DELETE", f"{path}/{taken}", version=now["version"])
    assert (gone.status_code, gone.json()["reason"]) == (404, "UNKNOWN_ITEM")
    assert (await solved(dialogue, draft, now["version"])).status_code == 200


@pytest.mark.parametrize("minutes", [0, -1])
async def test_an_item_has_at_least_a_minute_in_a_draft_and_on_the_table(
    dialogue: Dialogue, minutes: int
) -> None:
    draft = await dialogue.draft(await dialogue.meeting())
    path, item = f"/v1/drafts/{draft['id']}/items", draft["items"][1]
    for method, target in (("POST", path), ("PUT", f"{path}/{item['id']}")):
        body = item_body(minutes=minutes)
        refused = await dialogue.ask(UK_SECRETARIAT, method, target, body, version=draft["version"])
        assert (refused.status_code, refused.json()["reason"]) == (400, "INVALID_REQUEST")
    assert await read(dialogue, draft) == draft
    # What was written before there was a least is not put on the table.
    dialogue.rows("UPDATE draft_item SET minutes = 0 WHERE position = 2 RETURNING id")
    table = f"/v1/drafts/{draft['id']}/table"
    body = {"marking": "TLP:GREEN"}
    refused = await dialogue.ask(UK_SECRETARIAT, "POST", table, body, version=draft["version"])
    assert (refused.status_code, refused.json()["reason"]) == (400, "MINUTES_INVALID")
    assert refused.json()["errors"][0]["pointer"] == "/items/1/minutes"
