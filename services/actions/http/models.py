"""What callers are shown over REST."""

from dataclasses import asdict
from datetime import date, datetime
from uuid import UUID

from pydantic import Field

from services.actions.domain import action as domain
from services.actions.domain import evidence, forecast, owners, proposals
from services.actions.domain.action import Rag
from services.actions.domain.basis import BasisState
from services.actions.domain.planning import progress
from services.actions.domain.proposals import ProposalKind
from services.actions.domain.rating import Rating, Timeliness
from services.actions.domain.states import State
from services.actions.http.evidence_models import (
    Evidence,
    EvidenceChange,
    ExpectedEvidence,
    Model,
    Objection,
    ProposedEvidence,
    show_evidence,
    show_expected,
    show_objection,
    show_proposed,
)


class Owner(Model):
    party: str
    organisation: str
    accountable: bool


class LeadOfficial(Model):
    party: str
    organisation: str
    post: str
    subject: str = Field(description="Who holds it, on the reader's own side; otherwise empty")


class DueDateChange(Model):
    from_date: date
    to_date: date
    reason: str
    requested_by: str
    accepted_by: list[str]
    accepted_on: date


class BasisReference(Model):
    assessment_id: UUID
    revision: int
    state: BasisState


class Confirmation(Model):
    party: str
    organisation: str
    official: str
    confirmed_at: datetime
    evidence_digest: str = Field(description="Names the evidence that it was given under")
    holds: bool = Field(description="The evidence is still exactly that; otherwise it counts no more")
    changes: list[EvidenceChange] = Field(description="What became of the evidence since")


class Rejection(Model):
    party: str
    organisation: str
    official: str
    rejected_at: datetime
    reason: str


class Milestone(Model):
    id: UUID
    title: str
    weight: int
    due: date
    reached_at: datetime | None


class Review(Model):
    organisation: str
    official: str
    reviewed_at: datetime
    due: date
    finding: str


class ClosureReview(Model):
    organisation: str
    official: str
    reviewed_at: datetime
    due: date
    finding: str
    sustained: bool = Field(description="What was done has lasted")


class Proposal(Model):
    """A change that waits for the other parties."""

    id: UUID
    kind: ProposalKind
    reason: str
    due_date: date | None
    successor: str
    meeting_id: str
    expected_evidence: list[ProposedEvidence]
    party: str
    organisation: str
    proposed_at: datetime
    accepted_by: list[str]


class Action(Model):
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
    lead_officials: list[LeadOfficial] = Field(description="Who leads the work for an owning party")
    state: State
    timeliness: Timeliness
    declined: Objection | None
    blocked: Objection | None
    rag: Rag | None = Field(description="The owner's own rating")
    rag_is_stale: bool = Field(
        description="It is older than the interval of the series' reports, or an owner let a round pass"
    )
    computed_rag: Rag | None = Field(description="What the rules of rating say; null once it has ended")
    computed_because: list[str] = Field(description="The names of the rules that hold")
    contradicted: bool = Field(description="The owner rates it better than the rules do")
    narrative: str
    reported_at: datetime | None
    milestones: list[Milestone]
    progress_percent: int | None = Field(description="Of the weights of the milestones; null without a plan")
    depends_on: list[UUID]
    beneficiaries: list[str] = Field(description="Whom it is for, in the words of its owner")
    reviewed_yearly: bool = Field(description="Due dates are those of the yearly review")
    reviews: list[Review]
    due_date: date
    original_due_date: date
    due_date_changes: list[DueDateChange]
    commitment: str
    basis: list[BasisReference]
    evidence: list[Evidence]
    expected_evidence: list[ExpectedEvidence] = Field(description="What its closure is to rest on")
    confirmations: list[Confirmation]
    rejection: Rejection | None
    proposals: list[Proposal]
    successor: str
    closure_id: UUID | None
    dormant: bool = Field(description="Nothing of it has changed for longer than the series allows")
    archived_on: date | None = Field(
        description="When it was taken out of the lists that do not ask for it; null after any change"
    )
    review_on: date | None = Field(description="When a look is due at whether what was closed has lasted")
    closure_reviews: list[ClosureReview]
    version: int


