"""Somebody asks: what waits for me?"""

from collections.abc import Sequence
from datetime import UTC, datetime

from services.agenda.domain.agenda import AgendaState
from services.agenda.domain.awaiting import (
    Awaiting,
    Matter,
    awaiting_agreement,
    awaiting_chair,
    awaiting_clearing_body,
    awaiting_legal_adviser,
    awaiting_mending,
    awaiting_minutes,
    awaiting_register,
    awaiting_revision,
    awaiting_secretariat,
    awaiting_table,
    awaiting_treatment,
)
from services.agenda.domain.conclusions import ConclusionsState
from services.agenda.domain.internal_clearances import missing
from services.agenda.domain.meeting import Meeting
from services.agenda.domain.minutes import section_keys
from services.agenda.domain.permissions import Command, may
from services.agenda.domain.quorum import Signatory
from services.agenda.domain.references import ReferenceState, reference_state
from services.agenda.domain.withdrawal_tasks import TaskSelection
from services.agenda.statements import read_items
from services.agenda.store.agendas import agendas_of_meeting
from services.agenda.store.assessments import standings
from services.agenda.store.attendance import register_of
from services.agenda.store.clearances import clearances_of
from services.agenda.store.conclusions import newest_conclusions
from services.agenda.store.drafts import draft_of_party
from services.agenda.store.internal_clearances import clearances_asked_of, clearances_of_draft
from services.agenda.store.meetings import meetings_of_series
from services.agenda.store.minutes import sections_of
from services.agenda.store.outcomes import outcomes_of_meeting
from services.agenda.usecases.paging import Key, cut, read_key, sortable, write_token
from services.agenda.usecases.timing import plan_of
from services.agenda.usecases.treat_withdrawals import read_tasks
from services.chassis.database import Database, Transaction
from services.kernel.parties import Reader
from services.kernel.policy import Policy
from services.kernel.series import Series

_LAST = datetime.max.replace(tzinfo=UTC)


async def list_awaiting(
    database: Database, reader: Reader, *, policy: Policy, now: datetime
) -> tuple[Awaiting, ...]:
    """By when it is due, over every series of the reader; what has no date comes last."""
    found: list[Awaiting] = []
    async with database.transaction() as tx:
        for series in policy.series_of(reader):
            for meeting in await meetings_of_series(tx, series.id):
                if meeting.starts_at > now:
                    found.extend(await _of_meeting(tx, reader, meeting, series, policy))
                else:
                    found.extend(await _of_begun(tx, reader, meeting, series, policy, now))
        asked = [
            one
            for one in await clearances_asked_of(tx, reader.party, reader.organisation)
            if may(policy, reader, Command.ANSWER_CLEARANCE, one.series)
        ]
        found.extend(awaiting_clearing_body(asked))
    treating = await read_tasks(database, reader, TaskSelection.OPEN, policy=policy, now=now)
    found.extend(
        awaiting_treatment(
            one.task
            for one in treating
            if may(policy, reader, Command.CLOSE_WITHDRAWAL_TASK, one.task.subject.series)
        )
    )
    return tuple(sorted(found, key=_place))


async def page_of_awaiting(
    database: Database, reader: Reader, *, page_size: int, page_token: str, policy: Policy, now: datetime
) -> tuple[Sequence[Awaiting], str]:
    """A page of it, and the token of the next one. Raises `InvalidValue`."""
    question = ("awaiting", reader.party, reader.subject)
    after = read_key(page_token, (str, str, str), *question)
    found = await list_awaiting(database, reader, policy=policy, now=now)
    shown, last = cut(found, _place, after, page_size)
    return shown, write_token(last, *question)


def _place(one: Awaiting) -> Key:
    return sortable(one.due_at or _LAST), one.matter.value, str(one.subject_id)


async def _of_meeting(
    tx: Transaction, reader: Reader, meeting: Meeting, series: Series, policy: Policy
) -> list[Awaiting]:
    found: list[Awaiting] = []
    secretary = may(policy, reader, Command.TABLE_AGENDA, series.id)
    chair = may(policy, reader, Command.AGREE_AGENDA, series.id)
    agendas, plan = await agendas_of_meeting(tx, meeting.id), plan_of(meeting, policy)
    if secretary:
        found.extend(await _of_draft(tx, reader, meeting, series))
        if not agendas:
            found.append(awaiting_table(meeting, series, plan))
    for agenda in agendas[:1]:
        if secretary:
            found.extend(awaiting_secretariat(agenda, meeting, series, reader.party, plan))
        if chair:
            signatory = Signatory(reader.party, reader.organisation)
            found.extend(awaiting_chair(agenda, meeting, series, signatory, plan))
    return found


async def _of_begun(
    tx: Transaction, reader: Reader, meeting: Meeting, series: Series, policy: Policy, now: datetime
) -> list[Awaiting]:
    """What the reader's side has still to do for a meeting that has begun."""
    found: list[Awaiting] = []
    if meeting.ends_at <= now and may(policy, reader, Command.EDIT_REGISTER, series.id):
        found.extend(awaiting_register(meeting, await register_of(tx, meeting.id), reader.party))
    conclusions = await newest_conclusions(tx, meeting.id)
    final = conclusions is not None and conclusions.state is ConclusionsState.AGREED
    if not final and may(policy, reader, Command.EDIT_MINUTES, series.id):
        found.extend(await _of_minutes(tx, reader, meeting))
    signs = may(policy, reader, Command.AGREE_OUTCOME, series.id)
    clears = may(policy, reader, Command.CLEAR_OUTCOME, series.id)
    drafts = may(policy, reader, Command.TABLE_AGENDA, series.id)
    if signs or clears or drafts:
        outcomes = await outcomes_of_meeting(tx, meeting.id)
        asked = [one.id for one in outcomes] if reader.party in series.legal_clearance else []
        cleared = {one: await clearances_of(tx, one, reader.party) for one in asked}
        office = Signatory(reader.party, reader.organisation)
        if clears:
            found.extend(awaiting_legal_adviser(outcomes, series, office, cleared))
        if drafts:
            found.extend(awaiting_revision(outcomes, series, reader.party, cleared))
        if signs:
            found.extend(awaiting_agreement(outcomes, conclusions, series, office, cleared))
    return found


async def _of_minutes(tx: Transaction, reader: Reader, meeting: Meeting) -> tuple[Awaiting, ...]:
    newest = next(iter(await agendas_of_meeting(tx, meeting.id)), None)
    if newest is None or newest.state is not AgendaState.AGREED:
        return ()
    sections = await sections_of(tx, meeting.id, section_keys(read_items(newest.payload)))
    return awaiting_minutes(meeting, sections, reader.party)


async def _of_draft(tx: Transaction, reader: Reader, meeting: Meeting, series: Series) -> list[Awaiting]:
    """What the reader's own draft waits for before it can be tabled."""
    draft = await draft_of_party(tx, meeting.id, reader.party)
    if draft is None:
        return []
    found = list(awaiting_mending(missing(draft.items, await clearances_of_draft(tx, draft.id))))
    texts = {reference for item in draft.items for reference in item.content.references}
    known = await standings(tx, {reference.assessment_id for reference in texts})
    stale = tuple(
        item.id
        for item in draft.items
        if any(
            reference_state(one.revision, known.get(one.assessment_id)) is not ReferenceState.CURRENT
            for one in item.content.references
        )
    )
    if stale:
        found.append(
            Awaiting(Matter.REFERENCES_TO_REPLACE, series.id, meeting.id, draft.id, stale, meeting.starts_at)
        )
    return found
