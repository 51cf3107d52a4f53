"""A forecast is in order, says nothing from too little, and knows nothing of what came later."""

from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from services.actions.domain.forecast import FEWEST, Course, DateMove, forecast

START = date(2020, 1, 1)


@st.composite
def courses(draw: st.DrawFn, *, finished: bool = True) -> Course:
    agreed = START + timedelta(days=draw(st.integers(0, 1_500)))
    due = agreed + timedelta(days=draw(st.integers(1, 700)))
    moves = []
    current = due
    for _ in range(draw(st.integers(0, 3))):
        current += timedelta(days=draw(st.integers(-20, 200)))
        moves.append(DateMove(agreed + timedelta(days=draw(st.integers(0, 900))), current))
    moves.sort(key=lambda move: move.on)
    done = agreed + timedelta(days=draw(st.integers(0, 1_500))) if finished else None
    return Course(agreed, due, tuple(moves), done)


MANY = st.lists(courses(), min_size=FEWEST, max_size=40)


@settings(max_examples=30)
@given(course=courses(finished=False), days=st.integers(0, 1_500), past=MANY)
def test_an_interval_is_in_order_and_never_behind_today(
    course: Course, days: int, past: list[Course]
) -> None:
    today = course.agreed_on + timedelta(days=days)
    found = forecast(course, today, past)
    if found is not None:
        assert today <= found.earliest <= found.likely <= found.latest
        assert 0 < found.in_time < 1
        assert found.like >= FEWEST // 2


@settings(max_examples=30)
@given(course=courses(finished=False), days=st.integers(0, 1_500), past=MANY, later=MANY)
def test_what_was_done_later_is_not_known(
    course: Course, days: int, past: list[Course], later: list[Course]
) -> None:
    today = course.agreed_on + timedelta(days=days)
    unknown = [replace(one, done_on=today + timedelta(days=1)) for one in later]
    assert forecast(course, today, [*past, *unknown]) == forecast(course, today, past)
    assert forecast(course, today, list(reversed(past))) == forecast(course, today, past)


@given(course=courses(finished=False), past=st.lists(courses(), max_size=FEWEST - 1))
def test_too_few_finished_actions_say_nothing(course: Course, past: list[Course]) -> None:
    assert forecast(course, course.agreed_on + timedelta(days=30), past) is None
