"""A whole year of both series, from the proposals of each side to what comes back a year later."""

import time
from collections.abc import Awaitable, Callable
from shlex import quote
from typing import Final

from services.cli.failures import CommandFailed
from services.cli.thread.stage import Stage
from services.cli.thread.walking import Timing
from services.cli.year import after, before, between
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
    ("owners take their actions on", between.take_on),
    ("owners work on their actions", between.work),
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
    stage.say("[bold]where to look while the system is up[/]")
    for year in years:
        for line in where_to_look(year):
            stage.say(line)
    return timings


def where_to_look(year: Year) -> list[str]:
    """The commands that show what was played, while the system is up."""
    held, ahead, side = year.concluded["id"], year.meeting["id"], year.cycle.drafting.secretariat
    state = quote(str(year.stage.access.folders.state))
    return [
        f"entente {command} --as {side} --state {state}"
        for command in (
            f"agenda meetings --series {year.cycle.series}",
            f"agenda show {held}",
            f"agenda table {held}",
            f"agenda diff {held}",
            f"agenda register {held}",
            f"agenda clock {held}",
            f"agenda ranking {ahead}",
            f"agenda conflicts {ahead}",
            f"agenda matters {ahead}",
            f"actions list --series {year.cycle.series}",
        )
    ]
