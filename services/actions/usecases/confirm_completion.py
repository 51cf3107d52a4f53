"""Confirm for a party that an action is done; the last confirmation awaited closes it."""

from uuid import UUID

from services.actions.domain.action import Action
from services.actions.domain.states import Move
from services.actions.usecases.change import Changing, Command, change_action
from services.chassis.once import Once
from services.kernel.parties import Reader


async def confirm_completion(
    once: Once[Action], reader: Reader, action_id: UUID, version: int, *, changing: Changing
) -> Action:
    policy, closure_id = changing.publication.policy, changing.publication.ids()
    return await change_action(
        once,
        Command.of(Move.CONFIRM, reader, action_id, version),
        lambda action, at: action.confirmed(reader, policy.get_series(action.series).parties, closure_id, at),
        changing,
    )
