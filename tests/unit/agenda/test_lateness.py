"""What came late: items after drafts were exchanged, amendments after the agenda was to be agreed."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.agenda.domain.answers import Answer, ItemAnswer, Proposal
from services.agenda.domain.deadlines import plan_deadlines, years_needed
from services.agenda.domain.lateness import Dues, MissedDeadline, lines_of_itself, plan_in_force
from services.agenda.domain.meeting import Meeting, MeetingState
from services.calendars import closed_days
from services.kernel.identifiers import template_item_id
from services.kernel.series import DeadlineStep
from tests.support.agenda import POLICY

SERIES = POLICY.get_series("uk-eu")
# A week before the meeting, and three days before, lie in the closure of the institutions.
FIRST_DAY = date(2027, 1, 6)
CLOSED = closed_days(POLICY, SERIES.parties, years_needed(SERIES.deadlines, FIRST_DAY))
PLAN = plan_deadlines(SERIES.deadlines, FIRST_DAY, CLOSED)
ITEM, OTHER = UUID(int=1), UUID(int=2)
EXCHANGED, AGREED = date(2026, 11, 25), date(2026, 12, 16)
MEETING = Meeting(
    id=UUID(int=9),
    series="uk-eu",
    edition=2027,
    host_party="UK",
    venue="London",
    starts_at=datetime(2027, 1, 6, 9, tzinfo=UTC),
    ends_at=datetime(2027, 1, 6, 17, tzinfo=UTC),
    state=MeetingState.AGENDA_DRAFT,
    version=1,
)


def amended(at: datetime, said: Answer = Answer.AMENDED) -> ItemAnswer:
    return ItemAnswer(
        item_id=ITEM,
        party="EU",
        answer=said,
        comment="",
        proposal=Proposal("", 25, None),
        marking="",
        item_hash="",
        organisation="EEAS",
        official="anna",
        since_version=1,
        given_at=at,
        aggregate_version=1,
    )


@given(
    hours=st.integers(min_value=-2_000, max_value=3_000),
    offset=st.integers(min_value=-12, max_value=14),
)
def test_something_is_late_from_the_day_after_its_deadline_by_the_clocks_of_the_place(
    hours: int, offset: int
) -> None:
    zone = timezone(timedelta(hours=offset))
    at = datetime(2026, 12, 1, tzinfo=UTC) + timedelta(hours=hours)
    dues = Dues(PLAN, zone)
    for step, name, due in (
        (DeadlineStep.EXCHANGE_DRAFTS, "exchange_drafts", EXCHANGED),
        (DeadlineStep.AGREE_AGENDA, "agree_agenda", AGREED),
    ):
        over = datetime(due.year, due.month, due.day, tzinfo=zone) + timedelta(days=1)
        assert dues.missed(step, at) == (MissedDeadline(name, due) if at >= over else None)


def test_an_item_is_late_unless_the_meeting_has_it_of_itself() -> None:
    late = datetime(2026, 11, 26, 12, tzinfo=UTC)
    line = template_item_id(MEETING.id, SERIES.standing_items[0].position)
    kept = lines_of_itself(MEETING, SERIES, POLICY.editions, [OTHER])
    came = {ITEM: late, OTHER: late, line: late, UUID(int=3): late - timedelta(days=1)}
    assert Dues(PLAN, UTC, kept).late_items(came) == {ITEM: MissedDeadline("exchange_drafts", EXCHANGED)}


def test_only_amendments_are_late_answers() -> None:
    dues, after = Dues(PLAN, UTC), datetime(2026, 12, 17, tzinfo=UTC)
    missed = MissedDeadline("agree_agenda", AGREED)
    assert dues.late_amendments([amended(after)]) == {(ITEM, "EU"): missed}
    assert dues.late_amendments([amended(after - timedelta(seconds=1))]) == {}
    for said in (Answer.ACCEPTED, Answer.DECLINED):
        assert dues.late_amendments([amended(after, said)]) == {}


def test_without_a_date_nothing_is_late() -> None:
    at = datetime(2027, 1, 5, tzinfo=UTC)
    for state in MeetingState:
        plan = plan_in_force(replace(MEETING, state=state), PLAN)
        missed = Dues(plan, UTC).missed(DeadlineStep.EXCHANGE_DRAFTS, at)
        assert (missed is None) == (state in {MeetingState.CANCELLED, MeetingState.POSTPONED})
    assert Dues((), UTC).missed(DeadlineStep.AGREE_AGENDA, at) is None
