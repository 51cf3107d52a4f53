"""Who has to confirm a claim of completion before the action is closed.

Every owning party but the claimant's confirms; where the claimant's is the only one, one other party of
the series does. So no party ever closes an action by itself. A confirmation counts while the evidence that
it was given under stands as it did.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from services.actions.domain.evidence import (
    Attestation,
    Evidence,
    EvidenceRevision,
    Shown,
    require_seen,
    standing,
)
from services.actions.domain.owners import Signature
from services.actions.domain.refusals import (
    ClaimantCannotConfirm,
    ConfirmationNotAwaited,
    EvidenceByConfirmer,
    EvidenceLapsed,
    IllegalMove,
)
from services.actions.domain.states import State
from services.kernel.parties import Reader


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


def closure_of(
    claim: Signature, owning: Collection[str], parties: Collection[str], confirmations: Iterable[Signature]
) -> Closure:
    """The parties of a claim with those that confirmed it. `parties` are those of the series."""
    confirmed = {confirmation.party for confirmation in confirmations}
    return Closure.of(claim.party, owning=owning, series=parties, confirmed=confirmed)


def holding_of(
    confirmations: Iterable[Attestation], rests_on: tuple[EvidenceRevision, ...]
) -> tuple[Attestation, ...]:
    """The confirmations that were given under exactly the evidence that stands."""
    return tuple(entry for entry in confirmations if entry.evidence == rests_on)


def require_awaited(
    claim: Attestation | None,
    owning: Collection[str],
    parties: Collection[str],
    holding: Iterable[Signature],
    by: Reader,
) -> Attestation:
    """The claim, where it waits for the caller's party.

    Raises `ClaimantCannotConfirm` or `ConfirmationNotAwaited`.
    """
    if claim is None:
        raise IllegalMove("nobody has claimed completion", state=State.COMPLETION_CLAIMED.value)
    if by.subject == claim.official:
        raise ClaimantCannotConfirm("whoever claimed completion cannot judge the claim")
    if by.party not in closure_of(claim, owning, parties, holding).awaited:
        raise ConfirmationNotAwaited("the claim does not wait for this party")
    return claim


def confirmation(
    claim: Attestation, items: Collection[Evidence], by: Reader, at: datetime, *, shown: Shown, seen: str
) -> Attestation:
    """A confirmation under the evidence that stands now.

    Raises `EvidenceLapsed` where none does, `EvidenceByConfirmer` or `EvidenceChanged`.
    """
    rests_on = standing(items, at.date(), shown)
    if not rests_on:
        raise EvidenceLapsed("no evidence stands any more that every party may read")
    ids = {entry.id for entry in rests_on}
    if by.organisation in {item.organisation for item in items if item.id in ids}:
        raise EvidenceByConfirmer("nobody confirms on evidence that the own organisation provided")
    require_seen(claim.evidence, items, at.date(), shown, seen)
    return Attestation.under(rests_on, by, at)
