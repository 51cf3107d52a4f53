"""Say when an open action will be done, from the finished ones of its series that the reader may see."""

from datetime import datetime
from uuid import UUID

from services.actions.domain.action import Action
from services.actions.domain.forecast import Course, DateMove, Forecast, forecast
from services.actions.domain.refusals import IllegalMove
from services.actions.domain.visibility import may_see, seen_by
from services.actions.store.actions import find, latest_closed
from services.chassis.database import Database
from services.kernel.parties import Reader
from services.kernel.policy import Policy
from services.kernel.refusals import NoAccess

_MOST = 2_000


async def forecast_action(
    database: Database, reader: Reader, action_id: UUID, *, policy: Policy, now: datetime
) -> Forecast | None:
    """None where too few actions are finished. Raises `NoAccess`, or `IllegalMove` for one that has ended."""
    async with database.transaction() as tx:
        action = await find(tx, action_id)
        if action is None:
            raise NoAccess(f"action {action_id}")
        seen_by(action, reader, policy, now)
        if not action.is_open:
            raise IllegalMove("the action has ended", state=action.state.value)
        finished = await latest_closed(tx, action.series, _MOST)
    courses = [_course(past) for past in finished if may_see(past, reader.party, policy, now)]
    return forecast(_course(action), now.date(), courses)


def _course(action: Action) -> Course:
    return Course(
        agreed_on=action.opened_at.date(),
        original_due=action.original_due_date,
        moves=tuple(DateMove(change.accepted_on, change.to_date) for change in action.due_date_changes),
        done_on=None if action.closed_at is None else action.closed_at.date(),
    )
