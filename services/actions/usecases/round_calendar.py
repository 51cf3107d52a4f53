"""The days of a series' parties: what reporting rounds are counted in."""

from collections.abc import Mapping
from datetime import date, datetime

from services.actions.domain.rounds import RoundDays, days_of, local_days
from services.calendars import closed_days, zone_of
from services.kernel.calendars import HolidaysUnknown
from services.kernel.policy import Policy
from services.kernel.reporting import ReportingRule


def today_of(policy: Policy, series: str, at: datetime) -> Mapping[str, date]:
    """The day that each party of a series with reporting rounds has."""
    parties = policy.get_series(series).parties
    return local_days(at, {party: zone_of(policy.calendars[party].time_zone) for party in parties})


def round_days(policy: Policy, series: str, rule: ReportingRule, planned_for: date) -> RoundDays:
    """Raises `HolidaysUnknown`."""
    parties, last = policy.get_series(series).parties, planned_for.year
    while True:
        closed = closed_days(policy, parties, range(planned_for.year, last + 1))
        days = days_of(rule, planned_for, closed)
        if days.closes_on.year <= last:
            return days
        last = days.closes_on.year


def next_round(policy: Policy, series: str, at: datetime) -> RoundDays | None:
    """The days of the next round to come, from the policy in force; None where no rounds are held, or the
    holidays of its year are not known yet.
    """
    rule = policy.get_series(series).reporting
    if rule is None:
        return None
    try:
        return round_days(
            policy, series, rule, rule.planned_after(min(today_of(policy, series, at).values()))
        )
    except HolidaysUnknown:
        return None


def day_of(policy: Policy, party: str, at: datetime) -> date:
    """The day that a party has; that of UTC for one without a calendar, which no round asks."""
    calendar = policy.calendars.get(party)
    return at.date() if calendar is None else at.astimezone(zone_of(calendar.time_zone)).date()
