"""`agenda history`: who changed what about a meeting, as the account may read it."""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated
from uuid import UUID

import typer

from services.cli.clients.rest import Desk, Document
from services.cli.commands.agenda.arguments import MeetingArgument
from services.cli.commands.asking import JsonOption, Query, ask, pages, print_found
from services.cli.commands.people import AccountOption
from services.cli.commands.systems import StateOption
from services.cli.terminal import printable


def history(
    meeting: MeetingArgument,
    item: Annotated[UUID | None, typer.Option(help="Only what was done to this item")] = None,
    kind: Annotated[str | None, typer.Option(help="Only what was done to this, such as AGENDA")] = None,
    by: Annotated[str | None, typer.Option(help="Only what this organisation did")] = None,
    since: Annotated[datetime | None, typer.Option(help="Only from this time on (UTC)")] = None,
    name: AccountOption = "fcdo-secretariat",
    *,
    as_json: JsonOption = False,
    state: StateOption = None,
) -> None:
    """Show who changed what: both sides jointly, and the account's own side for itself."""
    query: Query = {}
    if item is not None:
        query["item"] = str(item)
    if kind is not None:
        query["kind"] = kind
    if by is not None:
        query["by_organisation"] = by
    if since is not None:
        query["since"] = f"{since.isoformat()}Z"

    async def work(desk: Desk) -> int:
        found = await pages(desk, "agenda", f"/v1/meetings/{meeting}/history", "entries", query)
        print_found(found, history_lines, as_json=as_json)
        return 0

    ask(name, state, work)


def history_lines(found: Document) -> Iterator[str]:
    """A line an act, with a line for each change under it."""
    if not found["entries"]:
        yield "nothing was changed"
    who = [_who(one["by"]) for one in found["entries"]]
    width = max(map(len, who), default=0)
    for one, by in zip(found["entries"], who, strict=True):
        yield f"{one['at'][:16].replace('T', ' ')}  {by:<{width}}  {printable(one['words'])}{_what(one)}"
        for change in one["changes"]:
            title = change["item_title"]
            about = f"“{printable(title)}” " if title and change["item_id"] != one["item_id"] else ""
            yield f"    {about}{printable(change['field'])}{_values(change)}"
        if one["reason"]:
            yield f"    because: {printable(one['reason'])}"


def _who(by: Document) -> str:
    if by["party"] is None:
        return "the service"
    return " ".join(printable(one) for one in (by["party"], by["official"] or by["organisation"]) if one)


def _what(one: Document) -> str:
    if one["item_title"]:
        return f": “{printable(one['item_title'])}”"
    return f": {printable(one['section'])}" if one["section"] else ""


def _values(change: Document) -> str:
    before, after = change["before"], change["after"]
    if before is None and after is None:
        return " changed"
    if before is None:
        return f": {printable(after)}"
    return f": {printable(before)} -> {printable(after) if after is not None else 'nothing'}"
