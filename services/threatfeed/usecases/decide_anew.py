"""Makes standing decisions anew after a change of the policy, of a consent, or of how a text or one of its
sources stands, and reports what fell otherwise.

Work is done in batches, each a transaction of its own that takes what is left: it can be stopped and taken
up anywhere, and nothing is decided twice under one policy.
"""

from datetime import datetime

from services.chassis.audit import AuditEntry
from services.chassis.database import Database, Transaction
from services.chassis.outbox import OutboxMessage, enqueue
from services.kernel.policy import Policy
from services.kernel.releasability import decide_all
from services.threatfeed.domain.decided_texts import (
    LONGEST_MEETING,
    ChangeCause,
    DecidedText,
    changed_verdicts,
)
from services.threatfeed.events import release_changed
from services.threatfeed.store.consents import consents_for
from services.threatfeed.store.decided_texts import put_decided_texts, record_changes, texts_to_decide
from services.threatfeed.store.policies import lock_policy, policy_in_force
from services.threatfeed.store.readings import find_revision, record_decisions
from services.threatfeed.usecases.decide_releasability import Use
from services.threatfeed.usecases.renditions import text_under_decision

_BATCH = 50


async def decide_anew(database: Database, policy: Policy, at: datetime) -> int:
    """Decides a batch of the texts of meetings that are not over; gives how many it was.

    Nothing is done by a process whose policy is no longer, or not yet, the one in force.
    """
    async with database.transaction() as tx:
        await lock_policy(tx)
        in_force = await policy_in_force(tx)
        if in_force is None or in_force.digest != policy.digest:
            return 0
        due = await texts_to_decide(tx, policy.version, at - LONGEST_MEETING, _BATCH)
        told: list[OutboxMessage] = []
        after = []
        for text, cause in due:
            decided = await _decide(tx, text, policy, at)
            after.append(decided)
            told += await _report(tx, cause, text, decided)
        await put_decided_texts(tx, after)
        await enqueue(tx, told, at)
    return len(due)


async def _decide(tx: Transaction, text: DecidedText, policy: Policy, at: datetime) -> DecidedText:
    if text.series not in policy.series:
        return text.for_nobody(policy.version, at)
    held = await find_revision(tx, text.assessment_id, text.revision)
    if held is None:
        raise LookupError("a decided text is held for ever")
    decisions = decide_all(
        await text_under_decision(tx, held, text.rendition, policy),
        Use(text.series, text.meeting_id, text.used_at).occasion(policy),
        text.mode,
        policy=policy,
        consents=await consents_for(tx, text.series, text.meeting_id),
        now=at,
    )
    await record_decisions(tx, decisions, str(text.meeting_id), [])
    return DecidedText.of(text.series, text.meeting_id, decisions)


async def _report(
    tx: Transaction, cause: ChangeCause, before: DecidedText, after: DecidedText
) -> list[OutboxMessage]:
    changes = tuple(changed_verdicts(before, after))
    if not changes:
        return []
    audit = AuditEntry(
        action="releasability.decided-anew",
        actor="threatfeed",
        party=None,
        subject_kind="assessment",
        subject_id=str(after.assessment_id),
        at=after.evaluated_at,
        detail={
            "revision": after.revision,
            "rendition": after.rendition.value,
            "mode": after.mode.value,
            "meeting_id": str(after.meeting_id),
            "cause": cause.value,
            "parties": [change.party for change in changes],
            "allowed": after.allowed,
        },
    )
    number = await record_changes(tx, cause, before, after, changes, audit)
    return [release_changed(after, number)] if before.allowed is not after.allowed else []
