"""Plan the weighted milestones of an action; those that were reached stay."""

from collections.abc import Sequence
from uuid import UUID

from services.actions.domain.action import Action
from services.actions.domain.planning import Milestone
from services.actions.domain.states import Move
from services.actions.usecases.change import Changing, Command, change_action
from services.chassis.once import Once
from services.kernel.parties import Reader


async def plan_milestones(
    once: Once[Action],
    reader: Reader,
    action_id: UUID,
    version: int,
    milestones: Sequence[Milestone],
    *,
    changing: Changing,
) -> Action:
    command = Command.of(Move.PLAN, reader, action_id, version)
    return await change_action(
        once,
        command,
        lambda action, at: action.planned(milestones, reader, at),
        changing,
        {"milestones": len(milestones)},
    )
