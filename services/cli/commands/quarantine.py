"""`quarantine`: what operators do with records that were refused."""

import asyncio
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.table import Table

from services.cli.clients.rest import Desk, open_client
from services.cli.commands.people import AccountOption
from services.cli.commands.running import run
from services.cli.commands.systems import StateOption
from services.cli.failures import Refused
from services.cli.hexdump import escaped, hexdump
from services.cli.layout import folders
from services.cli.record import Access
from services.cli.terminal import printable

Document = dict[str, Any]

_PAGE: Final = 200
_PASSED_OVER: Final = frozenset(
    {"QUARANTINE_CHANGED", "QUARANTINE_CLOSED", "REPLAYS_EXHAUSTED", "CONTENT_NOT_HELD"}
)
_ADMITTED: Final = frozenset({"REPLAYED", "REPAIRED"})

RecordArgument = Annotated[str, typer.Argument(metavar="RECORD", help="topic:partition:offset")]
ServiceOption = Annotated[str, typer.Option("--service", help="threatfeed, agenda or actions")]
ReasonOption = Annotated[str | None, typer.Option(help="Code of the refusal, such as MARKING_MISSING")]
AgencyOption = Annotated[str | None, typer.Option(help="Only what this agency submitted")]
TopicOption = Annotated[str | None, typer.Option(help="Only of this topic")]
SinceOption = Annotated[datetime | None, typer.Option(help="Received at or after this, in UTC")]
UntilOption = Annotated[datetime | None, typer.Option(help="Received before this, in UTC")]
OPERATOR: Final = "operator"
THREATFEED: Final = "threatfeed"


def create_commands() -> typer.Typer:
    app = typer.Typer(no_args_is_help=True, help="Look at, correct, replay and discard refused records.")
    app.command("list")(list_records)
    for command in (show, edit, replay, discard):
        app.command()(command)
    return app


def list_records(
    name: AccountOption = OPERATOR,
    service: ServiceOption = THREATFEED,
    *,
    record_state: Annotated[
        str, typer.Option("--in", help="OPEN, REPLAYED, REPAIRED, DISCARDED or ALL")
    ] = "OPEN",
    reason: ReasonOption = None,
    agency: AgencyOption = None,
    topic: TopicOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    most: Annotated[int, typer.Option(help="Records to show at most", min=1)] = 100,
    state: StateOption = None,
) -> None:
    """List refused records, the oldest first."""
    query = _query(None if record_state == "ALL" else record_state, reason, agency, topic, since, until)

    async def work(desk: Desk) -> int:
        columns = ("record", "state", "reason", "received", "replays", "edition")
        table = Table(*columns, box=None, pad_edge=False, header_style="bold")
        count = 0
        async for one in _records(desk, service, query):
            count += 1
            if count > most:
                break
            values = (one["record"], one["state"], one["reason"], one["received_at"][:19])
            table.add_row(*map(printable, values), str(one["replays"]), str(one["edition"]))
        console = Console(soft_wrap=True)
        console.print(table, highlight=False, markup=False)
        if count > most:
            console.print(f"more than {most}; ask with --most or a filter", highlight=False)
        return 0

    _at_desk(name, state, work)


def show(
    record: RecordArgument,
    name: AccountOption = OPERATOR,
    service: ServiceOption = THREATFEED,
    *,
    edition: Annotated[int | None, typer.Option(help="0 for the original", min=0)] = None,
    as_hex: Annotated[bool, typer.Option("--hex", help="As a hexdump")] = False,
    save: Annotated[Path | None, typer.Option(help="Write the bytes to this new file as well")] = None,
    without_content: Annotated[bool, typer.Option("--no-content", help="Only where and why")] = False,
    state: StateOption = None,
) -> None:
    """Show a record: where, why, what was done with it, and its bytes, escaped. Opening them is audited."""

    async def work(desk: Desk) -> int:
        path = f"/v1/quarantine/{record}"
        entry = await desk.get(service, path)
        for line in _described(entry):
            print(line)
        if without_content or not entry["held"]:
            return 0
        query = {} if edition is None else {"edition": edition}
        content = await desk.get(service, f"{path}/content", **query)
        for header in content["headers"]:
            print(f"header {printable(header['name'])}: {escaped(b64decode(header['value']))}")
        raw = b"" if content["value"] is None else b64decode(content["value"])
        if save is not None:
            with save.open("xb") as file:
                file.write(raw)
        print("no value" if content["value"] is None else f"value, {len(raw)} bytes:")
        print("\n".join(hexdump(raw)) if as_hex else escaped(raw))
        return 0

    _at_desk(name, state, work)


def edit(
    record: RecordArgument,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The corrected bytes")],
    note: Annotated[str, typer.Option(help="What was wrong, and who said so")],
    name: AccountOption = OPERATOR,
    service: ServiceOption = THREATFEED,
    content_type: Annotated[str | None, typer.Option(help="If that was wrong too")] = None,
    state: StateOption = None,
) -> None:
    """Put corrected bytes beside the original; `replay` then reads them."""
    body: Document = {"value": b64encode(file.read_bytes()).decode(), "note": note}
    if content_type is not None:
        body["content_type"] = content_type

    async def work(desk: Desk) -> int:
        changed = await desk.change(service, f"/v1/quarantine/{record}", "edits", body)
        print(f"{record}: edition {changed['edition']}")
        return 0

    _at_desk(name, state, work)


