"""The conclusions of a meeting are put to the parties as one text and signed once for all of it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from services.agenda.domain.conclusions import (
    Conclusions,
    ConclusionsContent,
    ConclusionsState,
    gather,
)
from services.agenda.domain.history.changes import differences
from services.agenda.domain.legal_clearance import require_cleared
from services.agenda.domain.meeting import Meeting, MeetingCommand, MeetingState
from services.agenda.domain.minutes import require_accepted, section_keys
from services.agenda.domain.outcome import Outcome, OutcomeState
from services.agenda.domain.permissions import Command
from services.agenda.domain.quorum import Signatory
from services.agenda.statements import Statement, put_conclusions
from services.agenda.store.agreements import (
    StoredAgreement,
    Subject,
    agreements_to,
    insert_agreement,
    void_agreements,
)
from services.agenda.store.clearances import clearances_of
from services.agenda.store.conclusions import (
    insert_conclusions,
    newest_conclusions,
    update_conclusions,
)
from services.agenda.store.meetings import update_meeting
from services.agenda.store.minutes import sections_of
from services.agenda.store.outcomes import outcomes_of_meeting
from services.agenda.usecases.access import audit_of, meeting_for
from services.agenda.usecases.agree_outcome import keep_agreed
from services.agenda.usecases.agreeing import Agreeing, ToSign, statement_about, verified
from services.agenda.usecases.keep_minutes import agreed_items
from services.chassis.audit import AuditEntry
from services.chassis.clock import Clock
from services.chassis.database import Database, Transaction
from services.chassis.ids import IdSource
from services.chassis.once import Once
from services.kernel.parties import Reader
from services.kernel.policy import Policy
from services.kernel.refusals import NoAccess


async def put_to_parties(
    once: Once[Conclusions],
    reader: Reader,
    meeting_id: UUID,
    *,
    policy: Policy,
    clock: Clock,
    ids: IdSource,
) -> Conclusions:
    """Every outcome and the accepted minutes as one text; the set put before is superseded.

    Raises `NoAccess`, `MeetingNotHeld`, `AgendaNotAgreed`, `OutcomesMissing`, `MinutesNotAccepted`, or
    `IllegalTransition` where all have agreed and nothing has changed since.
    """
    now = clock()
    async with once.transaction() as tx:
        meeting = await meeting_for(tx, reader, Command.PROPOSE_OUTCOME, meeting_id, policy, lock=True)
        meeting.require_concluding(now)
        former = await newest_conclusions(tx, meeting.id)
        if former is not None:
            await _supersede(tx, once, reader, meeting, former, policy, now)
        version = 1 + (former.version if former else 0)
        identity = ids()
        statement = await _standing(tx, meeting, identity, version, policy)
        conclusions = Conclusions(
            id=identity,
            meeting_id=meeting.id,
            version=version,
            state=ConclusionsState.PUT,
            content_hash=statement.content_hash,
            payload=statement.payload,
            put_by=reader.party,
            put_at=now,
            agreed=(),
            agreed_at=None,
            aggregate_version=1,
        )
        audit = audit_of(
            once,
            reader,
            "conclusions.put",
            "conclusions",
            conclusions.id,
            now,
            content_hash=conclusions.content_hash,
            changes=differences(None, conclusions, "version"),
        )
        await insert_conclusions(tx, conclusions, audit)
        return await once.answer(tx, conclusions)


async def read_conclusions(
    database: Database, reader: Reader, meeting_id: UUID, *, policy: Policy
) -> Conclusions:
    """The set that was put last. Raises `NoAccess`, also where none has been put."""
    async with database.transaction() as tx:
        meeting = await meeting_for(tx, reader, Command.READ_OUTCOME, meeting_id, policy)
        return await _newest(tx, meeting.id)


async def statement_on_conclusions(
    database: Database, reader: Reader, meeting_id: UUID, *, policy: Policy
) -> ToSign:
    """Raises `NoAccess`."""
    async with database.transaction() as tx:
        meeting = await meeting_for(tx, reader, Command.AGREE_OUTCOME, meeting_id, policy)
        conclusions = await _newest(tx, meeting.id)
    return ToSign(statement_about(Subject.CONCLUSIONS, conclusions, reader), conclusions.content_hash)


async def agree_conclusions(
    once: Once[Conclusions],
    reader: Reader,
    meeting_id: UUID,
    content_hash: str,
    jws: str,
    *,
    agreeing: Agreeing,
) -> Conclusions:
    """The set with this agreement; the last one needed agrees every outcome in it and concludes the meeting.

    Raises `NoAccess`, `NotInQuorum`, `StaleContentHash`, `LegalClearanceMissing`, or what is wrong with the
    signature.
    """
    policy, now = agreeing.policy, agreeing.clock()
    async with once.transaction() as tx:
        meeting = await meeting_for(tx, reader, Command.AGREE_OUTCOME, meeting_id, policy, lock=True)
        conclusions = await _newest(tx, meeting.id)
        series = policy.get_series(meeting.series)
        standing = await _standing(tx, meeting, conclusions.id, conclusions.version, policy)
        signatory = Signatory(reader.party, reader.organisation)
        agreed = conclusions.agree(signatory, content_hash, standing.content_hash, series.quorum, now)
        outcomes = gather(
            await agreed_items(tx, meeting), await outcomes_of_meeting(tx, meeting.id, lock=True)
        )
        proposed = [outcome for outcome in outcomes if outcome.state is OutcomeState.PROPOSED]
        for outcome in proposed:
            cleared = await clearances_of(tx, outcome.id, reader.party)
            require_cleared(series, reader.party, outcome.content_hash, cleared)
        signed = verified(Subject.CONCLUSIONS, conclusions, reader, jws, agreeing.keys, now)
        if agreed is conclusions:
            return await once.answer(tx, conclusions)
        given = audit_of(
            once,
            reader,
            "conclusions.agreement-given",
            "conclusions",
            conclusions.id,
            now,
            content_hash=content_hash,
            organisation=reader.organisation,
        )
        await insert_agreement(tx, signed, given)
        complete = agreed.state is ConclusionsState.AGREED
        action = "conclusions.agreed" if complete else "conclusions.agreement-counted"
        changes = differences(conclusions, agreed, "state")
        counted = audit_of(once, reader, action, "conclusions", conclusions.id, now, changes=changes)
        await update_conclusions(tx, agreed, conclusions.aggregate_version, counted)
        if complete:
            await _agree_each(tx, once, reader, meeting, conclusions, proposed, policy, now)
            if meeting.state is not MeetingState.CONCLUDED:
                moved = meeting.after(MeetingCommand.CONCLUDE)
                changes = differences(meeting, moved, "state")
                noted = audit_of(
                    once, reader, "meeting.concluded", "meeting", meeting.id, now, changes=changes
                )
                await update_meeting(tx, moved, meeting.version, noted)
        return await once.answer(tx, agreed)


async def _agree_each(
    tx: Transaction,
    once: Once[Conclusions],
    reader: Reader,
    meeting: Meeting,
    conclusions: Conclusions,
    proposed: Sequence[Outcome],
    policy: Policy,
    now: datetime,
) -> None:
    """Each outcome of the set gets the agreements to the set, as they were signed, in the agenda's order."""
    quorum = policy.get_series(meeting.series).quorum
    signed = await agreements_to(tx, Subject.CONCLUSIONS, conclusions.id)
    for outcome in proposed:
        agreed = outcome
        for one in signed:
            before = agreed
            agreed = agreed.agree(one.signatory, outcome.content_hash, quorum, now)
            if agreed is not before:
                await insert_agreement(
                    tx, _for_outcome(one, outcome), _agreed_by_set(once, reader, outcome, one, now)
                )
        agreed = replace(agreed, aggregate_version=outcome.aggregate_version + 1)
        await keep_agreed(tx, once, reader, meeting, outcome, agreed, now)


