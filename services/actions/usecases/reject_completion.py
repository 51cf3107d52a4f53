"""Reject a claim of completion: the work goes on."""

from uuid import UUID

from services.actions.domain.action import Action
from services.actions.usecases.change import Command, change_action
from services.actions.usecases.confirm_completion import CONFIRMERS
from services.actions.usecases.publication import Publication
from services.chassis.clock import Clock
from services.chassis.once import Once
from services.kernel.parties import Reader


async def reject_completion(
    once: Once[Action],
    reader: Reader,
    action_id: UUID,
    version: int,
    reason: str,
    *,
    publication: Publication,
    clock: Clock,
) -> Action:
    command = Command("completion-rejected", reader, action_id, version, CONFIRMERS)
    return await change_action(
        once,
        command,
        lambda action, at: action.rejected(
            reason, reader, publication.policy.get_series(action.series).parties, at
        ),
        publication,
        clock,
    )
