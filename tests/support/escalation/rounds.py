"""When owners are asked in rounds, and who has not answered, worked out by a plain model."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol
from uuid import UUID

from tests.support.escalation.story import Story
from tests.support.escalation.tables import (
    CLOCKS,
    FIRST,
    FIRST_ROUNDS,
    OWNERS,
    ROUND_CLOSES,
    ROUND_DUE,
    ROUND_REMINDS,
    WORKING,
)


class Owing(Protocol):
    """An action that may be asked about; `missed` says since when a party owes its report."""

    story: Story
    missed: dict[str, date]

    @property
    def owes(self) -> bool: ...


@dataclass(slots=True)
class Asking:
    """The rounds of a series, one at a time. A step waits until its day has begun for every party."""

    series: str
    state: str = "NONE"
    last: date = date.min
    days: tuple[date, date, date] = (FIRST, FIRST, FIRST)
    reminds: date = FIRST
    asked: set[tuple[UUID, str]] = field(default_factory=set)
    answered: set[tuple[UUID, str]] = field(default_factory=set)
    reminded: set[tuple[UUID, str]] = field(default_factory=set)
    has_reminded: bool = False

    def hear(self, action: UUID, party: str, at: datetime) -> None:
        day = at.astimezone(CLOCKS[party]).date()
        if self.state in ("OPEN", "DUE") and day <= self.days[2]:
            self.answered.add((action, party))

    def advance(self, now: datetime, courses: Sequence[Owing]) -> None:
        begun = min(now.astimezone(CLOCKS[party]).date() for party, _ in OWNERS[self.series])
        while self._step(begun, courses):
            pass
        if self.state == "OPEN" and begun >= self.reminds and not self.has_reminded:
            self.has_reminded = True
            owing = {course.story.action_id for course in courses if course.owes}
            self.reminded = {question for question in self.asked - self.answered if question[0] in owing}

    def _step(self, begun: date, courses: Sequence[Owing]) -> bool:
        opens, due, closes = self.days
        if self.state == "NONE":
            planned = max((day for day in _planned(self.series) if self.last < day <= begun), default=None)
            if planned is None:
                return False
            self.state, self.last = "PLANNED", planned
            opens, due, closes, self.reminds = _round_days(self.series, planned)
            self.days = opens, due, closes
        elif self.state == "PLANNED" and begun >= due:
            self.state = "NONE"
        elif self.state == "PLANNED" and begun >= opens:
            self.state, self.answered = "OPEN", set()
            self.reminded, self.has_reminded = set(), False
            self.asked = {
                (course.story.action_id, party)
                for course in courses
                if course.owes
                for party, _ in course.story.owners
            }
        elif self.state == "OPEN" and begun > due:
            self.state = "DUE"
            for course in courses:
                for party, _ in course.story.owners:
                    question = course.story.action_id, party
                    if question in self.asked - self.answered and course.owes:
                        course.missed.setdefault(party, due)
        elif self.state == "DUE" and begun > closes:
            self.state = "NONE"
        else:
            return False
        return True


def _planned(series: str) -> Iterator[date]:
    first = FIRST_ROUNDS[series]
    for number in range(8):
        month = first.month - 1 + 3 * number
        yield date(first.year + month // 12, month % 12 + 1, first.day)


def _round_days(series: str, planned: date) -> tuple[date, date, date, date]:
    common = sorted(set[date].intersection(*(set(WORKING[party]) for party, _ in OWNERS[series])))
    opens = bisect_left(common, planned)
    due, closes, reminds = (common[opens + count] for count in (ROUND_DUE, ROUND_CLOSES, ROUND_REMINDS))
    return common[opens], due, closes, reminds
