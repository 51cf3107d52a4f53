"""However clocks run and owners answer, a round goes the way of a plain model, and asks nobody twice."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from services.actions.domain.action import Action, Rag
from services.actions.domain.owners import Signature
from services.actions.domain.refusals import NarrativeMissing
from services.actions.domain.round_refusals import NothingToCorrect, RoundClosed, RoundReported
from services.actions.domain.rounds import (
    Obligation,
    ProgressUpdate,
    Round,
    RoundDays,
    RoundStep,
    corrected_update,
    days_of,
    first_update,
    local_days,
)
from services.actions.domain.visibility import may_see
from services.actions.usecases.read_rounds import RoundView, view_round
from services.kernel.reporting import ReportingRule
from tests.support.actions import CNECT, DSIT, in_progress
from tests.support.agenda import POLICY

ZONES = {
    "UK": ZoneInfo("Europe/London"),
    "EU": ZoneInfo("Europe/Brussels"),
    "US": ZoneInfo("America/New_York"),
}
PEOPLE = {"UK": DSIT, "EU": CNECT}
START = date(2026, 10, 10)
DAYS = RoundDays(START, date(2026, 10, 12), date(2026, 10, 19), date(2026, 10, 26), date(2026, 11, 3))
ROUND_ID = UUID(int=1)
# Local midnights around every bound, clocks change on 25 October in Europe and on 1 November in New York.
MINUTES = st.integers(0, 40 * 24 * 60)


def instant(minutes: int) -> datetime:
    return datetime.combine(START, time(0), UTC) - timedelta(days=5) + timedelta(minutes=minutes)


class Rounds(RuleBasedStateMachine):
    """The model holds what was done as words and days; the worker turns whenever it likes, clocks go back."""

    def __init__(self) -> None:
        super().__init__()
        self.round = Round(ROUND_ID, "x", DAYS)
        self.at = instant(0)
        self.owed: dict[str, Obligation] = {}
        self.updates: dict[str, list[ProgressUpdate]] = {"UK": [], "EU": []}
        self.taken: list[tuple[str, datetime]] = []
        self.answered: dict[str, tuple[int, bool]] = {}
        self.count = 0

    def words(self) -> list[str]:
        return [word for word, _ in self.taken]

    def ended_everywhere(self, day: date) -> bool:
        """By the clock on the wall of each place, not by the code under test."""
        return all(self.at.astimezone(zone).date() > day for zone in ZONES.values())

    def begun_everywhere(self, day: date) -> bool:
        return all(self.at.astimezone(zone).date() >= day for zone in ZONES.values())

    def expected(self) -> str | None:
        words = self.words()
        if "CLOSE" in words or "LEAVE_OUT" in words:
            return None
        if "FALL_DUE" in words:
            return "CLOSE" if self.ended_everywhere(DAYS.closes_on) else None
        if "OPEN" in words:
            if self.ended_everywhere(DAYS.due_on):
                return "FALL_DUE"
            return "REMIND" if self.begun_everywhere(DAYS.reminds_on) and "REMIND" not in words else None
        if self.begun_everywhere(DAYS.due_on):
            return "LEAVE_OUT"
        return "OPEN" if self.begun_everywhere(DAYS.opens_on) else None

    @rule(minutes=MINUTES)
    def the_clock_is_set(self, minutes: int) -> None:
        self.at = instant(minutes)

    @rule(hours=st.integers(1, 100))
    def time_passes(self, hours: int) -> None:
        self.at += timedelta(hours=hours)

    @rule(hours=st.integers(1, 30))
    def the_clock_goes_back(self, hours: int) -> None:
        self.at -= timedelta(hours=hours)

    @rule()
    def a_worker_turns(self) -> None:
        expected = self.expected()
        step = self.round.next_step(local_days(self.at, ZONES))
        assert step == expected
        if step is None:
            return
        self.round = self.round.after(step, self.at)
        self.taken.append((step.value, self.at))
        if step is RoundStep.OPEN:
            self.owed = {
                party: Obligation(ROUND_ID, in_progress().id, party, who.organisation)
                for party, who in PEOPLE.items()
            }

    def running(self, day: date) -> bool:
        words = self.words()
        return "OPEN" in words and "CLOSE" not in words and day <= DAYS.closes_on

    @rule(
        party=st.sampled_from(sorted(PEOPLE)),
        rag=st.sampled_from(Rag),
        narrative=st.sampled_from(["", "So."]),
    )
    def an_owner_reports(self, party: str, rag: Rag, narrative: str) -> None:
        who, day = PEOPLE[party], self.at.astimezone(ZONES[party]).date()
        owed = (self.round, self.owed[party]) if party in self.owed else None
        self.count += 1
        try:
            action = in_progress().reported(rag, narrative, who, self.at)
            update = first_update(UUID(int=self.count), action, Signature.of(who, self.at), owed, day)
        except NarrativeMissing:
            assert rag is not Rag.GREEN
            assert not narrative
            return
        except RoundReported:
            assert self.running(day)
            assert party in self.answered
            return
        assert (update.round_id is not None) is self.running(day)
        if self.running(day):
            assert party not in self.answered
            assert update.late is (day > DAYS.due_on)
            self.answered[party] = (1, update.late)
            self.owed[party] = replace(self.owed[party], submitted_at=self.at, late=update.late)
            self.updates[party].append(update)

    @rule(party=st.sampled_from(sorted(PEOPLE)))
    def an_owner_corrects(self, party: str) -> None:
        who, day = PEOPLE[party], self.at.astimezone(ZONES[party]).date()
        owed = (self.round, self.owed[party]) if party in self.owed else None
        latest = self.updates[party][-1] if self.updates[party] else None
        action = in_progress().reported(Rag.RED, "Worse.", who, self.at)
        self.count += 1
        try:
            update = corrected_update(
                UUID(int=self.count), action, Signature.of(who, self.at), "Wrong.", owed, latest, day
            )
        except NothingToCorrect:
            assert party not in self.answered
            return
        except RoundClosed:
            assert not self.running(day)
            return
        revision, late = self.answered[party]
        assert self.running(day)
        assert (update.revision, update.late) == (revision + 1, late)
        self.answered[party] = (revision + 1, late)
        self.updates[party].append(update)

    @invariant()
    def each_step_was_taken_once_and_in_order(self) -> None:
        words = self.words()
        assert len(set(words)) == len(words)
        order = ["OPEN", "REMIND", "FALL_DUE", "CLOSE"]
        assert words == ["LEAVE_OUT"] or words == [word for word in order if word in words]

    @invariant()
    def revisions_of_a_party_count_from_one(self) -> None:
        for party, updates in self.updates.items():
            assert [update.revision for update in updates] == list(range(1, len(updates) + 1))
            assert len({update.late for update in updates}) <= 1, party


TestRounds = Rounds.TestCase
TestRounds.settings = settings(max_examples=60, stateful_step_count=40)


@given(gaps=st.lists(st.integers(1, 5 * 24 * 60), min_size=1, max_size=60))
def test_after_any_stops_a_round_that_was_opened_comes_to_its_end_and_going_back_adds_nothing(
    gaps: list[int],
) -> None:
    asking, at, taken = Round(ROUND_ID, "x", DAYS), instant(0), []
    moments = []
    for gap in [*gaps, 60 * 24 * 60]:
        at += timedelta(minutes=gap)
        moments.append(at)
        while (step := asking.next_step(local_days(at, ZONES))) is not None:
            asking, _ = asking.after(step, at), taken.append(step)
    assert len(set(taken)) == len(taken)
    assert taken == [RoundStep.LEAVE_OUT] or {RoundStep.OPEN, RoundStep.FALL_DUE, RoundStep.CLOSE} <= set(
        taken
    )
    assert not any(asking.next_step(local_days(moment, ZONES)) for moment in moments)


MARKINGS = st.sampled_from(["TLP:CLEAR", "TLP:GREEN", "UK OFFICIAL REL EU", "UK OFFICIAL", "UK SECRET"])
NOW = datetime(2026, 10, 20, 12, tzinfo=UTC)


@st.composite
def asked_about(draw: st.DrawFn) -> list[tuple[Action, list[Obligation]]]:
    found = []
    for number in range(draw(st.integers(0, 6))):
        action = replace(
            in_progress(), id=UUID(int=number), reference=f"UKEU-2026-A{number:02}", marking=draw(MARKINGS)
        )
        owed = [
            Obligation(
                ROUND_ID,
                action.id,
                party,
                PEOPLE[party].organisation,
                submitted_at=draw(st.sampled_from([None, NOW])),
                late=draw(st.booleans()),
            )
            for party in draw(st.sets(st.sampled_from(sorted(PEOPLE))))
        ]
        found.append((action, owed))
    return found


@given(asked=asked_about(), party=st.sampled_from(sorted(PEOPLE)))
def test_what_a_party_may_not_see_changes_nothing_that_it_reads_of_a_round(
    asked: list[tuple[Action, list[Obligation]]], party: str
) -> None:
    def view(of: list[tuple[Action, list[Obligation]]], who: str) -> RoundView:
        owed = [one for _, each in of for one in each]
        asking = Round(ROUND_ID, "uk-eu", DAYS)
        return view_round(asking, owed, [action for action, _ in of], who, policy=POLICY, now=NOW)

    other = "EU" if party == "UK" else "UK"
    shown = [(action, owed) for action, owed in asked if may_see(action, party, POLICY, NOW)]
    assert view(asked, party) == view(shown, party)
    assert view(asked, party).joint == view(asked, other).joint
    mine = [(action, [one for one in owed if one.party == party]) for action, owed in asked]
    assert view(asked, party).own == view(mine, party).own
    assert all(one.obligation.party == party for one in view(asked, party).own)


HOLIDAYS = st.frozensets(st.dates(date(2026, 1, 1), date(2026, 12, 31)), max_size=25)


@given(
    planned=st.dates(date(2026, 1, 1), date(2026, 6, 1)),
    after=st.lists(st.integers(1, 12), min_size=3, max_size=3, unique=True).map(sorted),
    one=HOLIDAYS,
    other=HOLIDAYS,
)
def test_every_day_of_a_round_is_the_working_day_of_all_that_was_counted_to(
    planned: date, after: list[int], one: frozenset[date], other: frozenset[date]
) -> None:
    days = days_of(ReportingRule(planned, 3, *after), planned, {"UK": one, "EU": other})
    every = (planned + timedelta(days=gone) for gone in range(200))
    working = [day for day in every if day.strftime("%a") not in ("Sat", "Sun") and day not in one | other]
    assert days.opens_on == working[0]
    assert [days.reminds_on, days.due_on, days.closes_on] == [working[count] for count in after]
