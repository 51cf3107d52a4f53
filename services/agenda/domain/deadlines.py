"""The T-minus plan: by when each step of the parties is due, counted back from the first day of a meeting."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from services.agenda.domain.meeting import MeetingState
from services.kernel.series import DeadlineRule, DeadlineStep
from services.kernel.working_days import LONGEST_CLOSURE, working_day_before

_BEFORE_EXCHANGE = frozenset({MeetingState.PLANNED, MeetingState.AGENDA_DRAFT})
_NOT_YET: Mapping[DeadlineStep, frozenset[MeetingState]] = {
    DeadlineStep.EXCHANGE_DRAFTS: _BEFORE_EXCHANGE,
    DeadlineStep.AGREE_AGENDA: _BEFORE_EXCHANGE | {MeetingState.AGENDA_EXCHANGED},
}
_AT_REST = frozenset({MeetingState.CANCELLED, MeetingState.POSTPONED})


class DeadlineState(StrEnum):
    """How a deadline stands on a day."""

    AHEAD = "AHEAD"
    PAST = "PAST"
    """Its day is over, and nothing that is recorded shows whether it was met."""
    DONE = "DONE"
    LATE = "LATE"
    """Its day is over and the step is not done."""
    AT_REST = "AT_REST"
    """The meeting is cancelled, or has no date."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """`nominal` is the day that the rule counts to, `due` the working day of all parties at or before it."""

    name: str
    step: DeadlineStep | None
    nominal: date
    due: date

    def state(self, meeting: MeetingState, today: date) -> DeadlineState:
        """How it stands for a meeting in a state; it may be met until its day is over."""
        if meeting in _AT_REST:
            return DeadlineState.AT_REST
        if self.step is not None and meeting not in _NOT_YET[self.step]:
            return DeadlineState.DONE
        if today <= self.due:
            return DeadlineState.AHEAD
        return DeadlineState.PAST if self.step is None else DeadlineState.LATE


def plan_deadlines(
    rules: Iterable[DeadlineRule], first_day: date, closed: Mapping[str, frozenset[date]]
) -> tuple[Deadline, ...]:
    """The deadlines of a meeting in the order of the rules; `closed` holds each party's holidays.

    Going back to the next common working day keeps order: of two days the earlier never ends up later.
    """
    return tuple(
        Deadline(rule.name, rule.step, nominal, working_day_before(nominal, closed))
        for rule in rules
        for nominal in (first_day - timedelta(days=rule.days),)
    )


def years_needed(rules: Sequence[DeadlineRule], first_day: date) -> range:
    """The years whose holidays the plan of a meeting may depend on."""
    if not rules:
        return range(0)
    earliest = first_day - timedelta(days=max(rule.days for rule in rules)) - LONGEST_CLOSURE
    latest = first_day - timedelta(days=min(rule.days for rule in rules))
    return range(earliest.year, latest.year + 1)
