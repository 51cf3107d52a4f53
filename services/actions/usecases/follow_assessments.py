"""Keep what rests on assessments true to what has become of them."""

from collections.abc import Sequence
from datetime import datetime

from services.actions.domain.basis import AssessmentStanding
from services.actions.store.actions import lock_resting_on, update
from services.actions.store.assessments import lock_standings, store_standings
from services.actions.usecases.publication import Publication, traced
from services.chassis.audit import AuditEntry
from services.chassis.database import Transaction


async def follow_assessments(
    tx: Transaction, told: Sequence[AssessmentStanding], publication: Publication, at: datetime
) -> None:
    """Takes what is newer than known and judges anew every action that rests on it.

    Also an assessment that nothing rests on yet is remembered: the outcome may come after it.
    """
    latest: dict[object, AssessmentStanding] = {}
    for standing in told:
        known = latest.get(standing.assessment_id)
        if known is None or standing.version > known.version:
            latest[standing.assessment_id] = standing
    known_by_id = await lock_standings(tx, (standing.assessment_id for standing in latest.values()))
    newer = {
        identity: latest[identity]
        for identity, known in known_by_id.items()
        if latest[identity].version > known.version
    }
    if not newer:
        return
    await store_standings(tx, list(newer.values()))
    changed = []
    for before in await lock_resting_on(tx, newer):
        after = before.rebased(newer, at)
        if after is before:
            continue
        after = traced(after)
        audit = AuditEntry(
            action="action.basis-judged",
            actor="actions",
            party=None,
            subject_kind="action",
            subject_id=str(after.id),
            at=at,
            detail={
                "version": after.version,
                "basis": {
                    f"{reference.assessment_id}/{reference.revision}": reference.state.value
                    for reference in after.basis
                },
            },
        )
        await update(tx, before, after, audit)
        changed.append(after)
    await publication.publish(tx, changed, at)
