"""Show where an action comes from, what it waits for, what took its place, and how it ended."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.actions.domain.action import Action
from services.actions.domain.visibility import may_see, seen_by
from services.actions.store.actions import find, find_all, find_beside
from services.chassis.database import Database
from services.kernel.parties import Reader
from services.kernel.policy import Policy
from services.kernel.refusals import NoAccess


@dataclass(frozen=True, slots=True)
class Thread:
    """An action and the actions around it, as far as the reader may see them."""

    action: Action
    waits_for: tuple[Action, ...]
    awaited_by: tuple[Action, ...]
    took_the_place_of: tuple[Action, ...]
    successor: Action | None


async def read_thread(
    database: Database, reader: Reader, action_id: UUID, *, policy: Policy, now: datetime
) -> Thread:
    """Raises `NoAccess`."""
    async with database.transaction() as tx:
        found = await find(tx, action_id)
        if found is None:
            raise NoAccess(f"action {action_id}")
        action = seen_by(found, reader, policy, now)
        beside = await find_beside(tx, action)
        others = await find_all(tx, sorted(set().union(*beside.values())))

    def those(wanted: Collection[UUID]) -> tuple[Action, ...]:
        visible = (
            other for other in others if other.id in wanted and may_see(other, reader.party, policy, now)
        )
        return tuple(sorted(visible, key=lambda other: other.reference))

    successors = those(beside["SUCCESSOR"])
    return Thread(
        action,
        waits_for=those(beside["WAITS_FOR"]),
        awaited_by=those(beside["AWAITED_BY"]),
        took_the_place_of=those(beside["PREDECESSOR"]),
        successor=successors[0] if successors else None,
    )
