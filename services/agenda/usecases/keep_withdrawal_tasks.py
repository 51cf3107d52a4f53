"""Opens and lapses tasks as texts fall and stand again, and as what rests on them is changed, in the same
transaction."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from services.agenda.domain.agenda import Agenda, AgendaState
from services.agenda.domain.draft import Draft
from services.agenda.domain.matters_arising import ActionTelling
from services.agenda.domain.proposal import Proposal
from services.agenda.domain.references import Reference, ReferenceState, reference_state
from services.agenda.domain.withdrawal_tasks import Fallen, Subject, TaskKind, lapsing, opening
from services.agenda.store.assessments import hold_standings, standings
from services.agenda.store.withdrawal_tasks import lapse_tasks, open_tasks, own_references_to, tasks_of
from services.chassis.audit import AuditEntry
from services.chassis.database import Transaction


async def keep_tasks_of_agenda(tx: Transaction, agenda: Agenda, at: datetime) -> None:
    """A version that is off the table asks for nothing any more."""
    subject = Subject(TaskKind.AGENDA_ITEM, agenda.id, agenda.series, None, agenda.meeting_id)
    fallen = [
        Fallen(held.item_id, held.assessment_id, held.revision, held.state)
        for held in agenda.references
        if held.state is not ReferenceState.CURRENT and agenda.state is not AgendaState.SUPERSEDED
    ]
    await _keep(tx, subject, fallen, at)


async def keep_tasks_of_action(tx: Transaction, action: ActionTelling, at: datetime) -> None:
    """An action that has ended asks for nothing any more."""
    subject = Subject(TaskKind.ACTION, action.action_id, action.series, None, None)
    fallen = [
        Fallen(None, one.assessment_id, one.revision, one.state)
        for one in action.rests_on
        if action.open and one.state is not ReferenceState.CURRENT
    ]
    await _keep(tx, subject, fallen, at)


async def hold_texts(tx: Transaction, texts: Iterable[Reference]) -> None:
    """News of them waits for the commit: it finds what is being written, or is seen by it. Before every other
    lock, as assessments are held first everywhere.
    """
    await hold_standings(tx, {one.assessment_id for one in texts})


async def keep_tasks_of_draft(tx: Transaction, draft: Draft, at: datetime) -> None:
    """As a draft is changed, whose texts are held: what is added may have fallen before."""
    subject = Subject(TaskKind.DRAFT_ITEM, draft.id, draft.series, draft.party, draft.meeting_id)
    texts = [(item.id, one) for item in draft.items for one in item.content.references]
    await _keep(tx, subject, await _fallen(tx, texts), at)


async def keep_tasks_of_proposal(tx: Transaction, proposal: Proposal, at: datetime) -> None:
    """As a proposal is made or changed, whose texts are held; one that was taken or withdrawn asks for
    nothing any more.
    """
    subject = Subject(TaskKind.PROPOSAL, proposal.id, proposal.series, proposal.party, None)
    texts = [(None, one) for one in proposal.text.content.references if proposal.living]
    await _keep(tx, subject, await _fallen(tx, texts), at)


async def keep_own_tasks(tx: Transaction, assessments: Sequence[UUID], at: datetime) -> None:
    """Of drafts and proposals that rest on any of the assessments."""
    by_subject: dict[Subject, list[Fallen]] = {}
    for one in await own_references_to(tx, assessments):
        found = by_subject.setdefault(one.subject, [])
        state = reference_state(one.revision, one.standing)
        if state is not ReferenceState.CURRENT:
            found.append(Fallen(one.item_id, one.standing.assessment_id, one.revision, state))
    for subject, fallen in by_subject.items():
        await _keep(tx, subject, fallen, at)


async def _fallen(tx: Transaction, texts: Sequence[tuple[UUID | None, Reference]]) -> list[Fallen]:
    known = await standings(tx, {one.assessment_id for _, one in texts})
    return [
        Fallen(item_id, one.assessment_id, one.revision, state)
        for item_id, one in texts
        if (state := reference_state(one.revision, known.get(one.assessment_id)))
        is not ReferenceState.CURRENT
    ]


async def _keep(tx: Transaction, subject: Subject, fallen: Sequence[Fallen], at: datetime) -> None:
    known = await tasks_of(tx, subject.id)
    over, new = lapsing(known, fallen), opening(known, fallen)
    if over:
        await lapse_tasks(
            tx, [one.id for one in over], at, [_audit("lapsed", subject, one.fallen, at) for one in over]
        )
    if new:
        await open_tasks(tx, subject, new, at, [_audit("opened", subject, one, at) for one in new])


def _audit(what: str, subject: Subject, fallen: Fallen, at: datetime) -> AuditEntry:
    return AuditEntry(
        action=f"withdrawal-task.{what}",
        actor="agenda",
        party=subject.party,
        subject_kind=subject.kind.value.lower().replace("_", "-"),
        subject_id=str(subject.id),
        at=at,
        detail={
            "item_id": None if fallen.item_id is None else str(fallen.item_id),
            "assessment_id": str(fallen.assessment_id),
            "revision": fallen.revision,
            "cause": fallen.cause.value,
        },
    )
