"""The periods of a trend end with their last instant, and follow each other without a gap."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.actions.domain.figures import Period, period_ends

FIRST = datetime(3, 1, 1, tzinfo=UTC)
INSTANT = timedelta(microseconds=1)


@given(
    as_of=st.timedeltas(timedelta(0), timedelta(days=800_000)).map(lambda since: FIRST + since),
    period=st.sampled_from(Period),
    count=st.integers(1, 24),
)
def test_each_period_begins_where_the_one_before_ended(as_of: datetime, period: Period, count: int) -> None:
    ends = period_ends(as_of, period, count)
    assert (len(ends), ends[-1]) == (count, as_of)
    assert all(one < other for one, other in pairwise(ends))
    for end in ends[:-1]:
        begins = end + INSTANT
        assert begins.time() == datetime.min.time()
        assert begins.day == 1 if period is Period.MONTH else begins.isoweekday() == 1
    longest = timedelta(days=31 if period is Period.MONTH else 7)
    assert all(other - one <= longest for one, other in pairwise(ends))


@pytest.mark.parametrize(
    ("period", "days"),
    [(Period.MONTH, ["2026-10-31", "2026-11-30"]), (Period.WEEK, ["2026-11-29", "2026-11-30"])],
)
def test_the_end_of_a_month_is_counted_once(period: Period, days: list[str]) -> None:
    as_of = datetime(2026, 12, 1, tzinfo=UTC) - INSTANT
    assert [end.date().isoformat() for end in period_ends(as_of, period, 2)] == days


def test_before_the_calendar_there_is_nothing() -> None:
    assert len(period_ends(datetime(1, 3, 9, tzinfo=UTC), Period.MONTH, 24)) == 3
