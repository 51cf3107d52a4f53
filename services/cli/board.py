"""The children of a system, shown: a live table on a terminal, else a line whenever one changes."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from rich.console import Console
from rich.live import Live
from rich.table import Table

from services.cli.supervisor import Child, ChildState

_COLOURS = {
    ChildState.STARTING: "yellow",
    ChildState.READY: "green",
    ChildState.NOT_READY: "yellow",
    ChildState.WAITING: "red",
    ChildState.STOPPED: "dim",
    ChildState.KILLED: "red",
}


def table_of(children: Sequence[Child]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("process", "state", "pid", "restarts", "last exit", "remark"):
        table.add_column(title, no_wrap=title != "remark")
    for child in children:
        table.add_row(
            child.spec.name,
            f"[{_COLOURS[child.state]}]{child.state}[/]",
            str(child.pid or "-"),
            str(child.restarts),
            "-" if child.last_exit is None else str(child.last_exit),
            child.why_not_ready[:100],
        )
    return table


def line_of(child: Child) -> str:
    parts = [f"{child.spec.name}: {child.state}"]
    if child.pid:
        parts.append(f"pid {child.pid}")
    if child.restarts or child.state is ChildState.WAITING:
        parts.append(f"restarts {child.restarts}, last exit {child.last_exit}, see {child.spec.log}")
    return ", ".join(parts)


class Board:
    """Shows the children as they change, until it is cancelled."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._changed = asyncio.Event()
        self._said: dict[str, str] = {}

    def note_change(self) -> None:
        self._changed.set()

    def print_changes(self, children: Sequence[Child]) -> None:
        """A line for each child whose state is another than last said."""
        for child in children:
            if child.state is ChildState.STARTING and child.pid is None:
                continue
            line = line_of(child)
            if self._said.get(child.spec.name) != line:
                self._said[child.spec.name] = line
                self._console.print(f"  {line}", highlight=False, soft_wrap=True)

    async def show(self, children: Sequence[Child]) -> None:
        """Runs until cancelled."""
        if not self._console.is_terminal:
            while True:
                self.print_changes(children)
                await self._next_change()
        with Live(table_of(children), console=self._console, auto_refresh=False) as live:
            while True:
                live.update(table_of(children), refresh=True)
                await self._next_change()

    async def _next_change(self) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._changed.wait(), 5.0)
        self._changed.clear()
