"""Laws of the T-minus plan, over any holidays of any parties."""

from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from services.agenda.domain.deadlines import plan_deadlines, years_needed
from services.calendars import closed_days
from services.kernel.series import DeadlineRule
from services.kernel.working_days import working_day_number
from tests.support.series import three_series

FIRST = date(2026, 3, 10)
CLOSED = st.dictionaries(
    st.sampled_from(["UK", "EU", "US"]),
    st.frozensets(st.integers(0, 130).map(lambda days: FIRST - timedelta(days=days)), max_size=90),
)


def rules_of(days: list[int]) -> list[DeadlineRule]:
    falling = sorted(days, reverse=True)
    return [DeadlineRule(f"step-{place}", count, None) for place, count in enumerate(falling)]


RULES = st.lists(st.integers(1, 100), min_size=1, max_size=8).map(rules_of)


@settings(deadline=None)
@given(RULES, CLOSED)
def test_every_deadline_is_the_last_common_working_day_and_order_is_kept(
    rules: list[DeadlineRule], closed: dict[str, frozenset[date]]
) -> None:
    plan = plan_deadlines(rules, FIRST, closed)
    shut = {day for days in closed.values() for day in days}
    assert [entry.name for entry in plan] == [rule.name for rule in rules]
    assert [entry.due for entry in plan] == sorted(entry.due for entry in plan)
    for rule, entry in zip(rules, plan, strict=True):
        assert entry.nominal == FIRST - timedelta(days=rule.days)
        open_days = [
            day
            for day in (entry.nominal - timedelta(days=back) for back in range(200))
            if day.isoweekday() <= 5 and day not in shut
        ]
        assert entry.due == max(open_days)


@settings(deadline=None)
@given(st.sampled_from(["uk-eu", "uk-us-cmr", "us-eu"]), st.dates(date(2026, 3, 1), date(2036, 12, 31)))
def test_no_series_has_a_deadline_on_a_weekend_or_a_holiday_of_any_party(series_id: str, first: date) -> None:
    policy = three_series()
    series = policy.get_series(series_id)
    closed = closed_days(policy, series.parties, years_needed(series.deadlines, first))
    plan = plan_deadlines(series.deadlines, first, closed)
    for entry in plan:
        assert entry.due.isoweekday() <= 5
        assert all(entry.due not in closed[party] for party in series.parties)
        assert entry.due <= entry.nominal < first
    assert [entry.due for entry in plan] == sorted(entry.due for entry in plan)


@given(st.dates(FIRST - timedelta(days=130), FIRST), st.integers(1, 30), CLOSED)
def test_a_number_of_working_days_later_is_counted_day_by_day(
    start: date, count: int, closed: dict[str, frozenset[date]]
) -> None:
    shut = {day for days in closed.values() for day in days}
    days = (start + timedelta(days=ahead) for ahead in range(1, 300))
    working = [day for day in days if day.isoweekday() <= 5 and day not in shut]
    assert working_day_number(start, count, closed) == working[count - 1]
