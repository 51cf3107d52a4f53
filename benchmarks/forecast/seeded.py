"""Back-tests forecasts on histories drawn from a seed.

Actions of a hidden difficulty whose dates are moved when they near, and whose owners rate them too well. Each
is forecast at a random day of its course from those that were done by then.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

from services.actions.domain.action import Rag
from services.actions.domain.forecast import Course, DateMove, forecast

CLAIMED = {Rag.GREEN: 0.9, Rag.AMBER: 0.5, Rag.RED: 0.1}
"""The chance to be in time that a rating says (IPA: highly likely, feasible, unachievable)."""
_START = date(2015, 1, 1)


@dataclass(frozen=True, slots=True)
class Told:
    """A course to its end, with a day of it and what its owner claimed then."""

    course: Course
    day: date
    claim: Rag


def histories(seed: int, count: int) -> Iterator[Told]:
    """Finished courses; a third slips little, a third by a part of its time, a third by most of it."""
    chance = random.Random(seed)
    for _ in range(count):
        agreed = _START + timedelta(days=chance.randrange(3_650))
        planned = chance.randrange(120, 720)
        due = agreed + timedelta(days=planned)
        difficulty = chance.choice((0.02, 0.25, 0.8))
        done = due + timedelta(days=round(planned * (chance.expovariate(1 / difficulty) - 0.08)))
        moves: list[DateMove] = []
        current = due
        while done > current and chance.random() < 0.7:
            notice = current - timedelta(days=chance.randrange(5, 40))
            current += timedelta(days=max(15, round((done - current).days * chance.uniform(0.3, 1.0))))
            moves.append(DateMove(max(notice, agreed), current))
        course = Course(agreed, due, tuple(moves), done)
        day = agreed + timedelta(days=round((done - agreed).days * chance.uniform(0.1, 0.95)))
        late = (done - course.due_on(day)).days / planned
        candid = late + chance.gauss(-0.25, 0.3)
        claim = Rag.RED if candid > 0.4 else Rag.AMBER if candid > 0.15 else Rag.GREEN
        yield Told(course, day, claim)


@dataclass(frozen=True, slots=True)
class Score:
    """`coverage` is the share that finished within the interval, the others are Brier scores."""

    forecasts: int
    coverage: float
    brier: float
    claimed: float
    base_rate: float


def back_test(seed: int, count: int) -> Score:
    told = list(histories(seed, count))
    within = brier = claimed = 0.0
    outcomes: list[bool] = []
    for one in told:
        course = one.course
        so_far = replace(course, done_on=None, moves=tuple(m for m in course.moves if m.on <= one.day))
        found = forecast(so_far, one.day, [other.course for other in told if other is not one])
        if found is None or course.done_on is None:
            continue
        in_time = course.done_on <= course.due_on(one.day)
        outcomes.append(in_time)
        within += found.earliest <= course.done_on <= found.latest
        brier += (found.in_time - in_time) ** 2
        claimed += (CLAIMED[one.claim] - in_time) ** 2
    number = len(outcomes)
    rate = sum(outcomes) / number
    return Score(number, within / number, brier / number, claimed / number, rate * (1 - rate))
