"""A human chooses which of two contents stands, or in which way versions are counted."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from services.chassis.audit import AuditEntry
from services.chassis.clock import Clock
from services.chassis.database import Transaction
from services.chassis.once import Once
from services.chassis.outbox import enqueue
from services.chassis.telemetry import current_traceparent
from services.kernel.parties import Reader
from services.kernel.policy import Policy
from services.kernel.refusals import NoAccess
from services.threatfeed.domain.assessment import Assessment
from services.threatfeed.domain.conflicts import Conflict, ConflictChoice
from services.threatfeed.domain.status import NO_CHOICES, State, Status, status_of
from services.threatfeed.domain.themes import ThemeMatcher
from services.threatfeed.events import Change, assessment_changed
from services.threatfeed.store.conflicts import (
    alternatives_of,
    choices_of,
    content_of,
    find_conflict,
    number_content,
    record_choice,
)
from services.threatfeed.store.histories import Held, Standing, lock_history, update_assessments
from services.threatfeed.usecases.applied_themes import hold_applied_rules, reassigned
from services.threatfeed.usecases.decide_theme import checked_reason
from services.threatfeed.usecases.read_conflicts import ConflictView, conflict_view, may_settle
from services.threatfeed.usecases.standings import restated


async def resolve_conflict(
    once: Once[ConflictView],
    reader: Reader,
    conflict_id: UUID,
    choice: ConflictChoice,
    *,
    policy: Policy,
    clock: Clock,
) -> ConflictView:
    """Settles a conflict; the assessment stands, or ends, as follows from the choice.

    Raises `NoAccess`, `InvalidValue`, `ConflictChanged`, `ConflictSettled` or `AlternativeUnknown`.
    """
    at = clock()
    async with once.transaction() as tx:
        seen = await find_conflict(tx, conflict_id)
        if seen is None or not may_settle(policy, reader, seen):
            raise NoAccess(f"conflict {conflict_id}")
        choice = replace(choice, reason=checked_reason(choice.reason))
        # Rules, assessment, conflict: the order in which ingest takes them.
        applied = await hold_applied_rules(tx, policy.themes, at)
        held = await lock_history(tx, seen.assessment_id)
        conflict = await find_conflict(tx, conflict_id, lock=True)
        if held is None or conflict is None:
            raise LookupError(f"conflict {conflict_id} has lost its assessment")
        alternatives = [one.choice(conflict.cause) for one in await alternatives_of(tx, conflict)]
        settled = conflict.resolved(choice, alternatives, reader.subject, at)
        await record_choice(tx, settled, _audit(once, settled, reader, at))
        await _restate(tx, held, settled, applied, at)
        return await once.answer(tx, await conflict_view(tx, settled, reader, policy, at))


async def _restate(
    tx: Transaction, held: Held, conflict: Conflict, applied: ThemeMatcher | None, at: datetime
) -> None:
    """Tells how the assessment stands now, where that has changed."""
    identity, history = conflict.assessment_id, held.history
    choices = (await choices_of(tx, [identity])).get(identity, NO_CHOICES)
    status = status_of(history.recorded, choices)
    if status is None:
        raise LookupError(f"nothing is held of {identity}")
    if status.stands_as(history.status):
        return
    content = await _current(tx, identity, status)
    if content is not None and applied is not None:
        content = reassigned(content, applied)
    standing = restated(held.standing, status, content, at)
    if content is not None:
        standing = await _numbered(tx, held, standing, conflict, status, content)
    traceparent = current_traceparent()
    await update_assessments(tx, [standing], traceparent, at)
    await enqueue(tx, [assessment_changed(Change(standing, content), traceparent, at)], at)


async def _current(tx: Transaction, identity: UUID, status: Status) -> Assessment | None:
    if status.state is not State.ACTIVE or status.content_sha256 is None:
        return None
    return await content_of(tx, identity, status.content_sha256)


async def _numbered(
    tx: Transaction, held: Held, standing: Standing, conflict: Conflict, status: Status, content: Assessment
) -> Standing:
    """What is current has the highest number: where another content has it, it gets a new one."""
    sha256 = content.source.content_sha256
    number = held.standing.revision
    if held.history.latest_sha256 != sha256:
        number += 1
        await number_content(tx, standing.assessment_id, sha256, number)
    spelt = next((one for one in (content.source.version, conflict.version) if one == status.version), None)
    return replace(standing, revision=number, current=spelt or status.version)


def _audit(once: Once[ConflictView], conflict: Conflict, reader: Reader, at: datetime) -> AuditEntry:
    return AuditEntry(
        action="assessment.conflict-resolved",
        actor=reader.subject,
        party=reader.party,
        subject_kind="assessment",
        subject_id=str(conflict.assessment_id),
        at=at,
        request_id=once.key,
        detail={
            "conflict": str(conflict.id),
            "cause": conflict.cause.value,
            "version": conflict.version.text,
            "chosen": conflict.chosen,
            "among": list(conflict.among),
            "reason": conflict.reason,
        },
    )
