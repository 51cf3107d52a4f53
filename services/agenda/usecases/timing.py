"""What planning and moving a meeting share: its times by the clock of its place, and its T-minus plan."""

from dataclasses import dataclass
from datetime import datetime

from services.agenda.calendars import days_of, instant_of
from services.agenda.domain.deadlines import Deadline, plan_deadlines, years_needed
from services.agenda.domain.meeting import Meeting, MeetingLevel, Times
from services.calendars import closed_days, zone_of
from services.kernel.calendars import UnknownTimeZone
from services.kernel.policy import Policy


@dataclass(frozen=True, slots=True)
class AskedTimes:
    """When a secretariat wants to meet: a time without an offset is one of the place. No zone is that of the
    host party.
    """

    starts_at: datetime
    ends_at: datetime
    time_zone: str | None


def times_of(asked: AskedTimes, host_party: str, policy: Policy) -> Times:
    """Raises `UnknownTimeZone`, `LocalTimeMissing` or `LocalTimeAmbiguous`."""
    calendar = policy.calendars.get(host_party)
    name = asked.time_zone or (calendar.time_zone if calendar else "")
    if not name:
        raise UnknownTimeZone("the host has no calendar: name the time zone", pointer="/time_zone")
    zone = zone_of(name)
    starts_at = instant_of(asked.starts_at, zone, "/starts_at")
    ends_at = instant_of(asked.ends_at, zone, "/ends_at")
    return Times(starts_at, ends_at, name, days_of(starts_at, ends_at, zone))


def plan_of(meeting: Meeting, policy: Policy) -> tuple[Deadline, ...]:
    """The T-minus plan; a working-level meeting has none of its own. Raises `HolidaysUnknown`."""
    if meeting.level is MeetingLevel.WORKING:
        return ()
    series = policy.get_series(meeting.series)
    first_day = meeting.starts_at.astimezone(zone_of(meeting.time_zone)).date()
    closed = closed_days(policy, series.parties, years_needed(series.deadlines, first_day))
    return plan_deadlines(series.deadlines, first_day, closed)


def noted(deadlines: tuple[Deadline, ...]) -> dict[str, str]:
    """The plan as the audit keeps it."""
    return {entry.name: entry.due.isoformat() for entry in deadlines}
