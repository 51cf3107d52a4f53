"""Who must be told what and when, worked out by a plain model that shares nothing with the product: its own
table of holidays, its own clocks, its own ladders, its own idea of a course of an action.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from tests.support.escalation.rounds import Asking
from tests.support.escalation.story import Happening, Story, Telling
from tests.support.escalation.tables import (
    CLOCKS,
    DORMANT_AFTER,
    FIRST,
    FROM_HOUR,
    LADDERS,
    LONG,
    OWNERS,
    SILENT_AFTER,
    WORKING,
)

_AFTER = {"accept": "ASSIGNED", "unblock": "IN_PROGRESS", "close": "CLOSED"}


@dataclass(slots=True)
class Course:
    """What the model knows of an action."""

    story: Story
    touched: datetime
    state: str = "AGREED"
    moves: int = 0
    due: date = FIRST
    heard: date = FIRST
    blocked: datetime | None = None
    anew: date = date.min
    reopened: date = date.min
    missed: dict[str, date] = field(default_factory=dict)
    left: list[Happening] = field(default_factory=list)
    episodes: dict[tuple[str, str], tuple[int, str, date]] = field(default_factory=dict)
    past: dict[tuple[str, str], str] = field(default_factory=dict)
    begun: Counter[str] = field(default_factory=Counter)
    told: dict[tuple[str, int, str], dict[str, date]] = field(default_factory=dict)

    @property
    def owes(self) -> bool:
        return self.state not in ("CLOSED", "COMPLETION_CLAIMED")

    def happen(self, now: datetime, asking: Asking) -> None:
        while self.left and self.left[0].at <= now:
            one = self.left.pop(0)
            self.touched = one.at
            match one.kind:
                case "accept" | "unblock" | "close":
                    self.state = _AFTER[one.kind]
                case "report":
                    self._report(one.at, asking)
                case "block":
                    self.state, self.blocked = "BLOCKED", one.at
                case "claim":
                    self.state, self.missed, self.anew = "COMPLETION_CLAIMED", {}, self.reopened
                case "reject":
                    self.state, self.anew = "IN_PROGRESS", one.at.date()
                case "reopen":
                    self.state, self.anew = "IN_PROGRESS", one.at.date()
                    self.reopened = self.anew
                case "move":
                    assert one.due is not None
                    self.due = one.due
                    self.moves += 1

    def _report(self, at: datetime, asking: Asking) -> None:
        party = self.story.owners[0][0]
        self.heard = at.date()
        self.missed.pop(party, None)
        asking.hear(self.story.action_id, party, at)
        if self.state != "BLOCKED":
            self.state = "IN_PROGRESS"

    def wrong(self) -> dict[tuple[str, str], tuple[str, date]]:
        """By trigger and the party whose matter it is: what tells causes apart, and the last good day."""
        found: dict[tuple[str, str], tuple[str, date]] = {}
        if self.state == "CLOSED":
            return found
        found["DORMANT", ""] = str(self.touched), self.touched.date() + DORMANT_AFTER
        if not self.owes:
            return found
        found["OVERDUE", ""] = str(self.due), max(self.due, self.anew)
        for party, due in sorted(self.missed.items()):
            found["MISSED_REPORT", party] = str(due), max(due, self.anew)
        if self.state == "AGREED":
            found["NOT_TAKEN_ON", ""] = "", self.story.opened.date() + LONG
            return found
        report = self.heard + SILENT_AFTER
        found["SILENT", ""] = str(report), max(report, self.anew)
        if self.state == "BLOCKED":
            assert self.blocked is not None
            found["BLOCKED", ""] = str(self.blocked), self.blocked.date() + LONG
        return found


def expected(stories: Iterable[Story], ticks: Sequence[datetime]) -> set[Telling]:
    """What schedulers that look at those instants must have sent."""
    return {
        one for now, opened, _ in follow(stories, ticks) for course in opened for one in _tell(course, now)
    }


def follow(
    stories: Iterable[Story], ticks: Sequence[datetime]
) -> Iterator[tuple[datetime, list[Course], dict[str, Asking]]]:
    """How the courses and the rounds stand at each of those instants."""
    courses = [
        Course(
            story,
            due=story.due,
            heard=story.opened.date(),
            touched=story.opened,
            left=list(story.happenings),
        )
        for story in stories
    ]
    rounds = {series: Asking(series) for series in OWNERS}
    latest = datetime.min.replace(tzinfo=UTC)
    for now in ticks:
        latest = max(latest, now)
        opened = [course for course in courses if course.story.opened <= latest]
        for course in opened:
            course.happen(latest, rounds[course.story.series])
        for series, asking in rounds.items():
            asking.advance(now, [course for course in opened if course.story.series == series])
        yield now, opened, rounds


def _tell(course: Course, now: datetime) -> Iterator[Telling]:
    wrong = course.wrong()
    for about, (_, key, _) in list(course.episodes.items()):
        if about not in wrong or wrong[about][0] != key:
            course.past[about] = key
            del course.episodes[about]
    for about, (key, since) in wrong.items():
        trigger, whose = about
        for party, _ in course.story.owners:
            if whose and party != whose:
                continue
            local = now.astimezone(CLOCKS[party])
            if course.story.marking == "UK OFFICIAL" and party != "UK":
                continue
            if local.date() <= since:
                continue
            if about not in course.episodes:
                course.begun[trigger] += 1
                start = max(since, now.date()) if course.past.get(about) == key else since
                course.episodes[about] = course.begun[trigger], key, start
            number, _, start = course.episodes[about]
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
