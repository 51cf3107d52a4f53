"""Subscribe to the status feed of one audience."""

from collections.abc import Mapping

from services.actions.domain.visibility import WATCHERS
from services.chassis.feed import FeedView
from services.kernel.parties import Reader
from services.kernel.policy import Policy, UnknownAudience
from services.kernel.refusals import NoAccess


def watch_status(reader: Reader, audience: str, *, policy: Policy, views: Mapping[str, FeedView]) -> FeedView:
    """The view of an audience's feed, for a reader of that party who is entitled in that series.

    Raises `NoAccess`, also for an audience that does not exist, `AudienceMalformed`, and
    `FeedCatchingUp` as long as the view is behind.
    """
    try:
        found = policy.audience(audience)
    except UnknownAudience:
        raise NoAccess(f"audience {audience}") from None
    if reader.party != found.party or not policy.roles(reader, found.series) & WATCHERS:
        raise NoAccess(f"audience {audience}")
    view = views[found.id]
    view.require_caught_up()
    return view
