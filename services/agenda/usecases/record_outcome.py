"""After the meeting a delegation records what became of an item, and an action if one follows."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.agenda.domain.agenda import Agenda, AgendaState
from services.agenda.domain.comparing import changed_members
from services.agenda.domain.history.changes import differences
from services.agenda.domain.items import TabledItem
from services.agenda.domain.meeting import Meeting, MeetingCommand
from services.agenda.domain.outcome import (
    Conclusion,
    Outcome,
    OutcomeContent,
    OutcomeState,
    conclude,
    numbered_action,
)
from services.agenda.domain.permissions import Command
from services.agenda.domain.refusals import AgendaNotAgreed, UnknownItem
from services.agenda.statements import proposed_outcome, read_items
from services.agenda.store.agendas import agenda_on_table, find_agenda
from services.agenda.store.agreements import Subject, void_agreements
from services.agenda.store.attendance import register_of
from services.agenda.store.meetings import update_meeting
from services.agenda.store.outcomes import (
    NumberedKind,
    insert_outcome,
    next_number,
    outcomes_of_meeting,
    update_outcome,
)
from services.agenda.usecases.access import audit_of, meeting_for, outcome_for
from services.agenda.usecases.staleness import require_outcome_version
from services.chassis.clock import Clock
from services.chassis.database import Database, Transaction
from services.chassis.ids import IdSource
from services.chassis.once import Once
from services.chassis.telemetry import current_traceparent, link_current_span
from services.kernel.parties import Reader
from services.kernel.policy import Policy


@dataclass(frozen=True, slots=True)
class OutcomeText:
    """What a delegation puts to the parties, and on which item."""

    item_id: UUID
    content: OutcomeContent


async def record_outcome(
    once: Once[Outcome],
    reader: Reader,
    meeting_id: UUID,
    text: OutcomeText,
    *,
    policy: Policy,
    clock: Clock,
    ids: IdSource,
) -> Outcome:
    """Raises `NoAccess`, `MeetingNotHeld`, `RegisterOpen`, `AgendaNotAgreed`, `UnknownItem`, or what is
    wrong with the text.
    """
    now = clock()
    async with once.transaction() as tx:
        meeting = await meeting_for(tx, reader, Command.PROPOSE_OUTCOME, meeting_id, policy, lock=True)
        meeting.require_concluding(now)
        (await register_of(tx, meeting.id)).require_closed(policy.get_series(meeting.series).parties)
        agenda = await agenda_on_table(tx, meeting.id)
        if agenda is None or agenda.state is not AgendaState.AGREED:
            raise AgendaNotAgreed("the meeting has no agreed agenda")
        item = _item(agenda, text.item_id)
        conclusion = await _concluded(tx, ids(), 1, None, meeting, agenda, item, text.content, policy, now)
        statement = proposed_outcome(conclusion)
        link_current_span(agenda.traceparent)
        plan = conclusion.action
        outcome = Outcome(
            id=conclusion.id,
            meeting_id=meeting.id,
            agenda_id=agenda.id,
            item_id=item.id,
            series=meeting.series,
            version=conclusion.version,
            state=OutcomeState.PROPOSED,
            kind=text.content.kind,
            conclusion=text.content.conclusion,
            reason=text.content.reason,
            deferred_to=text.content.deferred_to,
            review_edition=conclusion.review_edition,
            commitments=item.commitments,
            theme=item.theme,
            action_id=plan.id if plan else None,
            action_reference=plan.reference if plan else None,
            decision_reference=None,
            content_hash=statement.content_hash,
            payload=statement.payload,
            agreed=(),
            proposed_at=now,
            agreed_at=None,
            aggregate_version=1,
            traceparent=current_traceparent(),
        )
        audit = audit_of(
            once,
            reader,
            "outcome.proposed",
            "outcome",
            outcome.id,
            now,
            item_id=str(outcome.item_id),
            content_hash=outcome.content_hash,
            changes=differences(None, outcome, "version", "kind"),
        )
        await insert_outcome(tx, outcome, audit)
        moved = meeting.after(MeetingCommand.PROPOSE_OUTCOME)
        changes = differences(meeting, moved, "state")
        noted = audit_of(
            once, reader, "meeting.conclusions-drafted", "meeting", meeting.id, now, changes=changes
        )
        await update_meeting(tx, moved, meeting.version, noted)
        return await once.answer(tx, outcome)


async def revise_outcome(
    once: Once[Outcome],
    reader: Reader,
    outcome_id: UUID,
    content: OutcomeContent,
    expected: int,
    *,
    policy: Policy,
    clock: Clock,
) -> Outcome:
    """Another wording is put to the parties: every agreement to the one before it is void.

    Raises `NoAccess`, `StaleVersion`, `IllegalTransition` once all have agreed, or what is wrong with the
    text.
    """
    now = clock()
    async with once.transaction() as tx:
        seen = await outcome_for(tx, reader, Command.PROPOSE_OUTCOME, outcome_id, policy)
        meeting = await meeting_for(tx, reader, Command.PROPOSE_OUTCOME, seen.meeting_id, policy, lock=True)
        outcome = await outcome_for(tx, reader, Command.PROPOSE_OUTCOME, outcome_id, policy, lock=True)
        await require_outcome_version(tx, reader, outcome, expected)
        agenda = await find_agenda(tx, outcome.agenda_id)
        if agenda is None:
            raise RuntimeError("an outcome has lost its agenda")
        item = _item(agenda, outcome.item_id)
        conclusion = await _concluded(
            tx,
            outcome.id,
            outcome.version + 1,
            outcome.action_reference,
            meeting,
            agenda,
            item,
            content,
            policy,
            now,
        )
        statement = proposed_outcome(conclusion)
        revised = outcome.revise(conclusion, statement.content_hash, statement.payload, now)
        named = {"item_id": str(item.id)}
        voided = audit_of(once, reader, "outcome.agreements-voided", "outcome", outcome.id, now, **named)
        await void_agreements(tx, Subject.OUTCOME, outcome.id, now, voided)
        audit = audit_of(
            once,
            reader,
            "outcome.revised",
            "outcome",
            outcome.id,
            now,
            version=revised.version,
            content_hash=revised.content_hash,
            fields=[change.name for change in changed_members(outcome.payload, revised.payload)],
            item_id=str(outcome.item_id),
            changes=differences(outcome, revised, "version", "kind"),
        )
        await update_outcome(tx, revised, outcome.aggregate_version, audit)
        return await once.answer(tx, revised)


async def read_outcome(database: Database, reader: Reader, outcome_id: UUID, *, policy: Policy) -> Outcome:
    """Raises `NoAccess`."""
    async with database.transaction() as tx:
        return await outcome_for(tx, reader, Command.READ_OUTCOME, outcome_id, policy)


async def list_outcomes(
    database: Database, reader: Reader, meeting_id: UUID, *, policy: Policy
) -> tuple[Outcome, ...]:
    """The outcomes of a meeting, in the order of their proposal. Raises `NoAccess`."""
    async with database.transaction() as tx:
        meeting = await meeting_for(tx, reader, Command.READ_OUTCOME, meeting_id, policy)
        return await outcomes_of_meeting(tx, meeting.id)


def _item(agenda: Agenda, item_id: UUID) -> TabledItem:
    item = next((one for one in read_items(agenda.payload) if one.id == item_id), None)
    if item is None:
        raise UnknownItem("the agreed agenda has no such item", pointer="/item_id")
    return item


async def _concluded(
    tx: Transaction,
    outcome_id: UUID,
    version: int,
    reference: str | None,
    meeting: Meeting,
    agenda: Agenda,
    item: TabledItem,
    content: OutcomeContent,
    policy: Policy,
    now: datetime,
) -> Conclusion:
    """The conclusion; its action keeps the reference it had, or takes the next of the year."""
    series = policy.get_series(meeting.series)
    if reference is None and content.action is not None:
        number = await next_number(tx, series.id, meeting.edition, NumberedKind.ACTION)
        reference = numbered_action(series, meeting, number)
    return conclude(
        id=outcome_id,
        version=version,
        meeting=meeting,
        agenda_id=agenda.id,
        item=item,
        content=content,
        action_reference=reference or "",
        series=series,
        policy=policy,
        at=now,
    )
