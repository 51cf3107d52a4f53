"""Between two editions: owners take on what was agreed, and each action takes its course."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from types import MappingProxyType
from typing import Final
from uuid import uuid4

from services.cli.clients.rest import Document
from services.cli.failures import Refused
from services.cli.thread.stage import PATIENCE, require
from services.cli.waiting import until
from services.cli.year.cycle import Course, Undertaking, Year

_FIRST_REPORT: Final = timedelta(days=14)
_SECOND_REPORT: Final = timedelta(days=56)
_SLIP: Final = timedelta(days=270)
_FORBIDDEN: Final = 403


async def take_on(year: Year) -> None:
    """Each owner accepts the action that the signed conclusions opened."""
    for place, (undertaking, action) in enumerate(year.actions):
        await until(
            partial(_opened, year, undertaking, action["id"]),
            within=PATIENCE,
            what=f"the action {action['reference']} of the signed conclusions",
        )
        await _step(year, place, undertaking.owner, "accept", {})


async def _opened(year: Year, undertaking: Undertaking, action_id: str) -> bool:
    try:
        await year.stage.desk(undertaking.owner).get("actions", f"/v1/actions/{action_id}")
    except Refused as refusal:
        if refusal.status == _FORBIDDEN:
            return False
        raise
    return True


async def work(year: Year) -> None:
    """One is done and confirmed, one slips and stays open, one that lasts is reviewed."""
    for place, (undertaking, _) in enumerate(year.actions):
        await _COURSES[undertaking.course](year, place)


async def _complete(year: Year, place: int) -> None:
    owner, other = year.actions[place][0].owner, year.actions[place][0].other
    begun = year.stage.clock.now()
    due = date.fromisoformat(year.actions[place][1]["due_date"])
    stages = (
        ("The scenario is agreed by both sides", begun + timedelta(days=30)),
        ("The exercise has been held", begun + timedelta(days=75)),
    )
    milestones = [
        {"id": str(uuid4()), "title": title, "weight": 1, "due": day.date().isoformat()}
        for title, day in stages
    ]
    await _step(year, place, owner, "milestones", {"milestones": milestones}, method="PUT")
    year.stage.clock.forward_to(begun + _FIRST_REPORT)
    report = {"rag": "AMBER", "narrative": "The scenario is written; the hospitals have no date yet."}
    await _step(year, place, owner, "progress", report)
    await _step(year, place, owner, f"milestones/{milestones[0]['id']}/reach", {})
    await _move(year, place, due + timedelta(days=30), "The hospitals ask for the summer.")
    year.stage.clock.forward_to(begun + _SECOND_REPORT)
    await _step(year, place, owner, f"milestones/{milestones[1]['id']}/reach", {})
    await _step(year, place, owner, "progress", {"rag": "GREEN", "narrative": "The exercise has been held."})
    evidence = {
        "title": "Report of the joint exercise",
        "description": "What each side would ask of the other.",
        "uri": "urn:entente:demo:exercise-report-1",
        "marking": "TLP:CLEAR",
    }
    claim = {"evidence": [evidence], "narrative": "Held once, and reported by both sides."}
    await _step(year, place, owner, "completion-claim", claim)
    closed = await _step(year, place, other, "confirm", {})
    require(closed["state"] == "CLOSED", f"the action is {closed['state']} after the confirmation")


async def _slip(year: Year, place: int) -> None:
    owner = year.actions[place][0].owner
    due = date.fromisoformat(year.actions[place][1]["due_date"])
    report = {"rag": "RED", "narrative": "One list is complete, the other waits for the new rota."}
    await _step(year, place, owner, "progress", report)
    moved = await _move(year, place, due + _SLIP, "The new rota begins in the autumn.")
    require(moved["state"] == "IN_PROGRESS", f"the action is {moved['state']} after it slipped")


async def _review(year: Year, place: int) -> None:
    owner = year.actions[place][0].owner
    due = date.fromisoformat(year.actions[place][1]["due_date"])
    year.stage.clock.forward_to(datetime.combine(due, time(9, 30), UTC))
    report = {"rag": "GREEN", "narrative": "The terms that both publish already are listed."}
    await _step(year, place, owner, "progress", report)
    finding = {"finding": "The list is used, and is kept for another year."}
    await _step(year, place, owner, "review", finding)


_COURSES: Final[Mapping[Course, Callable[[Year, int], Awaitable[None]]]] = MappingProxyType(
    {Course.COMPLETED: _complete, Course.SLIPPING: _slip, Course.REVIEWED: _review}
)


async def _move(year: Year, place: int, to: date, reason: str) -> Document:
    """The owner proposes another date, the other party accepts it."""
    undertaking = year.actions[place][0]
    terms = {"kind": "MOVE_DUE_DATE", "reason": reason, "due_date": to.isoformat()}
    proposed = await _step(year, place, undertaking.owner, "proposals", terms)
    (pending,) = proposed["proposals"]
    moved = await _step(year, place, undertaking.other, f"proposals/{pending['id']}/accept", {})
    require(moved["due_date"] == to.isoformat(), f"it is due on {moved['due_date']} after the acceptance")
    return moved


async def _step(
    year: Year, place: int, account: str, command: str, body: Document, *, method: str = "POST"
) -> Document:
    undertaking, action = year.actions[place]
    resource = f"/v1/actions/{action['id']}"
    changed = await year.stage.desk(account).change("actions", resource, command, body, method=method)
    year.actions[place] = (undertaking, changed)
    told = " ".join(command.split("/")[::2])
    year.say(f"{account}: {told}, action {changed['reference']} is {changed['state']}")
    return changed
