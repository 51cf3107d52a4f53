"""From an agreed outcome to an action: what must be there so that it can be tracked."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from services.actions.domain.action import Action
from services.actions.domain.basis import BasisReference
from services.actions.domain.expected_evidence import ExpectedEvidence, agreed_anew
from services.actions.domain.owners import Owner
from services.actions.domain.refusals import ActionIncomplete, ExpectedEvidenceWrong
from services.kernel.instruments import CommitmentKind
from services.kernel.markings.banner import parse
from services.kernel.policy import Policy
from services.kernel.refusals import InvalidValue, Refusal
from services.kernel.series import Series


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreedOutcome:
    """What an event says of one outcome with an action, not yet checked against the policy."""

    action_id: UUID
    reference: str
    series: str
    meeting_id: str
    item_id: str
    outcome_id: str
    content_hash: str
    text: str
    guidance: str
    owners: tuple[Owner, ...]
    due_date: date
    commitment: str
    marking: str
    basis: tuple[BasisReference, ...]
    expected: tuple[ExpectedEvidence, ...] = ()


def open_action(outcome: AgreedOutcome, policy: Policy, at: datetime, trace: str | None) -> Action:
    """The action in its first version. Raises `ActionIncomplete`, or the marking's refusal."""
    series = policy.series.get(outcome.series)
    if series is None:
        raise ActionIncomplete("the policy knows no such series", pointer="/outcome/series")
    for name in ("reference", "outcome_id", "content_hash", "text"):
        if not getattr(outcome, name).strip():
            raise ActionIncomplete(f"the outcome names no {name}", pointer=f"/outcome/{name}")
    _check_owners(outcome.owners, series, policy)
    try:
        parse(outcome.marking)
    except Refusal as refusal:
        raise ActionIncomplete(refusal.detail, pointer="/outcome/marking") from refusal
    return Action(
        id=outcome.action_id,
        reference=outcome.reference,
        series=outcome.series,
        meeting_id=outcome.meeting_id,
        item_id=outcome.item_id,
        outcome_id=outcome.outcome_id,
        content_hash=outcome.content_hash,
        text=outcome.text,
        guidance=outcome.guidance,
        owners=outcome.owners,
        commitment=outcome.commitment,
        marking=outcome.marking,
        original_due_date=outcome.due_date,
        due_date=outcome.due_date,
        reviewed_yearly=_is_standing(outcome.commitment, series, policy),
        basis=outcome.basis,
        expected=_expected(outcome),
        opened_at=at,
        changed_at=at,
        opened_trace=trace,
        latest_trace=trace,
    )


def _expected(outcome: AgreedOutcome) -> tuple[ExpectedEvidence, ...]:
    """What the outcome requires to be shown; days that have passed before it was heard of are no reason to
    refuse it. Raises `ActionIncomplete`.
    """
    pointer = "/outcome/action/expectedEvidence"
    owning = {owner.party for owner in outcome.owners}
    try:
        return agreed_anew((), outcome.expected, owning=owning, agreed_on=date.min, pointer=pointer)
    except (ExpectedEvidenceWrong, InvalidValue) as refusal:
        raise ActionIncomplete(refusal.detail, pointer=refusal.pointer) from refusal


def _is_standing(commitment_id: str, series: Series, policy: Policy) -> bool:
    """Whether the action serves lasting work, which is reviewed every year and has no end to be due."""
    for instrument in series.instruments:
        commitment = policy.instrument(instrument).commitment(commitment_id)
        if commitment is not None:
            return commitment.kind is CommitmentKind.STANDING
    return False


def _check_owners(owners: tuple[Owner, ...], series: Series, policy: Policy) -> None:
    """Exactly one accountable organisation for each party that owns."""
    pointer = "/outcome/action/owners"
    if not owners:
        raise ActionIncomplete("nobody owns the action", pointer=pointer)
    for owner in owners:
        organisation = policy.organisations.get(owner.organisation)
        if owner.party not in series.parties or organisation is None or organisation.party != owner.party:
            raise ActionIncomplete("an owner is no organisation of a party of the series", pointer=pointer)
    for party in {owner.party for owner in owners}:
        if sum(owner.accountable for owner in owners if owner.party == party) != 1:
            raise ActionIncomplete(
                "each owning party has exactly one accountable organisation", pointer=pointer
            )
