"""Who must be told what and when, worked out by a plain model that shares nothing with the product: its own
table of holidays, its own clocks, its own ladders, its own idea of a course of an action.
"""

import json
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from random import Random
from uuid import UUID
from zoneinfo import ZoneInfo

from services.actions.domain.action import Action, Rag
from services.actions.domain.owners import Owner
from services.actions.domain.proposals import ProposalKind, Terms
from services.kernel.escalation import LadderStep
from services.kernel.parties import Reader, Role
from tests.support.actions import agreed, evidence, reader

_TABLE = json.loads((Path(__file__).parents[1] / "data" / "escalation" / "holidays.json").read_text("utf-8"))
HOLIDAYS = {party: frozenset(map(date.fromisoformat, _TABLE[party])) for party in ("UK", "EU", "US")}
CLOCKS = {
    "UK": ZoneInfo("Europe/London"),
    "EU": ZoneInfo("Europe/Brussels"),
    "US": ZoneInfo("America/New_York"),
}
LADDERS = {
    "OVERDUE": {"OWNER": 1, "DEPUTY": 5, "DIRECTOR": 10, "MINISTER": 20},
    "SILENT": {"OWNER": 1, "DEPUTY": 10, "DIRECTOR": 20, "MINISTER": 40},
    "BLOCKED": {"OWNER": 1, "DEPUTY": 5, "DIRECTOR": 15},
    "NOT_TAKEN_ON": {"OWNER": 1, "DEPUTY": 5, "DIRECTOR": 10},
}
FROM_HOUR = 9
SILENT_AFTER, LONG = timedelta(days=90), timedelta(days=30)
_FIRST, _LAST = date(2026, 1, 1), date(2027, 12, 31)
WORKING = {
    party: [
        day
        for day in (_FIRST + timedelta(days=count) for count in range((_LAST - _FIRST).days + 1))
        if day.isoweekday() <= 5 and day not in HOLIDAYS[party]
    ]
    for party in HOLIDAYS
}
OWNERS = {
    "uk-eu": (("UK", "DSIT"), ("EU", "CNECT")),
    "uk-us-cmr": (("UK", "STRATCOM"), ("US", "USCYBERCOM")),
}
"""Who can own in the stories, by series; the first owner is the one who acts."""


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that becomes of an action; `due` belongs to a date that is moved."""

    at: datetime
    kind: str
    due: date | None = None


@dataclass(frozen=True, slots=True)
class Story:
    """One action from its agreement on."""

    action_id: UUID
    series: str
    owners: tuple[tuple[str, str], ...]
    marking: str
    opened: datetime
    due: date
    happenings: tuple[Happening, ...]

    def action(self) -> Action:
        return agreed(
            id=self.action_id,
            reference=f"R-{self.action_id}",
            outcome_id=str(self.action_id),
            series=self.series,
            owners=tuple(Owner(party, body, accountable=True) for party, body in self.owners),
            marking=self.marking,
            opened_at=self.opened,
            changed_at=self.opened,
            original_due_date=self.due,
            due_date=self.due,
            basis=(),
        )


@dataclass(frozen=True, slots=True, order=True)
class Telling:
    """One notice: which step of whose ladder, in which episode, and the instant of it."""

    action: UUID
    trigger: str
    episode: int
    party: str
    step: str
    at: datetime


def live(action: Action, story: Story, happening: Happening, identity: UUID) -> Action:
    """The product's own action after a happening."""
    party, body = story.owners[0]
    other = next(side for side, _ in OWNERS[story.series] if side != party)
    owner, at = reader(body, party), happening.at
    judge: Reader = reader(dict(OWNERS[story.series])[other], other, Role.OWNER)
    parties = [side for side, _ in OWNERS[story.series]]
    match happening.kind:
        case "accept":
            return action.accepted(owner, at)
        case "report":
            return action.reported(Rag.GREEN, "", owner, at)
        case "block":
            return action.blocked_by("The funds are frozen.", owner, at)
        case "unblock":
            return action.unblocked(owner, at)
        case "claim":
            shown = evidence(
                id=identity, party=party, organisation=body, submitted_by=owner.subject, submitted_at=at
            )
            return action.claimed([shown], "Done.", owner, at)
        case "reject":
            return action.rejected("Not so.", judge, parties, at)
        case "close":
            return action.confirmed(judge, parties, identity, at)
        case "move":
            terms = Terms(ProposalKind.MOVE_DUE_DATE, "More time is needed.", happening.due)
            proposed = action.proposed(terms, owner, parties, identity, at)
            return proposed.proposal_accepted(identity, judge, parties, at)
    raise ValueError(happening.kind)


