"""Whether nothing at all has happened to an action for long."""

from datetime import date, timedelta

from services.actions.domain.action import Action


def dormant(action: Action, today: date, after_days: int) -> bool:
    """Whether an open action has seen no change of any kind for more than so many days.

    Only changes that every party is told of count: what one party keeps to itself is no sign of life.
    """
    return action.is_open and today > lively_until(action, after_days)


def lively_until(action: Action, after_days: int) -> date:
    """The last day on which an open action is not dormant unless it changes."""
    return action.changed_at.date() + timedelta(days=after_days)
