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


class ActionIncomplete(Refusal):
    """An agreed outcome holds an action that cannot be tracked."""

    kind = RefusalKind.INVALID
    reason = "ACTION_INCOMPLETE"


class ActionContradicted(Refusal):
    """Another action has this identifier or this reference already."""

    kind = RefusalKind.ALREADY_EXISTS
    reason = "ACTION_CONTRADICTED"