def _for_outcome(signed: StoredAgreement, outcome: Outcome) -> StoredAgreement:
    return replace(signed, subject=Subject.OUTCOME, subject_id=outcome.id, content_hash=outcome.content_hash)


def _agreed_by_set(
    once: Once[Conclusions], reader: Reader, outcome: Outcome, signed: StoredAgreement, now: datetime
) -> AuditEntry:
    return audit_of(
        once,
        reader,
        "outcome.agreed-in-set",
        "outcome",
        outcome.id,
        now,
        organisation=signed.signatory.organisation,
        content_hash=outcome.content_hash,
        set_hash=signed.content_hash,
    )


async def _supersede(
    tx: Transaction,
    once: Once[Conclusions],
    reader: Reader,
    meeting: Meeting,
    former: Conclusions,
    policy: Policy,
    now: datetime,
) -> None:
    """An agreed set stays; after it another may be put only once something has changed."""
    if former.state is ConclusionsState.AGREED:
        standing = await _standing(tx, meeting, former.id, former.version, policy)
        if standing.content_hash != former.content_hash:
            return
    superseded = former.supersede()
    changes = differences(former, superseded, "state")
    audit = audit_of(once, reader, "conclusions.superseded", "conclusions", former.id, now, changes=changes)
    await update_conclusions(tx, superseded, former.aggregate_version, audit)
    voided = audit_of(once, reader, "conclusions.agreements-voided", "conclusions", former.id, now)
    await void_agreements(tx, Subject.CONCLUSIONS, former.id, now, voided)


async def _standing(
    tx: Transaction, meeting: Meeting, identity: UUID, version: int, policy: Policy
) -> Statement:
    """What would be put to the parties now. Raises as `put_to_parties` does."""
    items = await agreed_items(tx, meeting)
    outcomes = gather(items, await outcomes_of_meeting(tx, meeting.id))
    sections = await sections_of(tx, meeting.id, section_keys(items))
    require_accepted(sections, policy.get_series(meeting.series).parties)
    return put_conclusions(
        ConclusionsContent(
            id=identity,
            version=version,
            meeting=meeting,
            agenda_id=outcomes[0].agenda_id,
            outcomes=outcomes,
            minutes=tuple(section.newest for section in sections if section.newest is not None),
        )
    )


async def _newest(tx: Transaction, meeting_id: UUID) -> Conclusions:
    found = await newest_conclusions(tx, meeting_id)
    if found is None:
        raise NoAccess(f"conclusions of meeting '{meeting_id}'")
    return found
