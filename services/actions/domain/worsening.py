"""When the passing of days alone makes the computed rating of an action worse."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, timedelta
from hashlib import sha256

from services.actions.domain.action import Action, Rag
from services.actions.domain.rating import RULES, Situation, rate


@dataclass(frozen=True, slots=True)
class Worsening:
    """From which days on the rules rate an action AMBER and RED if nobody touches it; None for never.

    What it waits for is left aside: that changes without it.
    """

    amber_from: date | None
    red_from: date | None


_HORIZON = timedelta(days=8 * 366)
"""By then silence alone has made every open action red."""


def worsening(action: Action, interval: timedelta) -> Worsening:
    """Days alone never improve a rating, so that two days say all of it."""
    alone = replace(action, depends_on=())

    def first(ratings: Collection[Rag]) -> date | None:
        low, high = action.opened_at.date(), action.changed_at.date() + _HORIZON
        if not action.is_open or not _rated(alone, high, interval, ratings):
            return None
        while low < high:
            middle = low + (high - low) // 2
            if _rated(alone, middle, interval, ratings):
                high = middle
            else:
                low = middle + timedelta(days=1)
        return low

    return Worsening(first((Rag.AMBER, Rag.RED)), first((Rag.RED,)))


def _rated(action: Action, day: date, interval: timedelta, ratings: Collection[Rag]) -> bool:
    return rate(Situation(action, day, interval)).computed in ratings


def rated_by(action: Action, interval: timedelta) -> str:
    """Names what days were reckoned by that changes without a new version of the action: the rules, the
    interval of reports, and the parties that missed a round.
    """
    rules = ",".join(f"{rule.name}:{rule.rating}:{rule.says}" for rule in RULES)
    digest = sha256(rules.encode()).hexdigest()[:16]
    return "/".join([str(interval.days), digest, *sorted(action.missed_by)])
