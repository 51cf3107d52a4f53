"""What other services tell: assessments that changed or were withdrawn, actions that moved."""

from collections.abc import Sequence
from datetime import datetime

from services.agenda.domain.agenda import Agenda
from services.agenda.domain.matters_arising import ActionTelling
from services.agenda.domain.references import AssessmentStanding, ReleaseStanding
from services.agenda.events import agenda_changed
from services.agenda.store.actions import record_action
from services.agenda.store.agendas import agendas_resting_on, update_agenda
from services.agenda.store.assessments import hold_standings, record_standing
from services.agenda.store.releases import record_release
from services.agenda.usecases.keep_withdrawal_tasks import (
    keep_own_tasks,
    keep_tasks_of_action,
    keep_tasks_of_agenda,
)
from services.chassis.audit import AuditEntry
from services.chassis.database import Transaction
from services.chassis.outbox import enqueue
from services.chassis.telemetry import current_traceparent

_ACTOR = "agenda"
"""The service itself, acting on an event."""


async def note_assessments(tx: Transaction, news: Sequence[AssessmentStanding], at: datetime) -> None:
    """Marks the references of agendas on the table; drafts are judged when they are read.

    All standings are written before any agenda is locked: that order is also the order of tabling.
    """
    newest: dict[str, AssessmentStanding] = {}
    for standing in news:
        held = newest.get(str(standing.assessment_id))
        if held is None or standing.aggregate_version > held.aggregate_version:
            newest[str(standing.assessment_id)] = standing
    changed = [standing for _, standing in sorted(newest.items()) if await record_standing(tx, standing)]
    if not changed:
        return
    for agenda in await agendas_resting_on(tx, [standing.assessment_id for standing in changed]):
        noted = agenda
        for standing in changed:
            noted = noted.note(standing)
        await _keep(tx, agenda, noted, at)
    await keep_own_tasks(tx, [standing.assessment_id for standing in changed], at)


async def note_releases(tx: Transaction, news: Sequence[ReleaseStanding], at: datetime) -> None:
    """Marks the references of agendas on the table to texts that were decided anew for their meeting.

    The assessments are held alone, as tabling holds them shared: what is being tabled either sees the news
    or is seen here.
    """
    ids = {entry.reference.assessment_id for entry in news}
    if not ids:
        return
    standings = await hold_standings(tx, ids, alone=True)
    changed = [entry for entry in news if await record_release(tx, entry)]
    for agenda in await agendas_resting_on(tx, sorted({one.reference.assessment_id for one in changed})):
        noted = agenda
        for entry in changed:
            noted = noted.note_release(entry, standings.get(entry.reference.assessment_id))
        await _keep(tx, agenda, noted, at)


async def _keep(tx: Transaction, agenda: Agenda, noted: Agenda, at: datetime) -> None:
    """Writes an agenda whose references stand otherwise than before, and tells of it."""
    if noted is agenda:
        return
    audit = AuditEntry(
        action="agenda.references-marked",
        actor=_ACTOR,
        party=None,
        subject_kind="agenda",
        subject_id=str(agenda.id),
        at=at,
        detail={
            "references": [
                {"assessment_id": str(held.assessment_id), "state": held.state.value}
                for held, before in zip(noted.references, agenda.references, strict=True)
                if held != before
            ]
        },
    )
    await update_agenda(tx, noted, agenda.aggregate_version, audit)
    await keep_tasks_of_agenda(tx, noted, at)
    await enqueue(tx, [agenda_changed(noted, current_traceparent(), at)], at)


async def note_actions(tx: Transaction, news: Sequence[ActionTelling], at: datetime) -> None:
    """Keeps the table of outstanding actions, and what was told of each."""
    for action in news:
        if await record_action(tx, action):
            await keep_tasks_of_action(tx, action, at)
