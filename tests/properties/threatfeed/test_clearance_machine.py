"""Whatever is done with a request, in whatever order and at whatever time, it is closed once."""

from datetime import timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from services.threatfeed.domain.clearances import (
    REMINDERS,
    ClearanceClosed,
    ClearanceCommand,
    ClearanceState,
    Closing,
    MeetingOver,
)
from tests.support.threatfeed_examples import RECEIVED, a_clearance

MEETING_ENDS = RECEIVED + timedelta(days=60, hours=8)


class ClearanceMachine(RuleBasedStateMachine):
    """One request, and a clock that only goes forward."""

    def __init__(self) -> None:
        super().__init__()
        self.clearance = a_clearance()
        self.now = RECEIVED
        self.closings: list[ClearanceCommand] = []
        self.reminders: list[int] = []

    @rule(days=st.integers(0, 40), hours=st.integers(0, 23))
    def time_passes(self, days: int, hours: int) -> None:
        self.now += timedelta(days=days, hours=hours)

    @rule(command=st.sampled_from(ClearanceCommand))
    def somebody_acts(self, command: ClearanceCommand) -> None:
        closing = Closing("officer", self.now, "Words.")
        before = self.clearance
        if before.state is not ClearanceState.OPEN:
            expected: type[Exception] | None = ClearanceClosed
        elif self.now >= MEETING_ENDS and command is not ClearanceCommand.EXPIRE:
            expected = MeetingOver
        else:
            expected = None
        if expected is not None:
            with pytest.raises(expected):
                before.close(command, closing)
            return
        self.clearance = before.close(command, closing)
        self.closings.append(command)

    @rule()
    def a_worker_reminds(self) -> None:
        due = self.clearance.next_reminder_at
        if due is not None and due <= self.now:
            self.reminders.append(self.clearance.reminder_at(self.now))
            self.clearance = self.clearance.remind(self.now)

    @invariant()
    def it_is_closed_at_most_once_and_counts_that(self) -> None:
        assert len(self.closings) <= 1
        assert self.clearance.aggregate_version == 1 + len(self.closings)
        assert (self.clearance.closing is None) is (self.clearance.state is ClearanceState.OPEN)

    @invariant()
    def reminders_come_in_order_each_once_and_to_open_requests_only(self) -> None:
        assert self.reminders == sorted(set(self.reminders))
        assert len(self.reminders) <= len(REMINDERS)
        if self.closings:
            assert self.clearance.next_reminder_at is None

    @invariant()
    def what_is_seen_is_open_only_before_the_end_of_the_meeting(self) -> None:
        seen = self.clearance.seen_at(self.now)
        assert not (seen.state is ClearanceState.OPEN and self.now >= MEETING_ENDS)
        assert seen.aggregate_version == self.clearance.aggregate_version


TestClearances = ClearanceMachine.TestCase
TestClearances.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
