"""Read one action, or the thread around an id, as the reader may see them."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from services.actions.domain.action import Action
from services.actions.domain.evidence import Evidence
from services.actions.domain.visibility import seen_by
from services.actions.store.actions import find, find_by_any_id
from services.chassis.database import Database
from services.kernel.parties import Reader
from services.kernel.policy import Policy
from services.kernel.refusals import InvalidValue, NoAccess

_LONGEST_ID = 200


async def read_action(
    database: Database, reader: Reader, action_id: UUID, *, policy: Policy, now: datetime
) -> Action:
    async with database.transaction() as tx:
        action = await find(tx, action_id)
    if action is None:
        raise NoAccess(f"action {action_id}")
    return seen_by(action, reader, policy, now)


async def trace_action(
    database: Database, reader: Reader, identity: str, *, policy: Policy, now: datetime
) -> Action:
    """The action that an outcome, action, evidence or closure id, or a reference, leads to."""
    if not identity or len(identity) > _LONGEST_ID or not identity.isprintable():
        raise InvalidValue("this is no id of ours", pointer="/id")
    async with database.transaction() as tx:
        action = await find_by_any_id(tx, identity)
    if action is None:
        raise NoAccess(identity)
    try:
        seen = seen_by(action, reader, policy, now)
    except NoAccess:
        raise NoAccess(identity) from None
    if _names_any(identity, set(action.evidence) - set(seen.evidence)):
        raise NoAccess(identity)
    return seen


def _names_any(identity: str, evidence: Iterable[Evidence]) -> bool:
    try:
        return UUID(identity) in {item.id for item in evidence}
    except ValueError:
        return False
