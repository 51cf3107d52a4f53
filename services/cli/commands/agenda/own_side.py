"""`agenda ranking`, `agenda explain` and `agenda conflicts`: what a party has for itself alone."""

from collections.abc import Iterator
from typing import Annotated

import typer

from services.cli.clients.rest import Desk, Document
from services.cli.commands.agenda.arguments import MeetingArgument
from services.cli.commands.asking import JsonOption, ask, print_found
from services.cli.commands.people import AccountOption
from services.cli.commands.systems import StateOption
from services.cli.failures import CommandFailed
from services.cli.terminal import printable


def ranking(
    meeting: MeetingArgument,
    top: Annotated[int, typer.Option(min=1, max=200, help="How many subjects")] = 20,
    name: AccountOption = "fcdo-secretariat",
    *,
    as_json: JsonOption = False,
    state: StateOption = None,
) -> None:
    """Show what should be on the agenda, as the account's party ranks it for itself."""

    async def work(desk: Desk) -> int:
        found = await desk.get("agenda", f"/v1/meetings/{meeting}/ranking", page_size=top)
        print_found(found, ranking_lines, as_json=as_json)
        return 0

    ask(name, state, work)


def explain(
    meeting: MeetingArgument,
    subject: Annotated[str, typer.Argument(help="As the ranking lists it, such as theme:THREAT_LANDSCAPE")],
    name: AccountOption = "fcdo-secretariat",
    *,
    as_json: JsonOption = False,
    state: StateOption = None,
) -> None:
    """Explain why a subject stands where it stands, and what would change that."""
    if not subject.isascii() or not all(one.isalnum() or one in "-_.:" for one in subject):
        raise typer.BadParameter("a subject is as the ranking lists it", param_hint="SUBJECT")

    async def work(desk: Desk) -> int:
        found = await desk.get("agenda", f"/v1/meetings/{meeting}/ranking/{subject}")
        print_found(found, explanation_lines, as_json=as_json)
        return 0

    ask(name, state, work)


def conflicts(
    meeting: MeetingArgument,
    name: AccountOption = "fcdo-secretariat",
    *,
    as_json: JsonOption = False,
    state: StateOption = None,
) -> None:
    """Say what cannot hold together in the plan of the party's draft; exit code 1 when something cannot.

    Nothing is changed by asking.
    """

    async def work(desk: Desk) -> int:
        drafts = (await desk.get("agenda", f"/v1/meetings/{meeting}/drafts"))["drafts"]
        if not drafts:
            raise CommandFailed(f"{desk.account.party} has no draft for meeting {meeting}")
        (draft,) = drafts
        found = await desk.change("agenda", f"/v1/drafts/{draft['id']}", "assembly", {"validate_only": True})
        titles = {item["id"]: item["title"] for item in draft["items"]}
        print_found(found, lambda told: assembly_lines(told, titles), as_json=as_json)
        return 0 if found["feasible"] else 1

    ask(name, state, work)


def ranking_lines(found: Document) -> Iterator[str]:
    """A line a subject: its place, points and what gives them."""
    yield _basis(found)
    for one in found["subjects"]:
        rules = ", ".join(f"{rule['rule']} {rule['points']}" for rule in one["rules"])
        yield f"{one['position']:>4}. {one['points']:>8}  {printable(one['title'])}"
        yield f"      {printable(one['subject'])}  {rules}".rstrip()
        if one["not_releasable"] or one["in_tear_line"]:
            yield (
                f"      of its assessments {one['not_releasable']} cannot go to every party,"
                f" {one['in_tear_line']} only in part"
            )
    if not found["subjects"]:
        yield "nothing is ranked"


def explanation_lines(found: Document) -> Iterator[str]:
    """The sum, the sources with what each is worth, and what would exchange it with its neighbours."""
    yield _basis(found)
    yield f"{found['position']}. {printable(found['title'])}: {found['points']} points"
    for part in found["contributions"]:
        yield (
            f"  {part['rule']}: {part['points']}, {part['weight']} for each unit,"
            f" {part['inputs']} of {part['found']} inputs count"
        )
        for entry in part["counted"]:
            values = ", ".join(f"{key} {printable(value)}" for key, value in entry["values"].items())
            yield f"    {printable(entry['source'])} {entry['part']} {entry['points']}  {values}".rstrip()
    for source in found["sources"]:
        title = printable(source["title"] or source["source"])
        worth = "it would not stand here at all" if source["itself"] else f"{source['loss']} points less"
        denied = "".join(
            f"; {one['mode']} of {one['rendition']} to {one['party']} denied by {one['rule_id']}"
            for one in source["denials"]
        )
        yield f"  without “{title}”: {worth}{denied}"
    for way, crossing in (("rises past", found["rises"]), ("falls behind", found["falls"])):
        if crossing is not None:
            yield f"  {way} {printable(crossing['neighbour'])} with {crossing['needs']} points:"
            for change in crossing["changes"]:
                amount = f"{change['amount']} ({change['moves']})"
                yield f"    {change['kind']} {printable(change['what'])} {amount}"


def assembly_lines(found: Document, titles: dict[str, str]) -> Iterator[str]:
    """The conflict in words, or the agenda that would follow."""
    if not found["feasible"]:
        yield f"no agenda fits: these {len(found['conflict'])} cannot hold together, without any one they can"
        for one in found["conflict"]:
            yield f"  {printable(one)}"
        return
    yield "nothing conflicts"
    for one in found["items"]:
        title = printable(titles.get(one["item_id"], one["item_id"]))
        yield f"{one['position']:>3}. {one['starts_at'][:16]}  {one['minutes']:>3} min  {title}"
    for item_id in found["left_out"]:
        yield f"  no room for “{printable(titles.get(item_id, item_id))}”"


def _basis(found: Document) -> str:
    whole = "" if found["complete"] else ", not of all assessments"
    return f"{found['party']} as of {found['as_of']}, weights {found['weights_version']}{whole}"
