"""A meeting against a plain model: what may happen to it, in which order, and what stays as it was.

The model is written from the rules in words; it does not read the table of transitions.
"""

from dataclasses import replace
from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from services.agenda.calendars import days_of
from services.agenda.domain.meeting import Meeting, MeetingCommand, MeetingState, Times
from services.calendars import zone_of
from services.kernel.refusals import Refusal
from tests.support.agenda import AT, POLICY, meeting

SERIES = POLICY.get_series("uk-eu")
PREPARED = ("PLANNED", "AGENDA_DRAFT", "AGENDA_EXCHANGED", "AGENDA_AGREED")


class Life(RuleBasedStateMachine):
    """One meeting; `now` moves on only when a rule says so."""

    def __init__(self) -> None:
        super().__init__()
        self.now = AT
        self.meeting: Meeting = meeting(state=MeetingState.PLANNED, version=1)
        self.state, self.version, self.moves = "PLANNED", 1, 0
        self.starts_at, self.ends_at = self.meeting.starts_at, self.meeting.ends_at

    def step(self, allowed: bool, following: str, act: object, *, moves: bool = False) -> bool:
        before = self.meeting
        try:
            changed = act() if callable(act) else None
        except Refusal:
            assert not allowed
            assert self.meeting == before
            return False
        assert allowed
        assert isinstance(changed, Meeting)
        self.meeting, self.state, self.version = changed, following, self.version + 1
        self.moves += moves
        return True

    @rule()
    def items_are_called_for(self) -> None:
        self.step(
            self.state == "PLANNED", "AGENDA_DRAFT", lambda: self.meeting.after(MeetingCommand.CALL_FOR_ITEMS)
        )

    @rule()
    def a_draft_is_tabled(self) -> None:
        self.step(
            self.state in PREPARED, "AGENDA_EXCHANGED", lambda: self.meeting.after(MeetingCommand.TABLE)
        )

    @rule()
    def the_agenda_is_agreed(self) -> None:
        self.step(
            self.state == "AGENDA_EXCHANGED",
            "AGENDA_AGREED",
            lambda: self.meeting.after(MeetingCommand.AGREE_AGENDA),
        )

    @rule()
    def it_is_held(self) -> None:
        allowed = self.state == "AGENDA_AGREED" and self.now >= self.starts_at
        self.step(allowed, "HELD", lambda: self.meeting.held(self.now))

    @rule()
    def an_outcome_is_proposed(self) -> None:
        allowed = self.state in {"AGENDA_AGREED", "HELD", "CONCLUSIONS_DRAFT", "CONCLUDED"}
        self.step(allowed, "CONCLUSIONS_DRAFT", lambda: self.meeting.after(MeetingCommand.PROPOSE_OUTCOME))

    @rule()
    def it_is_concluded(self) -> None:
        self.step(
            self.state == "CONCLUSIONS_DRAFT",
            "CONCLUDED",
            lambda: self.meeting.after(MeetingCommand.CONCLUDE),
        )

    @rule()
    def it_is_published(self) -> None:
        self.step(self.state == "CONCLUDED", "PUBLISHED", lambda: self.meeting.after(MeetingCommand.PUBLISH))

    @rule()
    def it_is_postponed(self) -> None:
        self.step(
            self.state in PREPARED,
            "POSTPONED",
            lambda: self.meeting.called_off(MeetingCommand.POSTPONE),
            moves=True,
        )

    @rule()
    def it_is_cancelled(self) -> None:
        self.step(
            self.state in {*PREPARED, "POSTPONED"},
            "CANCELLED",
            lambda: self.meeting.called_off(MeetingCommand.CANCEL),
            moves=True,
        )

    @rule(ahead=st.integers(-3, 60), days=st.integers(-1, 5))
    def it_is_rescheduled(self, ahead: int, days: int) -> None:
        starts_at = self.now + timedelta(days=ahead)
        ends_at = starts_at + timedelta(days=days, hours=1)
        times = Times(starts_at, ends_at, "UTC", days_of(starts_at, ends_at, zone_of("UTC")))
        begun = self.now >= self.starts_at and self.state != "POSTPONED"
        right = ahead > 0 and 0 <= days <= 2
        following = {"PLANNED": "PLANNED", "POSTPONED": "PLANNED"}.get(self.state, "AGENDA_DRAFT")
        done = self.step(
            self.state in {*PREPARED, "POSTPONED"} and not begun and right,
            following,
            lambda: self.meeting.rescheduled(times, "Windsor", series=SERIES, now=self.now),
            moves=True,
        )
        if done:
            self.starts_at, self.ends_at = starts_at, ends_at
            assert self.meeting.venue == "Windsor"

    @rule(days=st.integers(1, 30))
    def time_goes_by(self, days: int) -> None:
        self.now += timedelta(days=days)

    @invariant()
    def the_meeting_is_what_the_model_says(self) -> None:
        found = self.meeting
        assert (found.state.value, found.version, found.moves) == (self.state, self.version, self.moves)
        assert (found.starts_at, found.ends_at) == (self.starts_at, self.ends_at)

    @invariant()
    def what_it_is_never_changes(self) -> None:
        first = meeting()
        assert (
            replace(
                self.meeting,
                state=first.state,
                version=first.version,
                moves=first.moves,
                venue=first.venue,
                starts_at=first.starts_at,
                ends_at=first.ends_at,
                time_zone=first.time_zone,
            )
            == first
        )


Life.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestLife = Life.TestCase
