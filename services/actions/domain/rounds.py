"""Reporting rounds: when the owners of a series are asked how their actions go, and what each answered.

A round counts days as its parties do. A step that concerns all of them is taken when its day has begun for
everyone, and a day is over when it is over for everyone; whether an update is late is a matter of the
reporting party's own day. Each step is taken once: the record of it, not the clock, says whether it was.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, tzinfo
from enum import StrEnum
from uuid import UUID

from services.actions.domain.action import Action, Rag
from services.actions.domain.owners import Owner, Signature
from services.actions.domain.planning import progress
from services.actions.domain.refusals import ReasonMissing
from services.actions.domain.round_refusals import NothingToCorrect, RoundClosed, RoundReported
from services.actions.domain.states import State
from services.actions.domain.texts import LONGEST_NARRATIVE, plain
from services.kernel.reporting import ReportingRule
from services.kernel.working_days import working_day_number

OWING = frozenset({State.AGREED, State.ASSIGNED, State.IN_PROGRESS, State.BLOCKED})
"""States in which an owner is asked; a claim of completion is an answer, and waits for others."""


class RoundState(StrEnum):
    """How far a round has come. NOT_HELD: it fell due before anybody could be asked."""

    PLANNED = "PLANNED"
    OPEN = "OPEN"
    REMINDED = "REMINDED"
    DUE = "DUE"
    CLOSED = "CLOSED"
    NOT_HELD = "NOT_HELD"


class RoundStep(StrEnum):
    """What the days bring a round to."""

    OPEN = "OPEN"
    LEAVE_OUT = "LEAVE_OUT"
    REMIND = "REMIND"
    FALL_DUE = "FALL_DUE"
    CLOSE = "CLOSE"


ROUND_STEPS: Mapping[RoundState, Mapping[RoundStep, RoundState]] = {
    RoundState.PLANNED: {
        RoundStep.OPEN: RoundState.OPEN,
        RoundStep.LEAVE_OUT: RoundState.NOT_HELD,
    },
    RoundState.OPEN: {RoundStep.REMIND: RoundState.REMINDED, RoundStep.FALL_DUE: RoundState.DUE},
    RoundState.REMINDED: {RoundStep.FALL_DUE: RoundState.DUE},
    RoundState.DUE: {RoundStep.CLOSE: RoundState.CLOSED},
    RoundState.CLOSED: {},
    RoundState.NOT_HELD: {},
}
RUNNING = frozenset(state for state, steps in ROUND_STEPS.items() if steps)
"""States that a round does not stay in."""
_TAKING = frozenset({RoundState.OPEN, RoundState.REMINDED, RoundState.DUE})


@dataclass(frozen=True, slots=True)
class RoundDays:
    """The days of a round: working days of all parties, the last two the last ones that count."""

    planned_for: date
    opens_on: date
    reminds_on: date
    due_on: date
    closes_on: date


@dataclass(frozen=True, slots=True)
class Round:
    """A round of a series; the instants are those at which its steps were taken."""

    id: UUID
    series: str
    days: RoundDays
    state: RoundState = RoundState.PLANNED
    opened_at: datetime | None = None
    reminded_at: datetime | None = None
    fell_due_at: datetime | None = None
    closed_at: datetime | None = None

    def next_step(self, today: Mapping[str, date]) -> RoundStep | None:
        """The step for which the time has come; `today` is the day that each party has.

        A reminder that would come after the day it reminds of is left out.
        """
        begun, days = min(today.values()), self.days
        match self.state:
            case RoundState.PLANNED if begun >= days.due_on:
                return RoundStep.LEAVE_OUT
            case RoundState.PLANNED if begun >= days.opens_on:
                return RoundStep.OPEN
            case RoundState.OPEN | RoundState.REMINDED if begun > days.due_on:
                return RoundStep.FALL_DUE
            case RoundState.OPEN if begun >= days.reminds_on:
                return RoundStep.REMIND
            case RoundState.DUE if begun > days.closes_on:
                return RoundStep.CLOSE
        return None

    def after(self, step: RoundStep, at: datetime) -> "Round":
        """The round with one step taken. Raises KeyError for one that its table does not hold."""
        moved = replace(self, state=ROUND_STEPS[self.state][step])
        match step:
            case RoundStep.OPEN:
                return replace(moved, opened_at=at)
            case RoundStep.REMIND:
                return replace(moved, reminded_at=at)
            case RoundStep.FALL_DUE:
                return replace(moved, fell_due_at=at)
            case RoundStep.CLOSE | RoundStep.LEAVE_OUT:
                return replace(moved, closed_at=at)

    def takes(self, day: date) -> bool:
        """Whether an update on a reporting party's day belongs to the round."""
        return self.state in _TAKING and day <= self.days.closes_on


def days_of(rule: ReportingRule, planned_for: date, closed: Mapping[str, frozenset[date]]) -> RoundDays:
    """The days of a round, from the holidays of every party."""
    opens_on = working_day_number(planned_for, 0, closed)
    return RoundDays(
        planned_for=planned_for,
        opens_on=opens_on,
        reminds_on=working_day_number(opens_on, rule.remind_after, closed),
        due_on=working_day_number(opens_on, rule.due_after, closed),
        closes_on=working_day_number(opens_on, rule.close_after, closed),
    )


