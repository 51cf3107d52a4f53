"""After the meeting a delegation records what was concluded on an item, and an action if one follows."""

from dataclasses import dataclass
from uuid import UUID

from services.agenda.domain.agenda import AgendaState
from services.agenda.domain.meeting import MeetingCommand
from services.agenda.domain.outcome import ActionText, Outcome, OutcomeState, conclude
from services.agenda.domain.permissions import Command
from services.agenda.domain.refusals import AgendaNotAgreed, UnknownItem
from services.agenda.statements import proposed_outcome, read_items
from services.agenda.store.agendas import agenda_on_table
from services.agenda.store.meetings import update_meeting
from services.agenda.store.outcomes import count_actions, insert_outcome
from services.agenda.usecases.access import audit_of, meeting_for, outcome_for
from services.chassis.clock import Clock
from services.chassis.database import Database
from services.chassis.ids import IdSource
from services.chassis.once import Once
from services.chassis.telemetry import current_traceparent, link_current_span
from services.kernel.parties import Reader
from services.kernel.policy import Policy


@dataclass(frozen=True, slots=True)
class OutcomeText:
    """What a delegation puts to the parties."""

    item_id: UUID
    conclusion: str
    marking: str
    action: ActionText | None


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
    """Raises `NoAccess`, `MeetingNotHeld`, `AgendaNotAgreed`, `UnknownItem`, or what is wrong with the
    text.
    """
    now = clock()
    async with once.transaction() as tx:
        meeting = await meeting_for(tx, reader, Command.PROPOSE_OUTCOME, meeting_id, policy, lock=True)
        meeting.require_held(now)
        agenda = await agenda_on_table(tx, meeting.id)
        if agenda is None or agenda.state is not AgendaState.AGREED:
            raise AgendaNotAgreed("the meeting has no agreed agenda")
        item = next((one for one in read_items(agenda.payload) if one.id == text.item_id), None)
        if item is None:
            raise UnknownItem("the agreed agenda has no such item", pointer="/item_id")
        conclusion = conclude(
            id=ids(),
            meeting=meeting,
            agenda_id=agenda.id,
            item=item,
            conclusion=text.conclusion,
            marking=text.marking,
            action=text.action,
            action_number=1 + await count_actions(tx, meeting.id),
            series=policy.get_series(meeting.series),
            policy=policy,
            at=now,
        )
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
            conclusion=conclusion.conclusion,
            action_id=plan.id if plan else None,
            action_reference=plan.reference if plan else None,
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
            content_hash=outcome.content_hash,
        )
        await insert_outcome(tx, outcome, audit)
        moved = meeting.after(MeetingCommand.PROPOSE_OUTCOME)
        noted = audit_of(once, reader, "meeting.conclusions-drafted", "meeting", meeting.id, now)
        await update_meeting(tx, moved, meeting.version, noted)
        return await once.answer(tx, outcome)


async def read_outcome(database: Database, reader: Reader, outcome_id: UUID, *, policy: Policy) -> Outcome:
    """Raises `NoAccess`."""
    async with database.transaction() as tx:
        return await outcome_for(tx, reader, Command.READ_OUTCOME, outcome_id, policy)
