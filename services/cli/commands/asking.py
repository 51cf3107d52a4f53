"""How commands ask a service for one account, and how they print what they are told."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console

from services.cli.clients.rest import Desk, Document, open_client
from services.cli.commands.running import run
from services.cli.layout import folders
from services.cli.record import Access
from services.cli.terminal import json_line

JsonOption = Annotated[bool, typer.Option("--json", help="The service's answer on one line")]
SeriesOption = Annotated[str, typer.Option(help="Such as uk-eu")]
Query = dict[str, str | int | list[str]]

_LARGEST_PAGE: Final = 200
PATIENCE: Final = 2.0
"""Seconds for which a service is waited for that does not answer: somebody sits before the terminal."""


def ask(name: str, state: Path | None, work: Callable[[Desk], Awaitable[int]]) -> None:
    """Ends the process with the exit code of the work: 1 where a service refused, 69 where none answered."""

    async def working() -> int:
        async with open_client() as client:
            return await work(Desk(Access.find(folders(state)), name, client, patience=PATIENCE))

    run(working)


async def pages(
    desk: Desk,
    service: str,
    path: str,
    member: str,
    query: Mapping[str, str | int | list[str]],
    *,
    size: int = _LARGEST_PAGE,
) -> Document:
    """What a listing holds, page after page of that size, as one document; what else the pages say is what
    the last of them says.
    """
    found: list[Document] = []
    place: Query = {}
    while True:
        page = await desk.get(service, path, **query, **place, page_size=size)
        found.extend(page[member])
        token = page.pop("next_page_token")
        if not token:
            return {**page, member: found}
        place = {"page_token": token}


def print_lines(lines: Iterable[str]) -> None:
    Console(soft_wrap=True).print("\n".join(lines), highlight=False, markup=False)


def print_found(found: Document, lines: Callable[[Document], Iterable[str]], *, as_json: bool) -> None:
    """The document as it came, or in words."""
    if as_json:
        print(json_line(found))
    else:
        print_lines(lines(found))
