"""What planning and moving a meeting refuses, and under which code."""

from services.kernel.refusals import Refusal, RefusalKind


class LocalTimeMissing(Refusal):
    """The clock of the place jumps over that local time."""

    kind = RefusalKind.INVALID
    reason = "LOCAL_TIME_MISSING"


class LocalTimeAmbiguous(Refusal):
    """The clock of the place shows that local time twice: say which, with an offset from UTC."""

    kind = RefusalKind.INVALID
    reason = "LOCAL_TIME_AMBIGUOUS"


class MeetingLongerThanItsWindow(Refusal):
    """The meeting takes more days than those of its series do."""

    kind = RefusalKind.INVALID
    reason = "MEETING_LONGER_THAN_ITS_WINDOW"


class HostOutOfTurn(Refusal):
    """Another party's turn it is to host the edition, and nobody said that the turns are changed."""

    kind = RefusalKind.CONFLICT
    reason = "HOST_OUT_OF_TURN"


class ParentInvalid(Refusal):
    """A working-level meeting hangs under an edition of its own series that is not cancelled."""

    kind = RefusalKind.INVALID
    reason = "PARENT_INVALID"


class WorkingLevelConcludesNothing(Refusal):
    """A working-level meeting reports to its edition; outcomes are the edition's."""

    kind = RefusalKind.CONFLICT
    reason = "WORKING_LEVEL_CONCLUDES_NOTHING"


class MeetingCancelled(Refusal):
    """Nothing is prepared for a meeting that does not take place."""

    kind = RefusalKind.CONFLICT
    reason = "MEETING_CANCELLED"


class MeetingNotBegun(Refusal):
    """Nobody has attended a meeting that has not begun, and it was not held."""

    kind = RefusalKind.CONFLICT
    reason = "MEETING_NOT_BEGUN"
