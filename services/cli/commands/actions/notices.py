"""`actions notices` and `actions ack`: what an organisation is told of actions not carried out."""

from collections.abc import Iterator
from typing import Annotated
from uuid import UUID

import typer

from services.cli.clients.rest import Desk, Document
from services.cli.commands.actions.arguments import asked
from services.cli.commands.asking import JsonOption, SeriesOption, ask, pages, print_found
from services.cli.commands.people import AccountOption
from services.cli.commands.systems import StateOption
from services.cli.terminal import printable


def notices(
    series: SeriesOption = "uk-eu",
    open_only: Annotated[
        bool, typer.Option("--open", help="Only what still holds and nobody has taken note of")
    ] = False,
    name: AccountOption = "fcdo-secretariat",
    *,
    as_json: JsonOption = False,
    state: StateOption = None,
) -> None:
    """List the notices to the account's organisation in a series, the latest first."""

    async def work(desk: Desk) -> int:
        query = asked(series=series, open_only=open_only or None)
        found = await pages(desk, "actions", "/v1/notices", "notices", query)
        print_found(found, notice_lines, as_json=as_json)
        return 0

    ask(name, state, work)


def ack(
    notice: Annotated[UUID, typer.Argument(metavar="NOTICE", help="As `actions notices` lists it")],
    name: AccountOption = "fcdo-secretariat",
    *,
    as_json: JsonOption = False,
    state: StateOption = None,
) -> None:
    """Take note of a notice for the account's organisation; the ladder is climbed on until all is mended."""

    async def work(desk: Desk) -> int:
        found = await desk.post("actions", f"/v1/notices/{notice}/acknowledgement", {})
        print_found(found, lambda told: notice_lines({"notices": [told]}), as_json=as_json)
        return 0

    ask(name, state, work)


def reminders(
    series: SeriesOption = "uk-eu",
    name: AccountOption = "dsit-owner",
    *,
    as_json: JsonOption = False,
    state: StateOption = None,
) -> None:
    """List what the account's organisation was reminded of, one digest a day, the latest first."""

    async def work(desk: Desk) -> int:
        found = await pages(desk, "actions", "/v1/digests", "digests", asked(series=series))
        print_found(found, digest_lines, as_json=as_json)
        return 0

    ask(name, state, work)


def digest_lines(found: Document) -> Iterator[str]:
    """A line a digest, then its actions under whoever leads them."""
    if not found["digests"]:
        yield "nobody here was reminded"
    for one in found["digests"]:
        yield f"{one['sent_on']}  {printable(one['organisation'])} ({printable(one['party'])})"
        for group in one["groups"]:
            held = f" ({printable(group['subject'])})" if group["subject"] else ""
            yield f"  {printable(group['post'])}{held}" if group["post"] else "  led by nobody named"
            for entry in group["entries"]:
                matters = ", ".join(entry["matters"])
                yield f"    {printable(entry['reference'])}  due {entry['due_date']}  {matters}"
                yield f"      {printable(entry['text'])} ({printable(entry['marking'])})"


def notice_lines(found: Document) -> Iterator[str]:
    """What is wrong with which action since when, who was told, and who took note."""
    if not found["notices"]:
        yield "no notice is addressed here"
    for one in found["notices"]:
        over = ", mended since" if one["over"] else ""
        yield (
            f"{one['id']}  {one['sent_on']}  {printable(one['reference'])}  {one['trigger']}"
            f" since {one['since']}{over}  due {one['due_date']}"
        )
        yield f"  {printable(one['text'])} ({printable(one['marking'])})"
        bodies = ", ".join(map(printable, one["organisations"]))
        signed = one["acknowledged"]
        noted = (
            "nobody has taken note"
            if signed is None
            else f"noted by {printable(signed['official'])} ({printable(signed['organisation'])})"
            f" at {signed['at'][:19]}"
        )
        yield f"  to the {one['step']} ({printable(one['role'])}) at {bodies}; {noted}"
