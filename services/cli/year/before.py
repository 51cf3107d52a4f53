"""Before the meeting: planned, proposed, ranked, drafted, assembled, negotiated, and agreed by all chairs."""

from datetime import UTC, datetime, timedelta
from typing import Final

from services.cli.clients.rest import Document
from services.cli.thread.stage import require
from services.cli.year.cycle import Side, Year

_SHOWN: Final = 4
_LONGEST: Final = 90
_CALL: Final = 60
"""Days before a meeting at which its sides propose."""


async def plan(year: Year) -> None:
    """The next edition that nobody has planned, in the month of the series."""
    desk, cycle, now = year.stage.desk(year.cycle.drafting.secretariat), year.cycle, year.stage.clock.now()
    known = await desk.get("agenda", "/v1/meetings", series=cycle.series, page_size=200)
    taken = {one["edition"] for one in known["meetings"]}
    year.edition = next(
        edition
        for edition in range(now.year, now.year + 10)
        if edition not in taken and _day(edition, cycle.month) > now + timedelta(days=60)
    )
    starts = _day(year.edition, cycle.month)
    host, venue = year.host()
    year.meeting = await desk.post(
        "agenda",
        "/v1/meetings",
        {
            "series": cycle.series,
            "edition": year.edition,
            "host_party": host,
            "venue": venue,
            "starts_at": starts.isoformat(),
            "ends_at": (starts + timedelta(hours=cycle.hours)).isoformat(),
        },
    )
    year.say(f"planned for {starts:%d %B %Y} in {venue}, meeting {year.meeting['id']}")


def _day(edition: int, month: int) -> datetime:
    """A Wednesday in the first half of the month, at half past nine."""
    day = datetime(edition, month, 7, 9, 30, tzinfo=UTC)
    return day + timedelta(days=(2 - day.weekday()) % 7)


async def propose(year: Year) -> None:
    """Each side fills its own backlog; the other does not see that anything was proposed."""
    starts = datetime.fromisoformat(year.meeting["starts_at"])
    year.stage.clock.forward_to(starts - timedelta(days=_CALL))
    for side in year.cycle.sides:
        desk = year.stage.desk(side.secretariat)
        body: Document = {"series": year.cycle.series, "edition": year.edition, **side.proposal}
        proposal = await desk.post("agenda", "/v1/proposals", body)
        year.proposals[side.party] = proposal
        year.say(f"{side.party} proposes “{proposal['title']}”, for itself alone so far")
    for side in year.cycle.sides:
        desk = year.stage.desk(side.secretariat)
        backlog = await desk.get("agenda", "/v1/proposals", series=year.cycle.series)
        parties = {one["party"] for one in backlog["proposals"]}
        require(parties == {side.party}, f"{side.party} sees proposals of {parties - {side.party}}")


async def rank(year: Year) -> None:
    """What should be on the agenda, for each side on its own, and why."""
    for side in year.cycle.sides:
        await _rank(year, side)


async def _rank(year: Year, side: Side) -> None:
    desk = year.stage.desk(side.secretariat)
    ranking = await desk.get("agenda", f"{year.path}/ranking", page_size=_SHOWN)
    require(ranking["subjects"], f"nothing is ranked for {side.party}")
    for one in ranking["subjects"]:
        rules = ", ".join(f"{rule['rule']} {rule['points']}" for rule in one["rules"])
        year.say(f"{side.party} {one['position']}. {_short(one['title'])}: {one['points']} points ({rules})")
    first = ranking["subjects"][0]
    why = await desk.get("agenda", f"{year.path}/ranking/{first['subject']}")
    for source in why["sources"][:_SHOWN]:
        name = source["title"] or source["source"]
        denied = ", ".join(f"not for {one['party']} ({one['rule_id']})" for one in source["denials"])
        year.say(f"  without “{name}” {source['loss']} points less{'; ' + denied if denied else ''}")
    if why["falls"]:
        year.say(f"  {why['falls']['needs']} points would put {why['falls']['neighbour']} before it")


async def draft(year: Year) -> None:
    """The template of the series, what comes back by itself, and the side's own proposal in one step."""
    side = year.cycle.drafting
    desk = year.stage.desk(side.secretariat)
    started = await desk.post("agenda", f"{year.path}/drafts", {})
    proposal = year.proposals[side.party]
    taken = await desk.post(
        "agenda",
        f"/v1/proposals/{proposal['id']}/take",
        {"draft_id": started["id"], "draft_version": started["version"], "position": 4},
        etag=f'"{proposal["version"]}"',
    )
    require(taken["state"] == "TAKEN", "the proposal was not taken")
    year.draft = await desk.get("agenda", f"/v1/drafts/{started['id']}")
    minutes = sum(item["minutes"] for item in year.draft["items"])
    year.say(f"{side.party} drafts {len(year.draft['items'])} items of {minutes} minutes together")


