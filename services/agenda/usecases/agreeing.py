"""An official agrees for an organisation, with the official's own key, to one content hash."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.agenda.domain.agenda import Agenda, AgendaState
from services.agenda.domain.conclusions import Conclusions
from services.agenda.domain.history.changes import differences
from services.agenda.domain.meeting import MeetingCommand
from services.agenda.domain.outcome import Outcome
from services.agenda.domain.permissions import Command
from services.agenda.domain.quorum import Signatory
from services.agenda.events import agenda_changed
from services.agenda.signatures import OfficialKeys
from services.agenda.statements import Statement, agreement
from services.agenda.store.agendas import find_agenda, update_agenda
from services.agenda.store.agreements import StoredAgreement, Subject, insert_agreement
from services.agenda.store.meetings import find_meeting, update_meeting
from services.agenda.usecases.access import agenda_for, audit_of
from services.agenda.usecases.lateness import AgendaView, view_agenda
from services.chassis.clock import Clock
from services.chassis.database import Database
from services.chassis.once import Once
from services.chassis.outbox import enqueue
from services.chassis.telemetry import current_traceparent, link_current_span
from services.kernel.parties import Reader
from services.kernel.policy import Policy


@dataclass(frozen=True, slots=True)
class Agreeing:
    """What agreement needs besides the caller."""

    database: Database
    policy: Policy
    keys: OfficialKeys
    clock: Clock


@dataclass(frozen=True, slots=True)
class ToSign:
    """What the caller would sign, and the hash of what it is about."""

    statement: Statement
    content_hash: str


async def statement_on_agenda(
    database: Database, reader: Reader, agenda_id: UUID, *, policy: Policy
) -> ToSign:
    """Raises `NoAccess`."""
    async with database.transaction() as tx:
        agenda = await agenda_for(tx, reader, Command.AGREE_AGENDA, agenda_id, policy)
    return ToSign(statement_about(Subject.AGENDA, agenda, reader), agenda.content_hash)


async def agree_agenda(
    once: Once[AgendaView],
    reader: Reader,
    agenda_id: UUID,
    content_hash: str,
    jws: str,
    *,
    agreeing: Agreeing,
) -> AgendaView:
    """The agenda with this agreement; the last one needed makes it agreed.

    Raises `NoAccess`, `NotInQuorum`, `StaleContentHash`, `ReferenceStale`, or what is wrong with the
    signature.
    """
    policy, now = agreeing.policy, agreeing.clock()
    quorum_of = policy.get_series
    async with once.transaction() as tx:
        seen = await agenda_for(tx, reader, Command.AGREE_AGENDA, agenda_id, policy)
        meeting = await find_meeting(tx, seen.meeting_id, lock=True)
        agenda = await find_agenda(tx, agenda_id, lock=True)
        if meeting is None or agenda is None:
            raise RuntimeError("an agenda has lost its meeting")
        signatory = Signatory(reader.party, reader.organisation)
        agreed = agenda.agree(signatory, content_hash, quorum_of(agenda.series).quorum, now)
        signed = verified(Subject.AGENDA, agenda, reader, jws, agreeing.keys, now)
        if agreed is agenda:
            return await once.answer(tx, await view_agenda(tx, agenda, policy))
        link_current_span(agenda.traceparent)
        audit = audit_of(
            once,
            reader,
            "agenda.agreement-given",
            "agenda",
            agenda.id,
            now,
            content_hash=content_hash,
            organisation=reader.organisation,
        )
        await insert_agreement(tx, signed, audit)
        complete = agreed.state is AgendaState.AGREED
        action = "agenda.agreed" if complete else "agenda.agreement-counted"
        changes = differences(agenda, agreed, "state")
        counted = audit_of(once, reader, action, "agenda", agenda.id, now, changes=changes)
        await update_agenda(tx, agreed, agenda.aggregate_version, counted)
        if complete:
            moved = meeting.after(MeetingCommand.AGREE_AGENDA)
            changes = differences(meeting, moved, "state")
            noted = audit_of(
                once, reader, "meeting.agenda-agreed", "meeting", meeting.id, now, changes=changes
            )
            await update_meeting(tx, moved, meeting.version, noted)
            await enqueue(tx, [agenda_changed(agreed, current_traceparent(), now)], now)
        return await once.answer(tx, await view_agenda(tx, agreed, policy))


def statement_about(subject: Subject, about: Agenda | Outcome | Conclusions, reader: Reader) -> Statement:
    """What the reader signs to agree."""
    return agreement(
        subject=subject.value,
        subject_id=about.id,
        version=about.version,
        content_hash=about.content_hash,
        party=reader.party,
        organisation=reader.organisation,
        official=reader.subject,
    )


def verified(
    subject: Subject,
    about: Agenda | Outcome | Conclusions,
    reader: Reader,
    jws: str,
    keys: OfficialKeys,
    now: datetime,
) -> StoredAgreement:
    """The verified statement, to be kept as it was signed."""
    statement = statement_about(subject, about, reader)
    keys.verify(jws, statement.payload, reader)
    return StoredAgreement(
        subject=subject,
        subject_id=about.id,
        signatory=Signatory(reader.party, reader.organisation),
        official=reader.subject,
        content_hash=about.content_hash,
        type=statement.type,
        payload=statement.payload,
        jws=jws,
        given_at=now,
    )
