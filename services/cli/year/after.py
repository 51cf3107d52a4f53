"""The meeting and after it: run by the clock, concluded item by item, signed, and carried over."""

from datetime import datetime, timedelta
from typing import Final

from services.cli.clients.rest import Document
from services.cli.commands.asking import pages
from services.cli.thread.stage import PATIENCE, require
from services.cli.waiting import until
from services.cli.year.before import plan
from services.cli.year.clearing import ask_the_law
from services.cli.year.cycle import Side, Undertaking, Year

_OVERRUN: Final = 12
"""Minutes that the first item of substance takes beyond its plan."""


async def hold(year: Year) -> None:
    """Item after item by one clock for both sides; one over-runs, and the end is predicted later."""
    desk, run = year.stage.desk(year.cycle.drafting.secretariat), f"{year.path}/run"
    starts = datetime.fromisoformat(year.meeting["starts_at"]) + timedelta(minutes=1)
    year.stage.clock.forward_to(starts)
    elapsed = 0
    face: Document = {}
    for place, item in enumerate(year.items[:-1]):
        await desk.change("agenda", run, "items", {"item_id": item["itemId"]})
        elapsed += int(item.get("minutes", 0)) + (_OVERRUN if place == 1 else 0)
        year.stage.clock.forward_to(starts + timedelta(minutes=elapsed))
        face = await desk.change("agenda", run, "moves", {"move": "FINISH"})
    over = [one for one in face["items"] if one["over_by"] > 1]
    require(over, "no item over-ran on the run clock")
    year.say(
        f"ran {len(year.items) - 1} of {len(year.items)} items; {len(over)} took longer than planned, "
        f"by {max(one['over_by'] for one in over):.0f} minutes at most"
    )
    year.stage.clock.forward_to(datetime.fromisoformat(year.meeting["ends_at"]) + timedelta(hours=1))


async def register(year: Year) -> None:
    """Each side says who of its own was in the room."""
    closed: list[str] = []
    for side in year.cycle.sides:
        desk = year.stage.desk(side.secretariat)
        added = await desk.post("agenda", f"{year.path}/participants", {"role": "CO_CHAIR", **side.person})
        presence = f"/v1/participants/{added['id']}/presence"
        await desk.post("agenda", presence, {"answer": "ATTEND"}, etag=f'"{added["version"]}"')
        closed = (await desk.post("agenda", f"{year.path}/register/close", {}))["closed_by"]
    year.say(f"registers closed by {', '.join(closed)}")


async def conclude(year: Year) -> None:
    """What became of every item: an action, one put off, one not reached, and guidance of principals."""
    desk = year.stage.desk(year.cycle.drafting.secretariat)
    own = year.cycle.drafting.proposal["title"]
    substance = [item for item in year.items if item["kind"].endswith(("SUBSTANTIVE", "RESERVED"))]
    put_off = next(item for item in substance if item["title"] != own)
    year.deferred = put_off["itemId"]
    kinds: list[str] = []
    for item in year.items:
        body = _outcome(year, item, put_off)
        undertaking = _undertaken(year, item)
        if undertaking is not None:
            body = {**body, **_concluded(year, undertaking)}
        outcome = await desk.post(
            "agenda",
            f"{year.path}/outcomes",
            {"item_id": item["itemId"], "marking": year.cycle.marking, **body},
        )
        kinds.append(outcome["kind"])
        if undertaking is not None:
            year.actions.append((undertaking, outcome["action"]))
            year.say(f"action {outcome['action']['reference']}: {outcome['action']['text']}")
    told = ", ".join(f"{kinds.count(kind)} {kind}" for kind in sorted(set(kinds)))
    year.say(f"outcomes: {told}")