async def assemble(year: Year) -> None:
    """Too much for one morning, which is told in words; then a whole day with a break, which is applied."""
    desk, path = year.stage.desk(year.cycle.drafting.secretariat), f"/v1/drafts/{year.draft['id']}"
    starts = datetime.fromisoformat(year.meeting["starts_at"])
    items = year.draft["items"]
    first, last = items[0]["id"], items[-1]["id"]
    morning = {"windows": [_window("morning", starts, timedelta(hours=2))]}
    await desk.change("agenda", f"{path}/planning", "", morning, method="PUT")
    told = await desk.change("agenda", path, "assembly", {"validate_only": True})
    require(not told["feasible"], "all items fit into one morning")
    year.say(f"a morning is too short, {len(told['conflict'])} things cannot hold together:")
    for one in told["conflict"]:
        year.say(f"  {one}")
    planning: Document = {
        "windows": [_window("day", starts, timedelta(hours=year.cycle.hours))],
        "movable_breaks": [
            {
                "id": "lunch",
                "minutes": 45,
                "earliest": (starts + timedelta(hours=2)).isoformat(),
                "latest": (starts + timedelta(hours=5)).isoformat(),
            }
        ],
        "items": [{"item_id": first, "first": True}, {"item_id": last, "last": True}],
    }
    await desk.change("agenda", f"{path}/planning", "", planning, method="PUT")
    applied = await desk.change("agenda", path, "assembly", {})
    require(applied["applied"], "the day was not assembled")
    year.draft = await desk.get("agenda", path)
    titles = {item["id"]: item["title"] for item in year.draft["items"]}
    for one in applied["items"]:
        at = datetime.fromisoformat(one["starts_at"])
        year.say(f"  {at:%H:%M} {one['minutes']:>3} min {_short(titles[one['item_id']])}")


def _window(name: str, starts: datetime, length: timedelta) -> Document:
    return {"id": name, "starts_at": starts.isoformat(), "ends_at": (starts + length).isoformat()}


async def negotiate(year: Year) -> None:
    """The other side amends one item and accepts the rest; the new version re-opens that one alone."""
    await _table(year)
    answering = year.stage.desk(year.cycle.answering.secretariat)
    amended = next(item for item in year.items if item["title"] == year.cycle.drafting.proposal["title"])
    minutes = amended["minutes"] - 5
    answers: list[Document] = [
        {"item_id": item["itemId"], "answer": "ACCEPTED"} for item in year.items if item is not amended
    ]
    answers.append(
        {
            "item_id": amended["itemId"],
            "answer": "AMENDED",
            "comment": "Shorter, so that the list of actions has its time.",
            "proposal": {"minutes": minutes},
        }
    )
    await _answer(year, answers)
    year.say(f"{answering.account.party} accepts {len(answers) - 1} items and wants one shorter")
    await _shorten(year, amended, minutes)
    before = year.agenda["id"]
    await _table(year)
    open_items = [one for one in year.agenda["items"] if answering.account.party in one["open_for"]]
    require(len(open_items) == 1, f"{len(open_items)} items are open again where one was changed")
    difference = await answering.get(
        "agenda", f"/v1/agendas/{year.agenda['id']}/difference", **{"from": before}
    )
    year.say(f"version {year.agenda['version']} re-opens one item; it differs in {_told(difference)}")
    await _answer(year, [{"item_id": open_items[0]["item_id"], "answer": "ACCEPTED"}])


async def agree(year: Year) -> None:
    """Every organisation of each quorum signs one content hash with its officials' own keys."""
    path = f"/v1/agendas/{year.agenda['id']}"
    for chair in year.cycle.chairs:
        year.agenda = await year.stage.desk(chair).agree(path)
    require(year.agenda["state"] == "AGREED", f"the agenda is {year.agenda['state']}")
    year.say(f"agreed by {len(year.cycle.chairs)} signatures on {year.agenda['content_hash'][:23]}…")


async def _table(year: Year) -> None:
    desk = year.stage.desk(year.cycle.drafting.secretariat)
    path = f"/v1/drafts/{year.draft['id']}"
    year.agenda = await desk.change("agenda", path, "table", {"marking": year.cycle.marking})
    year.say(f"version {year.agenda['version']} is tabled by {desk.account.party}")


async def _answer(year: Year, answers: list[Document]) -> None:
    desk = year.stage.desk(year.cycle.answering.secretariat)
    body = {"marking": year.cycle.marking, "answers": answers}
    year.agenda = await desk.change("agenda", f"/v1/agendas/{year.agenda['id']}", "answers", body)


async def _shorten(year: Year, amended: Document, minutes: int) -> None:
    """As the other side wants it."""
    desk = year.stage.desk(year.cycle.drafting.secretariat)
    path = f"/v1/drafts/{year.draft['id']}"
    current = await desk.get("agenda", path)
    item = next(one for one in current["items"] if one["id"] == amended["itemId"])
    body = {name: value for name, value in item.items() if name in _WRITABLE} | {"minutes": minutes}
    await desk.change("agenda", path, f"items/{item['id']}", body, method="PUT")


_WRITABLE: Final = frozenset(
    {"title", "kind", "purpose", "minutes", "commitments", "theme", "leads", "marking"}
)


def _short(title: str) -> str:
    return title if len(title) <= _LONGEST else f"{title[:_LONGEST]}…"


def _told(difference: Document) -> str:
    """The members of the items that were rewritten, from what to what."""
    changes = [
        f"{one['name']} from {one['before']} to {one['after']}"
        for item in difference["rewritten"]
        for one in item["fields"]
    ]
    return ", ".join(changes) or "nothing"
