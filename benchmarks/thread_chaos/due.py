"""What is due on the days that go by: reporting rounds, and notices of what nobody takes on.

It is counted from the calendars and ladders alone, for actions that nobody ever touches.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final, NamedTuple

from services.calendars import closed_days
from services.kernel.policy import Policy
from services.kernel.working_days import is_working_day, working_day_number

_LONG: Final = timedelta(days=30)
"""How long an action may wait for somebody to take it on."""


class Asking(NamedTuple):
    """A round as far as it has come by a day; None for a step that is still to come."""

    series: str
    planned_for: date
    opened: date | None
    reminded: date | None
    fell_due: date | None
    closed: date | None


class Told(NamedTuple):
    """A notice, and the day of the party on which it was sent."""

    action_id: str
    trigger: str
    party: str
    step: str
    on: date


@dataclass(frozen=True, slots=True)
class LeftAlone:
    """An action that nobody takes on; `owners` are the parties that own it."""

    id: str
    series: str
    opened: date
    owners: tuple[str, ...]


@dataclass(slots=True)
class Plan:
    """From the day after `start`; `days` are those that have gone by so far."""

    policy: Policy
    series: tuple[str, ...]
    start: date
    left: tuple[LeftAlone, ...] = ()
    days: list[date] = field(default_factory=list)

    def is_worked(self, day: date) -> bool:
        """Whether any party works on it."""
        return any(self._works(party, day) for party in self.policy.parties)

    def rounds(self) -> Iterator[Asking]:
        """Those that have been planned by now, as far as they have come. Days on which nobody works are left
        out, so that a step is taken on the first one that goes by.
        """
        for name in self.series:
            rule = self.policy.get_series(name).reporting
            if rule is None:
                continue
            planned = rule.planned_after(self.start)
            while self.days and planned <= self.days[-1]:
                opens, due = self._counted(name, planned, 0), self._counted(name, planned, rule.due_after)
                reminds = self._counted(name, planned, rule.remind_after)
                closes = self._counted(name, planned, rule.close_after)
                steps = self._from(opens), self._from(reminds), self._past(due), self._past(closes)
                yield Asking(name, planned, *steps)
                planned = rule.planned_after(planned)

    def asked(self) -> Iterator[tuple[str, date, str, str]]:
        """Series and day of a round, the action and the party that is asked of it."""
        for one in self.rounds():
            for action in self.left:
                if one.opened is not None and one.series == action.series:
                    yield from ((one.series, one.planned_for, action.id, party) for party in action.owners)

    def notices(self) -> Iterator[Told]:
        """What has been told by now: of each matter one step a working day of a party, as its ladder says."""
        for action in self.left:
            since = {("NOT_TAKEN_ON", party): action.opened + _LONG for party in action.owners}
            for one in self.rounds():
                rule = self.policy.get_series(one.series).reporting
                if one.series == action.series and one.fell_due is not None and rule is not None:
                    due = self._counted(one.series, one.planned_for, rule.due_after)
                    for party in action.owners:
                        since.setdefault(("MISSED_REPORT", party), due)
            ladders = self.policy.escalations[action.series].ladders
            by_name = {trigger.value: steps for trigger, steps in ladders.items()}
            for (trigger, party), good in since.items():
                ladder = {step.value: count for step, count in by_name[trigger].items()}
                climbed = self._climb(party, good, ladder)
                yield from (Told(action.id, trigger, party, step, day) for step, day in climbed)

    def _climb(self, party: str, good: date, ladder: Mapping[str, int]) -> Iterator[tuple[str, date]]:
        left = list(ladder.items())
        for day in self.days:
            if not left or day <= good or not self._works(party, day):
                continue
            step, count = left[0]
            between = (good + timedelta(days=number) for number in range(1, (day - good).days + 1))
            if sum(self._works(party, one) for one in between) >= count:
                left.pop(0)
                yield step, day

    def _counted(self, series: str, planned: date, count: int) -> date:
        """So many common working days after the opening of a round."""
        years = range(planned.year, planned.year + 2)
        closed = closed_days(self.policy, self.policy.get_series(series).parties, years)
        return working_day_number(working_day_number(planned, 0, closed), count, closed)

    def _from(self, day: date) -> date | None:
        """The first of the days that went by from one on."""
        return next((one for one in self.days if one >= day), None)

    def _past(self, day: date) -> date | None:
        return next((one for one in self.days if one > day), None)

    def _works(self, party: str, day: date) -> bool:
        return is_working_day(day, closed_days(self.policy, [party], [day.year]))
