"""`actions show`: one action, with its past and the thread around it where asked for."""

from collections.abc import Iterator
from typing import Annotated
from uuid import UUID

import typer

from services.cli.clients.rest import Desk, Document
from services.cli.commands.actions.arguments import NamedAction
from services.cli.commands.actions.listing import change_lines, due, rated
from services.cli.commands.asking import JsonOption, Query, ask, pages, print_found, print_lines
from services.cli.commands.people import AccountOption
from services.cli.commands.systems import StateOption
from services.cli.failures import CommandFailed
from services.cli.layout import read_policy
from services.cli.terminal import json_line, printable
from services.kernel.identifiers import series_stem

_CLAIMED = "COMPLETION_CLAIMED"
_CLAIM = "action.completion-claimed"


def show(
    action: NamedAction,
    history: Annotated[bool, typer.Option("--history", help="And what changed of it, and by whom")] = False,
    thread: Annotated[bool, typer.Option("--thread", help="And where it comes from")] = False,
    name: AccountOption = "fcdo-secretariat",
    *,
    as_json: JsonOption = False,
    state: StateOption = None,
) -> None:
    """Show one action: its dates, both ratings, plan, evidence, and whose confirmation it waits for."""

    async def work(desk: Desk) -> int:
        found: Document = {"action": await _action(desk, action)}
        here = f"/v1/actions/{found['action']['id']}"
        if history or (found["action"]["state"] == _CLAIMED and not as_json):
            found |= await pages(desk, "actions", f"{here}/history", "changes", {})
        if thread:
            found["thread"] = await desk.get("actions", f"{here}/thread")
        if as_json:
            print(json_line(found if history or thread else found["action"]))
        else:
            print_lines(action_lines(found, history=history))
        return 0

    ask(name, state, work)


def lead(
    action: NamedAction,
    post: Annotated[str, typer.Argument(help="All parties read it; '' where nobody leads any more")],
    official: Annotated[str, typer.Option(help="Whoever holds it, for the own side alone")] = "",
    name: AccountOption = "dsit-owner",
    *,
    as_json: JsonOption = False,
    state: StateOption = None,
) -> None:
    """Name the post that leads the work on an action for the account's organisation."""

    async def work(desk: Desk) -> int:
        here = f"/v1/actions/{(await _action(desk, action))['id']}"
        body = {"post": post, "subject": official}
        found = await desk.change("actions", here, "lead-official", body, method="PUT")
        print_found(found, lambda one: action_lines({"action": one}), as_json=as_json)
        return 0

    ask(name, state, work)


async def _action(desk: Desk, named: str) -> Document:
    """By its id, or by its reference among those that the account may see."""
    if "-A" not in named:
        return await desk.get("actions", f"/v1/actions/{UUID(named)}")
    stem, year, _ = named.split("-")
    known = [series for series in read_policy().series if series_stem(series) == stem]
    if not known:
        raise CommandFailed(f"{named} is a reference of no series")
    query: Query = {"series": known[0], "edition": int(year), "order": "REFERENCE", "archived": "all"}
    for one in (await pages(desk, "actions", "/v1/actions", "actions", query))["actions"]:
        if one["reference"] == named:
            return dict(one)
    raise CommandFailed(f"{desk.account.name} may see no action {named}")


def action_lines(found: Document, *, history: bool = True) -> Iterator[str]:
    """What was agreed and by whom it is done, how it stands, and what belongs to it."""
    one = found["action"]
    yield f"{printable(one['reference'])}  {one['state']}  {one['id']}  version {one['version']}"
    yield f"  {printable(one['text'])} ({printable(one['marking'])})"
    if one["guidance"]:
        yield f"  guidance: {printable(one['guidance'])}"
    for owner in one["owners"]:
        part = "accountable" if owner["accountable"] else "supporting"
        yield f"  {printable(owner['party'])} {printable(owner['organisation'])}, {part}"
    for lead in one["lead_officials"]:
        held = f" ({printable(lead['subject'])})" if lead["subject"] else ""
        yield f"  led for {printable(lead['party'])} by {printable(lead['post'])}{held}"
    if one["commitment"]:
        yield f"  under {printable(one['commitment'])}"
    yield from _standing(one)
    yield from _plan(one)
    yield from _proof(one)
    yield from _ending(one, found.get("changes", []))
    for other in one["basis"]:
        yield f"  rests on assessment {other['assessment_id']} revision {other['revision']}, {other['state']}"
    if history:
        yield "history"
        yield from (f"  {line}" for line in change_lines({"changes": found.get("changes", [])}))
    if "thread" in found:
        yield "thread"
        yield from (f"  {line}" for line in thread_lines(found["thread"]))


def _standing(one: Document) -> Iterator[str]:
    yield f"  {due(one)}  {one['timeliness']}"
    for move in one["due_date_changes"]:
        accepted = ", ".join(map(printable, move["accepted_by"]))
        yield (
            f"    moved from {move['from_date']} to {move['to_date']} for {printable(move['requested_by'])},"
            f" accepted by {accepted} on {move['accepted_on']}: {printable(move['reason'])}"
        )
    yield f"  rated: {rated(one)}"
    if one["computed_because"]:
        yield f"    computed because of {', '.join(map(printable, one['computed_because']))}"
    if one["narrative"]:
        yield f"    “{printable(one['narrative'])}”"
    reported = one["reported_at"][:19] if one["reported_at"] else "never"
    flags = [word for word, holds in (("stale", one["rag_is_stale"]), ("dormant", one["dormant"])) if holds]
    if one["archived_on"]:
        flags.append(f"archived {one['archived_on']}")
    yield f"    reported {', '.join([reported, *flags])}"
    for word in ("declined", "blocked"):
        if one[word] is not None:
            yield f"  {word} by {_objection(one[word])}"