# --- the model --------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Course:
    """What the model knows of an action."""

    story: Story
    state: str = "AGREED"
    due: date = _FIRST
    heard: date = _FIRST
    blocked: datetime | None = None
    rejected: date = date.min
    left: list[Happening] = field(default_factory=list)
    episodes: dict[str, tuple[int, str, date]] = field(default_factory=dict)
    past: dict[str, tuple[int, str]] = field(default_factory=dict)
    told: dict[tuple[str, int, str], dict[str, date]] = field(default_factory=dict)

    def happen(self, now: datetime) -> None:
        while self.left and self.left[0].at <= now:
            one = self.left.pop(0)
            match one.kind:
                case "accept":
                    self.state = "ASSIGNED"
                case "report":
                    self.heard = one.at.date()
                    self.state = "BLOCKED" if self.state == "BLOCKED" else "IN_PROGRESS"
                case "block":
                    self.state, self.blocked = "BLOCKED", one.at
                case "unblock":
                    self.state = "IN_PROGRESS"
                case "claim":
                    self.state = "COMPLETION_CLAIMED"
                case "reject":
                    self.state, self.rejected = "IN_PROGRESS", one.at.date()
                case "close":
                    self.state = "CLOSED"
                case "move":
                    assert one.due is not None
                    self.due = one.due

    def wrong(self) -> dict[str, tuple[str, date]]:
        """By trigger: what tells one cause from the next, and the last good day."""
        found: dict[str, tuple[str, date]] = {}
        if self.state in ("CLOSED", "COMPLETION_CLAIMED"):
            return found
        found["OVERDUE"] = str(self.due), max(self.due, self.rejected)
        if self.state == "AGREED":
            found["NOT_TAKEN_ON"] = "", self.story.opened.date() + LONG
            return found
        report = self.heard + SILENT_AFTER
        found["SILENT"] = str(report), max(report, self.rejected)
        if self.state == "BLOCKED":
            assert self.blocked is not None
            found["BLOCKED"] = str(self.blocked), self.blocked.date() + LONG
        return found


def expected(stories: Iterable[Story], ticks: Sequence[datetime]) -> set[Telling]:
    """What schedulers that look at those instants must have sent."""
    courses = [
        _Course(story, due=story.due, heard=story.opened.date(), left=list(story.happenings))
        for story in stories
    ]
    latest, found = datetime.min.replace(tzinfo=UTC), set[Telling]()
    for now in ticks:
        latest = max(latest, now)
        for course in courses:
            if course.story.opened <= latest:
                course.happen(latest)
                found.update(_tell(course, now))
    return found


def _tell(course: _Course, now: datetime) -> Iterator[Telling]:
    wrong = course.wrong()
    for trigger, (number, key, _) in list(course.episodes.items()):
        if trigger not in wrong or wrong[trigger][0] != key:
            course.past[trigger] = number, key
            del course.episodes[trigger]
    for trigger, (key, since) in wrong.items():
        for party, _ in course.story.owners:
            local = now.astimezone(CLOCKS[party])
            if course.story.marking == "UK OFFICIAL" and party != "UK":
                continue
            if local.date() <= since:
                continue
            if trigger not in course.episodes:
                number, before = course.past.get(trigger, (0, None))
                start = max(since, now.date()) if before == key else since
                course.episodes[trigger] = number + 1, key, start
            number, _, start = course.episodes[trigger]
            told = course.told.setdefault((trigger, number, party), {})
            step = _due(trigger, party, start, told, local)
            if step is not None:
                told[step] = local.date()
                yield Telling(course.story.action_id, trigger, number, party, step, now)


