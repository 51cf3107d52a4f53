"""A whole year of both series, from the proposals of each side to what comes back a year later."""

import time
from collections.abc import Awaitable, Callable
from typing import Final

from services.cli.failures import CommandFailed
from services.cli.thread.stage import Stage
from services.cli.thread.walking import Timing
from services.cli.year import after, before
from services.cli.year.cycle import CYCLES, Year

STEPS: Final[tuple[tuple[str, Callable[[Year], Awaitable[None]]], ...]] = (
    ("the edition is planned", before.plan),
    ("each side proposes", before.propose),
    ("subjects are ranked", before.rank),
    ("one side drafts", before.draft),
    ("the agenda is assembled", before.assemble),
    ("the agenda is negotiated", before.negotiate),
    ("all chairs sign it", before.agree),
    ("the meeting runs", after.hold),
    ("registers are closed", after.register),
    ("every item is concluded", after.conclude),
    ("the conclusions are signed", after.minute),
    ("the next edition begins", after.carry_over),
)


async def play_year(stage: Stage) -> list[Timing]:
    """Both series side by side, as their year goes. Raises `CommandFailed` naming the one that failed."""
    years = [Year(stage, cycle) for cycle in CYCLES]
    timings = []
    for name, step in STEPS:
        stage.say(f"[bold]{name}[/]")
        began = time.monotonic()
        for year in years:
            try:
                await step(year)
            except CommandFailed as failure:
                raise CommandFailed(f"{year.cycle.series}, {name}: {failure}") from failure
        timings.append(Timing(name, time.monotonic() - began))
    stage.say("[bold]where to look[/]")
    for year in years:
        for line in where_to_look(year):
            stage.say(line)
    return timings


def where_to_look(year: Year) -> list[str]:
    """The commands that show what was played, while the system is up."""
    held, ahead, side = year.concluded["id"], year.meeting["id"], year.cycle.drafting.secretariat
    return [
        f"entente agenda {command} --as {side}"
        for command in (
            f"meetings --series {year.cycle.series}",
            f"show {held}",
            f"table {held}",
            f"diff {held}",
            f"register {held}",
            f"clock {held}",
            f"ranking {ahead}",
            f"conflicts {ahead}",
            f"matters {ahead}",
        )
    ]
