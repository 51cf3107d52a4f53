"""Courses of actions drawn from a seed."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from uuid import UUID

from tests.support.escalation.story import Happening, Story
from tests.support.escalation.tables import OWNERS


def stories(count: int, seed: int, first: date, last: date) -> list[Story]:
    """Courses of actions, some kept well and some badly, opened in the first weeks."""
    random = Random(seed)
    return [_story(random, number, first, last) for number in range(count)]


def reopened_late() -> Story:
    """Closed before it was due, and reopened three weeks after that day."""

    def on(month: int, day: int) -> datetime:
        return datetime(2026, month, day, 10, tzinfo=UTC)

    courses = [
        Happening(on(9, 2), "accept"),
        Happening(on(10, 1), "report"),
        Happening(on(10, 2), "claim"),
        Happening(on(10, 20), "close"),
        Happening(on(11, 20), "reopen"),
    ]
    identity = UUID(int=(1 << 101) + 1)
    return Story(
        identity, "uk-eu", OWNERS["uk-eu"], "TLP:CLEAR", on(9, 1), date(2026, 10, 30), tuple(courses)
    )


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
    "CLOSED": ["reopen"],
}
_LEADS = {
    "accept": "ASSIGNED",
    "report": "IN_PROGRESS",
    "block": "BLOCKED",
    "unblock": "IN_PROGRESS",
    "claim": "COMPLETION_CLAIMED",
    "reject": "IN_PROGRESS",
    "close": "CLOSED",
    "reopen": "IN_PROGRESS",
}


def _course_of(random: Random, opened: datetime, due: date, last: date) -> Iterator[Happening]:
    state, at = "AGREED", opened
    while state != "CLOSED" or random.random() < 0.5:
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
