"""An official agrees to an outcome, where the series asks for it once the party's law allows the words."""

from datetime import datetime
from typing import Any
from uuid import UUID

from services.agenda.domain.history.changes import differences
from services.agenda.domain.legal_clearance import require_cleared
from services.agenda.domain.meeting import Meeting, MeetingCommand
from services.agenda.domain.outcome import Outcome, OutcomeState
from services.agenda.domain.outcome_kinds import DECISIONS
from services.agenda.domain.permissions import Command
from services.agenda.domain.quorum import Signatory, require_seat
from services.agenda.events import outcome_agreed
from services.agenda.store.agreements import Subject, insert_agreement
from services.agenda.store.clearances import clearances_of
from services.agenda.store.meetings import find_meeting, update_meeting
from services.agenda.store.outcomes import NumberedKind, count_open, next_number, update_outcome
from services.agenda.usecases.access import audit_of, outcome_for
from services.agenda.usecases.agreeing import Agreeing, ToSign, statement_about, verified
from services.chassis.database import Database, Transaction
from services.chassis.once import Once
from services.chassis.outbox import enqueue
from services.chassis.telemetry import current_traceparent, link_current_span
from services.kernel.identifiers import decision_ref
from services.kernel.parties import Reader
from services.kernel.policy import Policy


async def statement_on_outcome(
    database: Database, reader: Reader, outcome_id: UUID, *, policy: Policy
) -> ToSign:
    """Raises `NoAccess`."""
    async with database.transaction() as tx:
        outcome = await outcome_for(tx, reader, Command.AGREE_OUTCOME, outcome_id, policy)
    return ToSign(statement_about(Subject.OUTCOME, outcome, reader), outcome.content_hash)


async def agree_outcome(
    once: Once[Outcome],
    reader: Reader,
    outcome_id: UUID,
    content_hash: str,
    jws: str,
    *,
    agreeing: Agreeing,
) -> Outcome:
    """The outcome with this agreement; the last one needed makes it agreed and tells the others.

    Raises `NoAccess`, `NotInQuorum`, `StaleContentHash`, `LegalClearanceMissing`, or what is wrong with
    the signature.
    """
    policy, now = agreeing.policy, agreeing.clock()
    async with once.transaction() as tx:
        seen = await outcome_for(tx, reader, Command.AGREE_OUTCOME, outcome_id, policy)
        meeting = await find_meeting(tx, seen.meeting_id, lock=True)
        outcome = await outcome_for(tx, reader, Command.AGREE_OUTCOME, outcome_id, policy, lock=True)
        if meeting is None:
            raise RuntimeError("an outcome has lost its meeting")
        series = policy.get_series(outcome.series)
        signatory = Signatory(reader.party, reader.organisation)
        require_seat(series.quorum, signatory)
        agreed = outcome.agree(signatory, content_hash, series.quorum, now)
        cleared = await clearances_of(tx, outcome.id, reader.party)
        require_cleared(series, reader.party, outcome.content_hash, cleared)
        signed = verified(Subject.OUTCOME, outcome, reader, jws, agreeing.keys, now)
        if agreed is outcome:
            return await once.answer(tx, outcome)
        link_current_span(outcome.traceparent)
        audit = audit_of(
            once,
            reader,
            "outcome.agreement-given",
            "outcome",
            outcome.id,
            now,
            item_id=str(outcome.item_id),
            content_hash=content_hash,
            organisation=reader.organisation,
        )
        await insert_agreement(tx, signed, audit)
        agreed = await keep_agreed(tx, once, reader, meeting, outcome, agreed, now)
        if agreed.state is OutcomeState.AGREED and await count_open(tx, meeting.id) == 0:
            moved = meeting.after(MeetingCommand.CONCLUDE)
            changes = differences(meeting, moved, "state")
            noted = audit_of(once, reader, "meeting.concluded", "meeting", meeting.id, now, changes=changes)
            await update_meeting(tx, moved, meeting.version, noted)
        return await once.answer(tx, agreed)


async def keep_agreed(
    tx: Transaction,
    once: Once[Any],
    reader: Reader,
    meeting: Meeting,
    outcome: Outcome,
    agreed: Outcome,
    now: datetime,
) -> Outcome:
    """Writes an agreement to an outcome; the last one needed numbers a decision and tells the others.

    The caller holds the lock of the meeting.
    """
    complete = agreed.state is OutcomeState.AGREED
    if complete and agreed.kind in DECISIONS:
        number = await next_number(tx, meeting.series, meeting.edition, NumberedKind.DECISION)
        agreed = agreed.numbered(decision_ref(meeting.series, meeting.edition, number))
    action = "outcome.agreed" if complete else "outcome.agreement-counted"
    counted = audit_of(
        once,
        reader,
        action,
        "outcome",
        outcome.id,
        now,
        item_id=str(outcome.item_id),
        changes=differences(outcome, agreed, "state", "decision_reference"),
    )
    await update_outcome(tx, agreed, outcome.aggregate_version, counted)
    if complete:
        await enqueue(tx, [outcome_agreed(agreed, current_traceparent(), now)], now)
    return agreed
