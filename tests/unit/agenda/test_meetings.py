"""Planning and moving meetings: windows, turns in hosting, working-level meetings, and what would follow."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from services.agenda.domain.cadence import next_day, propose_next
from services.agenda.domain.meeting import (
    MEETING_TRANSITIONS,
    Meeting,
    MeetingDays,
    MeetingLevel,
    MeetingPlan,
    MeetingState,
    Times,
    plan_meeting,
    plan_working_level,
)
from services.agenda.domain.meeting_refusals import (
    HostOutOfTurn,
    MeetingCancelled,
    MeetingLongerThanItsWindow,
    MeetingNotBegun,
    ParentInvalid,
    WorkingLevelConcludesNothing,
)
from services.agenda.domain.refusals import (
    EditionInvalid,
    MeetingEndsBeforeItStarts,
    MeetingInThePast,
    NotAParty,
    UnknownParty,
)
from services.kernel.refusals import Refusal
from tests.support.agenda import AT, MEETING_ID, POLICY, meeting

SERIES = POLICY.get_series("uk-eu")
FIRST = date(2026, 12, 9)


def times(days: int = 2) -> Times:
    starts_at = datetime(2026, 12, 9, 9, tzinfo=UTC)
    ends_at = starts_at + timedelta(days=days - 1, hours=8)
    return Times(starts_at, ends_at, "Europe/London", MeetingDays(FIRST, FIRST + timedelta(days=days - 1)))


PLAN = MeetingPlan("uk-eu", 2026, "UK", "London", times())


def planned(plan: MeetingPlan) -> Meeting:
    return plan_meeting(plan, series=SERIES, policy=POLICY, now=AT)


def working(plan: MeetingPlan, parent: Meeting | None) -> Meeting:
    return plan_working_level(plan, id=UUID(int=5), parent=parent, series=SERIES, policy=POLICY, now=AT)


@pytest.mark.parametrize(
    ("plan", "refusal"),
    [
        (replace(PLAN, host_party="XX"), UnknownParty),
        (replace(PLAN, host_party="US"), NotAParty),
        (replace(PLAN, host_party="EU"), HostOutOfTurn),
        (replace(PLAN, edition=26), EditionInvalid),
        (replace(PLAN, times=times(4)), MeetingLongerThanItsWindow),
        (replace(PLAN, times=replace(times(), ends_at=times().starts_at)), MeetingEndsBeforeItStarts),
        (replace(PLAN, times=replace(times(), starts_at=AT)), MeetingInThePast),
    ],
)
def test_a_plan_that_cannot_be_is_refused_by_name(plan: MeetingPlan, refusal: type[Refusal]) -> None:
    with pytest.raises(refusal):
        planned(plan)


def test_the_parties_may_change_turns_and_a_meeting_may_fill_its_window() -> None:
    found = planned(replace(PLAN, host_party="EU", out_of_turn=True, times=times(3)))
    assert (found.host_party, found.level, found.parent, found.moves) == ("EU", MeetingLevel.EDITION, None, 0)


def test_a_working_level_meeting_hangs_under_its_edition_and_concludes_nothing() -> None:
    edition = meeting(state=MeetingState.AGENDA_DRAFT)
    found = working(replace(PLAN, host_party="EU"), edition)
    assert (found.level, found.parent, found.edition) == (MeetingLevel.WORKING, MEETING_ID, 2026)
    with pytest.raises(WorkingLevelConcludesNothing):
        found.require_concluding(found.ends_at + timedelta(days=1))


@pytest.mark.parametrize(
    "parent",
    [
        None,
        meeting(state=MeetingState.CANCELLED),
        meeting(series="uk-us-cmr"),
        meeting(edition=2027),
        meeting(level=MeetingLevel.WORKING, parent=UUID(int=9)),
    ],
)
def test_a_working_level_meeting_needs_an_edition_of_its_series(parent: Meeting | None) -> None:
    with pytest.raises(ParentInvalid):
        working(PLAN, parent)


def test_nothing_is_prepared_for_a_cancelled_meeting_and_a_postponed_one_is_ahead() -> None:
    with pytest.raises(MeetingCancelled):
        meeting(state=MeetingState.CANCELLED).require_ahead(AT)
    postponed = meeting(state=MeetingState.POSTPONED)
    postponed.require_ahead(postponed.ends_at + timedelta(days=100))
    with pytest.raises(MeetingNotBegun):
        meeting().held(AT)


def test_every_state_of_a_meeting_can_be_reached_and_only_two_are_the_end() -> None:
    reached = {MeetingState.PLANNED}
    while (
        found := {
            following for state in reached for following in MEETING_TRANSITIONS[state].values() if following
        }
        - reached
    ):
        reached |= found
    assert reached == set(MeetingState)
    ends = {state for state, row in MEETING_TRANSITIONS.items() if not any(row.values())}
    assert ends == {MeetingState.PUBLISHED, MeetingState.CANCELLED}


def test_the_next_edition_follows_the_cadence_past_today_and_the_turn() -> None:
    assert next_day(SERIES, [date(2024, 12, 5)], date(2026, 11, 23)) == date(2026, 12, 5)
    assert next_day(SERIES, [date(2023, 2, 1), date(2024, 2, 29)], date(2024, 3, 1)) == date(2025, 2, 28)
    nominal = date(2026, 12, 5)  # a Saturday
    following = propose_next(SERIES, nominal, {"EU": frozenset({date(2026, 12, 7)})})
    assert (following.edition, following.host_party, following.first_day) == (2026, "UK", date(2026, 12, 8))
    with pytest.raises(EditionInvalid):
        next_day(SERIES, [], date(2026, 1, 1))
