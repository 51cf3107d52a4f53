"""Claim that an action is done, and show it."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from services.actions.domain.action import Action
from services.actions.domain.evidence import submitted
from services.actions.domain.states import Move
from services.actions.domain.visibility import joint_evidence, seen_by
from services.actions.usecases.change import Changing, Command, change_action
from services.actions.usecases.given_evidence import GivenEvidence, Holding, checked_evidence
from services.chassis.once import Once
from services.kernel.parties import Reader


async def claim_completion(
    once: Once[Action],
    reader: Reader,
    action_id: UUID,
    version: int,
    evidence: Sequence[GivenEvidence],
    narrative: str,
    *,
    holding: Holding,
    changing: Changing,
) -> Action:
    """The claim rests on what stands already and on what is given with it."""
    command = Command.of(Move.CLAIM, reader, action_id, version)
    publication = changing.publication
    policy = publication.policy

    def rule(action: Action, at: datetime) -> Action:
        items = [
            checked_evidence(
                given,
                publication.ids(),
                reader,
                at,
                here=f"/evidence/{index}",
                holding=holding,
                policy=policy,
                expected=action.expected,
            )
            for index, given in enumerate(evidence)
        ]
        seen = {item.id for item in seen_by(action, reader, policy, at).evidence}
        held = action.evidence
        for item in items:
            held = submitted(held, item, action.owners, seen)
            seen.add(item.id)
        shown = joint_evidence(action, held, policy, at)
        return action.claimed(items, narrative, reader, at, shown=shown)

    return await change_action(once, command, rule, changing, {"evidence": len(evidence)})
