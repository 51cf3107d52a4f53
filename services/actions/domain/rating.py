"""What dates, milestones, dependencies, evidence and silence say of an action, beside what its owner says.

The IPA's ratings are judgements, "not a calculation", so the two stand side by side and a difference is
shown. The computed one is the worst of a table of rules; nothing that delays an action or takes evidence
away ever improves it: lateness is measured against the date that was agreed first.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from services.actions.domain.action import Action, Rag
from services.actions.domain.basis import BasisState, worst
from services.actions.domain.dormancy import dormant
from services.actions.domain.evidence import standing
from services.actions.domain.expected_evidence import Expectation, Presence, expectations
from services.actions.domain.states import FINAL, State
from services.kernel.series import Series

SOON = timedelta(days=30)
VERY_LATE = timedelta(days=60)
LONG_BLOCKED = timedelta(days=30)
TAKEN_ON_WITHIN = timedelta(days=30)


class Timeliness(StrEnum):
    """Of the due dates, the state and the day alone (National Audit Office: ratings are hard to validate)."""

    ON_TRACK = "ON_TRACK"
    SLIPPED = "SLIPPED"
    DUE_SOON = "DUE_SOON"
    OVERDUE = "OVERDUE"
    ENDED = "ENDED"


@dataclass(frozen=True, slots=True)
class Situation:
    """An action on a day, with the evidence that every party of its series may read.

    `interval` is that between the reports that its series asks for; `dormant_after` are the days without any
    change after which the series calls it dormant, None for never.
    """

    action: Action
    today: date
    interval: timedelta
    dormant_after: int | None = None

    @property
    def delay(self) -> timedelta:
        """How far the finish, or the next yearly review, now lies behind the date first agreed for it."""
        action = self.action
        promised = _review_promised(action) if action.reviewed_yearly else action.original_due_date
        return max(action.due_date, self.today) - promised

    @property
    def silence(self) -> timedelta:
        """Since the owner last said something."""
        action = self.action
        heard = [action.opened_at, action.reported_at, action.claim.at if action.claim else None]
        return self.today - max(at for at in heard if at is not None).date()

    @property
    def silent(self) -> bool:
        """For longer than the interval, or past the end of a reporting round."""
        return self.silence > self.interval or bool(self.action.missed_by)

    @property
    def blocked_for(self) -> timedelta:
        action = self.action
        if action.state is not State.BLOCKED or action.blocked is None:
            return timedelta()
        return self.today - action.blocked.by.at.date()

    @property
    def late_share(self) -> int:
        """Per cent of the plan's weights that are, or are planned, behind the day first planned for them."""
        late = sum(
            step.weight
            for step in self.action.plan
            if step.reached_at is None and max(step.due, self.today) > step.promised
        )
        total = sum(step.weight for step in self.action.plan)
        return 100 * late // total if total else 0

    @property
    def evidence_stands(self) -> bool:
        return bool(standing(self.action.evidence, self.today))

    @property
    def shows_something(self) -> bool:
        return self.evidence_stands or any(step.reached_at is not None for step in self.action.plan)

    @property
    def claim_lapses(self) -> bool:
        """Whether something that a claim rests on expired or was withdrawn; a revision takes its place."""
        action = self.action
        if action.state is not State.COMPLETION_CLAIMED or action.claim is None:
            return False
        stands = {entry.id for entry in standing(action.evidence, self.today)}
        return any(entry.id not in stands for entry in action.claim.evidence)

    @property
    def expectations(self) -> tuple[Expectation, ...]:
        return expectations(self.action.expected, self.action.evidence, self.today)

    @property
    def is_dormant(self) -> bool:
        return self.dormant_after is not None and dormant(self.action, self.today, self.dormant_after)


@dataclass(frozen=True, slots=True)
class Rule:
    """Where it holds, an open action is at best rated so."""

    name: str
    rating: Rag
    says: str
    holds: Callable[[Situation], bool]


