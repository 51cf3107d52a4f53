"""Whether the marking of a whole protects its parts: an agenda, its items, the texts they rest on."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from services.agenda.domain.refusals import AboveCeiling, MarkingNotForAllParties, MarkingTooLow
from services.kernel.joint_text import decide_joint_text
from services.kernel.markings.marking import Marking, NationalMarking
from services.kernel.markings.tlp import Tlp
from services.kernel.policy import Policy
from services.kernel.series import Series


def protects(whole: Marking, part: Marking) -> bool:
    """Whether `whole` grants nothing that `part` denies, level by level and list by list.

    TLP:CLEAR, or WHITE in 1.0, limits nothing, so any marking protects it.
    """
    if _limit(whole.tlp) < _limit(part.tlp):
        return False
    return all(_protects(whole.of_system(entry.system), entry) for entry in part.national)


def _limit(tlp: Tlp | None) -> int:
    """The place of the label alone: AMBER of TLP 1.0 and of 2.0 protect each other."""
    return 0 if tlp is None else tlp.order[0]


def _protects(whole: NationalMarking | None, part: NationalMarking) -> bool:
    return (
        whole is not None
        and whole.classification.order >= part.classification.order
        and whole.rel_to <= part.rel_to
        and whole.display_only <= part.display_only
        and whole.national_caveats >= part.national_caveats
        and whole.codewords >= part.codewords
        and whole.dissem_controls >= part.dissem_controls
    )


def require_protection(whole: Marking, parts: Iterable[Marking], what: str, pointer: str) -> None:
    """Raises `MarkingTooLow`."""
    if not all(protects(whole, part) for part in parts):
        raise MarkingTooLow(f"the marking of {what} is below that of what it holds", pointer=pointer)


def require_under_ceiling(marking: Marking, series: Series, policy: Policy, pointer: str) -> None:
    """Raises `AboveCeiling`."""
    for entry in marking.national:
        if policy.rank(entry.classification) > policy.rank(series.ceiling):
            raise AboveCeiling(f"the ceiling of the series is {series.ceiling}", pointer=pointer)


def require_joint(
    marking: Marking, series: Series, policy: Policy, pointer: str, *, at: datetime, text: UUID
) -> None:
    """What is marked so goes to every party now. Raises `AboveCeiling` or `MarkingNotForAllParties`."""
    require_under_ceiling(marking, series, policy, pointer)
    for party in series.parties:
        decision = decide_joint_text(text, marking, party, series, policy=policy, now=at)
        if not decision.allowed:
            raise MarkingNotForAllParties(
                f"the marking keeps the text from {party}: {decision.explanation}", pointer=pointer
            )