def _plan(one: Document) -> Iterator[str]:
    if one["progress_percent"] is not None:
        yield f"  milestones, {one['progress_percent']} % reached"
    for step in one["milestones"]:
        reached = f"reached {step['reached_at'][:10]}" if step["reached_at"] else f"due {step['due']}"
        yield f"    {printable(step['title'])}, weight {step['weight']}, {reached}"
    for other in one["depends_on"]:
        yield f"  waits for action {other}"
    for review in one["reviews"]:
        yield (
            f"  reviewed {review['reviewed_at'][:10]} by {printable(review['organisation'])}:"
            f" {printable(review['finding'])}"
        )
    for proposal in one["proposals"]:
        to = f" to {proposal['due_date']}" if proposal["due_date"] else ""
        accepted = ", ".join(map(printable, proposal["accepted_by"])) or "nobody else"
        yield (
            f"  proposed by {printable(proposal['party'])}: {proposal['kind']}{to}, accepted by {accepted}:"
            f" {printable(proposal['reason'])}"
        )


def _proof(one: Document) -> Iterator[str]:
    for item in one["evidence"]:
        marks = f"{item['kind']}, revision {item['revision']}, {printable(item['marking'])}"
        if item["expires_on"]:
            marks += f", shows nothing from {item['expires_on']} on"
        if item["withdrawn"] is not None:
            marks += f", withdrawn by {_objection(item['withdrawn'])}"
        yield f"  evidence “{printable(item['title'])}” of {printable(item['organisation'])}: {marks}"
        if item["uri"]:
            yield f"    {printable(item['uri'])}"
    for wanted in one["expected_evidence"]:
        of = printable(wanted["party"]) or "any owning party"
        late = ", late" if wanted["late"] else ""
        yield (
            f"  expected “{printable(wanted['wording'])}”: {wanted['kind']} of {of} by {wanted['due']},"
            f" {wanted['presence']}{late}"
        )
    for entry in one["confirmations"]:
        counts = "" if entry["holds"] else ", which counts no more, for the evidence changed"
        yield (
            f"  confirmed by {printable(entry['party'])} {printable(entry['organisation'])}"
            f" on {entry['confirmed_at'][:10]}{counts}"
        )
    if one["rejection"] is not None:
        rejection = one["rejection"]
        yield (
            f"  rejected by {printable(rejection['party'])} {printable(rejection['organisation'])}"
            f" on {rejection['rejected_at'][:10]}: {printable(rejection['reason'])}"
        )


def _ending(one: Document, changes: list[Document]) -> Iterator[str]:
    if one["state"] == _CLAIMED:
        yield f"  waits for the confirmation of {awaited(one, changes)}"
    if one["successor"]:
        yield f"  succeeded by {printable(one['successor'])}"
    if one["closure_id"]:
        look = f", looked at again on {one['review_on']}" if one["review_on"] else ""
        yield f"  closure {one['closure_id']}{look}"
    for review in one["closure_reviews"]:
        lasted = "has lasted" if review["sustained"] else "has not lasted"
        yield f"  {lasted}, says {printable(review['organisation'])}: {printable(review['finding'])}"


def awaited(action: Document, changes: list[Document]) -> str:
    """Every owning party but the claimant's confirms; where it is the only one, any other of the series."""
    claimants = [change["party"] for change in changes if change["kind"] == _CLAIM]
    confirmed = {entry["party"] for entry in action["confirmations"] if entry["holds"]}
    others = {owner["party"] for owner in action["owners"]} - set(claimants[-1:])
    return ", ".join(map(printable, sorted(others - confirmed))) or "another party of the series"


def thread_lines(found: Document) -> Iterator[str]:
    """From the outcome to the closure."""
    yield f"meeting {printable(found['meeting_id'])}, item {printable(found['item_id'])}"
    yield f"outcome {printable(found['outcome_id'])}"
    for words, member in (
        ("took the place of", "took_the_place_of"),
        ("waits for", "waits_for"),
        ("is awaited by", "awaited_by"),
    ):
        for other in found[member]:
            yield f"{words} {_node(other)}"
    if found["successor"] is not None:
        yield f"succeeded by {_node(found['successor'])}"
    yield f"items of evidence: {len(found['evidence'])}"
    if found["closure_id"]:
        yield f"closure {found['closure_id']}, closed {(found['closed_at'] or '')[:19]}".rstrip(", ")


def _node(other: Document) -> str:
    return f"{printable(other['reference'])}  {other['state']}  {other['id']}"


def _objection(objection: Document) -> str:
    return (
        f"{printable(objection['party'])} {printable(objection['organisation'])}"
        f" on {objection['at'][:10]}: {printable(objection['reason'])}"
    )
