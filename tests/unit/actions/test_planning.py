"""Plans, reviews and what an action waits for: what is refused, and at which place."""

from datetime import date, datetime, timedelta, timezone
from uuid import UUID

import pytest

from services.actions.domain.planning import Dependency, Milestone, progress, require_no_cycle
from services.actions.domain.proposals import ProposalKind, Terms
from services.actions.domain.refusals import (
    DependencyCycle,
    DueDateWrong,
    MilestoneKept,
    MilestoneWrong,
    NotAccountable,
    NoYearlyReview,
    ReasonMissing,
    UnknownMilestone,
    UnknownProposal,
)
from services.actions.domain.states import State
from services.kernel.refusals import Refusal
from tests.support.actions import ACTION_ID, AT, CLOSURE_ID, DSIT, EEAS, UK_EU, agreed, in_progress

ONE, TWO, THREE = (UUID(int=number) for number in (1, 2, 3))
STEP = Milestone(ONE, "Draft circulated", 3, date(2027, 3, 31))
OTHER = Milestone(TWO, "Operators heard", 1, date(2027, 4, 30))


@pytest.mark.parametrize(
    ("milestones", "refusal", "pointer"),
    [
        ([Milestone(ONE, "Early", 1, date(2026, 11, 22))], MilestoneWrong, "/milestones/0/due"),
        ([Milestone(ONE, "Nothing", 0, STEP.due)], MilestoneWrong, "/milestones/0/weight"),
        ([STEP, STEP], MilestoneWrong, "/milestones"),
        ([Milestone(UUID(int=n), "Many", 1, STEP.due) for n in range(51)], MilestoneWrong, "/milestones"),
        ([Milestone(ONE, "\x00", 1, STEP.due)], Refusal, "/milestones/0/title"),
    ],
)
def test_a_plan_that_cannot_be_is_refused_where_it_is_wrong(
    milestones: list[Milestone], refusal: type[Refusal], pointer: str
) -> None:
    with pytest.raises(refusal) as refused:
        in_progress().planned(milestones, DSIT, AT)
    assert refused.value.pointer == pointer


def test_progress_is_the_share_of_the_weights_that_are_reached() -> None:
    planned = in_progress().planned([STEP, OTHER], DSIT, AT)
    assert progress(planned.plan) == 0
    assert progress(planned.milestone_reached(ONE, DSIT, AT).plan) == 75
    assert progress(in_progress().plan) is None


def test_what_was_reached_is_neither_rewritten_nor_dropped_nor_reached_again() -> None:
    action = in_progress().planned([STEP, OTHER], DSIT, AT).milestone_reached(ONE, DSIT, AT)
    with pytest.raises(MilestoneKept):
        action.planned([Milestone(ONE, "Draft", 3, STEP.due), OTHER], DSIT, AT)
    with pytest.raises(MilestoneKept):
        action.planned([OTHER], DSIT, AT)
    with pytest.raises(MilestoneKept):
        action.milestone_reached(ONE, DSIT, AT)
    with pytest.raises(UnknownMilestone):
        action.milestone_reached(THREE, DSIT, AT)


def test_an_action_never_waits_for_itself() -> None:
    with pytest.raises(DependencyCycle):
        require_no_cycle(ONE, [TWO], {TWO: [THREE], THREE: [ONE]})
    with pytest.raises(DependencyCycle):
        in_progress().waiting_for([Dependency(ACTION_ID, State.AGREED, STEP.due)], {}, DSIT, AT)
    require_no_cycle(ONE, [TWO, THREE], {TWO: [THREE]})


@pytest.mark.parametrize("day", [None, date(2026, 11, 23), date(2020, 1, 1), date(2027, 6, 30)])
def test_a_due_date_lies_after_agreement_and_is_another_one(day: date | None) -> None:
    with pytest.raises(DueDateWrong):
        in_progress().proposed(Terms(ProposalKind.MOVE_DUE_DATE, "Later.", day), DSIT, UK_EU, CLOSURE_ID, AT)


def test_what_is_proposed_has_a_reason_and_what_is_answered_was_proposed() -> None:
    with pytest.raises(ReasonMissing):
        in_progress().proposed(Terms(ProposalKind.WITHDRAW, "  "), DSIT, UK_EU, CLOSURE_ID, AT)
    with pytest.raises(UnknownProposal):
        in_progress().proposal_accepted(CLOSURE_ID, EEAS, UK_EU, AT)


def test_where_only_one_party_is_asked_its_word_is_enough() -> None:
    terms = Terms(ProposalKind.MOVE_DUE_DATE, "Only we own it.", date(2027, 9, 30))
    moved = in_progress().proposed(terms, DSIT, ["UK"], CLOSURE_ID, AT)
    assert (moved.due_date, moved.proposals) == (date(2027, 9, 30), ())


@pytest.mark.parametrize(
    ("original", "reviewed_on", "following"),
    [
        (date(2027, 6, 30), date(2027, 6, 1), date(2028, 6, 30)),
        (date(2027, 6, 30), date(2027, 7, 20), date(2028, 6, 30)),
        (date(2027, 6, 30), date(2030, 6, 30), date(2031, 6, 30)),
        (date(2028, 2, 29), date(2028, 2, 29), date(2029, 2, 28)),
    ],
)
def test_a_yearly_review_is_due_again_on_the_same_day(
    original: date, reviewed_on: date, following: date
) -> None:
    action = in_progress(original_due_date=original, due_date=original, reviewed_yearly=True)
    at = datetime(reviewed_on.year, reviewed_on.month, reviewed_on.day, 12, tzinfo=timezone(timedelta()))
    reviewed = action.reviewed("It stands.", DSIT, at)
    assert reviewed.due_date == following
    assert reviewed.due_date_changes == ()
    assert [review.due for review in reviewed.reviews] == [original]


def test_only_lasting_work_is_reviewed_and_only_by_its_owner() -> None:
    with pytest.raises(NoYearlyReview):
        in_progress().reviewed("It stands.", DSIT, AT)
    with pytest.raises(NotAccountable):
        in_progress(reviewed_yearly=True).reviewed("It stands.", EEAS, AT)
    with pytest.raises(NotAccountable):
        agreed().declined_by("Not ours.", EEAS, AT)


def test_planning_a_milestone_later_does_not_move_the_day_it_is_late_from() -> None:
    planned = in_progress().planned([STEP], DSIT, AT)
    later = planned.planned([Milestone(ONE, STEP.title, 3, date(2027, 5, 31))], DSIT, AT)
    assert (later.plan[0].due, later.plan[0].promised) == (date(2027, 5, 31), STEP.due)
