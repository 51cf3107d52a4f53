"""Say who leads the work on an action for the own party."""

from uuid import UUID

from services.actions.domain.action import Action
from services.actions.domain.states import Move
from services.actions.usecases.change import Changing, Command, change_action
from services.chassis.once import Once
from services.kernel.parties import Reader


async def name_lead_official(
    once: Once[Action],
    reader: Reader,
    action_id: UUID,
    version: int,
    post: str,
    subject: str,
    *,
    changing: Changing,
) -> Action:
    command = Command.of(Move.NAME_LEAD, reader, action_id, version)
    return await change_action(
        once,
        command,
        lambda action, at: action.led_by(post, subject, reader, at),
        changing,
        {"lead_official": subject},
    )
