"""The working calendars and local clocks of the parties, from maintained libraries and dated data."""

from collections.abc import Iterable, Mapping
from datetime import date
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays

from services.kernel.calendars import HolidaysUnknown, UnknownTimeZone
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
