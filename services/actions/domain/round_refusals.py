"""What the rules of reporting rounds refuse."""

from services.kernel.refusals import Refusal, RefusalKind


class RoundReported(Refusal):
    """The party has reported in this round: its update is locked, and only corrected with a reason."""

    kind = RefusalKind.CONFLICT
    reason = "ROUND_REPORTED"


class RoundClosed(Refusal):
    """The round is closed: what was reported in it stays as it is."""

    kind = RefusalKind.CONFLICT
    reason = "ROUND_CLOSED"


class NothingToCorrect(Refusal):
    """The party has not reported on this action in its latest round."""

    kind = RefusalKind.CONFLICT
    reason = "NOTHING_TO_CORRECT"