def _due(trigger: str, party: str, since: date, told: dict[str, date], local: datetime) -> str | None:
    days, today = WORKING[party], local.date()
    if today not in set(days) or local.hour < FROM_HOUR or today in told.values():
        return None
    if told and max(told.values()) > today:
        return None
    for step, count in LADDERS[trigger].items():
        if step not in told:
            due = days[bisect_right(days, since) + count - 1]
            return step if today >= due else None
    return None


# --- stories ----------------------------------------------------------------------------------------


def stories(count: int, seed: int, first: date, last: date) -> list[Story]:
    """Courses of actions, some kept well and some badly, opened in the first weeks."""
    random = Random(seed)
    return [_story(random, number, first, last) for number in range(count)]


def _story(random: Random, number: int, first: date, last: date) -> Story:
    series = random.choice(list(OWNERS))
    owners = random.choice([OWNERS[series], OWNERS[series][:1], OWNERS[series][1:]])
    secret = series == "uk-eu" and random.random() < 0.2
    opened = _instant(random, first + timedelta(days=random.randrange(20)))
    length = (last - first).days
    due = opened.date() + timedelta(days=random.randrange(10, max(20, length * 2 // 3)))
    return Story(
        UUID(int=(1 << 100) + random.getrandbits(60) * 1000 + number),
        series,
        owners,
        "UK OFFICIAL" if secret else "TLP:CLEAR",
        opened,
        due,
        tuple(_course_of(random, opened, due, last)),
    )


_NEXT = {
    "AGREED": ["accept", "accept", "move"],
    "ASSIGNED": ["report", "report", "block", "move"],
    "IN_PROGRESS": ["report", "report", "block", "move", "claim"],
    "BLOCKED": ["report", "unblock", "unblock"],
    "COMPLETION_CLAIMED": ["reject", "close"],
}
_LEADS = {
    "accept": "ASSIGNED",
    "report": "IN_PROGRESS",
    "block": "BLOCKED",
    "unblock": "IN_PROGRESS",
    "claim": "COMPLETION_CLAIMED",
    "reject": "IN_PROGRESS",
    "close": "CLOSED",
}


def _course_of(random: Random, opened: datetime, due: date, last: date) -> Iterator[Happening]:
    state, at = "AGREED", opened
    while state != "CLOSED":
        # Long gaps are common: it is neglect that is told of.
        pause = random.choice([3, 8, 20, 45, 70, 130])
        at = _instant(random, at.date() + timedelta(days=random.randrange(1, pause + 1)))
        if at.date() >= last:
            return
        kind = random.choice(_NEXT[state])
        if kind == "move":
            new = max(due, at.date()) + timedelta(days=random.randrange(1, 40))
            due = new
            yield Happening(at, kind, new)
            continue
        yield Happening(at, kind)
        if not (kind == "report" and state == "BLOCKED"):
            state = _LEADS[kind]


def _instant(random: Random, day: date) -> datetime:
    return datetime.combine(day, time(random.randrange(6, 20), random.randrange(60)), UTC)


def check_table(found: Iterable[Telling]) -> None:
    """What must hold of notices whatever the ladders: nobody on a day off or by night, nobody twice, no two
    steps of one ladder on a day, and from the bottom up.
    """
    ladders: dict[tuple[UUID, str, int, str], list[Telling]] = {}
    for telling in sorted(found, key=lambda one: one.at):
        local = telling.at.astimezone(CLOCKS[telling.party])
        assert local.isoweekday() <= 5, telling
        assert local.date() not in HOLIDAYS[telling.party], telling
        assert local.hour >= FROM_HOUR, telling
        ladder = telling.action, telling.trigger, telling.episode, telling.party
        ladders.setdefault(ladder, []).append(telling)
    order = [step.value for step in LadderStep]
    for climbed in ladders.values():
        steps = [order.index(one.step) for one in climbed]
        assert steps == sorted(set(steps)), climbed
        days = [one.at.astimezone(CLOCKS[one.party]).date() for one in climbed]
        assert len(set(days)) == len(days), climbed
