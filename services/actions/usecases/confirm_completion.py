"""Confirm for a party that an action is done; the last confirmation awaited closes it."""

from datetime import datetime
from uuid import UUID

from services.actions.domain.action import Action
from services.actions.domain.anniversaries import months_after
from services.actions.domain.states import Move
from services.actions.domain.visibility import joint_evidence
from services.actions.usecases.change import Changing, Command, change_action
from services.chassis.once import Once
from services.kernel.parties import Reader


async def confirm_completion(
    once: Once[Action],
    reader: Reader,
    action_id: UUID,
    version: int,
    seen: str = "",
    *,
    changing: Changing,
) -> Action:
    """`seen` is the digest of the evidence looked at; needed where it is no longer what was claimed."""
    policy, closure_id = changing.publication.policy, changing.publication.ids()

    def rule(action: Action, at: datetime) -> Action:
        series = policy.get_series(action.series)
        return action.confirmed(
            reader,
            series.parties,
            closure_id,
            at,
            seen=seen,
            shown=joint_evidence(action, action.evidence, policy, at),
            review_on=months_after(at.date(), series.closure_review_months),
        )

    return await change_action(once, Command.of(Move.CONFIRM, reader, action_id, version), rule, changing)
