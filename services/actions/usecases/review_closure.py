"""Look again at what was closed: whether it has lasted. The chairs propose to reopen what has not."""

from datetime import date, datetime
from uuid import UUID

from services.actions.domain.action import Action
from services.actions.domain.states import Move
from services.actions.domain.visibility import READERS, may_see, seen_by
from services.actions.store.closure_reviews import awaiting_review
from services.actions.usecases.change import Changing, Command, change_action
from services.chassis.database import Database
from services.chassis.once import Once
from services.kernel.parties import Reader
from services.kernel.policy import Policy
from services.kernel.refusals import NoAccess


async def review_closure(
    once: Once[Action],
    reader: Reader,
    action_id: UUID,
    version: int,
    finding: str,
    sustained: bool,
    *,
    changing: Changing,
) -> Action:
    command = Command.of(Move.REVIEW_CLOSURE, reader, action_id, version)
    return await change_action(
        once,
        command,
        lambda action, at: action.closure_reviewed(finding, reader, at, sustained=sustained),
        changing,
        {"sustained": sustained},
    )


async def list_closure_reviews(
    database: Database, reader: Reader, series: str, due_by: date | None, *, policy: Policy, now: datetime
) -> tuple[Action, ...]:
    """Closed actions whose review is due by a day (today where none is said), the longest due first, and
    those found not to have lasted that nobody has reopened.
    """
    if not policy.roles(reader, series) & READERS:
        raise NoAccess(f"series {series}")
    async with database.transaction() as tx:
        found = await awaiting_review(tx, series, due_by or now.date())
    return tuple(
        seen_by(action, reader, policy, now) for action in found if may_see(action, reader.party, policy, now)
    )