RULES: tuple[Rule, ...] = (
    Rule("LATE", Rag.AMBER, "the finish lies after the date first agreed", lambda on: on.delay > timedelta()),
    Rule(
        "VERY_LATE",
        Rag.RED,
        "the finish lies more than 60 days after the date first agreed",
        lambda on: on.delay > VERY_LATE,
    ),
    Rule(
        "SILENT",
        Rag.AMBER,
        "the owner has not reported for longer than the interval of the series",
        lambda on: on.silence > on.interval,
    ),
    Rule(
        "LONG_SILENT",
        Rag.RED,
        "the owner has not reported for longer than twice that interval",
        lambda on: on.silence > 2 * on.interval,
    ),
    Rule(
        "LATE_AND_SILENT",
        Rag.RED,
        "it is late and its owner is silent",
        lambda on: on.silent and on.delay > timedelta(),
    ),
    Rule(
        "ROUND_MISSED",
        Rag.AMBER,
        "an owner let a reporting round pass without an update",
        lambda on: bool(on.action.missed_by),
    ),
    Rule("DECLINED", Rag.RED, "its owner does not take it on", lambda on: on.action.declined is not None),
    Rule(
        "NOT_TAKEN_ON",
        Rag.AMBER,
        "its owner has not taken it on within 30 days",
        lambda on: (
            on.action.state is State.AGREED and on.today - on.action.opened_at.date() > TAKEN_ON_WITHIN
        ),
    ),
    Rule("BLOCKED", Rag.AMBER, "it is held up", lambda on: on.action.state is State.BLOCKED),
    Rule(
        "LONG_BLOCKED",
        Rag.RED,
        "it has been held up for more than 30 days",
        lambda on: on.blocked_for > LONG_BLOCKED,
    ),
    Rule("MILESTONE_LATE", Rag.AMBER, "a milestone is late", lambda on: on.late_share > 0),
    Rule("PLAN_LATE", Rag.RED, "half of the plan is late", lambda on: on.late_share >= 50),
    Rule(
        "NOTHING_SHOWN",
        Rag.AMBER,
        "it is due within 30 days, and neither a milestone reached nor evidence shows progress",
        lambda on: on.action.due_date - on.today <= SOON and not on.shows_something,
    ),
    Rule(
        "EVIDENCE_LAPSED",
        Rag.AMBER,
        "evidence that a claim rests on has expired or was withdrawn",
        lambda on: on.claim_lapses,
    ),
    Rule(
        "CLAIM_UNSHOWN",
        Rag.RED,
        "it is claimed to be done, and no evidence stands",
        lambda on: on.action.state is State.COMPLETION_CLAIMED and not on.evidence_stands,
    ),
    Rule(
        "EXPECTED_LATE",
        Rag.AMBER,
        "evidence that was agreed to be shown by now is not there",
        lambda on: any(one.late for one in on.expectations),
    ),
    Rule(
        "CLAIM_INCOMPLETE",
        Rag.RED,
        "it is claimed to be done, and evidence that was agreed to be shown is not there",
        lambda on: (
            on.action.state is State.COMPLETION_CLAIMED
            and any(one.presence is not Presence.MET for one in on.expectations)
        ),
    ),
    Rule(
        "DORMANT",
        Rag.AMBER,
        "nothing of it has changed for longer than the series allows",
        lambda on: on.is_dormant,
    ),
    Rule(
        "WAITS_FOR_LATER",
        Rag.AMBER,
        "what it waits for is due after itself",
        lambda on: any(
            other.state not in FINAL and other.due_date > on.action.due_date for other in on.action.depends_on
        ),
    ),
    Rule(
        "WAITS_IN_VAIN",
        Rag.RED,
        "what it waits for ended without completion",
        lambda on: any(other.state in FINAL - {State.CLOSED} for other in on.action.depends_on),
    ),
    Rule(
        "BASIS_GONE",
        Rag.AMBER,
        "an assessment that it rests on is withdrawn",
        lambda on: worst(on.action.basis) is BasisState.WITHDRAWN,
    ),
    Rule(
        "REJECTED",
        Rag.AMBER,
        "a claim that it was done was not accepted",
        lambda on: on.action.rejection is not None,
    ),
)


@dataclass(frozen=True, slots=True)
class Rating:
    """What is computed, why, and how the owner's word stands beside it.

    `computed` is None once an action has ended. `contradicted` says that the owner rates it better than
    the rules do, `stale` that the owner's rating is older than the interval of the series' reports, or that
    an owner let a reporting round pass without an update, `dormant` that
    nothing of the action has changed for longer than the series allows. `expected` is the evidence that was
    agreed to be shown, beside what was.
    """

    timeliness: Timeliness
    computed: Rag | None
    because: tuple[str, ...]
    contradicted: bool
    stale: bool
    dormant: bool = False
    expected: tuple[Expectation, ...] = ()


def timeliness(action: Action, today: date) -> Timeliness:
    """A pure function of due dates, state and day."""
    if not action.is_open:
        return Timeliness.ENDED
    if action.due_date < today:
        return Timeliness.OVERDUE
    if action.due_date - today <= SOON:
        return Timeliness.DUE_SOON
    if action.due_date > action.original_due_date and not action.reviewed_yearly:
        return Timeliness.SLIPPED
    return Timeliness.ON_TRACK


def rate_in(series: Series, action: Action, today: date) -> Rating:
    """The rating in a series whose interval of reports is known."""
    interval = timedelta(days=series.status_interval_days)
    return rate(Situation(action, today, interval, series.dormant_after_days))


def rate(situation: Situation) -> Rating:
    """The computed rating beside the claimed one."""
    action = situation.action
    on_time = timeliness(action, situation.today)
    if not action.is_open:
        return Rating(on_time, None, (), contradicted=False, stale=False, expected=situation.expectations)
    holding = [rule for rule in RULES if rule.holds(situation)]
    computed = worst_of({rule.rating for rule in holding})
    return Rating(
        timeliness=on_time,
        computed=computed,
        because=tuple(rule.name for rule in holding),
        contradicted=action.rag is not None and _rank(action.rag) < _rank(computed),
        stale=bool(action.missed_by)
        or (action.rag is not None and _since(action.reported_at, situation.today) > situation.interval),
        dormant=situation.is_dormant,
        expected=situation.expectations,
    )


def worst_of(ratings: Collection[Rag]) -> Rag:
    """GREEN where there is none."""
    return max(ratings, key=_rank, default=Rag.GREEN)


def _review_promised(action: Action) -> date:
    """The day of the next yearly review before anybody moved it."""
    promised = action.due_date
    for change in reversed(action.due_date_changes):
        if change.to_date != promised:
            break
        promised = change.from_date
    return promised


def _rank(rating: Rag) -> int:
    return list(Rag).index(rating)


def _since(at: datetime | None, today: date) -> timedelta:
    return timedelta() if at is None else today - at.date()
