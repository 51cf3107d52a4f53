"""A side keeps the attendance register of its own people; every side sees the whole."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from services.agenda.clients.threatfeed import Threatfeed
from services.agenda.domain.agenda import Agenda
from services.agenda.domain.attendance import (
    Exposure,
    Participant,
    Person,
    Presence,
    PresenceCommand,
    Register,
    check_person,
    require_no_exposure,
    require_side,
    side_of,
)
from services.agenda.domain.history.changes import differences
from services.agenda.domain.meeting import Meeting
from services.agenda.domain.permissions import Command
from services.agenda.domain.references import Reference
from services.agenda.domain.refusals import StaleVersion
from services.agenda.domain.releases import TextAnswer
from services.agenda.statements import read_items
from services.agenda.store.agendas import agendas_of_meeting
from services.agenda.store.attendance import (
    delete_closure,
    find_participant,
    insert_closure,
    insert_participant,
    notes_of,
    put_note,
    register_of,
    update_participant,
)
from services.agenda.store.steps import participant_steps
from services.agenda.usecases.access import audit_of, meeting_for
from services.agenda.usecases.paging import cut, read_key, write_token
from services.agenda.usecases.rooms import exposed_in_room
from services.agenda.usecases.staleness import stale_answer
from services.chassis.clock import Clock
from services.chassis.database import Database, Transaction
from services.chassis.ids import IdSource
from services.chassis.once import Once
from services.kernel.parties import Reader
from services.kernel.policy import Policy
from services.kernel.refusals import NoAccess


@dataclass(frozen=True, slots=True)
class Registering:
    """What keeping the register needs besides the caller."""

    database: Database
    policy: Policy
    threatfeed: Threatfeed
    clock: Clock
    ids: IdSource


@dataclass(frozen=True, slots=True)
class RegisterView:
    """The whole register, with the notes of the reader's own side."""

    register: Register
    notes: Mapping[UUID, str]


@dataclass(frozen=True, slots=True)
class _Room:
    """The agenda on the table, and the newest decisions on the texts that it shows."""

    agenda: Agenda | None
    answers: Mapping[Reference, TextAnswer]


async def add_participant(
    once: Once[Participant],
    reader: Reader,
    meeting_id: UUID,
    person: Person,
    *,
    registering: Registering,
) -> Participant:
    """Somebody more on the reader's own side's register, invited.

    Before it is written every item on the table is decided anew for everybody who would then be in the
    room. Raises `NoAccess`, `RegisterClosed`, `NationalityUnknown`, `UnknownParty`,
    `ReferenceNotReleasable`, or `StaleVersion` where another version was tabled meanwhile.
    """
    policy = registering.policy
    room = await _room(reader, meeting_id, registering)
    check_person(person, policy)
    now = registering.clock()
    async with once.transaction() as tx:
        meeting = await meeting_for(tx, reader, Command.EDIT_REGISTER, meeting_id, policy, lock=True)
        side = side_of(reader.party, policy.get_series(meeting.series))
        register = await register_of(tx, meeting.id)
        register.require_open(side)
        found = await _exposed(tx, meeting, person, room, policy, now)
        participant = Participant(registering.ids(), meeting.id, side, person, Presence.INVITED, 1)
        audit = audit_of(
            once,
            reader,
            "participant.added",
            "participant",
            participant.id,
            now,
            meeting_id=str(meeting.id),
            role=person.role.value,
            nationality=person.nationality,
            represents=person.represents,
            exposed_items=sorted({str(one.item_id) for one in found}),
            changes=differences(None, person, "role"),
        )
        await insert_participant(tx, participant, now, audit)
        return await once.answer(tx, participant)


async def mark_presence(
    once: Once[Participant],
    reader: Reader,
    participant_id: UUID,
    command: PresenceCommand,
    expected: int,
    *,
    registering: Registering,
) -> Participant:
    """What somebody answered, or whether they were there. Who comes back is decided for as when added.

    Raises `NoAccess`, `NotOwnSide`, `StaleVersion`, `RegisterClosed`, `IllegalTransition`,
    `MeetingNotBegun` or `ReferenceNotReleasable`.
    """
    policy = registering.policy
    async with registering.database.transaction() as tx:
        seen = await _participant_for(tx, reader, participant_id, Command.EDIT_REGISTER, policy)
    room = await _room(reader, seen.meeting_id, registering)
    now = registering.clock()
    async with once.transaction() as tx:
        meeting = await meeting_for(tx, reader, Command.EDIT_REGISTER, seen.meeting_id, policy, lock=True)
        participant = await _participant_for(tx, reader, participant_id, Command.EDIT_REGISTER, policy)
        require_side(participant, reader.party)
        register = await register_of(tx, meeting.id)
        register.require_open(reader.party)
        if participant.version != expected:
            raise await stale_answer(
                tx,
                reader,
                participant_steps(participant.id),
                participant.version,
                expected,
                {"presence": participant.presence},
                presence=participant.presence.value,
            )
        changed = participant.after(command, meeting, now)
        found: Sequence[Exposure] = ()
        if changed.expected and not participant.expected:
            found = await _exposed(tx, meeting, changed.person, room, policy, now)
        audit = audit_of(
            once,
            reader,
            f"participant.{changed.presence.value.lower()}",
            "participant",
            participant.id,
            now,
            exposed_items=sorted({str(one.item_id) for one in found}),
            changes=differences(participant, changed, "presence"),
        )
        await update_participant(tx, changed, expected, audit)
        return await once.answer(tx, changed)