def local_days(at: datetime, zones: Mapping[str, tzinfo]) -> dict[str, date]:
    """The day that each party has at an instant."""
    return {party: at.astimezone(zone).date() for party, zone in zones.items()}


class Answer(StrEnum):
    """What became of one question of a round."""

    OUTSTANDING = "OUTSTANDING"
    MISSED = "MISSED"
    SUBMITTED = "SUBMITTED"
    SUBMITTED_LATE = "SUBMITTED_LATE"
    EXCUSED = "EXCUSED"


@dataclass(frozen=True, slots=True)
class Obligation:
    """One party owes an update on one action in a round. `excused_at`: the action ended, or was claimed to
    be done, before the update was due.
    """

    round_id: UUID
    action_id: UUID
    party: str
    organisation: str
    reminded_at: datetime | None = None
    submitted_at: datetime | None = None
    late: bool = False
    excused_at: datetime | None = None
    missed_at: datetime | None = None

    def answer(self, action: Action) -> Answer:
        if self.submitted_at is not None:
            return Answer.SUBMITTED_LATE if self.late else Answer.SUBMITTED
        if self.missed_at is not None:
            return Answer.MISSED
        if self.excused_at is not None or not self.stands(action):
            return Answer.EXCUSED
        return Answer.OUTSTANDING

    def stands(self, action: Action) -> bool:
        """Whether the action as it is now still has this owner answer."""
        return self.party in {owner.party for owner in asked(action)}


def asked(action: Action) -> tuple[Owner, ...]:
    """The owners that a round asks; one who declined the action has said so, and the parties mend it."""
    if action.state not in OWING or action.declined is not None:
        return ()
    return tuple(owner for owner in action.owners if owner.accountable)


@dataclass(frozen=True, slots=True)
class ProgressUpdate:
    """One report, locked: a correction is a further revision of it, with a reason.

    `version` is that of the action with it, `percent` that of the milestones at the time. `round_id` is None
    for a report outside any round.
    """

    id: UUID
    action_id: UUID
    version: int
    by: Signature
    rag: Rag
    narrative: str
    percent: int | None
    round_id: UUID | None = None
    late: bool = False
    revision: int = 1
    reason: str = ""


def first_update(
    update_id: UUID, reported: Action, by: Signature, owed: tuple[Round, Obligation] | None, day: date
) -> ProgressUpdate:
    """The update that a report makes: the answer to a round that takes one, or one outside any.

    `reported` is the action after the report. Raises `RoundReported`.
    """
    update = _update(update_id, reported, by)
    if owed is None or not owed[0].takes(day):
        return update
    asking, obligation = owed
    if obligation.submitted_at is not None:
        raise RoundReported(
            "the party has reported on this action in this round", round_id=str(obligation.round_id)
        )
    return replace(update, round_id=asking.id, late=day > asking.days.due_on)


def corrected_update(
    update_id: UUID,
    reported: Action,
    by: Signature,
    reason: str,
    owed: tuple[Round, Obligation] | None,
    latest: ProgressUpdate | None,
    day: date,
) -> ProgressUpdate:
    """A further revision of the latest update of the round; late as the first one was.

    Raises `NothingToCorrect`, `RoundClosed` or `ReasonMissing`.
    """
    if owed is None or latest is None:
        raise NothingToCorrect("the party has not reported on this action in a round")
    if not owed[0].takes(day):
        raise RoundClosed("the round is closed", round_id=str(owed[0].id))
    words = plain(reason, "/reason", LONGEST_NARRATIVE)
    if not words:
        raise ReasonMissing("a correction says why", pointer="/reason")
    return replace(
        _update(update_id, reported, by),
        round_id=latest.round_id,
        late=latest.late,
        revision=latest.revision + 1,
        reason=words,
    )


def claimed_rating(update: ProgressUpdate, held: Iterable[ProgressUpdate]) -> ProgressUpdate:
    """The update whose rating and narrative the action shows: the worst of what its owning parties last said,
    so that no owner rates away what another one reported. `held` are their latest before; between equals
    the newest one counts.
    """
    order = list(Rag)
    others = [other for other in held if other.by.party != update.by.party]
    return max((*others, update), key=lambda one: (order.index(one.rag), one.version))


def _update(update_id: UUID, action: Action, by: Signature) -> ProgressUpdate:
    if action.rag is None:
        raise RuntimeError("a report carries a rating")
    return ProgressUpdate(
        update_id, action.id, action.version, by, action.rag, action.narrative, progress(action.plan)
    )


@dataclass(frozen=True, slots=True)
class Counts:
    """How the questions of a round were answered: `population` is `submitted`, `outstanding` and `excused`
    together; `late` are some of the submitted, `missed` some of the outstanding.
    """

    population: int
    submitted: int
    late: int
    outstanding: int
    missed: int
    excused: int

    @classmethod
    def of(cls, answers: Iterable[Answer]) -> "Counts":
        found = list(answers)
        late, missed = found.count(Answer.SUBMITTED_LATE), found.count(Answer.MISSED)
        return cls(
            population=len(found),
            submitted=found.count(Answer.SUBMITTED) + late,
            late=late,
            outstanding=found.count(Answer.OUTSTANDING) + missed,
            missed=missed,
            excused=found.count(Answer.EXCUSED),
        )
