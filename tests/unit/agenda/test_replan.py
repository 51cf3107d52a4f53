"""A meeting runs late: what is left is shortened, then dropped, and what must be taken stays."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from services.agenda.domain.assembly.plan import Plan, Slot
from services.agenda.domain.assembly.problem import (
    AtTime,
    Candidate,
    Constraint,
    FixedBreak,
    Must,
    Present,
    Problem,
    Span,
    Window,
)
from services.agenda.domain.assembly.progress import Progress
from services.agenda.solver.assemble import Assembly, assemble
from services.agenda.solver.replan import replan


def meeting(*constraints: Constraint) -> tuple[Problem, Plan]:
    """Four items of half an hour, at least ten minutes each, in two hours; the last one must be taken."""
    problem = Problem(
        datetime(2026, 12, 9, 9, 0, tzinfo=UTC),
        (Window("day 1", Span(0, 120)),),
        tuple(
            Candidate(str(number), f"Item {number}", 10, 30, 30, 40 + number, number) for number in range(4)
        ),
        (Must("3"), *constraints),
    )
    answer = assemble(problem)
    assert isinstance(answer, Assembly)
    return problem, answer.plan


def test_on_time_nothing_changes() -> None:
    problem, plan = meeting()
    found = replan(problem, plan, Progress(now=20, finished=frozenset(), running="0", more=10))
    assert found.plan.slots == plan.slots[1:]
    assert (found.late_by, found.over_by, found.shortened, found.dropped) == (0, 0, (), ())


def test_an_item_that_runs_over_shortens_the_others_in_their_order() -> None:
    problem, plan = meeting()
    found = replan(problem, plan, Progress(now=40, finished=frozenset(), running="0", more=10))
    assert [slot.item for slot in found.plan.slots] == ["1", "2", "3"]
    assert (found.over_by, found.predicted_end, found.late_by) == (20, 120, 0)
    assert sum(had - has for _, had, has in found.shortened) == 20
    assert (found.dropped, found.given_up) == ((), ())


def test_what_need_not_be_taken_is_dropped_before_what_must() -> None:
    problem, plan = meeting()
    found = replan(problem, plan, Progress(now=95, finished=frozenset({"0"}), running="1", more=10))
    assert found.plan.slots == (Slot("3", 105, 15),)
    assert (found.dropped, found.shortened) == (("2",), (("3", 30, 15),))
    assert found.given_up == ()


def test_what_must_be_taken_and_has_no_time_left_is_named() -> None:
    problem, plan = meeting()
    found = replan(problem, plan, Progress(now=100, finished=frozenset({"0", "1"}), running="2", more=15))
    assert (found.plan.slots, found.dropped) == ((), ("3",))
    assert found.given_up == (Must("3"),)


@pytest.mark.parametrize("now", [120, 500])
def test_a_meeting_past_its_end_is_late_and_says_what_it_did_not_reach(now: int) -> None:
    problem, plan = meeting()
    found = replan(problem, plan, Progress(now=now, finished=frozenset({"0", "1", "2"})))
    assert (found.dropped, found.late_by) == (("3",), now - 120)


def test_a_presenter_who_must_leave_is_taken_out_of_turn() -> None:
    problem, plan = meeting(Present("2", (Span(0, 90),)))
    found = replan(problem, plan, Progress(now=75, finished=frozenset({"0"})))
    assert found.plan.slots[0] == Slot("2", 75, 15)


def test_an_item_that_runs_into_a_break_is_followed_after_it() -> None:
    problem, plan = meeting(FixedBreak("tea", Span(30, 40)))
    found = replan(problem, plan, Progress(now=35, finished=frozenset({"0"})))
    assert found.resumes == 40
    assert found.plan.slots[0].start == 40


def test_a_pin_that_has_passed_is_a_wish_and_one_that_no_longer_holds_is_named() -> None:
    problem, plan = meeting(AtTime("1", 30))
    late = replan(problem, plan, Progress(now=50, finished=frozenset({"0"})))
    assert late.plan.slots[0].start == 50
    pinned = replace(problem, constraints=(*problem.constraints, AtTime("3", 90)))
    again = replan(pinned, plan, Progress(now=115, finished=frozenset({"0", "1"})))
    assert again.dropped == ("2", "3")
