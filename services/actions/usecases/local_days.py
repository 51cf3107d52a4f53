"""The day, the hour and the holidays by the clock and calendar of a party."""

from datetime import date, datetime

from services.actions.domain.escalation import LocalDay
from services.calendars import closed_days, zone_of
from services.kernel.calendars import HolidaysUnknown
from services.kernel.policy import Policy


def local_day(policy: Policy, party: str, at: datetime) -> LocalDay:
    """The day and the hour by the clock of a party. Raises `HolidaysUnknown`."""
    calendar = policy.calendars.get(party)
    if calendar is None:
        raise HolidaysUnknown(f"{party} has no working calendar", party=party, year=str(at.year))
    local = at.astimezone(zone_of(calendar.time_zone))
    return LocalDay(local.date(), local.hour)


def closed_of(policy: Policy, party: str, year: int) -> frozenset[date]:
    """The holidays of a party in a year. Raises `HolidaysUnknown`."""
    return closed_days(policy, [party], [year])[party]
