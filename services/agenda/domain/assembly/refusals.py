"""What is refused of a planning before anything is solved."""

from services.kernel.refusals import Refusal, RefusalKind


class MinutesInvalid(Refusal):
    """A duration is a whole number of minutes, at least one."""

    kind = RefusalKind.INVALID
    reason = "MINUTES_INVALID"


class MinutesOutOfOrder(Refusal):
    """An item has no fewer minutes wanted than least, and no more than most."""

    kind = RefusalKind.INVALID
    reason = "MINUTES_OUT_OF_ORDER"


class WindowInvalid(Refusal):
    """A window or break ends before it starts, meets another, or lies outside of the meeting."""

    kind = RefusalKind.INVALID
    reason = "WINDOW_INVALID"


class MeetingLongerThanWindow(Refusal):
    """An item that has to be taken is longer than every window."""

    kind = RefusalKind.INVALID
    reason = "MEETING_LONGER_THAN_WINDOW"


class OrderCircular(Refusal):
    """Items wait for each other in a circle."""

    kind = RefusalKind.INVALID
    reason = "ORDER_CIRCULAR"


class PresenterNeverPresent(Refusal):
    """The presenter is there in no window for as long as the item needs."""

    kind = RefusalKind.INVALID
    reason = "PRESENTER_NEVER_PRESENT"


class PinnedTwice(Refusal):
    """One item has one pin of a kind."""

    kind = RefusalKind.INVALID
    reason = "PINNED_TWICE"


class UnknownPlanningName(Refusal):
    """A constraint names an item, section, window, party or commitment that there is none of."""

    kind = RefusalKind.INVALID
    reason = "UNKNOWN_PLANNING_NAME"


class NoFeasibleAgenda(Refusal):
    """What has to hold cannot hold together; the detail is a smallest set of what conflicts."""

    kind = RefusalKind.CONFLICT
    reason = "NO_FEASIBLE_AGENDA"


class AssemblyUndecided(Refusal):
    """Neither an agenda nor a conflict was found within the limit of work."""

    kind = RefusalKind.EXHAUSTED
    reason = "ASSEMBLY_UNDECIDED"


class ConflictUndecided(Refusal):
    """What has to hold cannot hold together; which part of it was not found within the limit of work."""

    kind = RefusalKind.EXHAUSTED
    reason = "CONFLICT_UNDECIDED"
