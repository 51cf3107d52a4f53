"""Whether nothing at all has happened to an action for long."""

from datetime import date, timedelta

from services.actions.domain.action import Action


def dormant(action: Action, today: date, after_days: int) -> bool:
    """Whether an open action has seen no change of any kind for more than so many days.

    Only changes that every party is told of count: what one party keeps to itself is no sign of life.
    """
    return action.is_open and today - action.changed_at.date() > timedelta(days=after_days)
