"""Reporting rounds of a series: when owners are asked how their actions go, as configuration."""

from dataclasses import dataclass
from datetime import date

from services.kernel.sections import Section

_LATEST_DAY = 28
_MOST_A_MONTH = 10
"""Working days for each month between two rounds: even a month with all holidays of all parties has more."""


@dataclass(frozen=True, slots=True)
class ReportingRule:
    """A round is planned every so many months from `first` on, and opened on the first day from there on
    on which every party of the series works.

    The other members count such working days after the opening: until owners are reminded, until their
    updates are due, and until the last day on which a late one is still taken.
    """

    first: date
    months: int
    remind_after: int
    due_after: int
    close_after: int

    def planned_for(self, day: date) -> date | None:
        """The day for which the round is planned that was the last to come; None before the first."""
        if day < self.first:
            return None
        return self._planned(self._number(day))

    def planned_after(self, day: date) -> date:
        """The first day after one for which a round is planned."""
        return self.first if day < self.first else self._planned(self._number(day) + 1)

    def _number(self, day: date) -> int:
        gone = 12 * (day.year - self.first.year) + day.month - self.first.month - (day.day < self.first.day)
        return gone // self.months

    def _planned(self, number: int) -> date:
        month = self.first.month - 1 + number * self.months
        return date(self.first.year + month // 12, month % 12 + 1, self.first.day)


def read_reporting(section: Section) -> ReportingRule:
    """Reads `reporting_rounds` of a series. Raises `PolicyMalformed`."""
    rule = ReportingRule(
        first=section.day("first"),
        months=section.whole("months"),
        remind_after=section.whole("remind_after"),
        due_after=section.whole("due_after"),
        close_after=section.whole("close_after"),
    )
    section.end()
    if rule.first.day > _LATEST_DAY:
        raise section.wrong(f"rounds are planned for a day that every month has, the {_LATEST_DAY}th at most")
    if not rule.remind_after < rule.due_after < rule.close_after:
        raise section.wrong("owners are reminded before updates are due, and a round closes after that")
    if rule.close_after > _MOST_A_MONTH * rule.months:
        raise section.wrong("a round could still be open when the next one is")
    return rule
