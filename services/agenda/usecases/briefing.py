"""A side writes for its own delegation: comments on its draft, a brief and speaking notes for each item."""

from dataclasses import dataclass
from uuid import UUID

from services.agenda.domain.own_side import Brief, Comment
from services.agenda.domain.permissions import Command
from services.agenda.domain.protection import require_under_ceiling
from services.agenda.domain.refusals import StaleVersion, UnknownItem
from services.agenda.domain.staleness import changed_fields
from services.agenda.store.own_side import briefs_of, comments_on, holds_item, insert_comment, write_brief
from services.agenda.store.steps import brief_steps
from services.agenda.usecases.access import audit_of, draft_for, meeting_for
from services.agenda.usecases.staleness import stale_answer
from services.chassis.clock import Clock
from services.chassis.database import Database, Transaction
from services.chassis.ids import IdSource
from services.chassis.once import Once
from services.kernel.markings.banner import parse
from services.kernel.parties import Reader
from services.kernel.policy import Policy

_TEXTS = ("brief", "speaking_notes", "marking")


@dataclass(frozen=True, slots=True)
class BriefText:
    brief: str
    speaking_notes: str
    marking: str


async def comment_on_item(
    once: Once[Comment],
    reader: Reader,
    draft_id: UUID,
    item_id: UUID,
    text: str,
    *,
    policy: Policy,
    clock: Clock,
    ids: IdSource,
) -> Comment:
    """Raises `NoAccess` or `UnknownItem`."""
    now = clock()
    async with once.transaction() as tx:
        draft = await draft_for(tx, reader, Command.COMMENT_DRAFT, draft_id, policy, lock=True)
        comment = Comment(ids(), draft.item(item_id).id, text, reader.organisation, reader.subject, now)
        audit = audit_of(once, reader, "draft.commented", "draft", draft.id, now, item_id=str(item_id))
        await insert_comment(tx, draft.id, comment, audit)
        return await once.answer(tx, comment)


async def list_comments(
    database: Database, reader: Reader, draft_id: UUID, *, policy: Policy
) -> tuple[Comment, ...]:
    """Raises `NoAccess`."""
    async with database.transaction() as tx:
        draft = await draft_for(tx, reader, Command.READ_DRAFT, draft_id, policy)
        return await comments_on(tx, draft.id)


async def brief_item(
    once: Once[Brief],
    reader: Reader,
    meeting_id: UUID,
    item_id: UUID,
    text: BriefText,
    expected: int,
    *,
    policy: Policy,
    clock: Clock,
) -> Brief:
    """The brief of the caller's party; version 0 is that of one not yet written.

    Raises `NoAccess`, `UnknownItem`, `StaleVersion`, `AboveCeiling`, or the refusal of a marking.
    """
    now = clock()
    async with once.transaction() as tx:
        meeting = await meeting_for(tx, reader, Command.WRITE_BRIEF, meeting_id, policy)
        require_under_ceiling(parse(text.marking), policy.get_series(meeting.series), policy, "/marking")
        if not await holds_item(tx, meeting.id, reader.party, item_id):
            raise UnknownItem("neither the own draft nor the table has such an item")
        brief = Brief(
            meeting_id=meeting.id,
            party=reader.party,
            item_id=item_id,
            brief=text.brief,
            speaking_notes=text.speaking_notes,
            marking=text.marking,
            official=reader.subject,
            at=now,
            version=expected + 1,
        )
        former = await _written(tx, meeting.id, reader.party, item_id)
        fields = _TEXTS if former is None else [one for one in changed_fields(former, brief) if one in _TEXTS]
        audit = audit_of(
            once,
            reader,
            "brief.written",
            "meeting",
            meeting.id,
            now,
            item_id=str(item_id),
            fields=fields,
            changes={"version": (str(expected) if expected else None, str(brief.version))},
        )
        try:
            await write_brief(tx, brief, expected, audit)
        except StaleVersion as lost:
            newest = await _written(tx, meeting.id, reader.party, item_id)
            version = 0 if newest is None else newest.version
            current = {} if newest is None else {name: getattr(newest, name) for name in _TEXTS}
            steps = brief_steps(meeting.id, reader.party, item_id)
            raise await stale_answer(tx, reader, steps, version, expected, current) from lost
        return await once.answer(tx, brief)


async def _written(tx: Transaction, meeting_id: UUID, party: str, item_id: UUID) -> Brief | None:
    found = await briefs_of(tx, meeting_id, party)
    return next((one for one in found if one.item_id == item_id), None)


async def list_briefs(
    database: Database, reader: Reader, meeting_id: UUID, *, policy: Policy
) -> tuple[Brief, ...]:
    """Those of the caller's party. Raises `NoAccess`."""
    async with database.transaction() as tx:
        meeting = await meeting_for(tx, reader, Command.READ_BRIEF, meeting_id, policy)
        return await briefs_of(tx, meeting.id, reader.party)
