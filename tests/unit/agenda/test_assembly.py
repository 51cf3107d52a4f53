"""Assembly by examples: refusals by name, conflicts in words, pins that hold, the wanted order."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from services.agenda.domain.assembly.problem import (
    AtPosition,
    AtTime,
    Before,
    Candidate,
    Constraint,
    Excluded,
    FixedBreak,
    Lasts,
    MovableBreak,
    Must,
    Present,
    Problem,
    Span,
    Window,
)
from services.agenda.domain.assembly.refusals import (
    MeetingLongerThanWindow,
    MinutesInvalid,
    MinutesOutOfOrder,
    OrderCircular,
    PinnedTwice,
    PresenterNeverPresent,
    UnknownPlanningName,
    WindowInvalid,
)
from services.agenda.domain.assembly.validation import require_sound
from services.agenda.domain.assembly.wording import in_words
from services.agenda.domain.refusals import PositionOutOfRange
from services.agenda.solver.assemble import Assembly, assemble
from services.agenda.solver.conflicts import Conflict
from services.kernel.refusals import Refusal

TITLES = ("Opening", "Threats", "Ransomware", "Closing")


def problem(*constraints: Constraint) -> Problem:
    """Four items of ten to thirty minutes, twenty wanted, in two mornings of an hour."""
    return Problem(
        datetime(2026, 12, 9, 9, 0, tzinfo=UTC),
        (Window("day 1", Span(0, 60)), Window("day 2", Span(1_440, 1_500))),
        tuple(Candidate(str(number), title, 10, 20, 30, 100, number) for number, title in enumerate(TITLES)),
        constraints,
    )


def assembled(*constraints: Constraint) -> list[tuple[str, int, int]]:
    answer = assemble(problem(*constraints))
    assert isinstance(answer, Assembly)
    return [(slot.item, slot.start, slot.minutes) for slot in answer.plan.slots]


def conflict(*constraints: Constraint) -> tuple[str, ...]:
    asked = problem(*constraints)
    answer = assemble(asked)
    assert isinstance(answer, Conflict)
    return in_words(asked, answer.constraints)


def test_what_fits_as_wanted_stays_as_wanted() -> None:
    assert assembled() == [("0", 0, 20), ("1", 20, 20), ("2", 40, 20), ("3", 1_440, 20)]


def test_breaks_fixed_and_movable_are_kept_free() -> None:
    found = assembled(FixedBreak("tea", Span(20, 30)), MovableBreak("coffee", 10, 1_440, 1_440))
    assert found == [("0", 0, 20), ("1", 30, 20), ("2", 1_450, 20), ("3", 1_470, 20)]


def test_nobody_waits_for_a_break_while_something_fits_before_it() -> None:
    coffee = MovableBreak("coffee", 10, 20, 40)
    rest = (Excluded("2"), Excluded("3"))
    both = assembled(coffee, Lasts("0", 10), Lasts("1", 10), *rest)
    assert both == [("0", 0, 10), ("1", 10, 10)]
    assert assembled(coffee, Lasts("0", 20), Excluded("1"), *rest) == [("0", 0, 20)]
    longer = assembled(coffee, Lasts("0", 25), Lasts("1", 20), *rest)
    assert longer == [("0", 0, 25), ("1", 35, 20)]


def test_manual_edits_hold() -> None:
    pinned = assembled(AtPosition("3", 1), AtTime("1", 1_450), Lasts("2", 45), Excluded("0"))
    assert pinned[0] == ("3", 0, 15)
    assert ("1", 1_450, 20) in pinned
    assert ("2", 15, 45) in pinned
    assert "0" not in {item for item, _, _ in pinned}


def test_a_moved_item_takes_its_place() -> None:
    order = [item for item, _, _ in assembled(Before("3", "0", by_hand=True))]
    assert order == ["1", "2", "3", "0"]


@pytest.mark.parametrize(
    ("constraints", "words"),
    [
        (
            (Must("0"), Excluded("0"), Must("1")),
            (
                "'Opening' must be taken (at least 10 minutes)",
                "'Opening' is excluded by hand",
            ),
        ),
        (
            (AtPosition("2", 1), AtPosition("3", 1), Must("0")),
            ("'Ransomware' is pinned to position 1", "'Closing' is pinned to position 1"),
        ),
        (
            (AtTime("1", 0), FixedBreak("coffee", Span(5, 15)), Must("2")),
            ("the break 'coffee' is 09 Dec 09:05 to 09 Dec 09:15", "'Threats' is pinned to 09 Dec 09:00"),
        ),
        (
            (Present("1", (Span(1_440, 1_460),)), AtTime("1", 0), Before("0", "1")),
            (
                "the presenter of 'Threats' is present 10 Dec 09:00 to 10 Dec 09:20",
                "'Threats' is pinned to 09 Dec 09:00",
            ),
        ),
        (
            (Lasts("0", 60), Lasts("1", 60), Lasts("2", 1), Before("1", "2")),
            (
                "'Opening' is fixed at 60 minutes",
                "'Threats' is fixed at 60 minutes",
                "'Ransomware' is fixed at 1 minute",
            ),
        ),
    ],
)
def test_a_conflict_names_what_conflicts_and_nothing_else(
    constraints: tuple[Constraint, ...], words: tuple[str, ...]
) -> None:
    assert sorted(conflict(*constraints)) == sorted(words)


@pytest.mark.parametrize(
    ("constraint", "refusal"),
    [
        (Lasts("0", 0), MinutesInvalid),
        (Lasts("0", 61), MeetingLongerThanWindow),
        (Must("9"), UnknownPlanningName),
        (Before("0", "9"), UnknownPlanningName),
        (AtPosition("0", 5), PositionOutOfRange),
        (AtTime("0", 60), WindowInvalid),
        (FixedBreak("tea", Span(50, 70)), WindowInvalid),
        (FixedBreak("tea", Span(50, 40)), WindowInvalid),
        (MovableBreak("tea", 0, 10, 20), MinutesInvalid),
        (Present("0", (Span(60, 1_440),)), PresenterNeverPresent),
        (Present("0", (Span(0, 9), Span(55, 90))), PresenterNeverPresent),
    ],
)
def test_what_is_wrong_by_itself_is_refused_by_name(constraint: Constraint, refusal: type[Refusal]) -> None:
    with pytest.raises(refusal):
        require_sound(problem(constraint))


def test_a_circle_is_named() -> None:
    circle = (Before("1", "2"), Before("2", "3"), Before("3", "1"), Before("0", "1"))
    with pytest.raises(OrderCircular) as refused:
        assemble(problem(*circle))
    assert refused.value.detail == (
        "circular order: 'Threats' before 'Ransomware' before 'Closing' before 'Threats'"
    )


def test_an_item_has_one_pin_of_a_kind() -> None:
    with pytest.raises(PinnedTwice):
        require_sound(problem(AtPosition("0", 1), AtPosition("0", 2)))


@pytest.mark.parametrize(
    ("minutes", "refusal"),
    [
        ((0, 20, 30), MinutesInvalid),
        ((-5, 20, 30), MinutesInvalid),
        ((20, 10, 30), MinutesOutOfOrder),
        ((10, 40, 30), MinutesOutOfOrder),
    ],
)
def test_minutes_that_no_item_has(minutes: tuple[int, int, int], refusal: type[Refusal]) -> None:
    asked = problem()
    least, wanted, most = minutes
    wrong = replace(asked.candidates[0], least=least, wanted=wanted, most=most)
    with pytest.raises(refusal):
        require_sound(replace(asked, candidates=(wrong, *asked.candidates[1:])))


@pytest.mark.parametrize(
    "windows",
    [
        (),
        (Window("one", Span(10, 10)),),
        (Window("one", Span(10, 0)),),
        (Window("one", Span(0, 30)), Window("two", Span(20, 60))),
        (Window("one", Span(0, 30)), Window("one", Span(40, 60))),
    ],
)
def test_windows_that_no_meeting_has(windows: tuple[Window, ...]) -> None:
    with pytest.raises(WindowInvalid):
        require_sound(replace(problem(), windows=windows))
