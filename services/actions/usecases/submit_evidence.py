"""Show something of how an action was carried out."""

from datetime import datetime
from uuid import UUID

from services.actions.domain.action import Action
from services.actions.domain.evidence import Evidence, submitted
from services.actions.domain.states import Move
from services.actions.usecases.change import Changing
from services.actions.usecases.change_evidence import EvidenceCommand, ShownEvidence, change_evidence
from services.actions.usecases.given_evidence import GivenEvidence, Holding, checked_evidence
from services.chassis.once import Once
from services.kernel.parties import Reader


async def submit_evidence(
    once: Once[ShownEvidence],
    reader: Reader,
    action_id: UUID,
    given: GivenEvidence,
    *,
    holding: Holding,
    changing: Changing,
) -> ShownEvidence:
    publication = changing.publication

    def rule(action: Action, seen: Action, at: datetime) -> tuple[tuple[Evidence, ...], Evidence]:
        item = checked_evidence(
            given,
            publication.ids(),
            reader,
            at,
            here="",
            holding=holding,
            policy=publication.policy,
            expected=action.expected,
        )
        known = {entry.id for entry in seen.evidence}
        return submitted(action.evidence, item, action.owners, known), item

    command = EvidenceCommand(reader, action_id, Move.SUBMIT_EVIDENCE)
    return await change_evidence(once, command, rule, changing)
