"""Put the next revision of an item of evidence in the place of the one before."""

from datetime import datetime
from uuid import UUID

from services.actions.domain.action import Action
from services.actions.domain.evidence import Evidence, require_provider, revised
from services.actions.domain.states import Move
from services.actions.usecases.change import Changing
from services.actions.usecases.change_evidence import (
    EvidenceCommand,
    ShownEvidence,
    change_evidence,
    held_item,
    require_version,
)
from services.actions.usecases.given_evidence import GivenEvidence, Holding, checked_evidence
from services.chassis.once import Once
from services.kernel.parties import Reader


async def revise_evidence(
    once: Once[ShownEvidence],
    reader: Reader,
    action_id: UUID,
    evidence_id: UUID,
    version: int,
    given: GivenEvidence,
    *,
    holding: Holding,
    changing: Changing,
) -> ShownEvidence:
    """`version` is that of the item. The revisions before stay as they were."""
    policy = changing.publication.policy

    def rule(action: Action, seen: Action, at: datetime) -> tuple[tuple[Evidence, ...], Evidence]:
        held = held_item(seen, evidence_id)
        require_provider(held, reader)
        require_version(held, version)
        item = checked_evidence(
            given,
            evidence_id,
            reader,
            at,
            here="",
            revision=held.revision + 1,
            holding=holding,
            policy=policy,
            expected=action.expected,
        )
        return revised(action.evidence, item, {entry.id for entry in seen.evidence}), item

    command = EvidenceCommand(reader, action_id, Move.REVISE_EVIDENCE)
    return await change_evidence(once, command, rule, changing)
