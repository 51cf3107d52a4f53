"""`actions figures` and `actions trend`: how many actions stand how, now, then, and from month to month."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated

import typer

from services.cli.clients.rest import Desk, Document
from services.cli.commands.actions.arguments import (
    AsOfOption,
    CommitmentOption,
    OwnerOption,
    PartyOption,
    asked,
)
from services.cli.commands.asking import JsonOption, SeriesOption, ask, print_found
from services.cli.commands.people import AccountOption
from services.cli.commands.systems import StateOption
from services.cli.terminal import printable


class Period(StrEnum):
    """What a trend counts in."""

    MONTH = "MONTH"
    WEEK = "WEEK"


def figures(
    series: SeriesOption = "uk-eu",
    as_of: AsOfOption = None,
    owner: OwnerOption = None,
    party: PartyOption = None,
    commitment: CommitmentOption = None,
    name: AccountOption = "fcdo-secretariat",
    *,
    as_json: JsonOption = False,
    state: StateOption = None,
) -> None:
    """Count the actions that the account may see: standing, ratings, ageing, slippage, what is due next."""
    wanted = asked(as_of=as_of, owner=owner, party=party, commitment=commitment)

    async def work(desk: Desk) -> int:
        found = await desk.get("actions", "/v1/actions/figures", series=series, **wanted)
        print_found(found, figure_lines, as_json=as_json)
        return 0

    ask(name, state, work)


def trend(
    series: SeriesOption = "uk-eu",
    period: Annotated[Period, typer.Option(help="Months or weeks")] = Period.MONTH,
    periods: Annotated[int, typer.Option(min=1, max=24, help="How many, the running one among them")] = 12,
    as_of: AsOfOption = None,
    owner: OwnerOption = None,
    party: PartyOption = None,
    commitment: CommitmentOption = None,
    name: AccountOption = "fcdo-secretariat",
    *,
    as_json: JsonOption = False,
    state: StateOption = None,
) -> None:
    """Count how open actions were rated, by owners and by the rules, at the end of each month or week."""
    wanted = asked(as_of=as_of, owner=owner, party=party, commitment=commitment)

    async def work(desk: Desk) -> int:
        query = {"series": series, "period": period.value, "periods": periods, **wanted}
        found = await desk.get("actions", "/v1/actions/figures/trend", **query)
        print_found(found, trend_lines, as_json=as_json)
        return 0

    ask(name, state, work)


def trend_lines(found: Document) -> Iterator[str]:
    """A line a point: as of when, how many were open, and both ratings."""
    yield f"{printable(found['series'])} by {found['period']}: open actions, by owners and by the rules"
    if found["record_began_at"]:
        yield f"the record begins {found['record_began_at'][:19]}"
    for point in found["points"]:
        rated = "  ".join(
            f"{figure['name']} "
            + " ".join(f"{printable(entry['key'])} {entry['value']}" for entry in figure["values"])
            for figure in point["figures"]
        )
        yield f"{point['as_of'][:19]}  {point['figures'][0]['population']:>6} open  {rated}"


def figure_lines(found: Document) -> Iterator[str]:
    """Each figure with what was counted, how many that were and as of when, then a line a value."""
    yield f"{printable(found['series'])} as of {found['as_of'][:19]}, judged on {found['day']}"
    for figure in found["figures"]:
        yield (
            f"{figure['name']}: {figure['population']} {printable(figure['counted'])},"
            f" as of {figure['as_of'][:19]}"
        )
        for entry in figure["values"]:
            yield f"  {entry['value']:>6}  {printable(entry['key'])}"
