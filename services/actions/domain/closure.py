"""Who has to confirm a claim of completion before the action is closed.

Every owning party but the claimant's confirms; where the claimant's is the only one, one other party of
the series does. So no party ever closes an action by itself.
"""

from collections.abc import Collection
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Closure:
    """The parties of one claim. `confirmed` are those that have confirmed it so far."""

    claimant: str
    owning: frozenset[str]
    series: frozenset[str]
    confirmed: frozenset[str]

    @classmethod
    def of(
        cls,
        claimant: str,
        *,
        owning: Collection[str],
        series: Collection[str],
        confirmed: Collection[str],
    ) -> "Closure":
        return cls(claimant, frozenset(owning), frozenset(series), frozenset(confirmed))

    @property
    def complete(self) -> bool:
        """Whether enough parties have confirmed."""
        others = self.owning - {self.claimant}
        if others:
            return others <= self.confirmed
        return bool((self.series - {self.claimant}) & self.confirmed)

    @property
    def awaited(self) -> frozenset[str]:
        """The parties whose confirmation is still of use; none once it is complete."""
        if self.complete:
            return frozenset()
        others = self.owning - {self.claimant}
        return (others or self.series - {self.claimant}) - self.confirmed
