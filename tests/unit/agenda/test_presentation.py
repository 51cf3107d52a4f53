"""The screen in the room: agreed titles and times, and nothing of what is reserved."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from services.agenda.domain.items import TabledItem
from services.agenda.domain.presentation import ComingItem, CurrentItem, Screen, on_screen, public_over_runs
from services.agenda.domain.run_clock import Run, RunState, face
from services.agenda.domain.time_budget import OverRun
from services.kernel.series import ItemKind
from tests.support.agenda import MEETING_ID, tabled_item

STARTS = datetime(2026, 12, 9, 9, 0, tzinfo=UTC)
OPENING, SECRET, THREATS, CLOSING = (UUID(int=number) for number in range(1, 5))


def line(identity: UUID, title: str, kind: ItemKind = ItemKind.SUBSTANTIVE) -> TabledItem:
    return tabled_item(id=identity, position=identity.int, title=title, kind=kind, minutes=30)


ITEMS = [
    line(OPENING, "Opening", ItemKind.STANDING),
    line(SECRET, "Force, skills", ItemKind.RESERVED),
    line(THREATS, "Threats"),
    line(CLOSING, "Closing", ItemKind.AOB),
]


def at(minutes: int) -> datetime:
    return STARTS + timedelta(minutes=minutes)


def screen(run: Run, now: int, coming: dict[UUID, tuple[int | None, datetime | None]]) -> Screen:
    shown = face(run, ITEMS, at(120), at(now))
    return on_screen(ITEMS, shown, run.current or run.interrupted, coming)


def test_the_current_item_the_next_ones_and_what_gives_way() -> None:
    run = Run(MEETING_ID).start(OPENING, ITEMS, STARTS)
    found = screen(run, 40, {SECRET: (30, at(40)), THREATS: (15, at(70)), CLOSING: (None, None)})
    assert found.current == CurrentItem(1, "Opening", 30, 40, 0, 10)
    assert found.coming == (
        ComingItem(2, "Threats", 30, 15, at(70)),
        ComingItem(3, "Closing", 30, None, None),
    )
    paused = screen(run.pause(at(40)), 45, {})
    assert (paused.state, paused.current) == (RunState.ON_BREAK, found.current)


def test_nothing_of_a_reserved_item_is_shown_also_while_it_runs() -> None:
    run = Run(MEETING_ID).start(OPENING, ITEMS, STARTS).finish(at(30)).start(SECRET, ITEMS, at(30))
    found = screen(run, 35, {THREATS: (30, at(60)), CLOSING: (30, at(90))})
    assert (found.state, found.current) == (RunState.ON_ITEM, None)
    assert [one.number for one in found.coming] == [2, 3]
    other = [line(SECRET, "Another title", ItemKind.RESERVED) if one.id == SECRET else one for one in ITEMS]
    shown = face(run, other, at(120), at(35))
    assert on_screen(other, shown, run.current, {THREATS: (30, at(60)), CLOSING: (30, at(90))}) == found
    day = date(2026, 12, 9)
    told = public_over_runs([OverRun(day, "RESERVED", 5), OverRun(day, "AOB", 6)])
    assert told == (OverRun(day, "", 5), OverRun(day, "AOB", 6))
