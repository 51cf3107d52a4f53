"""Working calendars: when a party's offices are closed, and which clock they live by, as configuration."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from services.kernel.refusals import Refusal, RefusalKind
from services.kernel.sections import Section


class HolidaysUnknown(Refusal):
    """The holidays of a party are not known for a year that is asked for."""

    kind = RefusalKind.INVALID
    reason = "HOLIDAYS_UNKNOWN"


class UnknownTimeZone(Refusal):
    """No time zone of that name in the IANA database."""

    kind = RefusalKind.INVALID
    reason = "TIME_ZONE_UNKNOWN"


class CalendarBasis(StrEnum):
    """What the days of a year rest on."""

    LIST = "LIST"
    """The list that the institution published for the year."""
    RULE = "RULE"
    """The days that every published list has had, where the list of the year is not at hand."""


@dataclass(frozen=True, slots=True)
class HolidayLibrary:
    """A government whose public holidays a maintained library knows: ISO 3166 country and subdivision."""

    country: str
    subdivision: str | None
    first_year: int
    last_year: int


@dataclass(frozen=True, slots=True)
class WorkingCalendar:
    """One party's calendar: from a library, or dated data by year. Weekends are no part of it.

    `time_zone` is the IANA zone of meetings that the party hosts, unless the meeting names another.
    """

    party: str
    title: str
    source: str
    time_zone: str
    library: HolidayLibrary | None
    days: Mapping[int, frozenset[date]]
    basis: Mapping[int, CalendarBasis]

    def knows(self, year: int) -> bool:
        """Whether the days of that year are known."""
        if self.library is not None:
            return self.library.first_year <= year <= self.library.last_year
        return year in self.days


def read_calendar(content: object, where: str) -> WorkingCalendar:
    """Reads one document of `calendars/`. Raises `PolicyMalformed`."""
    section = Section(content, where)
    library = _read_library(section.section("library")) if section.holds("library") else None
    days: dict[int, frozenset[date]] = {}
    basis: dict[int, CalendarBasis] = {}
    for entry in section.sections("years") if library is None else ():
        year = entry.whole("year")
        found = entry.days("days")
        if year in days or any(day.year != year for day in found):
            raise entry.wrong("each year stands once, with its own days")
        days[year], basis[year] = frozenset(found), entry.member("basis", CalendarBasis)
        entry.end()
    calendar = WorkingCalendar(
        party=section.text("party"),
        title=section.text("title"),
        source=section.text("source"),
        time_zone=section.text("time_zone"),
        library=library,
        days=days,
        basis=basis,
    )
    section.end()
    return calendar


def _read_library(section: Section) -> HolidayLibrary:
    library = HolidayLibrary(
        country=section.text("country"),
        subdivision=section.optional_text("subdivision"),
        first_year=section.whole("first_year"),
        last_year=section.whole("last_year"),
    )
    section.end()
    if library.last_year < library.first_year:
        raise section.wrong("the last year lies before the first")
    return library
