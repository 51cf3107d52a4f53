"""Which digests owners must be sent, worked out day by day from a table of working days."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from tests.support.escalation.model import Course, follow
from tests.support.escalation.rounds import Asking
from tests.support.escalation.story import Story
from tests.support.escalation.tables import CLOCKS, FROM_HOUR, OWNERS, REMIND_AFTER, REMIND_BEFORE, WORKING


@dataclass(frozen=True, slots=True, order=True)
class Reminding:
    """One digest to an organisation, and the instant of it."""

    series: str
    party: str
    organisation: str
    at: datetime


@dataclass(slots=True)
class _Desk:
    looked: date = date.min
    sent: set[tuple[UUID, str, object, int]] = field(default_factory=set)


def expected_reminders(
    stories: Iterable[Story], ticks: Sequence[datetime]
) -> dict[Reminding, set[tuple[UUID, str]]]:
    """What schedulers that look at those instants must have reminded of, by digest: actions and matters."""
    desks = {(series, *owner): _Desk() for series, owners in OWNERS.items() for owner in owners}
    found: dict[Reminding, set[tuple[UUID, str]]] = {}
    for now, courses, rounds in follow(stories, ticks):
        for (series, party, body), desk in desks.items():
            local = now.astimezone(CLOCKS[party])
            today = local.date()
            if today not in WORKING[party] or local.hour < FROM_HOUR or today <= desk.looked:
                continue
            desk.looked = today
            listed: set[tuple[UUID, str]] = set()
            fresh = False
            for course in courses:
                if (party, body) not in course.story.owners or course.story.series != series:
                    continue
                if not course.owes or (course.story.marking == "UK OFFICIAL" and party != "UK"):
                    continue
                for matter, key, place in _matters(course, party, today, rounds[series]):
                    listed.add((course.story.action_id, matter))
                    past = [at for act, _, of, at in desk.sent if (act, of) == (course.story.action_id, key)]
                    if place is not None and place > max(past, default=-1000):
                        desk.sent.add((course.story.action_id, party, key, place))
                        fresh = True
            if fresh:
                found[Reminding(series, party, body, now)] = listed
    return found


def _matters(
    course: Course, party: str, today: date, asking: Asking
) -> Iterable[tuple[str, object, int | None]]:
    days, last_good = WORKING[party], max(course.due, course.anew)
    due = "due", course.due, course.moves
    if today > last_good:
        passed = [day for day in days if last_good < day <= today]
        yield "OVERDUE", due, max((count for count in REMIND_AFTER if count <= len(passed)), default=None)
    elif today <= course.due:
        left = len([day for day in days if today < day <= course.due])
        places = [-count for count in REMIND_BEFORE if left <= count]
        if places:
            yield "DUE_SOON", due, max(places)
    question = course.story.action_id, party
    if asking.state == "OPEN" and question in asking.asked - asking.answered:
        yield "ROUND_OPEN", ("round", asking.last), int(question in asking.reminded)
