"""A party drafts its own agenda: from the series' template, then line by line."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from services.agenda.clients.threatfeed import Threatfeed
from services.agenda.domain.assembly.planning import Planning
from services.agenda.domain.draft import Draft, becoming, start_draft
from services.agenda.domain.forwarding import ItemForward
from services.agenda.domain.items import DraftItem, ItemContent, TabledItem, check_content
from services.agenda.domain.lateness import MissedDeadline
from services.agenda.domain.permissions import Command, may
from services.agenda.domain.references import Reference, ReferenceState, reference_state
from services.agenda.domain.refusals import OfAnotherMeeting, StaleVersion
from services.agenda.domain.time_budget import TimeBudget
from services.agenda.statements import read_items
from services.agenda.store.actions import outstanding_actions
from services.agenda.store.agendas import first_tabled
from services.agenda.store.assessments import standings
from services.agenda.store.drafts import changes_since, draft_of_party, insert_draft, update_draft
from services.agenda.store.meetings import sitting_of
from services.agenda.store.origins import forwarded_from
from services.agenda.store.planning import find_planning, park_items, parked_items, put_planning
from services.agenda.store.proposals import proposals_of_draft
from services.agenda.store.returning import keep_returning
from services.agenda.usecases.access import agenda_for, audit_of, draft_for, meeting_for
from services.agenda.usecases.budgeting import time_of_draft
from services.agenda.usecases.carrying_over import returning_to
from services.agenda.usecases.keep_withdrawal_tasks import hold_texts, keep_tasks_of_draft
from services.agenda.usecases.lateness import dues_of
from services.agenda.usecases.paging import cut, read_key, write_token
from services.chassis.audit import AuditEntry
from services.chassis.clock import Clock
from services.chassis.database import Database, Transaction
from services.chassis.ids import IdSource
from services.chassis.once import Once
from services.chassis.telemetry import current_traceparent, link_current_span
from services.kernel.editions import recurring_items
from services.kernel.parties import Reader
from services.kernel.policy import Policy


@dataclass(frozen=True, slots=True)
class DraftView:
    """A draft, how the texts stand that its items refer to, of which proposal an item was made, which of them
    came late, the time that it takes of the meeting, and by item the proposals for other meetings that were
    made of it, where the reader may read those.
    """

    draft: Draft
    states: Mapping[Reference, ReferenceState]
    proposals: Mapping[UUID, UUID]
    late: Mapping[UUID, MissedDeadline]
    time: TimeBudget
    forwarded: Mapping[UUID, tuple[ItemForward, ...]]


@dataclass(frozen=True, slots=True)
class Drafting:
    """What drafting needs besides the caller."""

    policy: Policy
    threatfeed: Threatfeed
    clock: Clock
    ids: IdSource


async def start(once: Once[DraftView], reader: Reader, meeting_id: UUID, *, drafting: Drafting) -> DraftView:
    """Raises `NoAccess`, `MeetingHasBegun` or `DraftExists`."""
    now = drafting.clock()
    async with once.transaction() as tx:
        meeting = await meeting_for(tx, reader, Command.START_DRAFT, meeting_id, drafting.policy)
        meeting.require_ahead(now)
        coming, lines = await returning_to(
            tx, meeting, policy=drafting.policy, traceparent=current_traceparent(), now=now
        )
        series = drafting.policy.get_series(meeting.series)
        draft = start_draft(
            id=drafting.ids(),
            meeting_id=meeting.id,
            series=series,
            party=reader.party,
            recurring=recurring_items(drafting.policy.editions, series, meeting.edition),
            outstanding=await outstanding_actions(tx, meeting.series),
            now=now,
            traceparent=current_traceparent(),
            returning=lines,
        )
        await keep_returning(tx, meeting.id, coming)
        await insert_draft(tx, draft, audit_of(once, reader, "draft.started", "draft", draft.id, now))
        time = time_of_draft(draft, Planning(0), meeting.sitting)
        return await once.answer(tx, DraftView(draft, {}, {}, {}, time, {}))


async def read_draft(database: Database, reader: Reader, draft_id: UUID, *, policy: Policy) -> DraftView:
    """Raises `NoAccess`."""
    async with database.transaction() as tx:
        draft = await draft_for(tx, reader, Command.READ_DRAFT, draft_id, policy)
        return await view_draft(tx, reader, draft, policy)


async def page_of_drafts(
    database: Database, reader: Reader, meeting_id: UUID, *, page_size: int, page_token: str, policy: Policy
) -> tuple[Sequence[DraftView], str]:
    """Those of the reader's own party, which has at most one, and the token of the next page.

    Raises `NoAccess` or `InvalidValue`.
    """
    question = ("drafts", reader.party, meeting_id)
    after = read_key(page_token, (str,), *question)
    async with database.transaction() as tx:
        meeting = await meeting_for(tx, reader, Command.READ_DRAFT, meeting_id, policy)
        draft = await draft_of_party(tx, meeting.id, reader.party)
        found = () if draft is None else (await view_draft(tx, reader, draft, policy),)
    shown, last = cut(found, lambda view: (str(view.draft.id),), after, page_size)
    return shown, write_token(last, *question)


async def add_item(
    once: Once[DraftView],
    reader: Reader,
    draft_id: UUID,
    content: ItemContent,
    position: int | None,
    expected: int,
    *,
    database: Database,
    drafting: Drafting,
) -> DraftView:
    """Raises `NoAccess`, `StaleVersion`, or what is wrong with the item."""
    await _check(database, reader, draft_id, content, drafting)
    item = DraftItem(
        id=drafting.ids(),
        content=content,
        action_ids=(),
        proposed_at=drafting.clock(),
        traceparent=current_traceparent(),
    )
    return await _change(
        once,
        reader,
        draft_id,
        expected,
        "draft.item-added",
        item.id,
        content,
        lambda draft: draft.with_item(item, position),
        drafting,
    )


async def rewrite_item(
    once: Once[DraftView],
    reader: Reader,
    draft_id: UUID,
    item_id: UUID,
    content: ItemContent,
    position: int | None,
    expected: int,
    *,
    database: Database,
    drafting: Drafting,
) -> DraftView:
    """Raises `NoAccess`, `StaleVersion`, `UnknownItem`, or what is wrong with the item."""
    await _check(database, reader, draft_id, content, drafting)
    return await _change(
        once,
        reader,
        draft_id,
        expected,
        "draft.item-rewritten",
        item_id,
        content,
        lambda draft: _rewritten(draft, item_id, content, position),
        drafting,
    )


def _rewritten(draft: Draft, item_id: UUID, content: ItemContent, position: int | None) -> Draft:
    """The item belongs to the trace that wrote it last, which is linked to the one before."""
    link_current_span(draft.item(item_id).traceparent)
    return draft.with_content(item_id, content, position, current_traceparent())


async def take_over(
    once: Once[DraftView],
    reader: Reader,
    draft_id: UUID,
    agenda_id: UUID,
    expected: int,
    *,
    drafting: Drafting,
) -> DraftView:
    """The draft with what a tabled version of its meeting holds, to answer it with a version of one's own.

    Raises `NoAccess`, `OfAnotherMeeting` or `StaleVersion`.
    """
    now = drafting.clock()
    async with once.transaction() as tx:
        agenda = await agenda_for(tx, reader, Command.READ_AGENDA, agenda_id, drafting.policy)
        came = await first_tabled(tx, agenda.meeting_id)
        tabled = [_drafted(item, came[item.id], agenda.traceparent) for item in read_items(agenda.payload)]
        texts = [reference for item in tabled for reference in item.content.references]
        draft = await draft_to_change(tx, reader, draft_id, drafting.policy, texts)
        if agenda.meeting_id != draft.meeting_id:
            raise OfAnotherMeeting("the agenda is of another meeting", pointer="/agenda_id")
        await require_version(tx, draft, expected)
        changed = draft.taking_over(tabled)
        audit = audit_of(
            once, reader, "draft.version-taken-over", "draft", draft.id, now, agenda_id=str(agenda.id)
        )
        await put_draft(tx, changed, expected, audit)
        return await once.answer(tx, await view_draft(tx, reader, changed, drafting.policy))


async def take_in_returning(
    once: Once[DraftView], reader: Reader, draft_id: UUID, expected: int, *, drafting: Drafting
) -> DraftView:
    """The draft with what has come back since it was started: outcomes may be agreed after that. What was
    planned of an item that becomes one of these is planned of the latter.

    Raises `NoAccess`, `StaleVersion` or `MeetingHasBegun`.
    """
    now = drafting.clock()
    async with once.transaction() as tx:
        draft = await draft_to_change(tx, reader, draft_id, drafting.policy)
        meeting = await meeting_for(tx, reader, Command.EDIT_DRAFT, draft.meeting_id, drafting.policy)
        meeting.require_ahead(now)
        await require_version(tx, draft, expected)
        coming, lines = await returning_to(
            tx, meeting, policy=drafting.policy, traceparent=current_traceparent(), now=now
        )
        await keep_returning(tx, meeting.id, coming)
        parked = await parked_items(tx, draft.id)
        became = becoming((*draft.items, *parked), lines)
        waiting = [replace(item, id=became.get(item.id, item.id)) for item in parked]
        beside = {item.id for item in waiting}
        changed = draft.taking_in([line for line in lines if line.id not in beside])
        audit = audit_of(once, reader, "draft.returning-taken-in", "draft", draft.id, now)
        await put_draft(tx, changed, expected, audit)
        await park_items(tx, draft.id, waiting)
        await follow_in_planning(tx, once, reader, draft.id, lambda planning: planning.renaming(became), now)
        return await once.answer(tx, await view_draft(tx, reader, changed, drafting.policy))


def _drafted(item: TabledItem, at: datetime, traceparent: str | None) -> DraftItem:
    texts = tuple(
        Reference(one.assessment_id, one.revision, one.rendition, one.mode) for one in item.references
    )
    return DraftItem(item.id, item.content(texts), item.action_ids, at, traceparent)


async def _check(
    database: Database, reader: Reader, draft_id: UUID, content: ItemContent, drafting: Drafting
) -> None:
    """Whether everything exists that the item names; of assessments, whether the caller may see them."""
    async with database.transaction() as tx:
        draft = await draft_for(tx, reader, Command.EDIT_DRAFT, draft_id, drafting.policy)
    series = drafting.policy.get_series(draft.series)
    check_content(content, series, drafting.policy, draft_id=draft_id, at=drafting.clock())
    held = {reference for item in draft.items for reference in item.content.references}
    for reference in content.references:
        if reference not in held:
            await drafting.threatfeed.assessment(reference.assessment_id, reference.revision)


async def _change(
    once: Once[DraftView],
    reader: Reader,
    draft_id: UUID,
    expected: int,
    action: str,
    item_id: UUID,
    content: ItemContent,
    change: Callable[[Draft], Draft],
    drafting: Drafting,
) -> DraftView:
    now = drafting.clock()
    async with once.transaction() as tx:
        draft = await draft_to_change(tx, reader, draft_id, drafting.policy, content.references)
        await require_version(tx, draft, expected)
        changed = change(draft)
        audit = audit_of(once, reader, action, "draft", draft.id, now, item_id=str(item_id))
        await put_draft(tx, changed, expected, audit)
        return await once.answer(tx, await view_draft(tx, reader, changed, drafting.policy, link=item_id))


async def draft_to_change(
    tx: Transaction, reader: Reader, draft_id: UUID, policy: Policy, texts: Iterable[Reference] = ()
) -> Draft:
    """A draft of the reader's own party, locked; the texts under it and those that come into it are held.

    Raises `NoAccess`.
    """
    seen = await draft_for(tx, reader, Command.EDIT_DRAFT, draft_id, policy)
    await hold_texts(tx, [*texts, *(one for item in seen.items for one in item.content.references)])
    return await draft_for(tx, reader, Command.EDIT_DRAFT, draft_id, policy, lock=True)


async def put_draft(tx: Transaction, draft: Draft, expected: int, audit: AuditEntry) -> None:
    """A draft as changed, with the tasks about what it rests on. Raises `StaleVersion`."""
    await update_draft(tx, draft, expected, audit)
    await keep_tasks_of_draft(tx, draft, audit.at)


async def follow_in_planning(
    tx: Transaction,
    once: Once[DraftView],
    reader: Reader,
    draft_id: UUID,
    change: Callable[[Planning], Planning],
    now: datetime,
) -> None:
    """What was planned follows what became of the items; nothing is written where it names none of them."""
    planning = await find_planning(tx, draft_id)
    changed = change(planning)
    if changed is not planning:
        audit = audit_of(once, reader, "draft.planned", "draft", draft_id, now, version=changed.version)
        await put_planning(tx, draft_id, changed, planning.version, audit)


async def require_version(tx: Transaction, draft: Draft, expected: int) -> None:
    """Raises `StaleVersion` with what was changed since the caller read the draft."""
    if draft.version == expected:
        return
    raise StaleVersion(
        "the draft has changed since it was read",
        version=str(draft.version),
        changes=[
            {
                "version": change.version,
                "item_id": str(change.item_id),
                "change": change.kind,
                "fields": list(change.fields),
                "official": change.official,
                "at": change.at.isoformat() if change.at else "",
            }
            for change in await changes_since(tx, draft.id, expected)
        ],
    )


async def view_draft(
    tx: Transaction, reader: Reader, draft: Draft, policy: Policy, link: UUID | None = None
) -> DraftView:
    """The draft as the reader sees it; the span is linked to the news that the item `link` rests on."""
    references = {reference for item in draft.items for reference in item.content.references}
    dues = await dues_of(tx, draft.meeting_id, policy)
    known = await standings(tx, {reference.assessment_id for reference in references})
    for item in draft.items:
        if item.id == link:
            found = (known.get(reference.assessment_id) for reference in item.content.references)
            link_current_span(*(entry.traceparent for entry in found if entry is not None))
    return DraftView(
        draft,
        {
            reference: reference_state(reference.revision, known.get(reference.assessment_id))
            for reference in references
        },
        await proposals_of_draft(tx, draft.id),
        dues.late_items({item.id: item.proposed_at for item in draft.items}),
        time_of_draft(draft, await find_planning(tx, draft.id), await sitting_of(tx, draft.meeting_id)),
        {
            item_id: tuple(one for one in made if may(policy, reader, Command.READ_PROPOSAL, one.series))
            for item_id, made in (await forwarded_from(tx, draft.party, draft.meeting_id)).items()
        },
    )
