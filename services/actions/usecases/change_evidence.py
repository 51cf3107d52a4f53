"""What every change of the evidence of an action does around its rule."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.actions.domain.action import Action
from services.actions.domain.evidence import Evidence
from services.actions.domain.refusals import EvidenceStale
from services.actions.domain.states import RULES, Move
from services.actions.domain.visibility import joint_evidence, seen_by
from services.actions.store.actions import find, update
from services.actions.usecases.change import Changing, require_role
from services.actions.usecases.publication import traced
from services.chassis.audit import AuditEntry
from services.chassis.once import Once
from services.kernel.parties import Reader
from services.kernel.refusals import NoAccess


@dataclass(frozen=True, slots=True)
class ShownEvidence:
    """An item with what it is worth: `joint` where every party of the series may read it, `stands` where it
    is neither withdrawn nor expired.
    """

    action_id: UUID
    item: Evidence
    joint: bool
    stands: bool


@dataclass(frozen=True, slots=True)
class EvidenceCommand:
    """Who wants to do what to the evidence of which action."""

    reader: Reader
    action_id: UUID
    move: Move
    reason: str = ""


Rule = Callable[[Action, Action, datetime], tuple[tuple[Evidence, ...], Evidence]]
"""From the action, and as its caller may see it, to all of its evidence then and the item changed."""


async def change_evidence(
    once: Once[ShownEvidence], command: EvidenceCommand, rule: Rule, changing: Changing
) -> ShownEvidence:
    """Changes an item under the lock of its action.

    What not every party may read, before and after, leaves the action in its version and is told to nobody:
    neither its number nor its time betrays it. Raises `NoAccess`, `NotEntitled` and what the rule raises.
    """
    at, reader, publication = changing.clock(), command.reader, changing.publication
    policy, allowed = publication.policy, RULES[command.move]
    async with once.transaction() as tx:
        before = await find(tx, command.action_id, lock=True)
        if before is None:
            raise NoAccess(f"action {command.action_id}")
        seen = seen_by(before, reader, policy, at)
        require_role(reader, allowed.roles, before.series, policy)
        evidence, item = rule(before, seen, at)
        joint = joint_evidence(before, evidence, policy, at)
        told = item.id in joint | joint_evidence(before, before.evidence, policy, at)
        after = before.evidenced(evidence, command.move, at, told=told)
        if told:
            after = traced(after)
        audit = AuditEntry(
            action=allowed.audit,
            actor=reader.subject,
            party=reader.party,
            subject_kind="evidence",
            subject_id=str(item.id),
            at=at,
            request_id=once.key,
            detail={
                "action": str(before.id),
                "revision": item.revision,
                **({"reason": command.reason} if command.reason else {}),
            },
        )
        await update(tx, before, after, audit)
        if told:
            await publication.publish(tx, [after], at)
        shown = ShownEvidence(before.id, item, item.id in joint, item.stands(at.date()))
        return await once.answer(tx, shown)


def held_item(seen: Action, evidence_id: UUID) -> Evidence:
    """The item, for one who may read it. Raises `NoAccess`, whether or not it exists."""
    for item in seen.evidence:
        if item.id == evidence_id:
            return item
    raise NoAccess(f"evidence {evidence_id}")


def require_version(item: Evidence, version: int) -> None:
    """Raises `EvidenceStale`."""
    if item.version != version:
        raise EvidenceStale(f"the evidence is in version {item.version} now", version=str(item.version))
