"""Both sides keep the minutes: they write, comment and accept section by section."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from services.agenda.domain.agenda import AgendaState
from services.agenda.domain.attendance import side_of
from services.agenda.domain.conclusions import ConclusionsState
from services.agenda.domain.items import TabledItem
from services.agenda.domain.meeting import Meeting
from services.agenda.domain.meeting_refusals import MeetingNotBegun
from services.agenda.domain.minutes import (
    Comment,
    MinutesFinal,
    Section,
    SectionUnknown,
    check_section,
    section_keys,
)
from services.agenda.domain.permissions import Command
from services.agenda.domain.refusals import AgendaNotAgreed
from services.agenda.statements import read_items
from services.agenda.store.agendas import agendas_of_meeting
from services.agenda.store.conclusions import newest_conclusions
from services.agenda.store.minutes import (
    insert_acceptance,
    insert_comment,
    insert_revision,
    sections_of,
)
from services.agenda.usecases.access import audit_of, meeting_for
from services.chassis.clock import Clock
from services.chassis.database import Database, Transaction
from services.chassis.ids import IdSource
from services.chassis.once import Once
from services.kernel.parties import Reader
from services.kernel.policy import Policy


@dataclass(frozen=True, slots=True)
class Minuting:
    """What keeping minutes needs besides the caller."""

    database: Database
    policy: Policy
    clock: Clock
    ids: IdSource


async def read_minutes(
    database: Database, reader: Reader, meeting_id: UUID, *, policy: Policy
) -> tuple[Section, ...]:
    """Every section in the order of the agenda. Raises `NoAccess` or `AgendaNotAgreed`."""
    async with database.transaction() as tx:
        meeting = await meeting_for(tx, reader, Command.READ_MINUTES, meeting_id, policy)
        items = await agreed_items(tx, meeting)
        return await sections_of(tx, meeting.id, section_keys(items))


async def read_section(
    database: Database, reader: Reader, meeting_id: UUID, key: str, *, policy: Policy
) -> Section:
    """Raises `NoAccess`, `AgendaNotAgreed` or `SectionUnknown`."""
    return _section(await read_minutes(database, reader, meeting_id, policy=policy), key)


async def write_section(
    once: Once[Section],
    reader: Reader,
    meeting_id: UUID,
    key: str,
    text: str,
    marking: str,
    expected: int,
    *,
    minuting: Minuting,
) -> Section:
    """The next revision of a section. What the other sides had accepted of it is open again.

    Raises `NoAccess`, `MeetingNotBegun`, `AgendaNotAgreed`, `MinutesFinal`, `SectionUnknown`,
    `StaleVersion` with what was written meanwhile, or what is wrong with the marking.
    """
    policy, now = minuting.policy, minuting.clock()
    async with once.transaction() as tx:
        meeting = await meeting_for(tx, reader, Command.EDIT_MINUTES, meeting_id, policy, lock=True)
        if now < meeting.starts_at:
            raise MeetingNotBegun("the meeting has not begun")
        items = await _open_items(tx, meeting)
        series = policy.get_series(meeting.series)
        check_section(key, marking, items, series=series, policy=policy, meeting_id=meeting.id, at=now)
        section = _section(await sections_of(tx, meeting.id, section_keys(items)), key)
        written = section.written(text, marking, side_of(reader.party, series), expected, now)
        audit = audit_of(
            once,
            reader,
            "minutes.written",
            "meeting",
            meeting.id,
            now,
            section=key,
            changes={"revision": (str(expected) if expected else None, str(written.revision))},
        )
        await insert_revision(tx, meeting.id, written, reader.subject, audit)
        own = audit_of(once, reader, "minutes.accepted", "meeting", meeting.id, now, section=key)
        await insert_acceptance(tx, meeting.id, written, reader.party, reader.subject, own)
        return await once.answer(tx, await _reread(tx, meeting, items, key))


async def accept_section(
    once: Once[Section],
    reader: Reader,
    meeting_id: UUID,
    key: str,
    expected: int,
    *,
    minuting: Minuting,
) -> Section:
    """The reader's side accepts the newest revision, which it must have read.

    Raises `NoAccess`, `AgendaNotAgreed`, `MinutesFinal`, `SectionUnknown` or `StaleVersion`.
    """
    policy, now = minuting.policy, minuting.clock()
    async with once.transaction() as tx:
        meeting = await meeting_for(tx, reader, Command.EDIT_MINUTES, meeting_id, policy, lock=True)
        side = side_of(reader.party, policy.get_series(meeting.series))
        items = await _open_items(tx, meeting)
        section = _section(await sections_of(tx, meeting.id, section_keys(items)), key)
        section.require_revision(expected)
        if section.newest is None:
            raise SectionUnknown("nobody has written the section")
        audit = audit_of(
            once,
            reader,
            "minutes.accepted",
            "meeting",
            meeting.id,
            now,
            section=key,
            revision=section.revision,
        )
        await insert_acceptance(tx, meeting.id, section.newest, side, reader.subject, audit)
        return await once.answer(tx, await _reread(tx, meeting, items, key))


async def comment_section(
    once: Once[Section],
    reader: Reader,
    meeting_id: UUID,
    key: str,
    text: str,
    *,
    minuting: Minuting,
) -> Section:
    """What a side says of the newest revision, for every side to read.

    Raises `NoAccess`, `AgendaNotAgreed`, `MinutesFinal` or `SectionUnknown`.
    """
    policy, now = minuting.policy, minuting.clock()
    async with once.transaction() as tx:
        meeting = await meeting_for(tx, reader, Command.EDIT_MINUTES, meeting_id, policy, lock=True)
        items = await _open_items(tx, meeting)
        section = _section(await sections_of(tx, meeting.id, section_keys(items)), key)
        comment = Comment(
            id=minuting.ids(),
            section=key,
            revision=section.revision,
            party=side_of(reader.party, policy.get_series(meeting.series)),
            organisation=reader.organisation,
            text=text,
            made_at=now,
        )
        audit = audit_of(once, reader, "minutes.commented", "meeting", meeting.id, now, section=key)
        await insert_comment(tx, meeting.id, comment, audit)
        return await once.answer(tx, await _reread(tx, meeting, items, key))


async def agreed_items(tx: Transaction, meeting: Meeting) -> tuple[TabledItem, ...]:
    """The items of the agreed agenda. Raises `AgendaNotAgreed`."""
    newest = next(iter(await agendas_of_meeting(tx, meeting.id)), None)
    if newest is None or newest.state is not AgendaState.AGREED:
        raise AgendaNotAgreed("the meeting has no agreed agenda")
    return read_items(newest.payload)


async def _open_items(tx: Transaction, meeting: Meeting) -> tuple[TabledItem, ...]:
    """Raises `MinutesFinal` or `AgendaNotAgreed`."""
    newest = await newest_conclusions(tx, meeting.id)
    if newest is not None and newest.state is ConclusionsState.AGREED:
        raise MinutesFinal("the conclusions are agreed")
    return await agreed_items(tx, meeting)


async def _reread(tx: Transaction, meeting: Meeting, items: Sequence[TabledItem], key: str) -> Section:
    return _section(await sections_of(tx, meeting.id, section_keys(items)), key)


def _section(sections: Sequence[Section], key: str) -> Section:
    found = next((section for section in sections if section.key == key), None)
    if found is None:
        raise SectionUnknown("the minutes have no such section")
    return found
