"""An action: agreed text that somebody owns, and how far it has come.

The text, its content hash and the original due date never change.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from services.actions.domain import planning
from services.actions.domain.anniversaries import next_year
from services.actions.domain.basis import AssessmentStanding, BasisReference, judge
from services.actions.domain.beneficiaries import beneficiaries
from services.actions.domain.closure import closure_of, confirmation, holding_of, require_awaited
from services.actions.domain.evidence import Attestation, Evidence, Shown, newly_expired, standing
from services.actions.domain.expected_evidence import ExpectedEvidence, require_met
from services.actions.domain.lead_officials import Leads, named, shown_to
from services.actions.domain.owners import Objection, Owner, Signature, given_reason
from services.actions.domain.planning import Dependency, Milestone, Plan, revised_plan
from services.actions.domain.proposals import (
    DueDateChange,
    Proposal,
    ProposalKind,
    Terms,
    check_due_date,
    checked_expectations,
)
from services.actions.domain.refusals import (
    ClosureReviewNotDue,
    EvidenceMissing,
    NarrativeMissing,
    NotAccountable,
    NoYearlyReview,
    ProposalPending,
    UnknownProposal,
)
from services.actions.domain.reviews import ClosureReview, Review
from services.actions.domain.states import FINAL, Move, State, after
from services.actions.domain.texts import LONGEST_NARRATIVE, MOST_EVIDENCE, plain
from services.kernel.parties import Reader
from services.kernel.refusals import InvalidValue


class Rag(StrEnum):
    """The owner's own rating (IPA Annual Report 2023-24, Annex A); dates never overwrite it."""

    GREEN = "GREEN"
    AMBER = "AMBER"
    RED = "RED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One version of an action. `opened_trace` and `latest_trace` are W3C trace contexts.

    `due_date` of an action that is `reviewed_yearly` is the day of its next review. `closed_at` is when it
    ended, in whichever way, `review_on` when a look is due at whether that lasted, `reopened_at` when it was
    last reopened, `reported_at` when its owner last said how it goes. `missed_by` are the owning parties
    that let a reporting round pass and have not been heard since, with the day when that was due.
    `expected` is the evidence that its closure is to rest on; what expired by `expiries_noted_on` is told.
    `archived_on` is the day when it was archived, None again after any change.
    """

    id: UUID
    reference: str
    series: str
    meeting_id: str
    item_id: str
    outcome_id: str
    content_hash: str
    text: str
    guidance: str
    owners: tuple[Owner, ...]
    commitment: str
    marking: str
    original_due_date: date
    due_date: date
    opened_at: datetime
    changed_at: datetime
    reviewed_yearly: bool = False
    basis: tuple[BasisReference, ...] = ()
    due_date_changes: tuple[DueDateChange, ...] = ()
    state: State = State.AGREED
    declined: Objection | None = None
    blocked: Objection | None = None
    rag: Rag | None = None
    narrative: str = ""
    reported_at: datetime | None = None
    missed_by: Mapping[str, date] = field(default_factory=dict, hash=False)
    plan: Plan = ()
    depends_on: tuple[Dependency, ...] = ()
    beneficiaries: tuple[str, ...] = ()
    lead_officials: Leads = ()
    reviews: tuple[Review, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    expected: tuple[ExpectedEvidence, ...] = ()
    expiries_noted_on: date | None = None
    claim: Attestation | None = None
    confirmations: tuple[Attestation, ...] = ()
    rejection: Objection | None = None
    proposals: tuple[Proposal, ...] = ()
    successor: str = ""
    closure_id: UUID | None = None
    closed_at: datetime | None = None
    reopened_at: datetime | None = None
    review_on: date | None = None
    archived_on: date | None = None
    closure_reviews: tuple[ClosureReview, ...] = ()
    version: int = 1
    opened_trace: str | None = None
    latest_trace: str | None = None

    @property
    def is_open(self) -> bool:
        return self.state not in FINAL

    @property
    def owning_parties(self) -> frozenset[str]:
        return frozenset(owner.party for owner in self.owners)

    def accepted(self, by: Reader, at: datetime) -> "Action":
        """An accountable organisation takes the action on."""
        self._require_accountable(by)
        return self._changed(at, state=after(self.state, Move.ACCEPT), declined=None)

    def declined_by(self, reason: str, by: Reader, at: datetime) -> "Action":
        """An accountable organisation does not take the action on: the parties have to mend it."""
        self._require_accountable(by)
        state = after(self.state, Move.DECLINE)
        return self._changed(at, state=state, declined=Objection(Signature.of(by, at), given_reason(reason)))

    def planned(self, milestones: Sequence[Milestone], by: Reader, at: datetime) -> "Action":
        """The plan rewritten; milestones that were reached stay."""
        self._require_accountable(by)
        state = after(self.state, Move.PLAN)
        plan = revised_plan(self.plan, milestones, agreed_on=self.opened_at.date())
        return self._changed(at, state=state, plan=plan)

    def milestone_reached(self, milestone_id: UUID, by: Reader, at: datetime) -> "Action":
        self._require_accountable(by)
        state = after(self.state, Move.PLAN)
        return self._changed(at, state=state, plan=planning.reached(self.plan, milestone_id, at))

    def benefiting(self, names: Sequence[str], by: Reader, at: datetime) -> "Action":
        """Whom the action is for, all of them, as an accountable organisation names them."""
        self._require_accountable(by)
        return self._changed(at, state=after(self.state, Move.PLAN), beneficiaries=beneficiaries(names))

    def led_by(self, post: str, subject: str, by: Reader, at: datetime) -> "Action":
        """Who leads the work for the party of an accountable organisation; nobody, where no post is given.

        Another subject of the same post is told to nobody, and is no version.
        """
        self._require_accountable(by)
        state = after(self.state, Move.NAME_LEAD)
        leads = named(self.lead_officials, post, subject, by)
        if shown_to(leads, None) == shown_to(self.lead_officials, None):
            return replace(self, lead_officials=leads)
        return self._changed(at, state=state, lead_officials=leads)

    def waiting_for(
        self,
        others: Collection[Dependency],
        edges: Mapping[UUID, Collection[UUID]],
        by: Reader,
        at: datetime,
    ) -> "Action":
        """The actions that this one depends on, all of them. `edges` are those of the series.

        Raises `DependencyCycle`.
        """
        self._require_accountable(by)
        state = after(self.state, Move.PLAN)
        wanted = {other.action_id: other for other in others}
        planning.require_no_cycle(self.id, wanted, edges)
        return self._changed(at, state=state, depends_on=tuple(wanted[one] for one in sorted(wanted)))

    def reported(self, rag: Rag, narrative: str, by: Reader, at: datetime) -> "Action":
        """An accountable organisation rates how it goes. AMBER and RED need a narrative."""
        self._require_accountable(by)
        words = plain(narrative, "/narrative", LONGEST_NARRATIVE)
        if rag is not Rag.GREEN and not words:
            raise NarrativeMissing(f"{rag.value} needs a narrative", pointer="/narrative")
        state = after(self.state, Move.REPORT)
        missed = self._missed_without(by.party)
        return self._changed(at, state=state, rag=rag, narrative=words, reported_at=at, missed_by=missed)

    def blocked_by(self, reason: str, by: Reader, at: datetime) -> "Action":
        """Something that the owner cannot remove holds the action up."""
        self._require_accountable(by)
        state = after(self.state, Move.BLOCK)
        return self._changed(at, state=state, blocked=Objection(Signature.of(by, at), given_reason(reason)))

    def unblocked(self, by: Reader, at: datetime) -> "Action":
        self._require_accountable(by)
        return self._changed(at, state=after(self.state, Move.UNBLOCK), blocked=None)

    def reviewed(self, finding: str, by: Reader, at: datetime) -> "Action":
        """The yearly review is done: the next one is due on the same day of the first year still to come."""
        self._require_accountable(by)
        if not self.reviewed_yearly:
            raise NoYearlyReview("the action has a due date, not a yearly review")
        state = after(self.state, Move.REVIEW)
        words = plain(finding, "/finding", LONGEST_NARRATIVE, required=True)
        review = Review(Signature.of(by, at), self.due_date, words)
        due = next_year(max(self.due_date, at.date()), self.original_due_date)
        reviews, missed = (*self.reviews, review), self._missed_without(by.party)
        return self._changed(at, state=state, reviews=reviews, due_date=due, reported_at=at, missed_by=missed)

    def evidenced(self, evidence: tuple[Evidence, ...], move: Move, at: datetime, *, told: bool) -> "Action":
        """The action with other evidence. What not every party may be `told` of leaves no trace in it."""
        state = after(self.state, move)
        if not told:
            return replace(self, evidence=evidence)
        return self._changed(at, state=state, evidence=evidence)

    def expiries_noted(self, at: datetime, shown: Collection[UUID]) -> "Action":
        """The action on whose record it stands what of its evidence has expired by now: a version of its own
        where every party may read any of that (`shown`), but no sign of life of its owner.
        """
        today, noted = at.date(), replace(self, expiries_noted_on=at.date())
        told = any(item.id in shown for item in newly_expired(self.evidence, today, self.expiries_noted_on))
        return replace(noted, version=self.version + 1) if told else noted

    def claimed(
        self, evidence: Sequence[Evidence], narrative: str, by: Reader, at: datetime, *, shown: Shown = None
    ) -> "Action":
        """An accountable organisation says that it is done, and shows it by what stands already and more.

        Raises `EvidenceMissing` where every party together may read none, `ExpectedEvidenceMissing` where
        that is not all that was expected.
        """
        self._require_accountable(by)
        state = after(self.state, Move.CLAIM)
        words = plain(narrative, "/narrative", LONGEST_NARRATIVE)
        if len(evidence) > MOST_EVIDENCE:
            raise InvalidValue(f"a claim shows at most {MOST_EVIDENCE} items", pointer="/evidence")
        held = (*self.evidence, *evidence)
        rests_on = standing(held, at.date(), shown)
        if not rests_on:
            raise EvidenceMissing("a claim needs evidence that every party may read", pointer="/evidence")
        require_met(self.expected, held, at.date(), shown)
        return self._changed(
            at,
            state=state,
            narrative=words or self.narrative,
            evidence=held,
            claim=Attestation.under(rests_on, by, at),
            confirmations=(),
            rejection=None,
            missed_by={},
            proposals=tuple(pending for pending in self.proposals if not pending.terms.kind.while_working),
        )

    def confirmed(
        self,
        by: Reader,
        parties: Collection[str],
        closure_id: UUID,
        at: datetime,
        *,
        seen: str = "",
        shown: Shown = None,
        review_on: date | None = None,
    ) -> "Action":
        """A party other than the claimant's finds it done; the last one awaited closes the action.

        `parties` are those of the series, `seen` the digest of the evidence looked at (needed where it is
        no longer what was claimed), `review_on` the day on which the closure is to be looked at again.
        Confirmations of other evidence than what stands now count no more.
        """
        state = after(self.state, Move.CONFIRM)
        today, owning = at.date(), self.owning_parties
        holding = holding_of(self.confirmations, standing(self.evidence, today, shown))
        claim = require_awaited(self.claim, owning, parties, holding, by)
        given = confirmation(claim, self.evidence, by, at, shown=shown, seen=seen)
        require_met(self.expected, self.evidence, today, shown)
        if closure_of(claim, owning, parties, (*holding, given)).complete:
            return self._changed(
                at,
                state=after(state, Move.CLOSE),
                confirmations=(*holding, given),
                closure_id=closure_id,
                closed_at=at,
                review_on=review_on,
                proposals=(),
            )
        others = tuple(entry for entry in self.confirmations if entry.party != by.party)
        return self._changed(at, state=state, confirmations=(*others, given))

    def rejected(
        self, reason: str, by: Reader, parties: Collection[str], at: datetime, *, shown: Shown = None
    ) -> "Action":
        """A party whose confirmation is awaited does not find it done: the work goes on."""
        state = after(self.state, Move.REJECT)
        holding = holding_of(self.confirmations, standing(self.evidence, at.date(), shown))
        require_awaited(self.claim, self.owning_parties, parties, holding, by)
        words = plain(reason, "/reason", LONGEST_NARRATIVE, required=True)
        rejection = Objection(Signature.of(by, at), words)
        return self._changed(at, state=state, claim=None, confirmations=(), rejection=rejection)

    def closure_reviewed(self, finding: str, by: Reader, at: datetime, *, sustained: bool) -> "Action":
        """What was done is looked at again once that is due. What did not last is reopened by the chairs.

        Raises `ClosureReviewNotDue`.
        """
        self._require_accountable(by)
        state = after(self.state, Move.REVIEW_CLOSURE)
        if self.review_on is None or at.date() < self.review_on:
            raise ClosureReviewNotDue("no review of the closure is due")
        words = plain(finding, "/finding", LONGEST_NARRATIVE, required=True)
        review = ClosureReview(Signature.of(by, at), self.review_on, words, sustained)
        reviews = (*self.closure_reviews, review)
        return self._changed(at, state=state, review_on=None, closure_reviews=reviews)

    def proposed(
        self, terms: Terms, by: Reader, asked: Collection[str], proposal_id: UUID, at: datetime
    ) -> "Action":
        """One party proposes what all those `asked` must accept; made at once where it is the only one.

        Raises `IllegalMove`, `ProposalPending`, `ReasonMissing`, `DueDateWrong` or `ExpectedEvidenceWrong`.
        """
        after(self.state, terms.kind.move)
        if any(pending.terms.kind is terms.kind for pending in self.proposals):
            raise ProposalPending(f"{terms.kind} waits for an answer already")
        opened_on, owning = self.opened_at.date(), self.owning_parties
        expected = checked_expectations(terms, self.expected, owning=owning, opened_on=opened_on)
        terms = replace(terms, reason=given_reason(terms.reason), expected=expected)
        if terms.kind is ProposalKind.MOVE_DUE_DATE:
            check_due_date(terms.due_date, opened_on=opened_on, held=self.due_date)
        return self._settled(Proposal(proposal_id, terms, Signature.of(by, at)), asked, at)

    def proposal(self, proposal_id: UUID) -> Proposal:
        """Raises `UnknownProposal`."""
        for proposal in self.proposals:
            if proposal.id == proposal_id:
                return proposal
        raise UnknownProposal("no such change is proposed")

    def proposal_accepted(
        self, proposal_id: UUID, by: Reader, asked: Collection[str], at: datetime
    ) -> "Action":
        """One more party accepts; the last one makes the change."""
        proposal = self.proposal(proposal_id)
        after(self.state, proposal.terms.kind.move)
        return self._settled(proposal.accepted_by(by, asked, at), asked, at)

    def proposal_refused(
        self, proposal_id: UUID, by: Reader, asked: Collection[str], at: datetime
    ) -> "Action":
        """A party asked refuses, or the proposing one takes it back: nothing changes."""
        self.proposal(proposal_id).require_answerer(by, asked)
        return self._changed(
            at, proposals=tuple(other for other in self.proposals if other.id != proposal_id)
        )

    def rebased(self, known: Mapping[UUID, AssessmentStanding], at: datetime) -> "Action":
        """The action in the light of what is known of its assessments; itself where nothing changes."""
        basis = judge(self.basis, known)
        return self if basis == self.basis else self._changed(at, basis=basis)

    def _settled(self, proposal: Proposal, asked: Collection[str], at: datetime) -> "Action":
        others = tuple(other for other in self.proposals if other.id != proposal.id)
        if proposal.awaited(asked):
            return self._changed(at, proposals=(*others, proposal))
        terms = proposal.terms
        state = after(self.state, terms.kind.move)
        if terms.kind is ProposalKind.MOVE_DUE_DATE and terms.due_date is not None:
            change = DueDateChange.settled(proposal, self.due_date, terms.due_date, at.date())
            return self._changed(
                at,
                state=state,
                due_date=terms.due_date,
                due_date_changes=(*self.due_date_changes, change),
                proposals=others,
            )
        if terms.kind is ProposalKind.EXPECT_EVIDENCE:
            return self._changed(at, state=state, expected=terms.expected, proposals=others)
        if terms.kind is ProposalKind.REOPEN:
            undone = replace(
                self, claim=None, confirmations=(), closure_id=None, closed_at=None, review_on=None
            )
            return undone._changed(at, state=state, reopened_at=at, proposals=())
        return self._changed(at, state=state, closed_at=at, successor=terms.successor, proposals=())

    def _missed_without(self, party: str) -> Mapping[str, date]:
        return {other: day for other, day in self.missed_by.items() if other != party}

    def _require_accountable(self, by: Reader) -> None:
        if Owner(by.party, by.organisation, accountable=True) not in self.owners:
            raise NotAccountable("only an accountable organisation of the action may do this")

    def _changed(self, at: datetime, **members: Any) -> "Action":
        return replace(self, archived_on=None, changed_at=at, version=self.version + 1, **members)
