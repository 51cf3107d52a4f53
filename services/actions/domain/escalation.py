"""What is wrong with an action that its owner's superiors must hear of, and who hears of it next.

An episode lasts as long as one thing is wrong for one reason; within it each party that owns the action
climbs a ladder of its own, on its own working days, each step once. What one party alone let pass is an
episode of that party's. Only an action that changes ends an episode, never a clock.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from services.actions.domain.action import Action
from services.actions.domain.dormancy import lively_until
from services.actions.domain.owners import Signature
from services.actions.domain.rating import LONG_BLOCKED, TAKEN_ON_WITHIN
from services.actions.domain.states import State
from services.kernel.escalation import Escalation, LadderStep, Trigger
from services.kernel.parties import Role
from services.kernel.refusals import Refusal, RefusalKind
from services.kernel.series import Series
from services.kernel.working_days import is_working_day

_WORKING = frozenset({State.ASSIGNED, State.IN_PROGRESS, State.BLOCKED})
_NOT_DONE = _WORKING | {State.AGREED}

Closed = Callable[[str, int], frozenset[date]]
"""The holidays of a party in a year."""


class NoticeAcknowledged(Refusal):
    """Somebody of the organisation has taken note of the notice already."""

    kind = RefusalKind.CONFLICT
    reason = "NOTICE_ACKNOWLEDGED"


@dataclass(frozen=True, slots=True)
class Cause:
    """What is or will be wrong unless the action changes. `key` tells one reason from the next of its kind,
    `since` is the last day on which all is well, `party` the one whose matter it is, empty for every owner.
    """

    trigger: Trigger
    key: str
    since: date
    party: str = ""

    def concerns(self, party: str) -> bool:
        return self.party in ("", party)


@dataclass(frozen=True, slots=True)
class Episode:
    """One cause at work. `number` counts those of an action and trigger; `sent` holds, for each party and
    step, the day of that party on which its notice was sent.
    """

    trigger: Trigger
    number: int
    key: str
    since: date
    sent: Mapping[tuple[str, LadderStep], date]
    party: str = ""

    def climbed(self, party: str) -> dict[LadderStep, date]:
        return {step: day for (addressed, step), day in self.sent.items() if addressed == party}


@dataclass(frozen=True, slots=True)
class Notice:
    """What one step of one party's ladder was told. `since` and `ended_at` are those of the episode."""

    id: UUID
    action_id: UUID
    series: str
    trigger: Trigger
    episode: int
    since: date
    party: str
    step: LadderStep
    role: Role
    bodies: tuple[str, ...]
    sent_on: date
    sent_at: datetime
    acknowledged: Signature | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """How far up one party's side an action has come by one trigger; `acknowledged` is of that step."""

    trigger: Trigger
    since: date
    step: LadderStep
    sent_on: date
    acknowledged: bool


@dataclass(frozen=True, slots=True)
class LocalDay:
    """A day and an hour by the clock of a party."""

    day: date
    hour: int


def next_report_due(series: Series, action: Action) -> date:
    """The day by which its owner must have reported again, in a series that asks for reports so often."""
    heard = action.opened_at if action.reported_at is None else action.reported_at
    return heard.date() + timedelta(days=series.status_interval_days)


def causes(series: Series, action: Action) -> tuple[Cause, ...]:
    """What is wrong with an action once the day after `since` has come; where completion is claimed, only
    that nobody answers.

    Whoever had a claim rejected, or takes up again what was closed, gets its time from that day on.
    """
    found: list[Cause] = []
    anew = _taken_up_again(action)
    if action.state in _NOT_DONE:
        due = action.due_date
        found.append(Cause(Trigger.OVERDUE, due.isoformat(), max(due, anew)))
        found.extend(
            Cause(Trigger.MISSED_REPORT, missed.isoformat(), max(missed, anew), party)
            for party, missed in sorted(action.missed_by.items())
        )
    if action.state in _WORKING:
        report_due = next_report_due(series, action)
        found.append(Cause(Trigger.SILENT, report_due.isoformat(), max(report_due, anew)))
    if action.state is State.BLOCKED and action.blocked is not None:
        at = action.blocked.by.at
        found.append(Cause(Trigger.BLOCKED, at.isoformat(), at.date() + LONG_BLOCKED))
    if action.state is State.AGREED:
        at = action.opened_at
        found.append(Cause(Trigger.NOT_TAKEN_ON, at.isoformat(), at.date() + TAKEN_ON_WITHIN))
    if action.is_open:
        quiet = lively_until(action, series.dormant_after_days)
        found.append(Cause(Trigger.DORMANT, action.changed_at.isoformat(), quiet))
    return tuple(found)


def _taken_up_again(action: Action) -> date:
    rejected = None if action.rejection is None else action.rejection.by.at
    return max((at.date() for at in (rejected, action.reopened_at) if at is not None), default=date.min)


def still_open(episodes: Collection[Episode], present: Collection[Cause]) -> list[Episode]:
    """The episodes whose cause is still there."""
    keys = {(cause.trigger, cause.party, cause.key) for cause in present}
    return [episode for episode in episodes if (episode.trigger, episode.party, episode.key) in keys]


def standing_now(
    series: Series, action: Action, party: str, told: Collection[tuple[str, Standing]]
) -> tuple[Standing, ...]:
    """Of what a party was told with the key of its cause, that whose cause is still there: an action that was
    mended stands nowhere, also before the scheduler has seen it.
    """
    keys = {(cause.trigger, cause.key) for cause in causes(series, action) if cause.concerns(party)}
    return tuple(standing for key, standing in told if (standing.trigger, key) in keys)


def accountable(action: Action, party: str) -> tuple[str, ...]:
    """The organisation that carries the action out for a party; none where the party does not own it."""
    return tuple(owner.organisation for owner in action.owners if owner.party == party and owner.accountable)


def next_step(
    escalation: Escalation, episode: Episode, party: str, now: LocalDay, closed: Closed
) -> LadderStep | None:
    """The step that a party is told now, at most one a working day: whoever is below has a day to act,
    however long nothing was sent.
    """
    days = escalation.ladders.get(episode.trigger, {})
    climbed = episode.climbed(party)
    above = _above(days, climbed)
    if not above or now.hour < escalation.from_hour or now.day <= max(climbed.values(), default=date.min):
        return None
    if not _works(party, now.day, closed):
        return None
    passed = _working_days(party, episode.since, now.day, days[above[0]], closed)
    return above[0] if passed >= days[above[0]] else None


def _above(days: Mapping[LadderStep, int], climbed: Collection[LadderStep]) -> Sequence[LadderStep]:
    order = list(LadderStep)
    highest = max((order.index(step) for step in climbed), default=-1)
    return [step for step in order[highest + 1 :] if step in days]


def _working_days(party: str, since: date, day: date, most: int, closed: Closed) -> int:
    """The working days of a party after one day, up to another; counted back from there, for no more of
    its holidays to be needed than are.
    """
    count = 0
    while day > since and count < most:
        count += _works(party, day, closed)
        day -= timedelta(days=1)
    return count


def _works(party: str, day: date, closed: Closed) -> bool:
    return is_working_day(day, {party: closed(party, day.year)})
