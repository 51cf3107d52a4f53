"""What earlier editions took up: when a commitment was last discussed, and what did not get its turn."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from services.agenda.domain.outcome_kinds import RETURNING, OutcomeKind
from services.agenda.domain.ranking.facts import ReturningFact

_PASSED_OVER = RETURNING | {OutcomeKind.WITHDRAWN}


@dataclass(frozen=True, slots=True)
class PastItem:
    """An item of an agenda that every party agreed, of a meeting that is over.

    `outcome` is what was agreed to have become of it, None where nothing was; an edition whose public text
    names the item has discussed it. `deferred_to` is the edition it was put off to, where one was named.
    """

    edition: int
    held_on: date
    id: str
    title: str
    theme: str
    commitments: tuple[str, ...]
    outcome: OutcomeKind | None = None
    deferred_to: int | None = None

    @property
    def same_as(self) -> str:
        """What tells the item again in another edition: its title, without letter case and runs of spaces."""
        return " ".join(self.title.casefold().split())


def last_discussed(past: Iterable[PastItem]) -> Mapping[str, date]:
    """The last day on which each commitment was discussed; one that never was is absent."""
    found: dict[str, date] = {}
    for item in past:
        if item.outcome not in _PASSED_OVER:
            for commitment in item.commitments:
                found[commitment] = max(item.held_on, found.get(commitment, item.held_on))
    return found


def returning(past: Sequence[PastItem], edition: int) -> tuple[ReturningFact, ...]:
    """The items that come back at an edition: those that did not get their turn at the latest one before, and
    those put off to a later one than that.
    """
    earlier = [item for item in past if item.edition < edition]
    put_off = {(item.edition, item.same_as) for item in earlier if item.outcome in RETURNING}
    editions = sorted({item.edition for item in earlier})
    latest = editions[-1] if editions else 0
    return tuple(
        ReturningFact(
            id=item.id,
            title=item.title,
            edition=item.edition,
            not_reached=item.outcome is OutcomeKind.NOT_REACHED,
            times=_times(item, editions, put_off),
            theme=item.theme,
            commitments=item.commitments,
        )
        for item in earlier
        if item.outcome in RETURNING and _comes_back(item, latest, edition)
    )


def _comes_back(item: PastItem, latest: int, edition: int) -> bool:
    if item.deferred_to is None:
        return item.edition == latest
    return latest < item.deferred_to <= edition


def _times(item: PastItem, editions: Sequence[int], put_off: set[tuple[int, str]]) -> int:
    """In how many editions in a row, up to its own, it did not get its turn."""
    times = 0
    for edition in reversed([one for one in editions if one <= item.edition]):
        if (edition, item.same_as) not in put_off:
            break
        times += 1
    return times
