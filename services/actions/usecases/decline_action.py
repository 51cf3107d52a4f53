"""An accountable organisation does not take an action on, and says why."""

from uuid import UUID

from services.actions.domain.action import Action
from services.actions.domain.states import Move
from services.actions.usecases.change import Changing, Command, change_action
from services.chassis.once import Once
from services.kernel.parties import Reader


async def decline_action(
    once: Once[Action],
    reader: Reader,
    action_id: UUID,
    version: int,
    reason: str,
    *,
    changing: Changing,
) -> Action:
    command = Command.of(Move.DECLINE, reader, action_id, version)
    return await change_action(
        once, command, lambda action, at: action.declined_by(reason, reader, at), changing, {"reason": reason}
    )
