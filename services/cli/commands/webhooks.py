"""`webhook`: how far the endpoints have been told, and letting one that stopped be told again."""

from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Table

from services.cli.clients.rest import Desk, open_client
from services.cli.commands.consumers import NoteOption
from services.cli.commands.people import AccountOption
from services.cli.commands.running import run
from services.cli.commands.systems import StateOption
from services.cli.layout import folders
from services.cli.record import Access
from services.cli.terminal import printable

_OPERATOR: Final = "operator"
_TOLD: Final = "DELIVERING"


def create_commands() -> typer.Typer:
    app = typer.Typer(no_args_is_help=True, help="See webhook endpoints, and let those that stopped go on.")
    app.command("list")(list_endpoints)
    app.command()(resume)
    return app


def list_endpoints(name: AccountOption = _OPERATOR, state: StateOption = None) -> None:
    """List the endpoints with their positions; exit code 1 when one is told nothing."""

    async def work() -> int:
        async with open_client() as client:
            found = await Desk(Access.find(folders(state)), name, client).get("actions", "/v1/webhooks")
        columns = ("endpoint", "audience", "host", "state", "since", "why", "delivered", "token")
        table = Table(*columns, box=None, pad_edge=False, header_style="bold")
        for one in found["webhooks"]:
            table.add_row(*(printable(str(one[column])) for column in columns))
        Console(soft_wrap=True).print(table, highlight=False, markup=False)
        return 1 if any(one["state"] != _TOLD for one in found["webhooks"]) else 0

    run(work)


def resume(
    endpoint: Annotated[str, typer.Argument(metavar="ENDPOINT", help="As `webhook list` names it")],
    note: NoteOption,
    from_start: Annotated[
        bool, typer.Option("--from-start", help="Tell all that its audience holds anew")
    ] = False,
    name: AccountOption = _OPERATOR,
    state: StateOption = None,
) -> None:
    """Let an endpoint that stopped be told again, from where it was."""

    async def work() -> int:
        body = {"note": note, "from_start": from_start}
        async with open_client() as client:
            desk = Desk(Access.find(folders(state)), name, client)
            told = await desk.post("actions", f"/v1/webhooks/{endpoint}/resumes", body)
        print(f"{told['endpoint']} is told again, from {told['token'] or 'the start'}")
        return 0

    run(work)
