"""What has ended and is left alone is archived: taken out of the lists that do not ask for it.

It is a fact about an action and no state: everything else of it stays as it is, and any change undoes it.
What is open is never archived, however long nothing has happened to it: it always owes something.
"""

from dataclasses import replace
from datetime import date, datetime, timedelta

from services.actions.domain.action import Action
from services.actions.domain.refusals import NotArchived


def archivable(action: Action, today: date, after_days: int) -> bool:
    """Whether it has ended, owes nothing, and has not changed in any way for more than so many days."""
    quiet = today > action.changed_at.date() + timedelta(days=after_days)
    return quiet and action.archived_on is None and not action.is_open and not something_due(action)


def something_due(action: Action) -> bool:
    """Whether an action that has ended still waits for somebody: for a look at whether it lasted, for the
    chairs to reopen what did not, or for an answer to a proposal.
    """
    undone = bool(action.closure_reviews) and not action.closure_reviews[-1].sustained
    return undone or action.review_on is not None or bool(action.proposals)


def archived(action: Action, today: date) -> Action:
    """A version of its own, but no sign of life."""
    return replace(action, archived_on=today, version=action.version + 1)


def restored(action: Action, at: datetime) -> Action:
    """Back in the lists, and its time runs anew. Raises `NotArchived`."""
    if action.archived_on is None:
        raise NotArchived("the action is not archived")
    return replace(action, archived_on=None, changed_at=at, version=action.version + 1)
