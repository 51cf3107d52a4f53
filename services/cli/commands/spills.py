"""`spill`: takes a text that may not be held out of its topic (docs/runbooks/spill.md)."""

import asyncio
from typing import Annotated

import typer

from deploy.local.kafka import ADMIN
from services.cli.clients.topics import delete_through
from services.cli.commands.running import run
from services.cli.commands.systems import StateOption
from services.cli.layout import folders
from services.cli.record import Access


def spill(
    topic: Annotated[str, typer.Argument(help="Topic of submissions in which the record lies")],
    partition: Annotated[int, typer.Argument(min=0)],
    offset: Annotated[int, typer.Argument(min=0)],
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask")] = False,
    state: StateOption = None,
) -> None:
    """Delete a submission topic's partition up to and including a record that may not be held."""
    if not yes:
        typer.confirm(f"delete {topic}/{partition} up to and including offset {offset}?", abort=True)

    async def work() -> int:
        login = Access.find(folders(state)).login(ADMIN)
        first = await asyncio.to_thread(delete_through, login, topic, partition, offset)
        print(f"{topic}/{partition} begins with offset {first}")
        return 0

    run(work)
