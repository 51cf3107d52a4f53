"""What the ratings mean, as it is published to whoever reads them."""

from collections.abc import Mapping
from dataclasses import dataclass

from services.actions.domain.action import Rag
from services.actions.domain.rating import RULES, SOON, Timeliness

SOURCE = "Infrastructure and Projects Authority, Annual Report 2023-24, Annex A"


@dataclass(frozen=True, slots=True)
class RatingRule:
    """A rule of the computed rating: where it holds, an open action is at best rated so."""

    name: str
    rating: Rag
    meaning: str


MEANINGS: Mapping[Rag, str] = {
    Rag.GREEN: (
        "Successful delivery of the project on time, budget and quality appears highly likely and there are "
        "no major outstanding issues that at this stage appear to threaten delivery significantly."
    ),
    Rag.AMBER: (
        "Successful delivery appears feasible but significant issues already exist, requiring management "
        "attention. These appear resolvable at this stage and, if addressed promptly, should not present a "
        "cost/schedule overrun."
    ),
    Rag.RED: (
        "Successful delivery of the project appears to be unachievable. There are major issues with project "
        "definition, schedule, budget, quality and/or benefits delivery, which at this stage do not appear "
        "to be manageable or resolvable. The project may need re-scoping and/or its overall viability "
        "reassessed."
    ),
}
"""The owner's own rating, in the words of the source: what they call a project is an action here."""

TIMELINESS: Mapping[Timeliness, str] = {
    Timeliness.ON_TRACK: "The due date lies ahead and is the one that was agreed first.",
    Timeliness.SLIPPED: "The due date lies ahead, behind the one that was agreed first.",
    Timeliness.DUE_SOON: f"The due date is at most {SOON.days} days away.",
    Timeliness.OVERDUE: "The due date has passed.",
    Timeliness.ENDED: "The action has ended.",
}
COMPUTED = (
    "The worst of the rules that hold; GREEN where none does. More delay, more silence or less evidence "
    "never improves it, and it never changes what the owner says."
)
STALE = (
    "The owner's rating is older than the interval of the series' reports, or an owner let a reporting round "
    "pass without an update and has not been heard since."
)
CONTRADICTED = "The owner rates the action better than the rules do."


def computed_rules() -> tuple[RatingRule, ...]:
    """The rules of the computed rating, in the order of the table."""
    return tuple(RatingRule(rule.name, rule.rating, rule.says) for rule in RULES)
