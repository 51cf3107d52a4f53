"""Why a marking is not accepted. None of these ever repeats the words of the banner: it may be
sensitive.
"""

from services.kernel.refusals import Refusal, RefusalKind


class MarkingMissing(Refusal):
    """The text carries no marking; that is never read as public."""

    kind = RefusalKind.INVALID
    reason = "MARKING_MISSING"


class MarkingUnknown(Refusal):
    """A label, level, element or marking system that this system does not know."""

    kind = RefusalKind.INVALID
    reason = "MARKING_UNKNOWN"


class MarkingMalformed(Refusal):
    """Every element is known, but together they break the grammar of their marking system."""

    kind = RefusalKind.INVALID
    reason = "MARKING_MALFORMED"


class MarkingContradicted(Refusal):
    """A STIX marking definition whose content does not agree with its well-known identifier."""

    kind = RefusalKind.INVALID
    reason = "MARKING_CONTRADICTED"
