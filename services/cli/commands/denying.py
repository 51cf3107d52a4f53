"""`deny`: what operators do not take in, and what they take in again."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Final
from uuid import UUID

import typer
from rich.console import Console
from rich.table import Table

from services.cli.clients.rest import Desk, open_client
from services.cli.commands.people import AccountOption
from services.cli.commands.running import run
from services.cli.commands.systems import StateOption
from services.cli.layout import folders
from services.cli.record import Access
from services.cli.terminal import printable

_OPERATOR: Final = "operator"
_PATH: Final = "/v1/source-denials"

ReasonOption = Annotated[str, typer.Option(help="Why; for the record of operators")]


def create_commands() -> typer.Typer:
    app = typer.Typer(no_args_is_help=True, help="Deny sources, and lift denials.")
    app.command("list")(list_denials)
    for command in (source, reporter, lift):
        app.command()(command)
    return app


def list_denials(
    name: AccountOption = _OPERATOR,
    *,
    standing: Annotated[str, typer.Option("--in", help="IN_FORCE, LIFTED or ALL")] = "IN_FORCE",
    state: StateOption = None,
) -> None:
    """List the denials, the latest first."""

    async def work(desk: Desk) -> None:
        table = Table("denial", "kind", "agency", "value", "since", "by", "reason", box=None, pad_edge=False)
        token = ""
        while True:
            page = await desk.get("threatfeed", _PATH, standing=standing, token=token)
            for one in page["denials"]:
                table.add_row(
                    *(one["id"], one["kind"], one["agency"], printable(one["value"])),
                    *(one["denied_at"][:10], one["denied_by"], printable(one["reason"])),
                )
            if not (token := page["next_page_token"]):
                break
        Console(soft_wrap=True).print(table, highlight=False, markup=False)

    _at_desk(name, state, work)


def source(
    agency: Annotated[str, typer.Argument(help="Such as ncsc")],
    reason: ReasonOption,
    object_id: Annotated[str, typer.Option("--object", help="Only this id of the agency's own")] = "",
    name: AccountOption = _OPERATOR,
    state: StateOption = None,
) -> None:
    """Deny all that an agency submits, or one assessment of it; prints the denial's id."""
    kind = "OBJECT" if object_id else "AGENCY"
    _deny(name, state, {"kind": kind, "agency": agency, "value": object_id, "reason": reason})


def reporter(
    author: Annotated[str, typer.Argument(help="As payloads name it; case does not count")],
    reason: ReasonOption,
    name: AccountOption = _OPERATOR,
    state: StateOption = None,
) -> None:
    """Deny an author whom payloads name, whichever agency passes it on; prints the denial's id."""
    _deny(name, state, {"kind": "REPORTER", "value": author, "reason": reason})


def lift(
    denial: Annotated[UUID, typer.Argument()],
    reason: ReasonOption,
    name: AccountOption = _OPERATOR,
    state: StateOption = None,
) -> None:
    """Take a source in again; what was refused waits in quarantine."""

    async def work(desk: Desk) -> None:
        lifted = await desk.post("threatfeed", f"{_PATH}/{denial}/lift", {"reason": reason})
        print(f"{lifted['id']} is lifted")

    _at_desk(name, state, work)


def _deny(name: str, state: Path | None, body: dict[str, str]) -> None:
    async def work(desk: Desk) -> None:
        print((await desk.post("threatfeed", _PATH, dict(body)))["id"])

    _at_desk(name, state, work)


def _at_desk(name: str, state: Path | None, work: Callable[[Desk], Awaitable[None]]) -> None:
    async def at_desk() -> int:
        async with open_client() as client:
            await work(Desk(Access.find(folders(state)), name, client))
        return 0

    run(at_desk)
