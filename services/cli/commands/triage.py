"""`triage`, `themes`, `overlaps`, `link` and `unlink`: what a secretariat does with what has come in."""

from collections.abc import Awaitable, Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any
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

SeriesOption = Annotated[str, typer.Option(help="Whose view, with the account's party")]
ReasonOption = Annotated[str, typer.Option(help="Why; it is kept in the record")]
AssessmentArgument = Annotated[UUID, typer.Argument(metavar="ASSESSMENT")]


def create_commands() -> typer.Typer:
    """The commands under `themes`."""
    app = typer.Typer(help="Themes of assessments, and the rules that assign them.", no_args_is_help=True)
    for command in (show, assign, remove, leave, report, apply):
        app.command()(command)
    return app


class Verdict(StrEnum):
    ASSIGNED = "ASSIGNED"
    REMOVED = "REMOVED"
    LEFT_TO_RULES = "LEFT_TO_RULES"


def triage(
    name: AccountOption = "fcdo-secretariat", series: SeriesOption = "uk-eu", state: StateOption = None
) -> None:
    """List the assessments that wait for a theme, the oldest first."""

    async def work(desk: Desk) -> None:
        table = Table("assessment", "published", "agency", "title", box=None, pad_edge=False)
        token = ""
        while True:
            page = await desk.get("threatfeed", "/v1/triage", series=series, token=token)
            for one in page["assessments"]:
                shown = one["assessment"]
                table.add_row(
                    shown["id"], shown["published_at"][:10], shown["agency"], printable(shown["title"])
                )
            if not (token := page["next_page_token"]):
                break
        Console(soft_wrap=True).print(table)

    at_desk(name, state, work)


def show(
    assessment: AssessmentArgument,
    name: AccountOption = "fcdo-secretariat",
    series: SeriesOption = "uk-eu",
    state: StateOption = None,
) -> None:
    """Show the themes of one assessment, with who or what assigned each."""

    async def work(desk: Desk) -> None:
        path = f"/v1/assessments/{assessment}/themes"
        _print_themes(await desk.get("threatfeed", path, series=series))

    at_desk(name, state, work)


def assign(
    assessment: AssessmentArgument,
    theme: str,
    reason: ReasonOption,
    name: AccountOption = "fcdo-secretariat",
    series: SeriesOption = "uk-eu",
    state: StateOption = None,
) -> None:
    """Assign a theme by hand."""
    _decide(name, state, assessment, theme, Verdict.ASSIGNED, reason, series)


def remove(
    assessment: AssessmentArgument,
    theme: str,
    reason: ReasonOption,
    name: AccountOption = "fcdo-secretariat",
    series: SeriesOption = "uk-eu",
    state: StateOption = None,
) -> None:
    """Remove a theme by hand: it stays away whatever the rules say."""
    _decide(name, state, assessment, theme, Verdict.REMOVED, reason, series)


def leave(
    assessment: AssessmentArgument,
    theme: str,
    reason: ReasonOption,
    name: AccountOption = "fcdo-secretariat",
    series: SeriesOption = "uk-eu",
    state: StateOption = None,
) -> None:
    """Leave a theme to the rules again."""
    _decide(name, state, assessment, theme, Verdict.LEFT_TO_RULES, reason, series)


def report(name: AccountOption = "fcdo-secretariat", state: StateOption = None) -> None:
    """Show what applying the deployed rules would change, of what the account may see."""

    async def work(desk: Desk) -> None:
        found = await desk.get("threatfeed", "/v1/theme-rules/report")
        console = Console(soft_wrap=True)
        console.print(
            f"applied {found['applied_version']}, deployed {found['deployed_version']}:"
            f" {found['changed']} of {found['examined']} assessments would change",
            highlight=False,
        )
        table = Table("rule", "theme", "added", "removed", box=None, pad_edge=False)
        for one in found["rules"]:
            table.add_row(one["rule_id"], one["theme"], str(one["added"]), str(one["removed"]))
        console.print(table)
        token = ""
        while True:
            page = await desk.get("threatfeed", "/v1/theme-rules/report/changes", token=token)
            for one in page["changes"]:
                console.print(change_line(one), highlight=False, markup=False)
            if not (token := page["next_page_token"]):
                break

    at_desk(name, state, work)


