"""Read the evidence of an action, one item, or its revisions, as the reader may see them."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.actions.domain.action import Action
from services.actions.domain.evidence import Evidence, evidence_digest, standing
from services.actions.domain.visibility import joint_evidence, may_see_evidence, seen_by
from services.actions.store.actions import find
from services.actions.store.evidence import revisions
from services.actions.usecases.change_evidence import ShownEvidence, held_item
from services.chassis.database import Database
from services.kernel.parties import Reader
from services.kernel.policy import Policy
from services.kernel.refusals import NoAccess


@dataclass(frozen=True, slots=True)
class EvidenceList:
    """What the reader may read; `digest` names the evidence that a confirmation given now would rest on."""

    items: tuple[ShownEvidence, ...]
    digest: str


async def list_evidence(
    database: Database, reader: Reader, action_id: UUID, *, policy: Policy, now: datetime
) -> EvidenceList:
    """What the reader may not see is left out without a trace."""
    async with database.transaction() as tx:
        action = await find(tx, action_id)
    seen = _seen(action, action_id, reader, policy, now)
    joint = joint_evidence(seen, seen.evidence, policy, now)
    return EvidenceList(
        items=tuple(_shown(seen, item, joint, now) for item in seen.evidence),
        digest=evidence_digest(standing(seen.evidence, now.date(), joint)),
    )


async def read_evidence(
    database: Database,
    reader: Reader,
    action_id: UUID,
    evidence_id: UUID,
    *,
    policy: Policy,
    now: datetime,
) -> ShownEvidence:
    async with database.transaction() as tx:
        action = await find(tx, action_id)
    seen = _seen(action, action_id, reader, policy, now)
    item = held_item(seen, evidence_id)
    return _shown(seen, item, joint_evidence(seen, [item], policy, now), now)


async def read_revisions(
    database: Database,
    reader: Reader,
    action_id: UUID,
    evidence_id: UUID,
    *,
    policy: Policy,
    now: datetime,
) -> tuple[ShownEvidence, ...]:
    """The revisions that the reader may read by their own marking, for one who may read the latest."""
    async with database.transaction() as tx:
        action = await find(tx, action_id)
        seen = _seen(action, action_id, reader, policy, now)
        held = held_item(seen, evidence_id)
        history = await revisions(tx, evidence_id)
    return tuple(
        ShownEvidence(
            action_id,
            item,
            item.id in joint_evidence(seen, [item], policy, now),
            item.revision == held.revision and item.stands(now.date()),
        )
        for item in history
        if item.organisation == reader.organisation or may_see_evidence(seen, item, reader.party, policy, now)
    )


def _seen(action: Action | None, action_id: UUID, reader: Reader, policy: Policy, now: datetime) -> Action:
    if action is None:
        raise NoAccess(f"action {action_id}")
    return seen_by(action, reader, policy, now)


def _shown(action: Action, item: Evidence, joint: frozenset[UUID], now: datetime) -> ShownEvidence:
    return ShownEvidence(action.id, item, item.id in joint, item.stands(now.date()))
