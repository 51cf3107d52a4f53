"""`actions list` and `actions changed`."""

from collections.abc import Iterator
from datetime import date, timedelta
from enum import StrEnum
from typing import Annotated

import typer

from services.cli.clients.rest import Desk, Document
from services.cli.commands.actions.arguments import (
    ArchivedOption,
    ClaimedOption,
    CommitmentOption,
    ComputedOption,
    DayOption,
    LeadOption,
    MineOption,
    OwnerOption,
    PartyOption,
    SinceOption,
    StatesOption,
    TextOption,
    asked,
)
from services.cli.commands.asking import JsonOption, SeriesOption, ask, pages, print_found
from services.cli.commands.people import AccountOption
from services.cli.commands.systems import StateOption
from services.cli.terminal import printable


class Ahead(StrEnum):
    """Days within which actions are due; each holds the one before."""

    MONTH = "30"
    TWO_MONTHS = "60"
    QUARTER = "90"


def list_(
    series: SeriesOption = "uk-eu",
    in_state: StatesOption = None,
    claimed: ClaimedOption = None,
    computed: ComputedOption = None,
    owner: OwnerOption = None,
    party: PartyOption = None,
    lead: LeadOption = None,
    mine: MineOption = False,
    commitment: CommitmentOption = None,
    text: TextOption = None,
    due_from: DayOption = None,
    due_to: DayOption = None,
    due_within: Annotated[Ahead | None, typer.Option(help="Open, and due in so many days from today")] = None,
    overdue: Annotated[bool | None, typer.Option("--overdue/--not-overdue")] = None,
    contradicted: Annotated[
        bool | None,
        typer.Option("--contradicted/--not-contradicted", help="The owner rates it better than the rules do"),
    ] = None,
    archived: ArchivedOption = None,
    open_only: Annotated[bool, typer.Option("--open", help="Only what has not ended")] = False,
    name: AccountOption = "fcdo-secretariat",
    *,
    as_json: JsonOption = False,
    state: StateOption = None,
) -> None:
    """List the actions of a series that are wanted, soonest original due date first."""
    if due_within and (due_from or due_to):
        raise typer.BadParameter("either --due-within, or --due-from and --due-to", param_hint="--due-within")
    if due_from and due_to and due_from > due_to:
        raise typer.BadParameter("the first day lies after the last", param_hint="--due-from")
    wanted = asked(
        state=in_state,
        claimed_rag=claimed,
        computed_rag=computed,
        owner=owner,
        party=party,
        lead_official=lead,
        assigned_to_me=mine or None,
        commitment=commitment,
        text=text,
        due_from=due_from,
        due_to=due_to,
        overdue=overdue,
        contradicted=contradicted,
        archived=archived,
        open_only=(open_only or bool(due_within)) or None,
    )

    async def work(desk: Desk) -> int:
        query = {"series": series, **wanted}
        if due_within:
            # Which day it is the service says: its clock may be another than this machine's.
            told = await desk.get("actions", "/v1/actions/figures", **query)
            last = date.fromisoformat(told["day"]) + timedelta(days=int(due_within))
            query |= {"due_from": told["day"], "due_to": last.isoformat()}
        found = await pages(desk, "actions", "/v1/actions", "actions", query)
        print_found(found, list_lines, as_json=as_json)
        return 0

    ask(name, state, work)


def changed(
    since: SinceOption,
    series: SeriesOption = "uk-eu",
    owner: OwnerOption = None,
    party: PartyOption = None,
    commitment: CommitmentOption = None,
    name: AccountOption = "fcdo-secretariat",
    *,
    as_json: JsonOption = False,
    state: StateOption = None,
) -> None:
    """Show what changed since a date, of the actions that are wanted as they stand now, in its order."""
    wanted = asked(owner=owner, party=party, commitment=commitment)

    async def work(desk: Desk) -> int:
        query = {"series": series, "since": since, **wanted}
        found = await pages(desk, "actions", "/v1/actions/changes", "changes", query)
        print_found(found, change_lines, as_json=as_json)
        return 0

    ask(name, state, work)


def list_lines(found: Document) -> Iterator[str]:
    """Two lines an action, then how many they are."""
    for one in found["actions"]:
        yield f"{printable(one['reference'])}  {one['state']}  {rated(one)}  {due(one)}"
        owners = ", ".join(printable(owner["organisation"]) for owner in one["owners"])
        yield f"  {owners}: {printable(one['text'])} ({printable(one['marking'])})"
    count = len(found["actions"])
    yield "no action is found" if not count else f"{count} action{'s' if count > 1 else ''}"


def change_lines(found: Document) -> Iterator[str]:
    """A line a change, then what it changed."""
    if not found["changes"]:
        yield "nothing changed"
    for one in found["changes"]:
        by = f" ({one['party']})" if one["party"] else ""
        yield (
            f"{one['at'][:19]}  {printable(one['reference'])}  {printable(one['kind'])}"
            f"  by {printable(one['actor'])}{by}"
        )
        for field in one["fields"]:
            before, after = (", ".join(map(printable, field[side])) for side in ("before", "after"))
            yield f"  {printable(field['field'])}: {before or 'nothing'} -> {after or 'nothing'}"


def rated(action: Document) -> str:
    """The owner's rating beside what the rules say."""
    words = f"claimed {action['rag'] or 'nothing'}, computed {action['computed_rag'] or 'nothing'}"
    if action["contradicted"]:
        words += ", contradicted"
    return words


def due(action: Document) -> str:
    """The date agreed now, and whether it is late or was moved."""
    words = f"{'reviewed' if action['reviewed_yearly'] else 'due'} {action['due_date']}"
    if action["timeliness"] == "OVERDUE":
        words += ", overdue"
    if action["due_date_changes"]:
        words += f", first {action['original_due_date']}"
    return words
