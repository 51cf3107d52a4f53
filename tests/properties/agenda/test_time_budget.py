"""Minutes by section and by day, against sums made another way."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from hypothesis import given, strategies

from services.agenda.domain.assembly.planning import PlannedBreak, PlannedItem, Planning, Stretched, Timed
from services.agenda.domain.draft import Draft
from services.agenda.domain.items import DraftItem
from services.agenda.domain.meeting import Sitting
from services.agenda.domain.run_clock import Run, face
from services.agenda.domain.time_budget import (
    Line,
    OverRun,
    agenda_budget,
    budget,
    clock_budget,
    draft_budget,
    plan_budget,
    sitting_days,
)
from services.kernel.series import ItemKind
from tests.support.agenda import MEETING_ID, tabled_item

LONDON = ZoneInfo("Europe/London")
STARTS = datetime(2026, 12, 9, 9, 0, tzinfo=UTC)
TWO_DAYS = Sitting(STARTS, datetime(2026, 12, 10, 11, 0, tzinfo=UTC), "Europe/London")
ONE_DAY = Sitting(STARTS, STARTS + timedelta(minutes=120), "Europe/London")
FIRST, SECOND = date(2026, 12, 9), date(2026, 12, 10)

minutes = strategies.integers(1, 200)
kinds = strategies.sampled_from(sorted(ItemKind))


def at(minute: int) -> datetime:
    return STARTS + timedelta(minutes=minute)


def item(number: int, lasting: int, kind: ItemKind = ItemKind.SUBSTANTIVE) -> object:
    return tabled_item(id=UUID(int=number), position=number, minutes=lasting, kind=kind)


@given(strategies.lists(strategies.tuples(kinds, minutes), max_size=8))
def test_sections_and_days_each_hold_every_minute_once(lines: list[tuple[ItemKind, int]]) -> None:
    items = [item(number, lasting, kind) for number, (kind, lasting) in enumerate(lines, start=1)]
    found = agenda_budget(items, TWO_DAYS, LONDON)  # type: ignore[arg-type]
    total = sum(lasting for _, lasting in lines)
    assert found.item_minutes == total == sum(one.minutes for one in found.sections)
    for kind in ItemKind:
        told = [one for one in found.sections if one.section == kind.value]
        own = [lasting for other, lasting in lines if other is kind]
        assert [(one.items, one.minutes) for one in told] == ([(len(own), sum(own))] if own else [])
    assert [day.window_minutes for day in found.days] == [120, 120]
    for day in found.days:
        assert day.over_by == max(0, day.item_minutes - 120)
    assert [(one.day, one.minutes) for one in found.over_runs] == [
        (day.day, day.over_by) for day in found.days if day.over_by
    ]
    assert total <= 240 or found.over_runs


@given(strategies.lists(minutes, max_size=8))
def test_no_item_is_put_off_for_which_its_day_had_room(lasting: list[int]) -> None:
    found = budget([Line("", one) for one in lasting], sitting_days(TWO_DAYS, LONDON), LONDON)
    on_first = 0
    for number in range(len(lasting) + 1):
        if sum(lasting[:number]) == found.days[0].item_minutes:
            on_first = number
    left = lasting[on_first:]
    assert found.days[1].item_minutes == sum(left)
    assert not left or sum(lasting[:on_first]) + left[0] > 120


def test_an_over_run_names_its_day_and_the_section_in_which_the_time_is_used_up() -> None:
    items = [item(1, 100), item(2, 20, ItemKind.STANDING), item(3, 90), item(4, 45, ItemKind.AOB)]
    found = agenda_budget(items, TWO_DAYS, LONDON)  # type: ignore[arg-type]
    assert [(day.day, day.item_minutes) for day in found.days] == [(FIRST, 120), (SECOND, 135)]
    assert found.over_runs == (OverRun(SECOND, "AOB", 15),)
    assert found.ends_at == datetime(2026, 12, 10, 11, 15, tzinfo=UTC)


def test_what_is_longer_than_any_day_begins_where_it_comes() -> None:
    found = agenda_budget([item(1, 300), item(2, 30)], TWO_DAYS, LONDON)  # type: ignore[list-item]
    assert [(day.item_minutes, day.over_by) for day in found.days] == [(300, 180), (30, 0)]


def test_days_are_counted_and_opened_by_the_clocks_of_the_place() -> None:
    """The clocks of London go back on the night of the 25th of October 2026."""
    sitting = Sitting(
        datetime(2026, 10, 24, 8, 0, tzinfo=UTC), datetime(2026, 10, 25, 16, 0, tzinfo=UTC), "Europe/London"
    )
    days = sitting_days(sitting, LONDON)
    assert [(day.day, day.minutes) for day in days] == [(date(2026, 10, 24), 420), (date(2026, 10, 25), 420)]
    assert days[1].windows[0][0] == datetime(2026, 10, 25, 9, 0, tzinfo=UTC)
    overnight = Sitting(STARTS + timedelta(hours=5), STARTS + timedelta(hours=24), "Europe/London")
    assert [day.minutes for day in sitting_days(overnight, LONDON)] == [600, 540]


def _draft(*lasting: int) -> Draft:
    lines = tuple(
        DraftItem(UUID(int=number), tabled_item(minutes=one).content(), (), STARTS, None)
        for number, one in enumerate(lasting, start=1)
    )
    return Draft(UUID(int=98), MEETING_ID, "uk-eu", "UK", 1, lines)


def test_a_draft_is_measured_by_the_windows_breaks_and_sections_of_its_own_planning() -> None:
    planning = Planning(
        1,
        windows=(Stretched("late", at(60), at(120)), Stretched("early", at(0), at(40))),
        breaks=(Stretched("tea", at(30), at(70)),),
        movable_breaks=(PlannedBreak("air", 5, at(80), at(100)),),
        items=(PlannedItem(UUID(int=1), section="THREATS"), PlannedItem(UUID(int=3), section="THREATS")),
    )
    found = draft_budget(_draft(30, 20, 40), planning, ONE_DAY, LONDON)
    assert [(one.section, one.minutes) for one in found.sections] == [("THREATS", 70), ("SUBSTANTIVE", 20)]
    (day,) = found.days
    assert (day.window_minutes, day.break_minutes, day.item_minutes, day.over_by) == (100, 25, 90, 15)
    assert found.over_runs == (OverRun(FIRST, "THREATS", 15),)


def test_an_assembled_plan_is_counted_on_the_days_it_lies_on() -> None:
    draft = _draft(30, 20)
    plan = (Timed(UUID(int=1), 1, at(0), 30), Timed(UUID(int=2), 2, at(24 * 60), 25))
    found = plan_budget(plan, draft.items, Planning(1), TWO_DAYS, LONDON)
    assert [day.item_minutes for day in found.days] == [30, 25]
    assert (found.over_runs, found.ends_at) == ((), at(24 * 60 + 25))


@given(
    strategies.lists(minutes, min_size=1, max_size=5),
    strategies.lists(strategies.tuples(strategies.integers(0, 90), strategies.booleans()), max_size=5),
    strategies.integers(0, 90),
)
def test_within_one_day_the_clock_warns_of_as_many_minutes_as_it_is_late(
    lasting: list[int], ran: list[tuple[int, bool]], then: int
) -> None:
    items = [item(number, one) for number, one in enumerate(lasting, start=1)]
    run, now = Run(MEETING_ID), 0
    for number, (used, pausing) in enumerate(ran[: len(items)], start=1):
        run = run.start(UUID(int=number), items, at(now))  # type: ignore[arg-type]
        now += used
        run = run.finish(at(now))
        if pausing:
            run = run.pause(at(now)).resume(at(now + 5))
            now += 5
    now += then
    shown = face(run, items, ONE_DAY.ends_at, at(now))  # type: ignore[arg-type]
    found = clock_budget(run, items, ONE_DAY, LONDON, at(now))  # type: ignore[arg-type]
    (section,) = found.sections
    assert (section.minutes, section.used_minutes) == (sum(lasting), sum(i.used_minutes for i in shown.items))
    assert section.over_by == sum(i.over_by for i in shown.items)
    assert found.break_minutes == shown.break_minutes
    if shown.remaining_minutes:
        assert found.ends_at == shown.predicted_end
        assert sum(one.minutes for one in found.over_runs) == shown.late_by


def test_what_is_left_goes_on_the_next_morning_and_not_through_the_night() -> None:
    items = [item(1, 100), item(2, 60)]
    run = Run(MEETING_ID).start(UUID(int=1), items, at(0))  # type: ignore[arg-type]
    found = clock_budget(run, items, TWO_DAYS, LONDON, at(130))  # type: ignore[arg-type]
    assert found.ends_at == datetime(2026, 12, 10, 10, 0, tzinfo=UTC)
    assert found.over_runs == (OverRun(FIRST, "SUBSTANTIVE", 10),)
    early = clock_budget(Run(MEETING_ID), items, TWO_DAYS, LONDON, at(-600))  # type: ignore[arg-type]
    assert (early.ends_at, early.over_runs) == (datetime(2026, 12, 10, 10, 0, tzinfo=UTC), ())