class Forecast(Model):
    """When it will be done, from how actions of the series that were like it went."""

    as_of: date
    earliest: date | None = Field(description="Nine of ten finish later; null where too few are finished")
    likely: date | None
    latest: date | None = Field(description="Nine of ten finish earlier")
    in_time_percent: int | None = Field(description="Chance to be done by the date agreed now")
    like: int = Field(description="Finished actions that it rests on")


class ActionPage(Model):
    actions: list[Action]
    next_page_token: str = Field(description="Empty at the end")


def show(action: domain.Action, rating: Rating) -> Action:
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
        lead_officials=[LeadOfficial(**asdict(lead)) for lead in action.lead_officials],
        state=action.state,
        timeliness=rating.timeliness,
        declined=show_objection(action.declined),
        blocked=show_objection(action.blocked),
        rag=action.rag,
        rag_is_stale=rating.stale,
        computed_rag=rating.computed,
        computed_because=list(rating.because),
        contradicted=rating.contradicted,
        narrative=action.narrative,
        reported_at=action.reported_at,
        milestones=[
            Milestone(
                id=milestone.id,
                title=milestone.title,
                weight=milestone.weight,
                due=milestone.due,
                reached_at=milestone.reached_at,
            )
            for milestone in action.plan
        ],
        progress_percent=progress(action.plan),
        depends_on=[other.action_id for other in action.depends_on],
        beneficiaries=list(action.beneficiaries),
        reviewed_yearly=action.reviewed_yearly,
        reviews=[
            Review(
                organisation=review.by.organisation,
                official=review.by.official,
                reviewed_at=review.by.at,
                due=review.due,
                finding=review.finding,
            )
            for review in action.reviews
        ],
        due_date=action.due_date,
        original_due_date=action.original_due_date,
        due_date_changes=[
            DueDateChange(
                from_date=change.from_date,
                to_date=change.to_date,
                reason=change.reason,
                requested_by=change.requested_by,
                accepted_by=list(change.accepted_by),
                accepted_on=change.accepted_on,
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
        evidence=[show_evidence(item) for item in action.evidence],
        expected_evidence=[show_expected(one) for one in rating.expected],
        confirmations=[
            Confirmation(
                party=entry.party,
                organisation=entry.organisation,
                official=entry.official,
                confirmed_at=entry.at,
                evidence_digest=evidence.evidence_digest(entry.evidence),
                holds=entry.holds,
                changes=[EvidenceChange(evidence_id=one.id, change=one.change) for one in entry.changes],
            )
            for entry in action.confirmations
        ],
        rejection=_rejection(action.rejection),
        proposals=[_proposal(proposal) for proposal in action.proposals],
        successor=action.successor,
        closure_id=action.closure_id,
        dormant=rating.dormant,
        archived_on=action.archived_on,
        review_on=action.review_on,
        closure_reviews=[
            ClosureReview(
                organisation=review.by.organisation,
                official=review.by.official,
                reviewed_at=review.by.at,
                due=review.due,
                finding=review.finding,
                sustained=review.sustained,
            )
            for review in action.closure_reviews
        ],
        version=action.version,
    )


def _rejection(rejection: owners.Objection | None) -> Rejection | None:
    if rejection is None:
        return None
    return Rejection(
        party=rejection.by.party,
        organisation=rejection.by.organisation,
        official=rejection.by.official,
        rejected_at=rejection.by.at,
        reason=rejection.reason,
    )


def _proposal(proposal: proposals.Proposal) -> Proposal:
    terms = proposal.terms
    return Proposal(
        id=proposal.id,
        kind=terms.kind,
        reason=terms.reason,
        due_date=terms.due_date,
        successor=terms.successor,
        meeting_id=terms.meeting_id,
        expected_evidence=[show_proposed(one) for one in terms.expected],
        party=proposal.by.party,
        organisation=proposal.by.organisation,
        proposed_at=proposal.by.at,
        accepted_by=[signature.party for signature in proposal.accepted],
    )


def show_forecast(found: forecast.Forecast | None, as_of: date) -> Forecast:
    if found is None:
        return Forecast(as_of=as_of, earliest=None, likely=None, latest=None, in_time_percent=None, like=0)
    return Forecast(
        as_of=as_of,
        earliest=found.earliest,
        likely=found.likely,
        latest=found.latest,
        in_time_percent=round(100 * found.in_time),
        like=found.like,
    )
