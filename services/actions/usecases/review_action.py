"""Review an action under a standing commitment, as every year."""

from uuid import UUID

from services.actions.domain.action import Action
from services.actions.domain.states import Move
from services.actions.usecases.change import Changing, Command, change_action
from services.chassis.once import Once
from services.kernel.parties import Reader


async def review_action(
    once: Once[Action],
    reader: Reader,
    action_id: UUID,
    version: int,
    finding: str,
    *,
    changing: Changing,
) -> Action:
    command = Command.of(Move.REVIEW, reader, action_id, version)
    return await change_action(
        once, command, lambda action, at: action.reviewed(finding, reader, at), changing
    )
