"""Reminders fall where a list of working days, read off by hand, says they do."""

from datetime import date, timedelta
from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

from services.actions.domain.reminders import Entry, Matter, Occasion, by_lead, due_place, news
from services.kernel.escalation import Escalation
from tests.support.escalation.tables import HOLIDAYS, WORKING

DUE = st.dates(date(2026, 5, 1), date(2027, 6, 30))
RULE = Escalation("uk-eu", 9, {}, {}, (30, 14, 3), (1, 5, 10))


def closed(party: str, year: int) -> frozenset[date]:
    return frozenset(day for day in HOLIDAYS[party] if day.year == year)


def by_hand(party: str, due: date, last_good: date, today: date) -> int | None:
    """Every day on which a reminder falls due, written down; the latest that has come counts."""
    days = WORKING[party]
    before = [day for day in days if day <= due]
    if today <= last_good:
        # The working day after which so many are left until the date.
        starts = {-count: before[-count - 1] for count in (30, 14, 3)}
        come = [place for place, start in starts.items() if start <= today <= due]
    else:
        after = [day for day in days if day > last_good]
        come = [count for count in (1, 5, 10) if after[count - 1] <= today]
    return max(come, default=None)


@given(st.sampled_from(["UK", "EU", "US"]), DUE, st.integers(-70, 30), st.sampled_from([0, 0, 0, 2, 9]))
def test_the_latest_reminder_that_has_come_is_the_one_written_down(
    party: str, due: date, offset: int, later: int
) -> None:
    today, last_good = due + timedelta(days=offset), due + timedelta(days=later)
    found = due_place(RULE, party, due, last_good, today, closed)
    if due < today <= last_good:
        assert found is None
    else:
        assert found == by_hand(party, due, last_good, today)


@given(st.sampled_from(["UK", "EU", "US"]), DUE, st.sets(st.integers(-70, 30)))
def test_however_the_scheduler_stands_still_no_reminder_comes_twice_or_late(
    party: str, due: date, offsets: set[int]
) -> None:
    sent: dict[str, int] = {}
    told = []
    for today in (due + timedelta(days=offset) for offset in [*sorted(offsets), *offsets]):
        place = due_place(RULE, party, due, due, today, closed)
        for one in news([] if place is None else [Occasion("key", place)], sent):
            sent["key"] = one.place
            told.append((one.place, today))
    places = [place for place, _ in told]
    assert places == sorted(set(places))
    assert all(today <= due for place, today in told if place < 0)


def test_a_moved_due_date_has_reminders_of_its_own() -> None:
    assert news([Occasion("due 2027-03-01 1", -30)], {"due 2027-02-01 0": 10}) == (
        Occasion("due 2027-03-01 1", -30),
    )


def test_entries_stand_by_their_lead_with_those_of_nobody_last() -> None:
    def entry(day: int, post: str, subject: str = "") -> Entry:
        return Entry(uuid4(), (Matter.DUE_SOON,), date(2027, 3, day), post, subject)

    nobodys, late, early, other = entry(1, ""), entry(9, "B", "x"), entry(2, "B", "x"), entry(3, "A")
    assert by_lead([nobodys, late, early, other]) == [
        ("A", "", [other]),
        ("B", "x", [early, late]),
        ("", "", [nobodys]),
    ]
