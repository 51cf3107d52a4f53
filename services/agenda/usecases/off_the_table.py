"""A version of an agenda leaves the table: another takes its place, or the meeting has another date."""

from datetime import datetime
from typing import Any, TypeVar

from services.agenda.domain.agenda import Agenda
from services.agenda.domain.history.changes import differences
from services.agenda.events import agenda_changed
from services.agenda.store.agendas import update_agenda
from services.agenda.store.agreements import Subject, void_agreements
from services.agenda.usecases.access import audit_of
from services.agenda.usecases.keep_withdrawal_tasks import keep_tasks_of_agenda
from services.chassis.database import Transaction
from services.chassis.once import Once
from services.chassis.outbox import OutboxMessage
from services.chassis.telemetry import current_traceparent
from services.kernel.parties import Reader

T = TypeVar("T")


async def take_off_the_table(
    tx: Transaction, once: Once[T], reader: Reader, agenda: Agenda, now: datetime, **detail: Any
) -> OutboxMessage:
    """The locked agenda is superseded, its agreements are void, and nothing is to be done any more about the
    texts under it. What tells of that is for the caller to send.
    """
    superseded = agenda.supersede()
    changes = differences(agenda, superseded, "state")
    audit = audit_of(once, reader, "agenda.superseded", "agenda", agenda.id, now, changes=changes, **detail)
    await update_agenda(tx, superseded, agenda.aggregate_version, audit)
    voided = audit_of(once, reader, "agenda.agreements-voided", "agenda", agenda.id, now)
    await void_agreements(tx, Subject.AGENDA, agenda.id, now, voided)
    await keep_tasks_of_agenda(tx, superseded, now)
    return agenda_changed(superseded, current_traceparent(), now)
