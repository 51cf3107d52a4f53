"""`consumer`: how far the services have read, and letting go what stopped."""

from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Table

from services.cli.clients.rest import Desk, Document, open_client
from services.cli.commands.people import AccountOption
from services.cli.commands.running import run
from services.cli.commands.systems import StateOption
from services.cli.layout import folders
from services.cli.record import Access
from services.cli.terminal import printable

_OPERATOR: Final = "operator"

ServiceOption = Annotated[str, typer.Option("--service", help="threatfeed, agenda or actions")]
GroupArgument = Annotated[str, typer.Argument(help="Consumer group, such as threatfeed.ingest")]
TopicArgument = Annotated[str, typer.Argument()]
PartitionArgument = Annotated[int, typer.Argument(min=0)]
NoteOption = Annotated[str, typer.Option(help="Why it may go on; for the record")]


def create_commands() -> typer.Typer:
    app = typer.Typer(no_args_is_help=True, help="See partitions that stopped, and let them go on.")
    app.command("list")(list_partitions)
    app.command()(resume)
    app.command()(skip)
    return app


def list_partitions(
    name: AccountOption = _OPERATOR,
    service: ServiceOption = "threatfeed",
    state: StateOption = None,
) -> None:
    """List how far every partition is read; exit code 1 when one has stopped."""

    async def work() -> int:
        async with open_client() as client:
            found = await Desk(Access.find(folders(state)), name, client).get(service, "/v1/consumers")
        columns = ("group", "topic", "partition", "next", "stopped")
        table = Table(*columns, box=None, pad_edge=False, header_style="bold")
        for one in found["partitions"]:
            numbers = (str(one["partition"]), str(one["next_offset"]))
            table.add_row(one["group"], one["topic"], *numbers, printable(one["halted"] or ""))
        Console(soft_wrap=True).print(table, highlight=False, markup=False)
        return 1 if any(one["halted"] for one in found["partitions"]) else 0

    run(work)


def resume(
    group: GroupArgument,
    topic: TopicArgument,
    partition: PartitionArgument,
    note: NoteOption,
    name: AccountOption = _OPERATOR,
    service: ServiceOption = "threatfeed",
    state: StateOption = None,
) -> None:
    """Let a partition that stopped go on from where it stopped."""
    run(lambda: _resume(name, service, state, f"{group}/{topic}/{partition}", {"note": note}))


def skip(
    group: GroupArgument,
    topic: TopicArgument,
    partition: PartitionArgument,
    to: Annotated[int, typer.Option(help="The offset to go on with", min=0)],
    note: NoteOption,
    name: AccountOption = _OPERATOR,
    service: ServiceOption = "threatfeed",
    state: StateOption = None,
) -> None:
    """Let a partition that stopped go on with another record; what lies between is left out."""
    body = {"note": note, "next_offset": to}
    run(lambda: _resume(name, service, state, f"{group}/{topic}/{partition}", body))


async def _resume(name: str, service: str, state: StateOption, place: str, body: Document) -> int:
    async with open_client() as client:
        desk = Desk(Access.find(folders(state)), name, client)
        gone = await desk.post(service, f"/v1/consumers/{place}/resumes", body)
    print(f"{gone['topic']}/{gone['partition']} goes on with {gone['next_offset']}")
    return 0
