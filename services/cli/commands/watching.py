"""What a secretariat and an operator look at: the picture of an audience, and how the feeds do."""

from typing import Annotated

import typer
from rich.console import Console

from services.cli.clients.rest import Desk, open_client
from services.cli.commands.people import leader_of
from services.cli.commands.running import run
from services.cli.commands.systems import StateOption
from services.cli.layout import folders, read_policy
from services.cli.picture_tables import feeds_table, rhythm_table, tempo_table
from services.cli.record import Access


def picture(
    audience: Annotated[str, typer.Option(help="Series and party, such as uk-eu.uk")],
    name: Annotated[
        str | None, typer.Option("--as", help="Account; by default a leader of the audience")
    ] = None,
    state: StateOption = None,
) -> None:
    """Show what is rising and who is silent, from what an audience may see."""

    async def work() -> int:
        who = name or leader_of(read_policy(), audience).name
        async with open_client() as client:
            desk = Desk(Access.find(folders(state)), who, client)
            drawn = await desk.get("threatfeed", f"/v1/pictures/{audience}")
        console = Console(soft_wrap=True)
        console.print(tempo_table(drawn), rhythm_table(drawn), sep="\n\n")
        return 0

    run(work)


def feeds(
    name: Annotated[str, typer.Option("--as", help="Account: an operator, or a secretariat")] = "operator",
    state: StateOption = None,
) -> None:
    """Show how each agency's feed does; exit code 1 when one is silent against its own rhythm."""

    async def work() -> int:
        async with open_client() as client:
            desk = Desk(Access.find(folders(state)), name, client)
            found = (await desk.get("threatfeed", "/v1/feeds"))["feeds"]
        Console(soft_wrap=True).print(feeds_table(found))
        return 1 if any(feed["rhythm"] == "SILENT" for feed in found) else 0

    run(work)
