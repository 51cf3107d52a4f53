"""Say which other actions an action waits for: no circles, and none hidden from a party of the series."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from services.actions.domain.action import Action
from services.actions.domain.planning import MOST_DEPENDENCIES, Dependency
from services.actions.domain.refusals import DependencyWrong
from services.actions.domain.states import Move
from services.actions.domain.visibility import may_see_all
from services.actions.store.actions import find_all, lock_dependencies
from services.actions.usecases.change import Changing, Command, change_looking
from services.chassis.database import Transaction
from services.chassis.once import Once
from services.kernel.parties import Reader


async def set_dependencies(
    once: Once[Action],
    reader: Reader,
    action_id: UUID,
    version: int,
    depends_on: Sequence[UUID],
    *,
    changing: Changing,
) -> Action:
    """Raises, besides what every change does, `DependencyWrong` or `DependencyCycle`."""
    if len(depends_on) > MOST_DEPENDENCIES:
        raise DependencyWrong(f"an action waits for at most {MOST_DEPENDENCIES}", pointer="/depends_on")
    policy = changing.publication.policy

    async def rule(tx: Transaction, action: Action, at: datetime) -> Action:
        found = {other.id: other for other in await find_all(tx, depends_on)}
        for place, wanted in enumerate(depends_on):
            other = found.get(wanted)
            if other is None or other.series != action.series or not may_see_all(other, policy, at):
                raise DependencyWrong(
                    "no action of the series that every party may see", pointer=f"/depends_on/{place}"
                )
        edges = await lock_dependencies(tx, action.series)
        others = [Dependency(other.id, other.state, other.due_date) for other in found.values()]
        return action.waiting_for(others, edges, reader, at)

    command = Command.of(Move.PLAN, reader, action_id, version)
    detail = {"depends_on": [str(other) for other in depends_on]}
    return await change_looking(once, command, rule, changing, detail)
