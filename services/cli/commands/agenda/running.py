"""`agenda register` and `agenda clock`: who is in the room, and how the time goes."""

from collections.abc import Iterator

from services.cli.clients.rest import Desk, Document
from services.cli.commands.agenda.arguments import MeetingArgument
from services.cli.commands.asking import JsonOption, ask, print_found
from services.cli.commands.people import AccountOption
from services.cli.commands.systems import StateOption
from services.cli.terminal import printable


def register(
    meeting: MeetingArgument,
    name: AccountOption = "fcdo-secretariat",
    *,
    as_json: JsonOption = False,
    state: StateOption = None,
) -> None:
    """Show the register of attendance."""

    async def work(desk: Desk) -> int:
        found = await desk.get("agenda", f"/v1/meetings/{meeting}/register")
        print_found(found, register_lines, as_json=as_json)
        return 0

    ask(name, state, work)


def clock(
    meeting: MeetingArgument,
    name: AccountOption = "fcdo-secretariat",
    *,
    as_json: JsonOption = False,
    state: StateOption = None,
) -> None:
    """Show the run clock: each item's minutes, and when the meeting will end."""

    async def work(desk: Desk) -> int:
        found = await desk.get("agenda", f"/v1/meetings/{meeting}/run")
        print_found(found, clock_lines, as_json=as_json)
        return 0

    ask(name, state, work)


def register_lines(found: Document) -> Iterator[str]:
    """A line a person, then which sides have closed their part."""
    if not found["participants"]:
        yield "nobody is entered"
    for one in found["participants"]:
        body = f"{printable(one['organisation'])}, {one['nationality']}"
        if one["represents"]:
            body += f", for {printable(one['represents'])}"
        note = f"  [{printable(one['note'])}]" if one["note"] else ""
        yield f"{one['side']}  {one['role']}  {printable(one['name'])} ({body})  {one['presence']}{note}"
    yield f"closed by {', '.join(found['closed_by']) or 'no side'}"


def clock_lines(found: Document) -> Iterator[str]:
    """The state, each item, and the predicted end."""
    yield f"{found['state']}, {found['remaining_minutes']:.0f} minutes remain"
    for one in found["items"]:
        mark = ">" if one["item_id"] == found["current_item_id"] else " "
        over = f", {one['over_by']:.0f} over" if one["over_by"] > 0 else ""
        yield (
            f"{mark}{one['position']:>3}. {one['item_id']}"
            f"  {one['used_minutes']:.0f} of {one['planned_minutes']} min{over}"
        )
    late = found["late_by"]
    told = f"{late:.0f} minutes late" if late > 0 else "in time"
    yield f"ends about {found['predicted_end'][:16]}, {told}"