def apply(
    version: Annotated[str, typer.Argument(help="The deployed version, as in the report")],
    replaces: Annotated[str, typer.Argument(help="The applied version, as in the report")],
    name: AccountOption = "operator",
    state: StateOption = None,
) -> None:
    """Have a worker apply the rules that were reported."""

    async def work(desk: Desk) -> None:
        body = {"version": version, "replaces": replaces}
        made = await desk.post("threatfeed", "/v1/theme-rules/applications", body)
        print(f"{made['id']} {made['state']}")

    at_desk(name, state, work)


def overlaps(
    assessment: AssessmentArgument,
    name: AccountOption = "fcdo-secretariat",
    series: SeriesOption = "uk-eu",
    state: StateOption = None,
) -> None:
    """List the assessments that overlap with one, and because of what."""

    async def work(desk: Desk) -> None:
        path = f"/v1/assessments/{assessment}/overlaps"
        console = Console(soft_wrap=True)
        for one in (await desk.get("threatfeed", path, series=series))["overlaps"]:
            why = ", ".join(f"{reason['ground']} {printable(reason['value'])}" for reason in one["reasons"])
            shown = one["assessment"]
            line = f"{shown['id']}  {one['weight']}  {printable(shown['title'])}  because of {why}"
            console.print(line, highlight=False, markup=False)

    at_desk(name, state, work)


def link(
    one: Annotated[UUID, typer.Argument(metavar="ASSESSMENT")],
    other: Annotated[UUID, typer.Argument(metavar="OTHER")],
    reason: ReasonOption,
    name: AccountOption = "fcdo-secretariat",
    series: SeriesOption = "uk-eu",
    state: StateOption = None,
) -> None:
    """Hold two assessments to be of one matter; prints the link's id."""

    async def work(desk: Desk) -> None:
        body = {"series": series, "one": str(one), "other": str(other), "reason": reason}
        print((await desk.post("threatfeed", "/v1/links", body))["id"])

    at_desk(name, state, work)


def unlink(
    link_id: Annotated[UUID, typer.Argument(metavar="LINK")],
    reason: ReasonOption,
    name: AccountOption = "fcdo-secretariat",
    state: StateOption = None,
) -> None:
    """Undo a link: nothing is left of it but the record."""

    async def work(desk: Desk) -> None:
        undone = await desk.post("threatfeed", f"/v1/links/{link_id}/undo", {"reason": reason})
        print(f"{undone['id']} is undone")

    at_desk(name, state, work)


def _decide(
    name: str, state: Path | None, assessment: UUID, theme: str, verdict: Verdict, reason: str, series: str
) -> None:
    async def work(desk: Desk) -> None:
        here = f"/v1/assessments/{assessment}"
        current = await desk.read("threatfeed", f"{here}/themes", series=series)
        body = {"series": series, "theme": theme, "verdict": verdict.value, "reason": reason}
        path = f"{here}/theme-decisions"
        _print_themes(await desk.post("threatfeed", path, body, etag=current.etag))

    at_desk(name, state, work)


def _print_themes(document: dict[str, Any]) -> None:
    table = Table("theme", "by", "rule", "reason", box=None, pad_edge=False)
    for one in document["themes"]:
        decision = one["decision"] or {}
        reason = printable(decision.get("reason", ""))
        table.add_row(one["theme"], one["assigned_by"], one["rule_id"] or "", reason)
    for one in document["removed"]:
        table.add_row(one["theme"], "removed", "", printable(one["reason"]))
    Console(soft_wrap=True).print(table)


def change_line(change: dict[str, Any]) -> str:
    """One line for an assessment of which the rules would change the themes."""
    words = [
        *(f"+{one['theme']} ({one['rule_id']})" for one in change["added"]),
        *(f"-{one['theme']} ({one['rule_id']})" for one in change["removed"]),
        *(
            f"{one['theme']} {one['rule_id_before']} -> {one['rule_id_after']}"
            for one in change["reassigned"]
        ),
    ]
    return f"{change['assessment_id']}  {printable(change['title'])}  {', '.join(words)}"


def at_desk(name: str, state: Path | None, work: Callable[[Desk], Awaitable[None]]) -> None:
    """Does what an account does at the services, or says why it cannot."""

    async def working() -> int:
        async with open_client() as client:
            await work(Desk(Access.find(folders(state)), name, client))
        return 0

    run(working)
