"""When each commitment was last discussed, from the agendas that every party agreed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from services.agenda.domain.outcome_kinds import RETURNING, OutcomeKind

_PASSED_OVER = RETURNING | {OutcomeKind.WITHDRAWN}


@dataclass(frozen=True, slots=True)
class PastItem:
    """An item of an agenda that every party agreed, of a meeting that is over.

    `outcome` is what was agreed to have become of it, None where nothing was; an edition whose public text
    names the item has discussed it.
    """

    held_on: date
    commitments: tuple[str, ...]
    outcome: OutcomeKind | None = None


def last_discussed(past: Iterable[PastItem]) -> Mapping[str, date]:
    """The last day on which each commitment was discussed; one that never was is absent."""
    found: dict[str, date] = {}
    for item in past:
        if item.outcome not in _PASSED_OVER:
            for commitment in item.commitments:
                found[commitment] = max(item.held_on, found.get(commitment, item.held_on))
    return found
