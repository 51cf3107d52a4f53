"""Report how an action goes, with the owner's own rating."""

from uuid import UUID

from services.actions.domain.action import Action, Rag
from services.actions.domain.states import Move
from services.actions.usecases.change import Changing, Command, change_action
from services.chassis.once import Once
from services.kernel.parties import Reader


async def report_progress(
    once: Once[Action],
    reader: Reader,
    action_id: UUID,
    version: int,
    rag: Rag,
    narrative: str,
    *,
    changing: Changing,
) -> Action:
    command = Command.of(Move.REPORT, reader, action_id, version)
    return await change_action(
        once,
        command,
        lambda action, at: action.reported(rag, narrative, reader, at),
        changing,
        {"rag": rag.value},
    )
