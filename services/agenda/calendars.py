"""Local times of the places where meetings are."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from services.agenda.domain.meeting import MeetingDays
from services.agenda.domain.meeting_refusals import LocalTimeAmbiguous, LocalTimeMissing


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
