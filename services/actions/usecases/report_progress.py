"""Report how an action goes, with the owner's own rating."""

from uuid import UUID

from services.actions.domain.action import Action, Rag
from services.actions.usecases.change import Command, change_action
from services.actions.usecases.publication import Publication
from services.chassis.clock import Clock
from services.chassis.once import Once
from services.kernel.parties import Reader, Role


async def report_progress(
    once: Once[Action],
    reader: Reader,
    action_id: UUID,
    version: int,
    rag: Rag,
    narrative: str,
    *,
    publication: Publication,
    clock: Clock,
) -> Action:
    command = Command("progress-reported", reader, action_id, version, frozenset({Role.OWNER}))
    return await change_action(
        once,
        command,
        lambda action, at: action.reported(rag, narrative, reader, at),
        publication,
        clock,
        {"rag": rag.value},
    )
