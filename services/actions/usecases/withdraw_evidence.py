"""Take an item of evidence back, and say why. It stays readable, and shows nothing any more."""

from datetime import datetime
from uuid import UUID

from services.actions.domain.action import Action
from services.actions.domain.evidence import Evidence, require_provider, withdrawn
from services.actions.domain.states import Move
from services.actions.usecases.change import Changing
from services.actions.usecases.change_evidence import (
    EvidenceCommand,
    ShownEvidence,
    change_evidence,
    held_item,
    require_version,
)
from services.chassis.once import Once
from services.kernel.parties import Reader


async def withdraw_evidence(
    once: Once[ShownEvidence],
    reader: Reader,
    action_id: UUID,
    evidence_id: UUID,
    version: int,
    reason: str,
    *,
    changing: Changing,
) -> ShownEvidence:
    """`version` is that of the item."""

    def rule(action: Action, seen: Action, at: datetime) -> tuple[tuple[Evidence, ...], Evidence]:
        held = held_item(seen, evidence_id)
        require_provider(held, reader)
        require_version(held, version)
        left = withdrawn(action.evidence, evidence_id, reason, reader, at)
        return left, next(item for item in left if item.id == evidence_id)

    command = EvidenceCommand(reader, action_id, Move.WITHDRAW_EVIDENCE, reason)
    return await change_evidence(once, command, rule, changing)
