"""The parties' working calendars and local clocks, from maintained libraries and dated data."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays

from services.agenda.domain.meeting import MeetingDays
from services.agenda.domain.meeting_refusals import (
    HolidaysUnknown,
    LocalTimeAmbiguous,
    LocalTimeMissing,
    UnknownTimeZone,
)
from services.kernel.policy import Policy


def closed_days(
    policy: Policy, parties: Iterable[str], years: Iterable[int]
) -> Mapping[str, frozenset[date]]:
    """Each party's holidays in the years. Raises `HolidaysUnknown`."""
    wanted = tuple(years)
    return {party: _closed(policy, party, wanted) for party in parties}


def _closed(policy: Policy, party: str, years: tuple[int, ...]) -> frozenset[date]:
    calendar = policy.calendars.get(party)
    found: set[date] = set()
    for year in years:
        if calendar is None or not calendar.knows(year):
            raise HolidaysUnknown(
                f"the holidays of {party} are not known for {year}", party=party, year=str(year)
            )
        library = calendar.library
        if library is None:
            found |= calendar.days[year]
        else:
            found |= _from_library(library.country, library.subdivision, year)
    return frozenset(found)


@lru_cache(maxsize=256)
def _from_library(country: str, subdivision: str | None, year: int) -> frozenset[date]:
    """The public holidays of a year, with the days on which one is observed that belongs to the next."""
    known = holidays.country_holidays(country, subdiv=subdivision, years=[year, year + 1])
    return frozenset(day for day in known if day.year == year)


def zone_of(name: str) -> ZoneInfo:
    """Raises `UnknownTimeZone`."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise UnknownTimeZone("there is no such time zone", pointer="/time_zone") from error


def instant_of(at: datetime, zone: ZoneInfo, pointer: str) -> datetime:
    """The instant in UTC; a time without an offset is one of the place.

    Raises `LocalTimeMissing` where the clocks jump over it, `LocalTimeAmbiguous` where they show it twice.
    """
    if at.tzinfo is not None:
        return at.astimezone(UTC)
    early, late = (at.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if early == late:
        return early
    if early.astimezone(zone).replace(tzinfo=None) != at:
        raise LocalTimeMissing("the clocks of the place jump over that time", pointer=pointer)
    raise LocalTimeAmbiguous("the clocks of the place show that time twice", pointer=pointer)


def days_of(starts_at: datetime, ends_at: datetime, zone: ZoneInfo) -> MeetingDays:
    """The first and the last day of a meeting, as its place counts days."""
    return MeetingDays(starts_at.astimezone(zone).date(), ends_at.astimezone(zone).date())
