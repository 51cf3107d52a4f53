"""`actions rounds` and `actions round`: who reports when, and who has."""

from collections.abc import Iterator
from typing import Annotated
from uuid import UUID

import typer

from services.cli.clients.rest import Desk, Document
from services.cli.commands.actions.arguments import DayOption, asked
from services.cli.commands.asking import JsonOption, SeriesOption, ask, print_found
from services.cli.commands.people import AccountOption
from services.cli.commands.systems import StateOption
from services.cli.terminal import printable


def rounds(
    series: SeriesOption = "uk-eu",
    before: DayOption = None,
    name: AccountOption = "fcdo-secretariat",
    *,
    as_json: JsonOption = False,
    state: StateOption = None,
) -> None:
    """List the reporting rounds of a series, the latest first, at most 100, and the next one to come."""

    async def work(desk: Desk) -> int:
        found = await desk.get("actions", "/v1/report-rounds", series=series, **asked(before=before))
        print_found(found, rounds_lines, as_json=as_json)
        return 0

    ask(name, state, work)


def round_(
    identity: Annotated[UUID, typer.Argument(metavar="ROUND", help="As `actions rounds` lists it")],
    name: AccountOption = "fcdo-secretariat",
    *,
    as_json: JsonOption = False,
    state: StateOption = None,
) -> None:
    """Show one reporting round: what the account's party owes, and the counts of what is joint."""

    async def work(desk: Desk) -> int:
        found = await desk.get("actions", f"/v1/report-rounds/{identity}")
        print_found(found, round_lines, as_json=as_json)
        return 0

    ask(name, state, work)


def rounds_lines(found: Document) -> Iterator[str]:
    """The next one, then a line a round."""
    following = found["next"]
    yield f"next: {_days(following)}" if following is not None else "next: none is known"
    for one in found["rounds"]:
        yield f"{one['id']}  {one['state']}  {_days(one)}"


def round_lines(found: Document) -> Iterator[str]:
    """The round, what is owed by the own party, and the counts with their populations."""
    one = found["round"]
    yield f"{one['id']}  {printable(one['series'])}  {one['state']}  {_days(one)}"
    yield f"as of {found['as_of'][:19]}"
    yield f"own: {_counts(found['own_counts'])}"
    for answer in found["own"]:
        when = f" {answer['submitted_at'][:19]}" if answer["submitted_at"] else ""
        if answer["reminded_at"] and not answer["submitted_at"]:
            when = f", reminded {answer['reminded_at'][:19]}"
        yield (
            f"  {printable(answer['reference'])}  {printable(answer['organisation'])}"
            f"  {answer['answer']}{when}"
        )
    for party, counts in found["joint"].items():
        yield f"joint, {printable(party)}: {_counts(counts)}"


def _days(days: Document) -> str:
    return (
        f"planned for {days['planned_for']}, opens {days['opens_on']}, reminds {days['reminds_on']},"
        f" due {days['due_on']}, closes {days['closes_on']}"
    )


def _counts(counts: Document) -> str:
    return (
        f"{counts['submitted']} of {counts['population']} submitted ({counts['late']} late),"
        f" {counts['outstanding']} outstanding ({counts['missed']} missed), {counts['excused']} excused"
    )
