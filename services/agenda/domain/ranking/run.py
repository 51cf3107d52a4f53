"""A ranking that was made for a draft and kept, so that the worth of its items rests on something named."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from services.agenda.domain.items import DraftItem

POINT = 10_000
"""Scores are in ten-thousandths of a point."""


@dataclass(frozen=True, slots=True)
class RankingRun:
    """The scores of a party's subjects, by their keys. `number` counts the runs of a draft from 1.

    The other fields say what the ranking was made from, as they do of a ranking that is read.
    """

    number: int
    as_of: date
    weights_version: str
    picture_as_of: str
    complete: bool
    scores: Mapping[str, int]
    ranked_by: str
    ranked_at: datetime

    def points(self, item: DraftItem) -> int:
        """Whole points of the highest of what the item is, or is about: itself as one that returned or was
        tabled, its theme, a commitment that it serves, an action taken up under it. None of these: none.
        """
        content = item.content
        keys = [
            f"returning:{item.id}",
            f"tabled:{item.id}",
            f"theme:{content.theme}",
            *(f"commitment:{one}" for one in content.commitments),
            *(f"action:{one}" for one in item.action_ids),
        ]
        return max((self.scores.get(key, 0) for key in keys), default=0) // POINT


def worths_of(run: RankingRun | None, items: Iterable[DraftItem], base: int) -> Mapping[UUID, int]:
    """What taking each item gains where nobody said it by hand: `base`, and its points in the run."""
    return {item.id: base + (run.points(item) if run else 0) for item in items}
