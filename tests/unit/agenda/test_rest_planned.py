"""The rest of a meeting under one side's planning of it."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from services.agenda.domain.assembly.planning import PlannedBreak, PlannedItem, Planning, Stretched
from services.agenda.domain.assembly.progress import Replanned
from services.agenda.domain.assembly.running import Left, fits_meeting, left_planned, reasons, yielded
from services.agenda.domain.draft import Draft
from services.agenda.domain.items import TabledItem
from services.agenda.domain.meeting import Meeting, MeetingState
from services.agenda.domain.run_clock import Run, Stretch
from services.agenda.solver.replan import replan
from services.kernel.series import ItemKind, ItemPurpose

STARTS = datetime(2026, 12, 9, 9, 0, tzinfo=UTC)


def at(minutes: int) -> datetime:
    return STARTS + timedelta(minutes=minutes)


def number(item: int) -> UUID:
    return UUID(int=item)


MEETING = Meeting(UUID(int=99), "uk-eu", 2026, "UK", "London", STARTS, at(300), MeetingState.AGENDA_AGREED, 1)
DRAFT = Draft(UUID(int=98), MEETING.id, "uk-eu", "UK", 1, ())


def tabled(item: int, minutes: int = 30, kind: ItemKind = ItemKind.SUBSTANTIVE) -> TabledItem:
    title = f"Item {item}"
    return TabledItem(
        number(item), item, title, kind, ItemPurpose.DISCUSS, (), minutes, (), "", (), (), "TLP:GREEN"
    )


def run(first: int, *breaks: tuple[int, int | None]) -> Run:
    """The first item has taken so long and is finished; then came these breaks."""
    done = Stretch(number(1), STARTS, at(first), finished=True)
    paused = (Stretch(None, at(start), None if end is None else at(end)) for start, end in breaks)
    return Run(MEETING.id, (done, *paused))


def rest(
    planning: Planning, going: Run, now: int, *, until: int | None = None, items: int = 4
) -> tuple[Left, Replanned]:
    left = left_planned(
        planning,
        DRAFT,
        MEETING,
        None,
        [tabled(item) for item in range(1, items + 1)],
        going,
        now=at(now),
        more=0,
        until=None if until is None else at(until),
    )
    return left, replan(left.problem, left.plan, left.progress)


def shown(found: Replanned) -> list[tuple[int, int, int]]:
    return [(UUID(slot.item).int, slot.start, slot.minutes) for slot in found.plan.slots]


def day(end: int, **more: object) -> Planning:
    return Planning(1, windows=(Stretched("day", STARTS, at(end)),), **more)  # type: ignore[arg-type]


def test_breaks_and_presenters_hold_and_what_has_no_minimum_gives_way() -> None:
    planning = day(
        130,
        breaks=(Stretched("tea", at(37), at(47)),),
        items=(
            PlannedItem(number(2), least=30),
            PlannedItem(number(3), present=((at(37), at(77)),)),
            PlannedItem(number(4), least=30),
        ),
    )
    left, found = rest(planning, run(37), 37)
    assert shown(found) == [(3, 47, 23), (2, 70, 30), (4, 100, 30)]
    (why,) = reasons(left, found).values()
    assert why[0] == "the items left ask for 90 minutes, and there is room for 83 minutes"
    assert why[1].startswith("the presenter of 'Item 3' is present")


def test_a_window_that_ends_and_a_break_that_is_had_are_over() -> None:
    planning = day(130, movable_breaks=(PlannedBreak("lunch", 10, at(30), at(70)),))
    _, waiting = rest(planning, run(30), 30)
    assert [pause.id for pause in waiting.plan.pauses] == ["lunch"]
    _, had = rest(planning, run(30, (30, 42)), 42)
    assert (had.plan.pauses, sum(slot.minutes for slot in had.plan.slots)) == ((), 88)
    left, going_on = rest(planning, run(30, (32, None)), 33)
    assert (left.resumes, going_on.plan.pauses) == (at(42), ())


def test_until_cuts_the_windows_short_or_lets_the_last_go_on() -> None:
    planning = day(100, breaks=(Stretched("tea", at(60), at(70)),))
    _, longer = rest(planning, run(30), 30, until=130)
    assert shown(longer) == [(2, 30, 30), (3, 70, 30), (4, 100, 30)]
    _, shorter = rest(planning, run(30), 30, until=65)
    assert sum(slot.minutes for slot in shorter.plan.slots) == 30
    assert max(slot.end for slot in shorter.plan.slots) == 60


def test_what_was_agreed_goes_before_what_one_side_planned() -> None:
    planning = day(
        300,
        orders=((number(4), number(2)), (number(3), number(77))),
        commitments=("C1",),
        items=(
            PlannedItem(number(2), excluded=True, position=4, minutes=12),
            PlannedItem(number(3), last=True),
            PlannedItem(number(77), position=1),
        ),
    )
    _, found = rest(planning, run(30), 30)
    assert shown(found) == [(2, 30, 30), (3, 60, 30), (4, 90, 30)]
    assert found.given_up == ()


def test_what_cannot_hold_is_told_with_its_conflict_by_the_numbers_of_the_whole_agenda() -> None:
    items = (
        PlannedItem(number(2), present=((at(0), at(30)),)),
        PlannedItem(number(3), position=3),
    )
    left, found = rest(day(80, items=items), run(30), 30, items=3)
    assert shown(found) == [(3, 30, 30)]
    told = {one.constraint: one.conflict for one in yielded(left, found)}
    must = "'Item 2' must be taken (at least 5 minutes)"
    assert set(told) == {"'Item 3' is pinned to position 3", must}
    assert all(name in conflict for name, conflict in told.items())
    why = reasons(left, found)[number(2)]
    assert why[1].startswith("the presenter of 'Item 2' is present")
    assert why[-1] == "it must be taken, and cannot be together with what is named in the conflict"


def test_a_planning_of_other_days_is_none() -> None:
    assert fits_meeting(day(300), MEETING)
    assert not fits_meeting(day(301), MEETING)
    assert not fits_meeting(Planning(0), MEETING)