def replay(
    record: Annotated[
        str | None, typer.Argument(metavar="[RECORD]", help="topic:partition:offset; or give a filter")
    ] = None,
    name: AccountOption = OPERATOR,
    service: ServiceOption = THREATFEED,
    *,
    reason: ReasonOption = None,
    agency: AgencyOption = None,
    topic: TopicOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    rate: Annotated[float, typer.Option(help="Records a second", min=0.1)] = 50.0,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would happen")] = False,
    state: StateOption = None,
) -> None:
    """Let a record, or every open one that a filter finds, enter again; exit code 1 when any is refused."""
    query = _query("OPEN", reason, agency, topic, since, until)
    if record is None and len(query) == 1:
        raise typer.BadParameter("name a record, or filter by reason, agency, topic or time")

    async def work(desk: Desk) -> int:
        if record is not None:
            found = [await desk.get(service, f"/v1/quarantine/{record}")]
        else:
            found = [one async for one in _records(desk, service, query)]
        refused = 0
        loop = asyncio.get_running_loop()
        due = loop.time()
        for one in found:
            await asyncio.sleep(max(0.0, due - loop.time()))
            due += 1 / rate
            refused += not await _replayed(desk, service, one, dry_run=dry_run)
        verb = "would be admitted" if dry_run else "admitted"
        print(f"{len(found) - refused} {verb}, {refused} not")
        return 1 if refused else 0

    _at_desk(name, state, work)


def discard(
    record: RecordArgument,
    reason: Annotated[str, typer.Option(help="Why nothing is to come of it")],
    name: AccountOption = OPERATOR,
    service: ServiceOption = THREATFEED,
    state: StateOption = None,
) -> None:
    """Leave a record out for good."""

    async def work(desk: Desk) -> int:
        await desk.change(service, f"/v1/quarantine/{record}", "discards", {"reason": reason})
        print(f"{record}: discarded")
        return 0

    _at_desk(name, state, work)


async def _replayed(desk: Desk, service: str, one: Document, *, dry_run: bool) -> bool:
    path = f"/v1/quarantine/{one['record']}/replays"
    try:
        outcome = await desk.post(service, path, {"dry_run": dry_run}, etag=one["etag"])
    except Refused as refused:
        if refused.reason not in _PASSED_OVER:
            raise
        print(f"{one['record']}: {refused.reason}")
        return False
    told = "" if outcome["reason"] is None else f" {outcome['reason']} {outcome['detail'] or ''}"
    print(f"{one['record']}: {outcome['state']}{printable(told)}")
    return outcome["state"] in _ADMITTED


async def _records(desk: Desk, service: str, query: dict[str, str | int]) -> AsyncIterator[Document]:
    token = ""
    while True:
        more = {"page_token": token} if token else {}
        page = await desk.get(service, "/v1/quarantine", **query, **more, page_size=_PAGE)
        for one in page["records"]:
            yield one
        token = page["next_page_token"]
        if not token:
            return


def _described(entry: Document) -> list[str]:
    lines = [
        f"{entry['record']}  {entry['state']}  under {entry['marking_ceiling']}",
        f"received {entry['received_at']}, replayed {entry['replays']} times, edition {entry['edition']}",
        f"{entry['reason']} {entry['pointer'] or ''} {entry['detail'] or ''}",
    ]
    if not entry["held"]:
        lines.append("the content may not be held here: only its digest and its position are kept")
    for step in entry["ledger"]:
        said = " ".join(text for text in (step["reason"], step["note"]) if text)
        lines.append(
            f"  {step['at'][:19]} {step['action']} by {step['actor']}, edition {step['edition']} {said}"
        )
    return [printable(line).rstrip() for line in lines]


def _query(
    record_state: str | None,
    reason: str | None,
    agency: str | None,
    topic: str | None,
    since: datetime | None,
    until: datetime | None,
) -> dict[str, str | int]:
    if agency is not None and topic is not None:
        raise typer.BadParameter("an agency has one topic: give either")
    given: dict[str, str | None] = {
        "state": record_state,
        "reason": reason,
        "topic": topic if agency is None else f"threatfeed.submission.{agency}.v1",
        "received_from": _instant(since),
        "received_before": _instant(until),
    }
    return {key: value for key, value in given.items() if value is not None}


def _instant(at: datetime | None) -> str | None:
    return None if at is None else at.replace(tzinfo=UTC).isoformat()


@asynccontextmanager
async def _desk(name: str, state: Path | None) -> AsyncIterator[Desk]:
    async with open_client() as client:
        yield Desk(Access.find(folders(state)), name, client)


def _at_desk(name: str, state: Path | None, work: Callable[[Desk], Awaitable[int]]) -> None:
    async def at_desk() -> int:
        async with _desk(name, state) as desk:
            return await work(desk)

    run(at_desk)
