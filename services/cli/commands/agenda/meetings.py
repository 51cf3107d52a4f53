"""`agenda meetings`, `agenda show` and `agenda matters`."""

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from services.cli.clients.rest import Desk, Document
from services.cli.commands.agenda.arguments import MeetingArgument
from services.cli.commands.asking import JsonOption, SeriesOption, ask, pages, print_found
from services.cli.commands.people import AccountOption
from services.cli.commands.systems import StateOption
from services.cli.terminal import printable


def meetings(
    series: SeriesOption = "uk-eu",
    name: AccountOption = "fcdo-secretariat",
    *,
    as_json: JsonOption = False,
    state: StateOption = None,
) -> None:
    """List the meetings of a series, the latest edition first, each with those under it."""

    async def work(desk: Desk) -> int:
        found = await pages(desk, "agenda", "/v1/meetings", "meetings", {"series": series})
        print_found(found, meeting_lines, as_json=as_json)
        return 0

    ask(name, state, work)


def show(
    meeting: MeetingArgument,
    name: AccountOption = "fcdo-secretariat",
    *,
    as_json: JsonOption = False,
    state: StateOption = None,
) -> None:
    """Show a meeting with its T-minus plan and every date that it has had."""

    async def work(desk: Desk) -> int:
        found = await desk.get("agenda", f"/v1/meetings/{meeting}/deadlines")
        print_found(found, plan_lines, as_json=as_json)
        return 0

    ask(name, state, work)


def matters(
    meeting: MeetingArgument,
    name: AccountOption = "fcdo-secretariat",
    *,
    as_json: JsonOption = False,
    state: StateOption = None,
) -> None:
    """Show the matters arising, in the words that the account's party may see."""

    async def work(desk: Desk) -> int:
        found = await pages(desk, "agenda", f"/v1/meetings/{meeting}/matters-arising", "matters", {})
        print_found(found, matter_lines, as_json=as_json)
        return 0

    ask(name, state, work)


def meeting_lines(found: Document) -> Iterator[str]:
    """A line a meeting."""
    if not found["meetings"]:
        yield "no meeting is planned"
    for one in found["meetings"]:
        below = "  under it: " if one["parent"] else ""
        yield (
            f"{below}{one['id']}  {one['edition']}  {one['state']}"
            f"  {local_time(one['starts_at'], one['time_zone'])}  {printable(one['venue'])}"
        )


def plan_lines(found: Document) -> Iterator[str]:
    """The meeting, its deadlines in their order, and its moves."""
    meeting = found["meeting"]
    zone = meeting["time_zone"]
    yield f"{meeting['id']}  {meeting['series']} {meeting['edition']}  {meeting['level']}  {meeting['state']}"
    yield (
        f"{printable(meeting['venue'])}, host {meeting['host_party']},"
        f" from {local_time(meeting['starts_at'], zone)} to {local_time(meeting['ends_at'], zone)} {zone}"
    )
    first = datetime.fromisoformat(meeting["starts_at"]).astimezone(ZoneInfo(zone)).date()
    for one in found["deadlines"]:
        days = (first - datetime.fromisoformat(one["nominal"]).date()).days
        moved = "" if one["due"] == one["nominal"] else f", for {one['nominal']} is no common working day"
        yield f"  T-{days:<3} {one['due']}  {one['state']:<7}  {printable(one['name'])}{moved}"
    for move in found["moves"]:
        by = f"{printable(move['moved_by'])} on {move['moved_at'][:10]}"
        yield (
            f"  {move['number']}. {move['command']} by {by}:"
            f" {local_time(move['starts_at'], move['time_zone'])}, {printable(move['venue'])}."
            f" {printable(move['reason'])}".rstrip()
        )


def matter_lines(found: Document) -> Iterator[str]:
    """Each action, what it was, what it is, and how often it was put off."""
    yield f"since {(found['since'] or 'the beginning')[:19]}, as of {found['until'][:19]}"
    if not found["matters"]:
        yield "nothing arises"
    for one in found["matters"]:
        before = f"{one['state_before']} -> " if one["state_before"] not in (None, one["state"]) else ""
        marks = [word for word in ("overdue", "ended") if one[word]]
        due = one["due_date"] or "reviewed yearly"
        yield f"{one['reference']}  {before}{one['state']}  {', '.join([f'due {due}', *marks])}"
        yield f"  {printable(one['text'])} ({printable(one['marking'])})"
        for move in one["moves"]:
            yield f"  moved from {move['from_date']} to {move['to_date']}: {printable(move['reason'])}"
        if one["slips"]:
            yield f"  slipped {one['slips']} times, {one['slipped_days']} days in all"


def local_time(instant: str, zone: str) -> str:
    """An instant as the clocks at the venue show it."""
    return f"{datetime.fromisoformat(instant).astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}"
