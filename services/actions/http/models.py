"""Bodies of the REST interface."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.actions.domain import action as domain
from services.actions.domain.action import Rag
from services.actions.domain.basis import BasisState
from services.actions.domain.states import State
from services.actions.domain.texts import (
    LONGEST_ADDRESS,
    LONGEST_DESCRIPTION,
    LONGEST_NARRATIVE,
    LONGEST_TITLE,
    MOST_EVIDENCE,
)
from services.kernel.markings.banner import LONGEST_BANNER

Narrative = Annotated[str, Field(max_length=LONGEST_NARRATIVE)]


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Accept(Body):
    """Nothing needs to be said."""


class Confirm(Body):
    """Nothing needs to be said."""


class Progress(Body):
    rag: Rag
    narrative: Narrative = ""


class NewEvidence(Body):
    title: str = Field(min_length=1, max_length=LONGEST_TITLE)
    description: str = Field("", max_length=LONGEST_DESCRIPTION)
    uri: str = Field(min_length=1, max_length=LONGEST_ADDRESS, description="https, http or urn")
    digest: str | None = Field(None, description="sha256: and 64 hexadecimal digits, for a file")
    marking: str = Field(min_length=1, max_length=LONGEST_BANNER)


class CompletionClaim(Body):
    evidence: list[NewEvidence] = Field(max_length=MOST_EVIDENCE)
    narrative: Narrative = ""


class Reject(Body):
    reason: str = Field(min_length=1, max_length=LONGEST_NARRATIVE)


class Owner(Body):
    party: str
    organisation: str
    accountable: bool


class DueDateChange(Body):
    from_date: date
    to_date: date
    reason: str
    requested_by: str
    accepted_by: list[str]


class BasisReference(Body):
    assessment_id: UUID
    revision: int
    state: BasisState


class Evidence(Body):
    evidence_id: UUID
    title: str
    description: str
    uri: str
    digest: str | None
    marking: str
    submitted_by: str
    submitted_at: datetime


class Confirmation(Body):
    party: str
    organisation: str
    official: str
    confirmed_at: datetime


class Rejection(Body):
    party: str
    organisation: str
    official: str
    rejected_at: datetime
    reason: str


class Action(Body):
    """An action as its reader may see it."""

    id: UUID
    reference: str
    series: str
    meeting_id: str
    outcome_id: str
    item_id: str
    text: str
    guidance: str
    marking: str
    owners: list[Owner]
    state: State
    rag: Rag | None
    narrative: str
    due_date: date
    original_due_date: date
    due_date_changes: list[DueDateChange]
    commitment: str
    basis: list[BasisReference]
    evidence: list[Evidence]
    confirmations: list[Confirmation]
    rejection: Rejection | None
    closure_id: UUID | None
    version: int


class ActionPage(Body):
    actions: list[Action]
    next_page_token: str = Field(description="Empty at the end")


def show(action: domain.Action) -> Action:
    return Action(
        id=action.id,
        reference=action.reference,
        series=action.series,
        meeting_id=action.meeting_id,
        outcome_id=action.outcome_id,
        item_id=action.item_id,
        text=action.text,
        guidance=action.guidance,
        marking=action.marking,
        owners=[
            Owner(party=owner.party, organisation=owner.organisation, accountable=owner.accountable)
            for owner in action.owners
        ],
        state=action.state,
        rag=action.rag,
        narrative=action.narrative,
        due_date=action.due_date,
        original_due_date=action.original_due_date,
        due_date_changes=[
            DueDateChange(
                from_date=change.from_date,
                to_date=change.to_date,
                reason=change.reason,
                requested_by=change.requested_by,
                accepted_by=list(change.accepted_by),
            )
            for change in action.due_date_changes
        ],
        commitment=action.commitment,
        basis=[
            BasisReference(
                assessment_id=reference.assessment_id,
                revision=reference.revision,
                state=reference.state,
            )
            for reference in action.basis
        ],
        evidence=[_evidence(item) for item in action.evidence],
        confirmations=[
            Confirmation(
                party=entry.party,
                organisation=entry.organisation,
                official=entry.official,
                confirmed_at=entry.at,
            )
            for entry in action.confirmations
        ],
        rejection=_rejection(action.rejection),
        closure_id=action.closure_id,
        version=action.version,
    )


def _evidence(item: domain.Evidence) -> Evidence:
    return Evidence(
        evidence_id=item.id,
        title=item.title,
        description=item.description,
        uri=item.uri,
        digest=item.digest or None,
        marking=item.marking,
        submitted_by=item.submitted_by,
        submitted_at=item.submitted_at,
    )


def _rejection(rejection: domain.Rejection | None) -> Rejection | None:
    if rejection is None:
        return None
    return Rejection(
        party=rejection.by.party,
        organisation=rejection.by.organisation,
        official=rejection.by.official,
        rejected_at=rejection.by.at,
        reason=rejection.reason,
    )
