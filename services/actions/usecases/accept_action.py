"""Accept an action for its accountable organisation."""

from uuid import UUID

from services.actions.domain.action import Action
from services.actions.usecases.change import Command, change_action
from services.actions.usecases.publication import Publication
from services.chassis.clock import Clock
from services.chassis.once import Once
from services.kernel.parties import Reader, Role


async def accept_action(
    once: Once[Action],
    reader: Reader,
    action_id: UUID,
    version: int,
    *,
    publication: Publication,
    clock: Clock,
) -> Action:
    command = Command("accepted", reader, action_id, version, frozenset({Role.OWNER}))
    return await change_action(
        once, command, lambda action, at: action.accepted(reader, at), publication, clock
    )
