"""Confirm for a party that an action is done; the last confirmation awaited closes it."""

from uuid import UUID

from services.actions.domain.action import Action
from services.actions.usecases.change import Command, change_action
from services.actions.usecases.publication import Publication
from services.chassis.clock import Clock
from services.chassis.once import Once
from services.kernel.parties import Reader, Role

CONFIRMERS = frozenset({Role.OWNER, Role.SECRETARIAT, Role.CHAIR})


async def confirm_completion(
    once: Once[Action],
    reader: Reader,
    action_id: UUID,
    version: int,
    *,
    publication: Publication,
    clock: Clock,
) -> Action:
    command = Command("completion-confirmed", reader, action_id, version, CONFIRMERS)
    closure_id = publication.ids()
    return await change_action(
        once,
        command,
        lambda action, at: action.confirmed(
            reader, publication.policy.get_series(action.series).parties, closure_id, at
        ),
        publication,
        clock,
    )