async def note_participant(
    once: Once[RegisterView],
    reader: Reader,
    participant_id: UUID,
    note: str,
    *,
    registering: Registering,
) -> RegisterView:
    """The side's own note on one of its people. Raises `NoAccess` or `NotOwnSide`."""
    policy, now = registering.policy, registering.clock()
    async with once.transaction() as tx:
        participant = await _participant_for(tx, reader, participant_id, Command.EDIT_REGISTER, policy)
        require_side(participant, reader.party)
        audit = audit_of(once, reader, "participant.noted", "participant", participant.id, now)
        await put_note(tx, participant.id, note, reader.subject, now, audit)
        return await once.answer(tx, await _view(tx, participant.meeting_id, reader))


async def close_register(
    once: Once[RegisterView], reader: Reader, meeting_id: UUID, *, registering: Registering
) -> RegisterView:
    """The reader's side says that its register is right; nothing in it changes unless it is reopened.

    Raises `NoAccess`, `MeetingNotHeld`, `RegisterClosed` or `AttendanceOpen`.
    """
    policy, now = registering.policy, registering.clock()
    async with once.transaction() as tx:
        meeting = await meeting_for(tx, reader, Command.EDIT_REGISTER, meeting_id, policy, lock=True)
        side = side_of(reader.party, policy.get_series(meeting.series))
        meeting.require_held(now)
        (await register_of(tx, meeting.id)).require_closable(side)
        audit = audit_of(once, reader, "register.closed", "meeting", meeting.id, now, side=side)
        await insert_closure(tx, meeting.id, side, reader.subject, now, audit)
        return await once.answer(tx, await _view(tx, meeting.id, reader))


async def reopen_register(
    once: Once[RegisterView], reader: Reader, meeting_id: UUID, reason: str, *, registering: Registering
) -> RegisterView:
    """The reader's side says that its register was not right, and why; it is closed again before anything
    more is concluded.

    Raises `NoAccess`, `RegisterNotClosed` or `RegisterFinal`.
    """
    policy, now = registering.policy, registering.clock()
    async with once.transaction() as tx:
        meeting = await meeting_for(tx, reader, Command.EDIT_REGISTER, meeting_id, policy, lock=True)
        side = side_of(reader.party, policy.get_series(meeting.series))
        (await register_of(tx, meeting.id)).require_reopenable(side, meeting)
        audit = audit_of(
            once, reader, "register.reopened", "meeting", meeting.id, now, side=side, reason=reason
        )
        await delete_closure(tx, meeting.id, side, audit)
        return await once.answer(tx, await _view(tx, meeting.id, reader))


async def page_of_register(
    database: Database, reader: Reader, meeting_id: UUID, *, page_size: int, page_token: str, policy: Policy
) -> tuple[RegisterView, str]:
    """A page of its people, side by side, and the token of the next one.

    Raises `NoAccess` or `InvalidValue`.
    """
    question = ("register", reader.party, meeting_id)
    after = read_key(page_token, (str, int), *question)
    async with database.transaction() as tx:
        meeting = await meeting_for(tx, reader, Command.READ_REGISTER, meeting_id, policy)
        whole = await _view(tx, meeting.id, reader)
    shown, last = cut(whole.register.numbered(), lambda one: one[0], after, page_size)
    page = replace(whole.register, participants=tuple(participant for _, participant in shown))
    return RegisterView(page, whole.notes), write_token(last, *question)


async def read_participant(
    database: Database, reader: Reader, participant_id: UUID, *, policy: Policy
) -> Participant:
    """Raises `NoAccess`."""
    async with database.transaction() as tx:
        return await _participant_for(tx, reader, participant_id, Command.READ_REGISTER, policy)


async def _view(tx: Transaction, meeting_id: UUID, reader: Reader) -> RegisterView:
    return RegisterView(await register_of(tx, meeting_id), await notes_of(tx, meeting_id, reader.party))


async def _participant_for(
    tx: Transaction, reader: Reader, participant_id: UUID, command: Command, policy: Policy
) -> Participant:
    """Raises `NoAccess`."""
    resource = f"participant '{participant_id}'"
    participant = await find_participant(tx, participant_id)
    if participant is None:
        raise NoAccess(resource)
    try:
        await meeting_for(tx, reader, command, participant.meeting_id, policy)
    except NoAccess as refusal:
        raise NoAccess(resource) from refusal
    return participant


async def _room(reader: Reader, meeting_id: UUID, registering: Registering) -> _Room:
    async with registering.database.transaction() as tx:
        meeting = await meeting_for(tx, reader, Command.EDIT_REGISTER, meeting_id, registering.policy)
        agenda = _on_table(await agendas_of_meeting(tx, meeting.id))
    if agenda is None or registering.clock() >= meeting.ends_at:
        return _Room(agenda, {})
    texts = sorted(
        {held.reference for held in agenda.references},
        key=lambda text: (str(text.assessment_id), text.revision, text.rendition),
    )
    return _Room(agenda, await registering.threatfeed.decide(meeting, texts))


def _on_table(agendas: Sequence[Agenda]) -> Agenda | None:
    return agendas[0] if agendas else None


async def _exposed(
    tx: Transaction, meeting: Meeting, person: Person, room: _Room, policy: Policy, now: datetime
) -> Sequence[Exposure]:
    """What those in the room may not have. After the meeting it is on record and refuses nothing: who was
    there was there.
    """
    current = _on_table(await agendas_of_meeting(tx, meeting.id))
    if (current.id if current else None) != (room.agenda.id if room.agenda else None):
        raise StaleVersion(
            "another version was put on the table meanwhile",
            changes=[{"change": "tabled", "party": current.tabled_by, "at": current.tabled_at.isoformat()}]
            if current
            else (),
        )
    if current is None:
        return ()
    items = read_items(current.payload)
    found = await exposed_in_room(tx, meeting, items, room.answers, joining=[person], policy=policy, now=now)
    if now < meeting.ends_at:
        require_no_exposure(found)
    return found
