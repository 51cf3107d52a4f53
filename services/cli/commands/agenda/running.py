"""`agenda register` and `agenda clock`: who is in the room, and how the time goes."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.live import Live

from services.cli.clients.rest import Desk, Document, Unavailable, open_client
from services.cli.clock_table import ClockBoard, clock_lines
from services.cli.commands.agenda.arguments import MeetingArgument
from services.cli.commands.asking import PATIENCE, JsonOption, ask, pages, print_found
from services.cli.commands.people import AccountOption
from services.cli.commands.running import run
from services.cli.commands.systems import StateOption
from services.cli.failures import Unreachable
from services.cli.layout import folders
from services.cli.record import Access
from services.cli.terminal import printable

_EVERY: Final = 2.0
"""Seconds between two looks at the clock."""


def register(
    meeting: MeetingArgument,
    name: AccountOption = "fcdo-secretariat",
    *,
    as_json: JsonOption = False,
    state: StateOption = None,
) -> None:
    """Show the register of attendance."""

    async def work(desk: Desk) -> int:
        found = await pages(desk, "agenda", f"/v1/meetings/{meeting}/register", "participants", {})
        print_found(found, register_lines, as_json=as_json)
        return 0

    ask(name, state, work)


def clock(
    meeting: MeetingArgument,
    name: AccountOption = "fcdo-secretariat",
    *,
    as_json: JsonOption = False,
    once: Annotated[bool, typer.Option("--once", help="Once, as it is where no terminal is")] = False,
    state: StateOption = None,
) -> None:
    """Show the run clock as for the room, until Ctrl-C: minutes used and left, what comes, when it ends."""
    console = Console()

    async def work() -> int:
        async with open_client() as client:

            async def look() -> Document:
                # Found anew each time: a token ends, and a system that was started anew has other addresses.
                desk = Desk(Access.find(folders(state)), name, client, patience=PATIENCE)
                return await desk.get("agenda", f"/v1/meetings/{meeting}/presentation")

            if as_json or once or not console.is_terminal:
                print_found(await look(), clock_lines, as_json=as_json)
            else:
                await _show(look, ClockBoard(), console)
        return 0

    run(work)


async def _show(look: Callable[[], Awaitable[Document]], board: ClockBoard, console: Console) -> None:
    """Goes on by itself after a lost connection. Raises `Refused`, save where the service is away."""
    with Live(console=console, refresh_per_second=4, get_renderable=board.table):
        while True:
            try:
                board.take(await look())
            except (Unreachable, Unavailable) as away:
                board.lost(str(away))
            await asyncio.sleep(_EVERY)


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
