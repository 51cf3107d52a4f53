"""How an action is to be carried out: weighted milestones, and the other actions it waits for."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from services.actions.domain.refusals import (
    DependencyCycle,
    MilestoneKept,
    MilestoneWrong,
    UnknownMilestone,
)
from services.actions.domain.states import State
from services.actions.domain.texts import LONGEST_TITLE, plain

MOST_MILESTONES = 50
LARGEST_WEIGHT = 1_000
MOST_DEPENDENCIES = 50


@dataclass(frozen=True, slots=True)
class Milestone:
    """A step with its share of the whole. `weight` is relative to those of the others.

    `first_due` is the day first planned for it, None before it stands in a plan.
    """

    id: UUID
    title: str
    weight: int
    due: date
    reached_at: datetime | None = None
    first_due: date | None = None

    @property
    def promised(self) -> date:
        """The day against which it is late; planning it later does not move this."""
        return self.due if self.first_due is None else self.first_due


Plan = tuple[Milestone, ...]


@dataclass(frozen=True, slots=True)
class Dependency:
    """Another action that one waits for, and how it stands now."""

    action_id: UUID
    state: State
    due_date: date


def revised_plan(held: Plan, wanted: Sequence[Milestone], *, agreed_on: date) -> Plan:
    """The plan rewritten; what was reached stays as it was.

    Raises `MilestoneWrong` or `MilestoneKept`.
    """
    if len(wanted) > MOST_MILESTONES:
        raise MilestoneWrong(f"a plan has at most {MOST_MILESTONES} milestones", pointer="/milestones")
    if len({milestone.id for milestone in wanted}) != len(wanted):
        raise MilestoneWrong("a milestone stands in a plan once", pointer="/milestones")
    reached = {milestone.id: milestone for milestone in held if milestone.reached_at is not None}
    promised = {milestone.id: milestone.promised for milestone in held}
    plan = []
    for place, milestone in enumerate(wanted):
        here = f"/milestones/{place}"
        if not 1 <= milestone.weight <= LARGEST_WEIGHT:
            raise MilestoneWrong(f"a weight is 1 to {LARGEST_WEIGHT}", pointer=f"{here}/weight")
        if milestone.due < agreed_on:
            raise MilestoneWrong("a milestone lies after agreement", pointer=f"{here}/due")
        title = plain(milestone.title, f"{here}/title", LONGEST_TITLE, required=True)
        kept = reached.pop(milestone.id, None)
        first = promised.get(milestone.id, milestone.due)
        reached_at = None if kept is None else kept.reached_at
        step = Milestone(milestone.id, title, milestone.weight, milestone.due, reached_at, first)
        if kept is not None and step != kept:
            raise MilestoneKept("a milestone that was reached is not rewritten", pointer=here)
        plan.append(step)
    if reached:
        raise MilestoneKept("a milestone that was reached is not dropped", pointer="/milestones")
    return tuple(plan)


def reached(plan: Plan, milestone_id: UUID, at: datetime) -> Plan:
    """The plan with one more milestone reached. Raises `UnknownMilestone` or `MilestoneKept`."""
    found = next((milestone for milestone in plan if milestone.id == milestone_id), None)
    if found is None:
        raise UnknownMilestone("the plan holds no such milestone")
    if found.reached_at is not None:
        raise MilestoneKept("the milestone was reached before")
    return tuple(replace(milestone, reached_at=at) if milestone is found else milestone for milestone in plan)


def progress(plan: Plan) -> int | None:
    """Per cent of the weights that are reached, rounded down; None for an action without a plan."""
    total = sum(milestone.weight for milestone in plan)
    if not total:
        return None
    return 100 * sum(milestone.weight for milestone in plan if milestone.reached_at is not None) // total


def require_no_cycle(action: UUID, wanted: Collection[UUID], edges: Mapping[UUID, Collection[UUID]]) -> None:
    """`edges` says of every action of the series what it waits for. Raises `DependencyCycle`."""
    waiting = list(wanted)
    seen: set[UUID] = set()
    while waiting:
        current = waiting.pop()
        if current == action:
            raise DependencyCycle("the action would wait for itself", pointer="/depends_on")
        if current not in seen:
            seen.add(current)
            waiting.extend(edges.get(current, ()))
