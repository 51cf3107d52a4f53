"""Working calendars and the clocks of places: what is known, what is refused, and by which name."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from dateutil.easter import easter

from services.agenda.calendars import days_of, instant_of
from services.agenda.domain.meeting_refusals import (
    LocalTimeAmbiguous,
    LocalTimeMissing,
)
from services.calendars import closed_days, zone_of
from services.kernel.calendars import CalendarBasis, HolidaysUnknown, UnknownTimeZone
from services.kernel.policy import Policy
from services.kernel.sections import PolicyMalformed
from tests.support.agenda import POLICY
from tests.support.series import documents_of_three

LONDON, BRUSSELS, NEW_YORK = (ZoneInfo(POLICY.calendars[party].time_zone) for party in ("UK", "EU", "US"))

# Official Journal 2013/C 39/03: the list of the Commission for 2014, without All Saints' on a Saturday.
LIST_OF_2014 = [
    "01-01",
    "01-02",
    "04-17",
    "04-18",
    "04-21",
    "05-01",
    "05-09",
    "05-29",
    "05-30",
    "06-09",
    "07-21",
]
LIST_OF_2014 += ["08-15", "12-24", "12-25", "12-26", "12-29", "12-30", "12-31"]


def local(text: str) -> datetime:
    """A time of the place, without an offset."""
    return datetime.fromisoformat(text)


def institutions(year: int) -> set[date]:
    """The days that the published lists have in common."""
    fixed = [
        (1, 1),
        (1, 2),
        (5, 1),
        (5, 9),
        (7, 21),
        (8, 15),
        (11, 1),
        (11, 2),
        *((12, day) for day in range(24, 32)),
    ]
    moving = (-3, -2, 1, 39, 40, 50)
    return {date(year, month, day) for month, day in fixed} | {
        easter(year) + timedelta(days=days) for days in moving
    }


def test_the_rule_for_the_institutions_gives_the_list_that_was_published_for_2014() -> None:
    weekdays = {day for day in institutions(2014) if day.weekday() < 5}
    assert weekdays == {date.fromisoformat(f"2014-{day}") for day in LIST_OF_2014}


@pytest.mark.parametrize("year", range(2025, 2037))
def test_the_dated_days_of_the_institutions_are_those_of_the_rule_and_say_so(year: int) -> None:
    calendar = POLICY.calendars["EU"]
    assert calendar.basis[year] is CalendarBasis.RULE
    assert set(calendar.days[year]) == institutions(year)


@pytest.mark.parametrize(
    ("party", "day", "closed"),
    [
        ("UK", date(2026, 4, 3), True),
        ("UK", date(2026, 8, 31), True),
        ("UK", date(2026, 12, 28), True),  # Boxing Day is a Saturday
        ("UK", date(2026, 7, 3), False),
        ("US", date(2026, 7, 3), True),  # Independence Day is a Saturday
        ("US", date(2027, 12, 31), True),  # New Year's Day of 2028 is a Saturday
        ("US", date(2026, 11, 26), True),
        ("US", date(2026, 4, 3), False),
        ("EU", date(2026, 5, 15), True),
        ("EU", date(2026, 12, 30), True),
        ("EU", date(2026, 8, 31), False),
    ],
)
def test_a_party_is_closed_on_its_own_holidays(party: str, day: date, closed: bool) -> None:
    assert (day in closed_days(POLICY, [party], [day.year])[party]) is closed


@pytest.mark.parametrize(
    ("party", "year"), [("UK", 2037), ("US", 2020), ("EU", 2024), ("EU", 2037), ("XX", 2026)]
)
def test_a_year_that_is_not_known_is_refused_by_name(party: str, year: int) -> None:
    with pytest.raises(HolidaysUnknown) as refused:
        closed_days(POLICY, [party], [year])
    assert refused.value.metadata == {"party": party, "year": str(year)}


def test_a_time_without_an_offset_is_one_of_the_place() -> None:
    assert instant_of(local("2026-07-01T09:00"), LONDON, "/starts_at") == datetime(2026, 7, 1, 8, tzinfo=UTC)
    assert instant_of(local("2026-12-09T09:00"), BRUSSELS, "/starts_at") == datetime(
        2026, 12, 9, 8, tzinfo=UTC
    )
    said = datetime(2026, 12, 9, 9, tzinfo=NEW_YORK)
    assert instant_of(said, LONDON, "/starts_at") == datetime(2026, 12, 9, 14, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "at"),
    [
        (LONDON, "2026-03-29T01:30"),
        (BRUSSELS, "2026-03-29T02:00"),
        (NEW_YORK, "2026-03-08T02:59"),
    ],
)
def test_a_time_that_the_clocks_jump_over_is_refused(zone: ZoneInfo, at: str) -> None:
    with pytest.raises(LocalTimeMissing) as refused:
        instant_of(local(at), zone, "/starts_at")
    assert refused.value.pointer == "/starts_at"


@pytest.mark.parametrize(
    ("zone", "at"),
    [(LONDON, "2026-10-25T01:30"), (NEW_YORK, "2026-11-01T01:00")],
)
def test_a_time_that_the_clocks_show_twice_is_refused(zone: ZoneInfo, at: str) -> None:
    with pytest.raises(LocalTimeAmbiguous):
        instant_of(local(at), zone, "/ends_at")
    summer = datetime.fromisoformat(f"{at}:00+00:00")
    assert instant_of(summer, zone, "/ends_at") == summer


@pytest.mark.parametrize(
    "name", ["Europe/Atlantis", "", "../etc/passwd", "Europe", "/etc/localtime", "Europe/London\n"]
)
def test_a_zone_that_does_not_exist_is_refused(name: str) -> None:
    with pytest.raises(UnknownTimeZone):
        zone_of(name)


def test_days_are_counted_as_the_place_counts_them() -> None:
    late, early = datetime(2026, 12, 8, 23, 30, tzinfo=UTC), datetime(2026, 12, 9, 4, tzinfo=UTC)
    assert days_of(late, early, BRUSSELS).count == 1
    assert days_of(late, early, LONDON).count == 2


@pytest.mark.parametrize(
    "damage",
    [
        {"party": "XX"},
        {"surprise": 1},
        {"title": ""},
        {"library": {"country": "GB", "first_year": 2030, "last_year": 2021}},
        {"library": {"country": "GB", "first_year": 2021, "last_year": 2035, "surprise": 1}},
        {"library": None, "years": [{"year": 2026, "basis": "RULE", "days": ["2027-01-01"]}]},
        {"library": None, "years": [{"year": 2026, "basis": "GUESS", "days": ["2026-01-01"]}]},
        {"library": None, "years": [{"year": 2026, "basis": "RULE", "days": ["2026-01-01", "2026-01-01"]}]},
        {"library": None, "years": [{"year": 2026, "basis": "RULE", "days": ["New Year"]}]},
        {"library": None, "years": [{"year": 2026, "basis": "RULE", "days": []}] * 2},
    ],
)
def test_a_damaged_calendar_is_refused(damage: dict[str, object]) -> None:
    documents = documents_of_three()
    with pytest.raises(PolicyMalformed):
        Policy.from_documents({**documents, "calendars/uk": {**documents["calendars/uk"], **damage}})


def test_a_party_has_one_calendar() -> None:
    documents = documents_of_three()
    with pytest.raises(PolicyMalformed):
        Policy.from_documents({**documents, "calendars/again": documents["calendars/uk"]})


@pytest.mark.parametrize(
    "deadlines",
    [
        [],
        [{"name": "drafts", "days": 42}],
        [{"name": "papers", "days": 7}, {"name": "drafts", "days": 42}],
        [{"name": "papers", "days": 7}, {"name": "papers", "days": 7}],
        [{"name": "papers", "days": 0}],
        [{"name": "papers", "days": 7, "step": "DANCE"}],
        [{"name": "papers", "days": 7, "surprise": 1}],
    ],
)
def test_damaged_deadlines_are_refused(deadlines: list[dict[str, object]]) -> None:
    documents = documents_of_three()
    damaged = {**documents["series/uk-eu"], "deadlines": deadlines}
    with pytest.raises(PolicyMalformed):
        Policy.from_documents({**documents, "series/uk-eu": damaged})