def _outcome(year: Year, item: Document, put_off: Document) -> Document:
    if item is put_off:
        return {"kind": "DEFERRED", "reason": "Both sides want to hear industry first."}
    if item is year.items[-1]:
        return {"kind": "NOT_REACHED", "reason": "The list of actions took its time."}
    if year.cycle.guidance and item["title"].startswith("Guidance"):
        return {
            "kind": "GUIDANCE",
            "conclusion": "Train together before training apart.",
            "addressees": list(year.cycle.guidance),
        }
    return {"kind": "NOTED", "conclusion": "Taken note of."}


def _undertaken(year: Year, item: Document) -> Undertaking | None:
    return next((one for one in year.cycle.undertakings if one.item == item["title"]), None)


def _concluded(year: Year, undertaking: Undertaking) -> Document:
    day = (year.stage.clock.now() + timedelta(days=undertaking.days)).date()
    action = undertaking.dated(day)
    return {"kind": "CONCLUDED", "conclusion": "Both sides will do it together.", "action": action}


async def minute(year: Year) -> None:
    """One side writes the minutes, the other accepts them; then the whole is signed once an official."""
    writer = year.stage.desk(year.cycle.drafting.secretariat)
    other = year.stage.desk(year.cycle.answering.secretariat)
    opening = f"{year.path}/minutes/OPENING"
    body = {"text": f"The parties met in {year.meeting['venue']}.", "marking": year.cycle.marking}
    section = await writer.change("agenda", opening, "", body, method="PUT")
    await other.change("agenda", opening, "acceptances", {})
    year.say(f"minutes accepted in revision {section['revision']}")
    conclusions = f"{year.path}/conclusions"
    await writer.post("agenda", conclusions, {})
    put = (await writer.get("agenda", f"{year.path}/outcomes"))["outcomes"]
    await ask_the_law(year, put, conclusions)
    state = ""
    for chair in year.cycle.chairs:
        state = (await year.stage.desk(chair).agree(conclusions))["state"]
    require(state == "AGREED", f"the conclusions are {state}")
    outcomes = (await writer.get("agenda", f"{year.path}/outcomes"))["outcomes"]
    decided = [one["decision_reference"] for one in outcomes if one["decision_reference"]]
    year.say(f"conclusions agreed by {len(year.cycle.chairs)} signatures, decisions {', '.join(decided)}")


async def carry_over(year: Year) -> None:
    """At the next edition what was put off and what is open comes back by itself, to each side."""
    concluded, edition = year.meeting, year.edition
    year.concluded = concluded
    await plan(year)
    for side in year.cycle.sides:
        await _comes_back(year, side, concluded["id"], edition)
    desk = year.stage.desk(year.cycle.drafting.secretariat)
    drafted = await desk.post("agenda", f"{year.path}/drafts", {})
    year.say(f"the draft of the next edition starts with {len(drafted['items'])} items")


async def _comes_back(year: Year, side: Side, concluded: str, edition: int) -> None:
    desk = year.stage.desk(side.secretariat)

    worked = {(one["reference"], one["state"], one["due_date"]) for _, one in year.actions}

    async def arisen() -> Document | None:
        found = await pages(desk, "agenda", f"{year.path}/matters-arising", "matters", {})
        told = {(one["reference"], one["state"], one["due_date"]) for one in found["matters"]}
        return found if worked <= told else None

    matters = await until(arisen, within=PATIENCE, what="the matters arising")
    returning = (await pages(desk, "agenda", f"{year.path}/carry-over", "items", {}))["items"]
    require(
        any(one["from_meeting_id"] == concluded for one in returning),
        f"nothing of {edition} comes back to {side.party}",
    )
    titles = [f"“{one['title']}” from {one['from_edition']}" for one in returning]
    year.say(f"{side.party}: returning {', '.join(titles)}")
    for one in matters["matters"]:
        slipped = f", {one['slipped_days']} days later than agreed" if one["slips"] else ""
        became = f"{one['state']}, due {one['due_date']}{slipped}"
        year.say(f"{side.party}: matter arising {one['reference']} is {became}")
