"""A party puts its draft on the table: an immutable version that every party sees."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.agenda.clients.threatfeed import Threatfeed
from services.agenda.domain.agenda import Agenda, AgendaState, HeldReference
from services.agenda.domain.answers import answers_on_tabling, item_hashes
from services.agenda.domain.attendance import require_no_exposure
from services.agenda.domain.draft import Draft
from services.agenda.domain.history.changes import differences
from services.agenda.domain.internal_clearances import require_clearances
from services.agenda.domain.items import TabledItem
from services.agenda.domain.meeting import Meeting, MeetingCommand
from services.agenda.domain.permissions import Command
from services.agenda.domain.references import (
    AssessmentStanding,
    Reference,
    ReferenceState,
    reference_state,
)
from services.agenda.domain.refusals import ReferenceStale
from services.agenda.domain.releases import TextAnswer, tabled_items
from services.agenda.domain.remedies import what_to_do
from services.agenda.events import agenda_changed
from services.agenda.statements import tabled_agenda
from services.agenda.store.agendas import (
    agenda_on_table,
    agendas_of_meeting,
    insert_agenda,
)
from services.agenda.store.assessments import hold_standings
from services.agenda.store.internal_clearances import clearances_of_draft
from services.agenda.store.meetings import update_meeting
from services.agenda.store.releases import denials
from services.agenda.usecases.access import audit_of, draft_for, meeting_for
from services.agenda.usecases.drafting import require_version
from services.agenda.usecases.lateness import AgendaView, view_agenda
from services.agenda.usecases.off_the_table import take_off_the_table
from services.agenda.usecases.rooms import exposed_in_room
from services.chassis.clock import Clock
from services.chassis.database import Database, Transaction
from services.chassis.ids import IdSource
from services.chassis.once import Once
from services.chassis.outbox import OutboxMessage, enqueue
from services.chassis.telemetry import current_traceparent, link_current_span
from services.kernel.parties import Reader
from services.kernel.policy import Policy


@dataclass(frozen=True, slots=True)
class Tabling:
    """What tabling needs besides the caller."""

    database: Database
    policy: Policy
    threatfeed: Threatfeed
    clock: Clock
    ids: IdSource


async def table_agenda(
    once: Once[AgendaView],
    reader: Reader,
    draft_id: UUID,
    marking: str,
    expected: int,
    *,
    tabling: Tabling,
) -> AgendaView:
    """The new version; the one before it is superseded and its agreements are void.

    The caller's party accepts every item by it; what the others said of an item that is unchanged holds.

    Every reference needs a stored decision that allows exactly that text for every party. Raises
    `NoAccess`, `StaleVersion`, `ClearanceOpen`, `ClearanceRefused`, `ClearanceOutdated`, `MeetingHasBegun`,
    `ReferenceNotReleasable` (also for a guest on the register), `ReferenceStale`, or what is wrong with the
    marking.
    """
    policy = tabling.policy
    async with tabling.database.transaction() as tx:
        draft = await draft_for(tx, reader, Command.TABLE_AGENDA, draft_id, policy)
        meeting = await meeting_for(tx, reader, Command.TABLE_AGENDA, draft.meeting_id, policy)
        await require_version(tx, draft, expected)
        require_clearances(draft.items, await clearances_of_draft(tx, draft.id))
    texts = {reference for item in draft.items for reference in item.content.references}
    ordered = sorted(texts, key=lambda text: (str(text.assessment_id), text.revision, text.rendition))
    answers = await tabling.threatfeed.decide(meeting, ordered)
    items = tabled_items(
        draft.items,
        answers,
        marking=marking,
        series=policy.get_series(draft.series),
        policy=policy,
        draft_id=draft.id,
        at=tabling.clock(),
    )
    async with once.transaction() as tx:
        # Locks are taken in one order everywhere: assessments, meeting, draft, agenda, outcome.
        known = await hold_standings(tx, {reference.assessment_id for reference in texts})
        meeting = await meeting_for(tx, reader, Command.TABLE_AGENDA, draft.meeting_id, policy, lock=True)
        current = await draft_for(tx, reader, Command.TABLE_AGENDA, draft_id, policy, lock=True)
        await require_version(tx, current, expected)
        require_clearances(current.items, await clearances_of_draft(tx, current.id))
        _require_allowed_still(
            answers, await denials(tx, meeting.id, [reference.assessment_id for reference in texts])
        )
        require_no_exposure(
            await exposed_in_room(tx, meeting, items, answers, policy=policy, now=tabling.clock())
        )
        return await _put_on_table(tx, once, reader, meeting, draft, items, answers, known, marking, tabling)


async def _put_on_table(
    tx: Transaction,
    once: Once[AgendaView],
    reader: Reader,
    meeting: Meeting,
    draft: Draft,
    items: tuple[TabledItem, ...],
    answers: Mapping[Reference, TextAnswer],
    known: Mapping[UUID, AssessmentStanding],
    marking: str,
    tabling: Tabling,
) -> AgendaView:
    now = tabling.clock()
    meeting.require_ahead(now)
    events: list[OutboxMessage] = []
    former = await agenda_on_table(tx, meeting.id)
    if former is not None:
        events.append(await take_off_the_table(tx, once, reader, former, now))
    version = 1 + max((held.version for held in await agendas_of_meeting(tx, meeting.id)), default=0)
    agenda_id = tabling.ids()
    statement = tabled_agenda(
        agenda_id=agenda_id,
        meeting=meeting,
        version=version,
        tabled_by=draft.party,
        items=items,
        marking=marking,
    )
    link_current_span(*(item.traceparent for item in draft.items))
    answers_kept = answers_on_tabling(
        item_hashes(statement.payload),
        former.answers if former is not None else (),
        tabled_by=draft.party,
        organisation=reader.organisation,
        version=version,
        now=now,
    )
    agenda = Agenda(
        id=agenda_id,
        meeting_id=meeting.id,
        series=meeting.series,
        version=version,
        state=AgendaState.TABLED,
        tabled_by=draft.party,
        content_hash=statement.content_hash,
        payload=statement.payload,
        item_ids=tuple(item.id for item in items),
        references=_held(items, known),
        agreed=(),
        tabled_at=now,
        agreed_at=None,
        aggregate_version=1,
        traceparent=current_traceparent(),
        sitting=meeting.sitting,
        answers=answers_kept,
    )
    audit = audit_of(
        once,
        reader,
        "agenda.tabled",
        "agenda",
        agenda.id,
        now,
        version=version,
        content_hash=agenda.content_hash,
        marking=marking,
        changes=differences(former, agenda, "version"),
        decisions=sorted(
            decision.decision_id for answer in answers.values() for decision in answer.decisions
        ),
    )
    decisions = [
        (item.id, decision)
        for item in draft.items
        for reference in item.content.references
        for decision in answers[reference].decisions
    ]
    await insert_agenda(tx, agenda, decisions, audit)
    moved = meeting.after(MeetingCommand.TABLE)
    await update_meeting(
        tx,
        moved,
        meeting.version,
        audit_of(
            once,
            reader,
            "meeting.agenda-exchanged",
            "meeting",
            meeting.id,
            now,
            changes=differences(meeting, moved, "state"),
        ),
    )
    events.append(agenda_changed(agenda, agenda.traceparent, now))
    await enqueue(tx, events, now)
    return await once.answer(tx, await view_agenda(tx, agenda, tabling.policy))


def _require_allowed_still(
    answers: Mapping[Reference, TextAnswer], denied: Mapping[Reference, datetime]
) -> None:
    """Raises `ReferenceStale` where news of a denial is later than the decisions to table by."""
    for reference, at in denied.items():
        answer = answers.get(reference)
        if answer is not None and any(entry.evaluated_at <= at for entry in answer.decisions):
            raise ReferenceStale(
                "the text may no longer be shown to every party",
                assessment_id=str(reference.assessment_id),
                state=ReferenceState.STALE.value,
                what_to_do=what_to_do(ReferenceState.STALE),
            )


def _held(
    items: tuple[TabledItem, ...], known: Mapping[UUID, AssessmentStanding]
) -> tuple[HeldReference, ...]:
    """The references as they now stand. Raises `ReferenceStale` where news came after the decision."""
    held = []
    for item in items:
        for reference in item.references:
            state = reference_state(reference.revision, known.get(reference.assessment_id))
            if state is not ReferenceState.CURRENT:
                raise ReferenceStale(
                    "the revision no longer stands",
                    item_id=str(item.id),
                    assessment_id=str(reference.assessment_id),
                    state=state.value,
                    what_to_do=what_to_do(state),
                )
            text = Reference(reference.assessment_id, reference.revision, reference.rendition, reference.mode)
            held.append(HeldReference(item.id, text, state))
    return tuple(held)
