"""The rest of a meeting that runs late, under what the caller's own side planned and nobody else."""

from datetime import timedelta
from typing import Any

from tests.support.dialogue import (
    EU_SECRETARIAT,
    LEADERSHIP,
    STARTS,
    UK_SECRETARIAT,
    Dialogue,
)


def at(minutes: int) -> str:
    return (STARTS + timedelta(minutes=minutes)).isoformat().replace("+00:00", "Z")


def after(start: int, end: int) -> dict[str, str]:
    return {"starts_at": at(start), "ends_at": at(end)}


async def begun(dialogue: Dialogue) -> tuple[Any, str]:
    """The draft of an agreed agenda whose first item runs, and the path of what is left."""
    meeting, draft, agenda = await dialogue.tabled()
    await dialogue.draft(meeting, EU_SECRETARIAT)
    await dialogue.agree("agendas", agenda["id"])
    dialogue.clock.at = STARTS
    path = f"/v1/meetings/{meeting['id']}/run"
    start = {"item_id": draft["items"][0]["id"]}
    await dialogue.done(UK_SECRETARIAT, "POST", f"{path}/items", start, version=0)
    return draft, f"{path}/rest"


async def screens(dialogue: Dialogue, path: str) -> bytes:
    """What the screen in the room shows, to whoever asks."""
    shown = {
        (await dialogue.ask(who, "GET", path.replace("run/rest", "presentation"))).content
        for who in (UK_SECRETARIAT, EU_SECRETARIAT, LEADERSHIP)
    }
    (one,) = shown
    return one


async def test_an_over_run_is_fitted_into_what_ones_own_side_planned_and_no_other_side_learns_of_it(
    dialogue: Dialogue,
) -> None:
    draft, path = await begun(dialogue)
    first, second, third, *others = draft["items"]
    whole = sum(item["minutes"] for item in draft["items"])
    over = first["minutes"] + 7
    dialogue.clock.at = STARTS + timedelta(minutes=over)
    before = {
        who: (await dialogue.ask(who, "GET", path)).content
        for who in (UK_SECRETARIAT, EU_SECRETARIAT, LEADERSHIP)
    }
    screen = await screens(dialogue, path)
    planning = {
        "windows": [{"id": "day 1", **after(0, whole + 10)}],
        "breaks": [{"id": "secret tea", **after(over, over + 10)}],
        "items": [
            {"item_id": second["id"], "least": second["minutes"]},
            {
                "item_id": third["id"],
                "least": third["minutes"],
                "present": [after(over, over + 10 + third["minutes"])],
            },
            {"item_id": others[-1]["id"], "least": others[-1]["minutes"]},
        ],
    }
    put = f"/v1/drafts/{draft['id']}/planning"
    await dialogue.done(UK_SECRETARIAT, "PUT", put, planning, version=0)

    mine = await dialogue.done(UK_SECRETARIAT, "GET", path)
    found = {one["item_id"]: one for one in mine["items"]}
    assert (mine["planning"], mine["given_up"]) == (1, [])
    assert mine["ends_at"] == at(whole + 10)
    assert sum(one["planned_minutes"] - one["minutes"] for one in mine["items"]) == 7
    assert found[second["id"]]["minutes"] == second["minutes"]
    assert found[second["id"]]["why"] == []
    # The presenter of the third item is there first, and only so long.
    assert found[third["id"]]["starts_at"] == at(over + 10)
    left = whole - first["minutes"]
    short = f"the items left ask for {left} minutes, and there is room for {left - 7} minutes"
    shortened = [one for one in mine["items"] if one["minutes"] < one["planned_minutes"]]
    assert shortened
    assert all(short in one["why"] for one in shortened)

    for who in (EU_SECRETARIAT, LEADERSHIP):
        assert (await dialogue.ask(who, "GET", path)).content == before[who]
    assert (await dialogue.ask(UK_SECRETARIAT, "GET", path)).content != before[UK_SECRETARIAT]
    assert await screens(dialogue, path) == screen
    (theirs,) = (await dialogue.done(EU_SECRETARIAT, "GET", path.replace("run/rest", "drafts")))["drafts"]
    await dialogue.done(EU_SECRETARIAT, "PUT", f"/v1/drafts/{theirs['id']}/planning", {}, version=0)
    under_theirs = await dialogue.done(EU_SECRETARIAT, "GET", path)
    assert (under_theirs["planning"], under_theirs["breaks"]) == (1, [])
    assert (await dialogue.done(UK_SECRETARIAT, "GET", path)) == mine
    assert [one["id"] for one in mine["breaks"]] == ["secret tea"]
    # A planning of days that the meeting no longer has is none.
    dialogue.rows("UPDATE meeting SET ends_at = starts_at + interval '1 hour' RETURNING id")
    assert (await dialogue.done(UK_SECRETARIAT, "GET", path))["planning"] == 0


async def test_what_cannot_be_kept_is_named_with_what_it_conflicts_with(dialogue: Dialogue) -> None:
    draft, path = await begun(dialogue)
    first, second, third, *others = draft["items"]
    start = first["minutes"]
    body = {
        "windows": [{"id": "day 1", **after(0, start + 20)}],
        "items": [
            {"item_id": second["id"], "least": 20},
            {"item_id": third["id"], "least": 15},
            *({"item_id": one["id"], "optional": True} for one in others),
        ],
    }
    # A window in which all of it fits is asked of a planning only by what it must take.
    await dialogue.done(UK_SECRETARIAT, "PUT", f"/v1/drafts/{draft['id']}/planning", body, version=0)
    dialogue.clock.at = STARTS + timedelta(minutes=start)
    found = await dialogue.done(UK_SECRETARIAT, "GET", path)
    (lost, *_) = found["given_up"]
    assert lost["constraint"] in lost["conflict"]
    assert lost["conflict"]
    dropped = [one for one in found["items"] if one["minutes"] is None]
    assert dropped
    assert all(one["why"] for one in dropped)
    named = "it must be taken, and cannot be together with what is named in the conflict"
    assert any(named in one["why"] for one in dropped)
    assert any(
        "it need not be taken, and what is taken is worth more" in one["why"] for one in dropped
    ) == any(
        one["item_id"] in {other["id"] for other in others if other["kind"] != "STANDING"} for one in dropped
    )
    assert all(one["minutes"] is None for one in found["items"] if "no time is left" in one["why"])
    gone = await dialogue.done(UK_SECRETARIAT, "GET", f"{path}?until={at(0)}")
    assert {(one["minutes"], *one["why"]) for one in gone["items"]} == {(None, "no time is left")}
