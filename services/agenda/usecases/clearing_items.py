"""A secretariat asks other bodies of its party to clear an item; an official of each answers."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.agenda.domain.history.changes import differences
from services.agenda.domain.internal_clearances import (
    ClearanceCommand,
    ClearanceState,
    InternalClearance,
    check_request,
    words_of,
)
from services.agenda.domain.permissions import Command, may
from services.agenda.store.internal_clearances import (
    clearances_of_draft,
    find_clearance,
    insert_clearance,
    update_clearance,
)
from services.agenda.store.steps import clearance_steps
from services.agenda.usecases.access import audit_of, draft_for, meeting_for
from services.agenda.usecases.staleness import stale_answer
from services.chassis.clock import Clock
from services.chassis.database import Database, Transaction
from services.chassis.ids import IdSource
from services.chassis.once import Once
from services.kernel.canonical import content_hash
from services.kernel.parties import Reader
from services.kernel.policy import Policy
from services.kernel.refusals import NoAccess


@dataclass(frozen=True, slots=True)
class ClearanceQuestion:
    """What is asked of whom, and until when."""

    organisation: str
    question: str
    due_at: datetime
    required: bool


async def ask_clearance(
    once: Once[InternalClearance],
    reader: Reader,
    draft_id: UUID,
    item_id: UUID,
    question: ClearanceQuestion,
    *,
    policy: Policy,
    clock: Clock,
    ids: IdSource,
) -> InternalClearance:
    """Raises `NoAccess`, `UnknownItem`, or what is wrong with the question."""
    now = clock()
    async with once.transaction() as tx:
        draft = await draft_for(tx, reader, Command.ASK_CLEARANCE, draft_id, policy, lock=True)
        meeting = await meeting_for(tx, reader, Command.ASK_CLEARANCE, draft.meeting_id, policy)
        words = words_of(draft.item(item_id))
        check_request(
            question.organisation,
            reader.organisation,
            question.due_at,
            meeting,
            policy,
            party=draft.party,
            now=now,
        )
        clearance = InternalClearance(
            id=ids(),
            draft_id=draft.id,
            item_id=item_id,
            meeting_id=draft.meeting_id,
            series=draft.series,
            party=draft.party,
            organisation=question.organisation,
            number=1 + len(await clearances_of_draft(tx, draft.id)),
            question=question.question,
            required=question.required,
            due_at=question.due_at,
            item_hash=content_hash(words),
            words=words,
            state=ClearanceState.OPEN,
            remarks="",
            asked_by=reader.subject,
            asked_at=now,
            answered_by="",
            answered_at=None,
            version=1,
        )
        audit = audit_of(
            once,
            reader,
            "clearance.asked",
            "clearance",
            clearance.id,
            now,
            item_id=str(item_id),
            organisation=clearance.organisation,
        )
        await insert_clearance(tx, clearance, audit)
        return await once.answer(tx, clearance)


async def answer_clearance(
    once: Once[InternalClearance],
    reader: Reader,
    clearance_id: UUID,
    command: ClearanceCommand,
    remarks: str,
    expected: int,
    *,
    policy: Policy,
    clock: Clock,
) -> InternalClearance:
    """Only an official of the organisation asked answers, and only the secretariat that asked withdraws.

    Raises `NoAccess`, `StaleVersion` or `IllegalTransition`.
    """
    now = clock()
    async with once.transaction() as tx:
        clearance = await _clearance_for(tx, reader, clearance_id, policy, lock=True)
        if command is ClearanceCommand.WITHDRAW:
            allowed = may(policy, reader, Command.ASK_CLEARANCE, clearance.series)
        else:
            allowed = _asked(reader, clearance, policy)
        if not allowed:
            raise NoAccess(f"clearance '{clearance_id}'")
        if clearance.version != expected:
            raise await stale_answer(
                tx,
                reader,
                clearance_steps(clearance.id),
                clearance.version,
                expected,
                {"state": clearance.state, "remarks": clearance.remarks},
                state=clearance.state.value,
            )
        answered = clearance.after(command, remarks=remarks, official=reader.subject, now=now)
        audit = audit_of(
            once,
            reader,
            "clearance.answered",
            "clearance",
            clearance.id,
            now,
            item_id=str(clearance.item_id),
            changes=differences(clearance, answered, "state"),
            organisation=reader.organisation,
        )
        await update_clearance(tx, answered, expected, audit)
        return await once.answer(tx, answered)


async def read_clearance(
    database: Database, reader: Reader, clearance_id: UUID, *, policy: Policy
) -> InternalClearance:
    """For the delegation that asked and for officials of the organisation asked. Raises `NoAccess`."""
    async with database.transaction() as tx:
        return await _clearance_for(tx, reader, clearance_id, policy)


async def list_clearances(
    database: Database, reader: Reader, draft_id: UUID, *, policy: Policy
) -> tuple[InternalClearance, ...]:
    """In the order in which they were asked. Raises `NoAccess`."""
    async with database.transaction() as tx:
        draft = await draft_for(tx, reader, Command.READ_DRAFT, draft_id, policy)
        return await clearances_of_draft(tx, draft.id)


async def _clearance_for(
    tx: Transaction, reader: Reader, clearance_id: UUID, policy: Policy, *, lock: bool = False
) -> InternalClearance:
    found = await find_clearance(tx, clearance_id, lock=lock)
    if (
        found is None
        or found.party != reader.party
        or not (_asked(reader, found, policy) or may(policy, reader, Command.READ_DRAFT, found.series))
    ):
        raise NoAccess(f"clearance '{clearance_id}'")
    return found


def _asked(reader: Reader, clearance: InternalClearance, policy: Policy) -> bool:
    return (reader.party, reader.organisation) == (clearance.party, clearance.organisation) and may(
        policy, reader, Command.ANSWER_CLEARANCE, clearance.series
    )
