"""What a caller may see, or the one answer for everything else; and the audit entries of mutations."""

from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from services.agenda.domain.agenda import Agenda
from services.agenda.domain.draft import Draft
from services.agenda.domain.meeting import Meeting
from services.agenda.domain.outcome import Outcome
from services.agenda.domain.permissions import Command, require
from services.agenda.domain.proposal import Proposal
from services.agenda.store.agendas import find_agenda
from services.agenda.store.drafts import find_draft
from services.agenda.store.meetings import find_meeting
from services.agenda.store.outcomes import find_outcome
from services.agenda.store.proposals import find_proposal
from services.chassis.audit import AuditEntry
from services.chassis.database import Transaction
from services.chassis.once import Once
from services.kernel.parties import Reader
from services.kernel.policy import Policy
from services.kernel.refusals import NoAccess

T = TypeVar("T")
Found = TypeVar("Found", Meeting, Draft, Proposal, Agenda, Outcome)
Own = TypeVar("Own", Draft, Proposal)


async def meeting_for(
    tx: Transaction,
    reader: Reader,
    command: Command,
    meeting_id: UUID,
    policy: Policy,
    *,
    lock: bool = False,
) -> Meeting:
    """Raises `NoAccess`."""
    meeting = await find_meeting(tx, meeting_id, lock=lock)
    return _allowed(meeting, reader, command, policy, f"meeting '{meeting_id}'")


async def draft_for(
    tx: Transaction,
    reader: Reader,
    command: Command,
    draft_id: UUID,
    policy: Policy,
    *,
    lock: bool = False,
) -> Draft:
    """A draft of the reader's own party. Raises `NoAccess`."""
    draft = await find_draft(tx, draft_id, lock=lock)
    return _allowed_own(draft, reader, command, policy, f"draft '{draft_id}'")


async def proposal_for(
    tx: Transaction,
    reader: Reader,
    command: Command,
    proposal_id: UUID,
    policy: Policy,
    *,
    lock: bool = False,
) -> Proposal:
    """A proposal of the reader's own party. Raises `NoAccess`."""
    proposal = await find_proposal(tx, proposal_id, lock=lock)
    return _allowed_own(proposal, reader, command, policy, f"proposal '{proposal_id}'")


async def agenda_for(
    tx: Transaction,
    reader: Reader,
    command: Command,
    agenda_id: UUID,
    policy: Policy,
    *,
    lock: bool = False,
) -> Agenda:
    """Raises `NoAccess`."""
    agenda = await find_agenda(tx, agenda_id, lock=lock)
    return _allowed(agenda, reader, command, policy, f"agenda '{agenda_id}'")


async def outcome_for(
    tx: Transaction,
    reader: Reader,
    command: Command,
    outcome_id: UUID,
    policy: Policy,
    *,
    lock: bool = False,
) -> Outcome:
    """Raises `NoAccess`."""
    outcome = await find_outcome(tx, outcome_id, lock=lock)
    return _allowed(outcome, reader, command, policy, f"outcome '{outcome_id}'")


def _allowed(found: Found | None, reader: Reader, command: Command, policy: Policy, resource: str) -> Found:
    if found is None:
        raise NoAccess(resource)
    require(policy, reader, command, found.series, resource)
    return found


def _allowed_own(found: Own | None, reader: Reader, command: Command, policy: Policy, resource: str) -> Own:
    own = found if found is not None and found.party == reader.party else None
    return _allowed(own, reader, command, policy, resource)


def audit_of(
    once: Once[T],
    reader: Reader,
    action: str,
    subject_kind: str,
    subject_id: UUID,
    at: datetime,
    **detail: Any,
) -> AuditEntry:
    """The record of a mutation that a reader asked for. `changes`, and `items` by the id of each, are told to
    everybody who may know of the act (`domain/history`).
    """
    return AuditEntry(
        action=action,
        actor=reader.subject,
        party=reader.party,
        subject_kind=subject_kind,
        subject_id=str(subject_id),
        at=at,
        request_id=once.key,
        detail={
            "by": {
                "organisation": reader.organisation,
                "roles": sorted(role.value for role in reader.roles),
            },
            **detail,
        },
    )
