"""`clearance`: a secretariat asks an originator for a consent, and its release officer answers."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer
from rich.console import Console
from rich.table import Table

from services.cli.clients.rest import Desk, Document, open_client
from services.cli.commands.running import run
from services.cli.commands.systems import StateOption
from services.cli.layout import folders
from services.cli.record import Access
from services.cli.terminal import printable
from services.kernel.release_terms import Mode, Rendition

AskerOption = Annotated[str, typer.Option("--as", help="Account of a secretariat")]
OfficerOption = Annotated[str, typer.Option("--as", help="Account of a release officer")]
ClearanceArgument = Annotated[UUID, typer.Argument(metavar="CLEARANCE")]
ReasonOption = Annotated[str, typer.Option(help="Why; the other side reads it")]
TimeOption = Annotated[
    datetime | None, typer.Option(formats=["%Y-%m-%dT%H:%M:%S%z"], help="Such as 2026-12-01T09:00:00+0000")
]


class Which(StrEnum):
    OPEN = "OPEN"
    OVERDUE = "OVERDUE"
    ANSWERED = "ANSWERED"
    ALL = "ALL"


def create_commands() -> typer.Typer:
    """The commands under `clearance`."""
    app = typer.Typer(help="Originators' consents: asked for and answered.", no_args_is_help=True)
    for name, command in (
        ("ask", ask),
        ("list", listed),
        ("withdraw", withdraw),
        ("queue", queue),
        ("show", show),
        ("answer", answer),
        ("uses", uses),
    ):
        app.command(name)(command)
    return app


def ask(
    assessment: Annotated[UUID, typer.Argument(metavar="ASSESSMENT")],
    party: Annotated[str, typer.Option(help="Which party would have the text")],
    reason: ReasonOption,
    revision: Annotated[int, typer.Option(min=1)] = 1,
    rendition: Rendition = Rendition.FULL,
    mode: Mode = Mode.RELEASE,
    series: Annotated[str, typer.Option(help="The series in which the account works")] = "uk-eu",
    meeting: Annotated[UUID | None, typer.Option(help="Without it, for use outside meetings")] = None,
    needed_by: TimeOption = None,
    name: AskerOption = "fcdo-secretariat",
    state: StateOption = None,
) -> None:
    """Ask the originator of a text to consent to one use of it, signed; prints the request's id."""

    async def work(desk: Desk) -> None:
        use: Document = {
            "assessment_id": str(assessment),
            "revision": revision,
            "rendition": rendition.value,
            "party": party,
            "mode": mode.value,
            "series": series,
        }
        if meeting is not None:
            planned = await desk.get("agenda", f"/v1/meetings/{meeting}")
            use["meeting"] = {
                "id": str(meeting),
                "starts_time": planned["starts_at"],
                "ends_time": planned["ends_at"],
            }
        body: Document = {"use": use, "reason": reason}
        if needed_by is not None:
            body["needed_by_time"] = needed_by.isoformat()
        made = await desk.post_signed(
            "threatfeed", "/v1/clearances", body, statement="/v1/clearances/statement", stating=body
        )
        print(f"{made['id']} needed by {made['needed_by_time']}")

    _at_desk(name, state, work)


def listed(
    which: Which = Which.OPEN, name: AskerOption = "fcdo-secretariat", state: StateOption = None
) -> None:
    """List what the account's party asked, the most urgent first."""
    _at_desk(name, state, lambda desk: _print_requests(desk, "/v1/clearances", which))


def queue(
    which: Which = Which.OPEN, name: OfficerOption = "ncsc-release-officer", state: StateOption = None
) -> None:
    """List what the account's organisation is asked, the most urgent first."""
    _at_desk(name, state, lambda desk: _print_requests(desk, "/v1/clearance-queue", which))


def show(
    clearance: ClearanceArgument, name: OfficerOption = "ncsc-release-officer", state: StateOption = None
) -> None:
    """Show one request with its reason, and the answer with the words of a tear line."""

    async def work(desk: Desk) -> None:
        found = await desk.get("threatfeed", f"/v1/clearances/{clearance}")
        Console(soft_wrap=True).print("\n".join(shown_lines(found)), highlight=False, markup=False)

    _at_desk(name, state, work)


def withdraw(
    clearance: ClearanceArgument,
    reason: ReasonOption,
    name: AskerOption = "fcdo-secretariat",
    state: StateOption = None,
) -> None:
    """Take a request back."""

    async def work(desk: Desk) -> None:
        here = f"/v1/clearances/{clearance}"
        current = await desk.read("threatfeed", here)
        closed = await desk.post("threatfeed", f"{here}/withdraw", {"reason": reason}, etag=current.etag)
        print(f"{closed['id']} {closed['state']}")

    _at_desk(name, state, work)


