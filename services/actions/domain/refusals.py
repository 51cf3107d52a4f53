"""What the rules of tracking refuse."""

from services.kernel.refusals import Refusal, RefusalKind


class IllegalMove(Refusal):
    """The action is in a state that does not allow this."""

    kind = RefusalKind.CONFLICT
    reason = "ILLEGAL_MOVE"


class ActionChanged(Refusal):
    """The action is no longer in the version that the caller has seen."""

    kind = RefusalKind.STALE
    reason = "ACTION_CHANGED"


class NotAccountable(Refusal):
    """Only an accountable organisation of the action may do this."""

    kind = RefusalKind.FORBIDDEN
    reason = "NOT_ACCOUNTABLE"


class ClaimantCannotConfirm(Refusal):
    """Whoever claimed completion neither confirms nor rejects the claim."""

    kind = RefusalKind.FORBIDDEN
    reason = "CLAIMANT_CANNOT_CONFIRM"


class ConfirmationNotAwaited(Refusal):
    """The claim waits for other parties, not for this one."""

    kind = RefusalKind.CONFLICT
    reason = "CONFIRMATION_NOT_AWAITED"


class NarrativeMissing(Refusal):
    """AMBER and RED say why."""

    kind = RefusalKind.INVALID
    reason = "NARRATIVE_MISSING"


class EvidenceMissing(Refusal):
    """A claim of completion shows at least one item of evidence."""

    kind = RefusalKind.INVALID
    reason = "EVIDENCE_MISSING"


class ExpectedEvidenceMissing(Refusal):
    """Completion is claimed and confirmed once all evidence stands that the parties agreed to see."""

    kind = RefusalKind.CONFLICT
    reason = "EXPECTED_EVIDENCE_MISSING"


class ExpectedEvidenceWrong(Refusal):
    """Evidence is expected of an owning party, by a day after agreement, each once, and in words."""

    kind = RefusalKind.INVALID
    reason = "EXPECTED_EVIDENCE_WRONG"


class NotExpected(Refusal):
    """An item answers what is not expected of the action, or is of another kind or party."""

    kind = RefusalKind.INVALID
    reason = "NOT_EXPECTED"


class ActionIncomplete(Refusal):
    """An agreed outcome holds an action that cannot be tracked."""

    kind = RefusalKind.INVALID
    reason = "ACTION_INCOMPLETE"


class ActionContradicted(Refusal):
    """Another action has this identifier or this reference already."""

    kind = RefusalKind.ALREADY_EXISTS
    reason = "ACTION_CONTRADICTED"


class ReasonMissing(Refusal):
    """What is declined, blocked, moved, refused or ended is so for a reason."""

    kind = RefusalKind.INVALID
    reason = "REASON_MISSING"


class MilestoneWrong(Refusal):
    """A plan holds a milestone that cannot be: a weight out of bounds, a date before agreement, one twice."""

    kind = RefusalKind.INVALID
    reason = "MILESTONE_WRONG"


class MilestoneKept(Refusal):
    """A milestone that was reached stays in the plan as it was."""

    kind = RefusalKind.CONFLICT
    reason = "MILESTONE_KEPT"


class UnknownMilestone(Refusal):
    """The plan holds no such milestone."""

    kind = RefusalKind.NOT_FOUND
    reason = "UNKNOWN_MILESTONE"


class DueDateWrong(Refusal):
    """A due date lies after agreement and differs from the one in force."""

    kind = RefusalKind.INVALID
    reason = "DUE_DATE_WRONG"


class NoYearlyReview(Refusal):
    """Only an action under a standing commitment is reviewed every year."""

    kind = RefusalKind.CONFLICT
    reason = "NO_YEARLY_REVIEW"


class ProposalPending(Refusal):
    """A change of this kind is proposed already and waits for the other parties."""

    kind = RefusalKind.CONFLICT
    reason = "PROPOSAL_PENDING"


class UnknownProposal(Refusal):
    """No such change is proposed any more: it was answered, or never was there."""

    kind = RefusalKind.CONFLICT
    reason = "UNKNOWN_PROPOSAL"


class AnswerNotAwaited(Refusal):
    """The proposal waits for other parties, not for this one."""

    kind = RefusalKind.CONFLICT
    reason = "ANSWER_NOT_AWAITED"


class SuccessorWrong(Refusal):
    """An action is superseded by another open action of its series."""

    kind = RefusalKind.INVALID
    reason = "SUCCESSOR_WRONG"


class DependencyWrong(Refusal):
    """An action depends on other actions of its series that its owner may see."""

    kind = RefusalKind.INVALID
    reason = "DEPENDENCY_WRONG"


class DependencyCycle(Refusal):
    """An action would depend on itself through others."""

    kind = RefusalKind.CONFLICT
    reason = "DEPENDENCY_CYCLE"


class EvidenceByConfirmer(Refusal):
    """A party confirms on evidence that others than the confirming organisation provided."""

    kind = RefusalKind.FORBIDDEN
    reason = "EVIDENCE_BY_CONFIRMER"


class EvidenceLapsed(Refusal):
    """All evidence of the claim has expired or was withdrawn: it can only be rejected, or shown anew."""

    kind = RefusalKind.CONFLICT
    reason = "EVIDENCE_LAPSED"


class EvidenceChanged(Refusal):
    """The evidence is not what was claimed any more: whoever confirms says which evidence was looked at."""

    kind = RefusalKind.CONFLICT
    reason = "EVIDENCE_CHANGED"


class EvidenceStale(Refusal):
    """The evidence is no longer in the version that the caller has seen."""

    kind = RefusalKind.STALE
    reason = "EVIDENCE_STALE"


class EvidenceDuplicated(Refusal):
    """The same material is shown for the action already."""

    kind = RefusalKind.ALREADY_EXISTS
    reason = "EVIDENCE_DUPLICATED"


class EvidenceWithdrawn(Refusal):
    """What was withdrawn is neither revised nor withdrawn again."""

    kind = RefusalKind.CONFLICT
    reason = "EVIDENCE_WITHDRAWN"


class ExpiryWrong(Refusal):
    """Evidence expires after it is provided."""

    kind = RefusalKind.INVALID
    reason = "EXPIRY_WRONG"


class NotAnOwner(Refusal):
    """Evidence is provided by an organisation that owns or supports the action."""

    kind = RefusalKind.FORBIDDEN
    reason = "NOT_AN_OWNER"


class NotTheProvider(Refusal):
    """Only the organisation that provided evidence revises or withdraws it."""

    kind = RefusalKind.FORBIDDEN
    reason = "NOT_THE_PROVIDER"


class ClosureReviewNotDue(Refusal):
    """A closure is reviewed from the day on which that is due, once."""

    kind = RefusalKind.CONFLICT
    reason = "CLOSURE_REVIEW_NOT_DUE"


class NotArchived(Refusal):
    """Only what is archived is taken out of the archive."""

    kind = RefusalKind.CONFLICT
    reason = "NOT_ARCHIVED"


class HistoryUnknown(Refusal):
    """What was at that time is not on record."""

    kind = RefusalKind.INVALID
    reason = "HISTORY_UNKNOWN"
