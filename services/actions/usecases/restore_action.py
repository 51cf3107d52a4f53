"""Take an action out of the archive."""

from uuid import UUID

from services.actions.domain.action import Action
from services.actions.domain.archive import restored
from services.actions.usecases.change import Changing, Command, change_action
from services.chassis.once import Once
from services.kernel.parties import Reader, Role

RESTORERS = frozenset({Role.SECRETARIAT, Role.CHAIR})
"""Of any party of the series: that it is archived is a fact for all of them."""


async def restore_action(
    once: Once[Action], reader: Reader, action_id: UUID, version: int, *, changing: Changing
) -> Action:
    """Raises, besides what every change does, `NotArchived`."""
    command = Command(reader, action_id, version, RESTORERS, "action.restored")
    return await change_action(once, command, restored, changing)