def answer(
    clearance: ClearanceArgument,
    words: Annotated[str, typer.Option(help="The statement of a consent, or why none is given")],
    grant_until: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%dT%H:%M:%S%z"], help="Consent until then"),
    ] = None,
    tear_line: Annotated[Path | None, typer.Option(help="Offer the text of this file instead")] = None,
    refuse: Annotated[bool, typer.Option("--refuse", help="Give no consent")] = False,
    marking: Annotated[str, typer.Option(help="The banner of the tear line")] = "",
    name: OfficerOption = "ncsc-release-officer",
    state: StateOption = None,
) -> None:
    """Answer a request, signed: grant it, offer a tear line, or refuse it."""
    if [grant_until is not None, tear_line is not None, refuse].count(True) != 1:
        raise typer.BadParameter("one of --grant-until, --tear-line and --refuse")
    if grant_until is not None:
        until: Document = {"expires_time": grant_until.isoformat()}
        stating = {"kind": "GRANTED", "words": words, **until}
        _answer(name, state, clearance, "grant", {"statement": words, **until}, stating)
    elif tear_line is not None:
        line: Document = {"tear_line": {"text": tear_line.read_text("utf-8"), "marking": marking}}
        stating = {"kind": "TEAR_LINE_OFFERED", "words": words, **line}
        _answer(name, state, clearance, "offer-tear-line", {"reason": words, **line}, stating)
    else:
        _answer(name, state, clearance, "refuse", {"reason": words}, {"kind": "REFUSED", "words": words})


def uses(name: OfficerOption = "ncsc-release-officer", state: StateOption = None) -> None:
    """List at which meetings the organisation's texts could be used, the latest first."""

    async def work(desk: Desk) -> None:
        table = Table("used", "series", "meeting", "assessment", "text", "mode", box=None, pad_edge=False)
        async for one in _pages(desk, "/v1/text-uses", "uses"):
            text = f"{one['revision']} {one['rendition']}"
            place = (one["used_time"], one["series"], one["meeting_id"], one["assessment_id"])
            table.add_row(*place, text, one["mode"])
        Console(soft_wrap=True).print(table)

    _at_desk(name, state, work)


def shown_lines(found: Document) -> list[str]:
    """A request as a terminal may show it."""
    use, meeting = found["use"], found["use"]["meeting"]
    where = "outside meetings" if meeting is None else f"at {meeting['id']} on {meeting['starts_time']}"
    lines = [
        f"{found['id']}  {state_of(found)}  needed by {found['needed_by_time']}",
        f"assessment {use['assessment_id']} revision {use['revision']} {use['rendition']}",
        f"{use['mode']} to {use['party']}, {use['series']}, {where}",
        f"{printable(found['asked_by'])} of {found['asked_by_organisation']} asks {found['originator']}",
        f"reason: {printable(found['reason'])}",
    ]
    if found["closing_words"] is not None:
        lines.append(f"{printable(found['closed_by'])}: {printable(found['closing_words'])}")
    if found["consent_id"] is not None:
        lines.append(f"consent {found['consent_id']}")
    if found["tear_line"] is not None:
        lines.append(f"tear line, {printable(found['tear_line']['marking'])}:")
        lines.append(printable(found["tear_line"]["text"] or "", lines=True))
    return lines


def state_of(found: Document) -> str:
    """The state, or that the answer is late."""
    return "OVERDUE" if found["overdue"] else str(found["state"])


async def _print_requests(desk: Desk, path: str, which: Which) -> None:
    table = Table("request", "state", "needed by", "asked by", "assessment", "use", box=None, pad_edge=False)
    async for one in _pages(desk, path, "clearances", which=which.value):
        use = one["use"]
        text = f"{use['assessment_id']} {use['revision']} {use['rendition']}"
        table.add_row(
            one["id"],
            state_of(one),
            one["needed_by_time"],
            one["asked_by_organisation"],
            text,
            f"{use['mode']} to {use['party']}",
        )
    Console(soft_wrap=True).print(table)


async def _pages(desk: Desk, path: str, member: str, **query: str) -> AsyncIterator[Document]:
    token = ""
    while True:
        page = await desk.get("threatfeed", path, page_token=token, **query)
        for one in page[member]:
            yield one
        if not (token := page["next_page_token"]):
            return


def _answer(
    name: str, state: Path | None, clearance: UUID, command: str, body: Document, stating: Document
) -> None:
    async def work(desk: Desk) -> None:
        here = f"/v1/clearances/{clearance}"
        current = await desk.read("threatfeed", here)
        closed = await desk.post_signed(
            "threatfeed",
            f"{here}/{command}",
            body,
            statement=f"{here}/statement",
            stating=stating,
            etag=current.etag,
        )
        print(f"{closed['id']} {closed['state']}")

    _at_desk(name, state, work)


def _at_desk(name: str, state: Path | None, work: Callable[[Desk], Awaitable[None]]) -> None:
    async def at_desk() -> int:
        async with open_client() as client:
            await work(Desk(Access.find(folders(state)), name, client))
        return 0

    run(at_desk)
