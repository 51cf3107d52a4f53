"""`conflict`: what only a human can settle of an agency's revisions."""

from typing import Annotated, Any
from uuid import UUID

import typer
from rich.console import Console
from rich.table import Table

from services.cli.clients.rest import Desk
from services.cli.commands.people import AccountOption
from services.cli.commands.systems import StateOption
from services.cli.commands.triage import ReasonOption, at_desk
from services.cli.terminal import printable

ConflictArgument = Annotated[UUID, typer.Argument(metavar="CONFLICT")]
_PATH = "/v1/conflicts"


def create_commands() -> typer.Typer:
    """The commands under `conflict`."""
    app = typer.Typer(
        help="Versions that were published with two contents, or counted in two ways.", no_args_is_help=True
    )
    app.command("list")(list_open)
    app.command()(show)
    app.command()(resolve)
    return app


def list_open(
    name: AccountOption = "fcdo-secretariat",
    resolved: Annotated[bool, typer.Option(help="Those that are settled")] = False,
    state: StateOption = None,
) -> None:
    """List the conflicts of the account's party, the oldest first."""

    async def work(desk: Desk) -> None:
        table = Table("conflict", "opened", "agency", "object", "version", "cause", box=None, pad_edge=False)
        wanted, token = "RESOLVED" if resolved else "OPEN", ""
        while True:
            page = await desk.get("threatfeed", _PATH, state=wanted, token=token)
            for one in page["conflicts"]:
                named = (printable(one["object_id"]), printable(one["version"]), one["cause"])
                table.add_row(one["id"], one["opened_at"][:16], one["agency"], *named)
            if not (token := page["next_page_token"]):
                break
        Console(soft_wrap=True).print(table)

    at_desk(name, state, work)


def show(
    conflict: ConflictArgument, name: AccountOption = "fcdo-secretariat", state: StateOption = None
) -> None:
    """Show what there is to choose from, as far as the account may read it."""

    async def work(desk: Desk) -> None:
        _print(await desk.get("threatfeed", f"{_PATH}/{conflict}"))

    at_desk(name, state, work)


def resolve(
    conflict: ConflictArgument,
    choice: Annotated[str, typer.Argument(help="The choice of an alternative, as shown, or its beginning")],
    reason: ReasonOption,
    name: AccountOption = "fcdo-secretariat",
    seen: Annotated[str, typer.Option(help="The etag that was shown: nothing may have come since")] = "",
    state: StateOption = None,
) -> None:
    """Choose which alternative stands."""

    async def work(desk: Desk) -> None:
        current = await desk.read("threatfeed", f"{_PATH}/{conflict}")
        choices = [one["choice"] for one in current.document["alternatives"]]
        meant = [one for one in choices if one.startswith(choice)]
        body = {"choice": meant[0] if len(meant) == 1 else choice, "reason": reason}
        path = f"{_PATH}/{conflict}/resolve"
        _print(await desk.post("threatfeed", path, body, etag=seen or current.etag))

    at_desk(name, state, work)


def _print(document: dict[str, Any]) -> None:
    console, one = Console(soft_wrap=True), document["conflict"]
    lines = [
        f"{one['id']}  {one['state']}  {one['cause']}  etag {one['etag']}",
        f"{one['agency']} {printable(one['object_id'])}, version {printable(one['version'])}",
    ]
    if one["resolved_by"]:
        lines.append(f"{one['resolved_by']} chose {one['chosen']}: {printable(one['reason'])}")
    for side in document["alternatives"]:
        lines += ["", f"choice {side['choice']}  received {side['received_at']}"]
        lines += _side(side)
    for line in lines:
        console.print(line, highlight=False, markup=False)


def _side(side: dict[str, Any]) -> list[str]:
    if side["withdrawal"]:
        return [f"withdraws the assessment: {printable(side['withdrawal_reason'] or 'not to be read here')}"]
    if side["content"] is None:
        return ["not to be read here"]
    content = side["content"]
    return [f"{content['marking']}  {printable(content['title'])}", printable(content["text"])]
