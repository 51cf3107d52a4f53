"""Unmarked text: public by a recorded rule, or refused."""

from services.kernel.markings.marking import Marking
from services.kernel.markings.refusals import MarkingMissing
from services.kernel.parties import Agency
from services.kernel.policy import Policy
from services.threatfeed.domain.assessment import SourceFormat
from services.threatfeed.formats.validation import at


def marking_of_unmarked(
    agency: Agency, policy: Policy, pointer: str, source_format: SourceFormat | None = None
) -> tuple[Marking, str]:
    """The marking of an agency's unmarked text, and the id of the rule that gives it.

    The rule is policy data about the agency of the topic, and may cover some formats only: no feed can
    call itself public. Raises `MarkingMissing`, with a pointer, for everything else.
    """
    try:
        rule = policy.unmarked(agency.id, source_format)
    except MarkingMissing as refusal:
        raise at(refusal, pointer) from refusal
    return rule.marking, rule.id
