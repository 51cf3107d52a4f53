"""`actions figures`: how many actions stand how, now or then."""

from collections.abc import Iterator

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
