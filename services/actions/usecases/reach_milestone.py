"""Say that a milestone of an action is reached."""

from uuid import UUID

from services.actions.domain.action import Action
from services.actions.domain.states import Move
from services.actions.usecases.change import Changing, Command, change_action
from services.chassis.once import Once
from services.kernel.parties import Reader


async def reach_milestone(
    once: Once[Action],
    reader: Reader,
    action_id: UUID,
    version: int,
    milestone_id: UUID,
    *,
    changing: Changing,
) -> Action:
    command = Command.of(Move.PLAN, reader, action_id, version)
    return await change_action(
        once,
        command,
        lambda action, at: action.milestone_reached(milestone_id, reader, at),
        changing,
        {"milestone": str(milestone_id)},
    )
