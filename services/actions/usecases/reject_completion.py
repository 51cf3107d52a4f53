"""Reject a claim of completion: the work goes on."""

from datetime import datetime
from uuid import UUID

from services.actions.domain.action import Action
from services.actions.domain.states import Move
from services.actions.domain.visibility import joint_evidence
from services.actions.usecases.change import Changing, Command, change_action
from services.chassis.once import Once
from services.kernel.parties import Reader


async def reject_completion(
    once: Once[Action], reader: Reader, action_id: UUID, version: int, reason: str, *, changing: Changing
) -> Action:
    policy = changing.publication.policy

    def rule(action: Action, at: datetime) -> Action:
        parties = policy.get_series(action.series).parties
        shown = joint_evidence(action, action.evidence, policy, at)
        return action.rejected(reason, reader, parties, at, shown=shown)

    command = Command.of(Move.REJECT, reader, action_id, version)
    return await change_action(once, command, rule, changing, {"reason": reason})
