"""Reject a claim of completion: the work goes on."""

from uuid import UUID

from services.actions.domain.action import Action
from services.actions.domain.states import Move
from services.actions.usecases.change import Changing, Command, change_action
from services.chassis.once import Once
from services.kernel.parties import Reader


async def reject_completion(
    once: Once[Action], reader: Reader, action_id: UUID, version: int, reason: str, *, changing: Changing
) -> Action:
    policy = changing.publication.policy
    return await change_action(
        once,
        Command.of(Move.REJECT, reader, action_id, version),
        lambda action, at: action.rejected(reason, reader, policy.get_series(action.series).parties, at),
        changing,
        {"reason": reason},
    )
