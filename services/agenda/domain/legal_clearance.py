"""What the law of a party says of the words of an outcome. None of it ever crosses to another party."""

from collections.abc import Iterable
from dataclasses import dataclass

from services.agenda.domain.outcome import Outcome, OutcomeState
from services.agenda.domain.refusals import (
    IllegalTransition,
    LegalClearanceMissing,
    NotTheLegalAdviser,
    StaleContentHash,
)
from services.kernel.series import Series


@dataclass(frozen=True, slots=True)
class LegalClearance:
    """An organisation's last word to its own party on one text: the law allows it, or does not.

    `refusal` is why it does not; empty where the text is cleared.
    """

    party: str
    organisation: str
    content_hash: str
    refusal: str = ""


def require_legal_adviser(series: Series, party: str, organisation: str) -> None:
    """Raises `NotTheLegalAdviser`."""
    if organisation not in series.legal_clearance.get(party, ()):
        raise NotTheLegalAdviser("the organisation gives no legal clearance in this series")


def word_on(
    outcome: Outcome, party: str, organisation: str, content_hash: str, refusal: str = ""
) -> LegalClearance:
    """Raises `StaleContentHash`, or `IllegalTransition` for refusing what is agreed already."""
    if content_hash != outcome.content_hash:
        raise StaleContentHash("this is not the text of the outcome", pointer="/content_hash")
    if refusal and outcome.state is OutcomeState.AGREED:
        raise IllegalTransition("the outcome is agreed: its words stand")
    return LegalClearance(party, organisation, content_hash, refusal)


def is_cleared(series: Series, party: str, content_hash: str, clearances: Iterable[LegalClearance]) -> bool:
    """Whether a party has the legal clearance of a text that the series asks it for; else it needs none.

    One adviser's clearance is enough, unless another of them refuses the text.
    """
    if not series.legal_clearance.get(party):
        return True
    said = _said(series, party, content_hash, clearances)
    return bool(said) and not any(one.refusal for one in said)


def is_refused(series: Series, party: str, content_hash: str, clearances: Iterable[LegalClearance]) -> bool:
    """Whether an adviser that the series names for a party refuses it a text."""
    return any(one.refusal for one in _said(series, party, content_hash, clearances))


def require_cleared(
    series: Series, party: str, content_hash: str, clearances: Iterable[LegalClearance]
) -> None:
    """Raises `LegalClearanceMissing` where the series asks a party for one that is missing or refused."""
    if not is_cleared(series, party, content_hash, clearances):
        raise LegalClearanceMissing("the party's legal clearance of this text is missing")


def _said(
    series: Series, party: str, content_hash: str, clearances: Iterable[LegalClearance]
) -> list[LegalClearance]:
    advisers = series.legal_clearance.get(party, ())
    return [
        one
        for one in clearances
        if one.party == party and one.organisation in advisers and one.content_hash == content_hash
    ]
