"""`agenda table` and `agenda diff`: what lies on the table, who says what, what a version changed."""

from collections.abc import Iterator
from typing import Annotated
from uuid import UUID

import typer

from services.cli.clients.rest import Desk, Document
from services.cli.commands.agenda.arguments import MeetingArgument
from services.cli.commands.asking import JsonOption, ask, print_found
from services.cli.commands.people import AccountOption
from services.cli.commands.systems import StateOption
from services.cli.failures import CommandFailed
from services.cli.terminal import printable


def table(
    meeting: MeetingArgument,
    version: Annotated[
        int | None, typer.Option(min=1, help="Without it, the version on the table now")
    ] = None,
    name: AccountOption = "fcdo-secretariat",
    *,
    as_json: JsonOption = False,
    state: StateOption = None,
) -> None:
    """Show the agenda on the table: each side's answers, what is open for whom, and who still must sign."""

    async def work(desk: Desk) -> int:
        found = _version(await _versions(desk, meeting), version)
        print_found(found, agenda_lines, as_json=as_json)
        return 0

    ask(name, state, work)


def diff(
    meeting: MeetingArgument,
    before: Annotated[int | None, typer.Argument(metavar="[FROM]", min=1)] = None,
    after: Annotated[int | None, typer.Argument(metavar="[TO]", min=1)] = None,
    name: AccountOption = "fcdo-secretariat",
    *,
    as_json: JsonOption = False,
    state: StateOption = None,
) -> None:
    """Show what one tabled version changes of another; without numbers, the last one of the one before it."""

    async def work(desk: Desk) -> int:
        versions = await _versions(desk, meeting)
        to = _version(versions, after)
        earlier = _version(versions, to["version"] - 1 if before is None else before)
        query = {"from": earlier["id"]}
        found = await desk.get("agenda", f"/v1/agendas/{to['id']}/difference", **query)
        titles = {**_titles(earlier), **_titles(to)}
        print_found(found, lambda told: difference_lines(told, titles), as_json=as_json)
        return 0

    ask(name, state, work)


async def _versions(desk: Desk, meeting: UUID) -> list[Document]:
    found: list[Document] = (await desk.get("agenda", f"/v1/meetings/{meeting}/agendas"))["agendas"]
    if not found:
        raise CommandFailed(f"nothing has been tabled for meeting {meeting}")
    return found


def _version(versions: list[Document], wanted: int | None) -> Document:
    if wanted is None:
        return max(versions, key=lambda one: int(one["version"]))
    for one in versions:
        if one["version"] == wanted:
            return one
    there = ", ".join(str(one["version"]) for one in reversed(versions))
    raise CommandFailed(f"there is no version {wanted}; versions are {there}")


def _titles(agenda: Document) -> dict[str, str]:
    return {item["itemId"]: item["title"] for item in agenda["document"]["items"]}


def agenda_lines(agenda: Document) -> Iterator[str]:
    """Item by item, then the signatures."""
    yield f"version {agenda['version']}  {agenda['state']}  {agenda['content_hash']}"
    answered = {one["item_id"]: one for one in agenda["items"]}
    stale = {one["item_id"]: one for one in agenda["stale_references"]}
    for number, item in enumerate(agenda["document"]["items"], start=1):
        yield f"{number:>3}. {printable(item['title'])}  {item.get('minutes', 0)} min"
        told = answered[item["itemId"]]
        for answer in told["answers"]:
            yield f"       {_answer(answer)}"
        if told["open_for"]:
            yield f"       open for {', '.join(told['open_for'])}"
        if item["itemId"] in stale:
            one = stale[item["itemId"]]
            yield f"       {one['assessment_id']} is {one['state']}: {printable(one['what_to_do'])}"
    for party in agenda["agreements"]:
        missing = [body for body in party["needed"] if body not in party["agreed"]]
        signed = ", ".join(party["agreed"]) or "nobody"
        yield f"{party['party']}: signed by {signed}" + (
            f"; still to sign: {', '.join(missing)}" if missing else ""
        )


def _answer(answer: Document) -> str:
    words = f"{answer['party']} {answer['answer']}"
    if answer["since_version"]:
        words += f" since version {answer['since_version']}"
    if answer["comment"]:
        words += f", “{printable(answer['comment'])}”"
    proposed = answer["proposal"] or {}
    for member, value in proposed.items():
        if value:
            words += f"; {member} {printable(str(value))}"
    return words


def difference_lines(found: Document, titles: dict[str, str]) -> Iterator[str]:
    """Whole, added, removed, moved, rewritten; one line each."""
    yield f"version {found['from_version']} to version {found['to_version']}"

    def named(item_id: str) -> str:
        return f"“{printable(titles.get(item_id, item_id))}”"

    for one in found["whole"]:
        yield f"  {_change(one)}"
    for one in found["added"]:
        yield f"  + “{printable(one['title'])}” as {one['position']}"
    for one in found["removed"]:
        yield f"  - “{printable(one['title'])}”, which was {one['position']}"
    for one in found["moved"]:
        yield f"  {named(one['item_id'])} moves from {one['before']} to {one['after']}"
    for item in found["rewritten"]:
        for one in item["fields"]:
            yield f"  {named(item['item_id'])}: {_change(one)}"
    if not any(found[part] for part in ("whole", "added", "removed", "moved", "rewritten")):
        yield "  nothing differs"


def _change(change: Document) -> str:
    return f"{change['name']} from {_shown(change['before'])} to {_shown(change['after'])}"


def _shown(value: object) -> str:
    return "nothing" if value is None else printable(str(value))
