"""The action that follows from an outcome, with the five parts that make it implementable.

Action, accountable owner, due or review date, source reference and guidance: a conclusion without one
of them cannot be followed up (the rule of the Grenada Cabinet manual for conclusions).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.agenda.domain.items import TabledReference
from services.agenda.domain.meeting import Meeting
from services.agenda.domain.refusals import (
    AccountableOwnerWrong,
    ActionTextIncomplete,
    DueDateBeforeMeeting,
    ExpectedEvidenceWrong,
    NotAParty,
    OrganisationOfAnotherParty,
    ReviewDateWrong,
)
from services.kernel.evidence import EvidenceKind
from services.kernel.instruments import CommitmentKind
from services.kernel.policy import Policy
from services.kernel.series import Series

MOST_EXPECTED = 20
"""Things to be shown of one action."""
LONGEST_EXPECTED = 2_000
"""Characters of what is to be shown, as actions takes them."""


@dataclass(frozen=True, slots=True)
class Owner:
    party: str
    organisation: str
    accountable: bool


@dataclass(frozen=True, slots=True)
class ExpectedEvidence:
    """What closure is to rest on: one thing to be shown by a day. `party` is empty where any owner may."""

    kind: EvidenceKind
    wording: str
    party: str
    due: date


@dataclass(frozen=True, slots=True)
class ActionText:
    """What is asked for. `commitment` is empty where the action serves none.

    Under a STANDING commitment an action has a day of review instead of a due date.
    """

    text: str
    guidance: str
    owners: tuple[Owner, ...]
    due_date: date | None
    commitment: str
    review_date: date | None = None
    expected: tuple[ExpectedEvidence, ...] = ()


@dataclass(frozen=True, slots=True)
class ActionPlan:
    """The action with its identity, the item it comes from and the texts it rests on."""

    id: UUID
    reference: str
    content: ActionText
    source: str
    basis: tuple[TabledReference, ...]


def check_action(action: ActionText, meeting: Meeting, series: Series, policy: Policy) -> None:
    """Raises `ActionTextIncomplete`, `NotAParty`, `OrganisationOfAnotherParty`, `AccountableOwnerWrong`,
    `DueDateBeforeMeeting`, `ReviewDateWrong`, `ExpectedEvidenceWrong`, or the refusal of an organisation or
    commitment that does not exist.
    """
    for name in ("text", "guidance"):
        if not getattr(action, name).strip():
            raise ActionTextIncomplete(f"the action has no {name}", pointer=f"/action/{name}")
    for owner in action.owners:
        if owner.party not in series.parties:
            raise NotAParty("an owner is of no party of the series", pointer="/action/owners")
        if policy.organisation(owner.organisation).party != owner.party:
            raise OrganisationOfAnotherParty("an owner is of another party", pointer="/action/owners")
    _check_accountable(action.owners)
    _check_expected(action, meeting)
    standing = bool(action.commitment) and (
        policy.commitment(series.id, action.commitment).kind is CommitmentKind.STANDING
    )
    _check_date(action, meeting, standing=standing)


def _check_date(action: ActionText, meeting: Meeting, *, standing: bool) -> None:
    if standing and (action.review_date is None or action.due_date is not None):
        raise ReviewDateWrong(
            "an action under a standing commitment has a day of review and no due date",
            pointer="/action/review_date",
        )
    if not standing and action.review_date is not None:
        raise ReviewDateWrong(
            "only an action under a standing commitment has a day of review", pointer="/action/review_date"
        )
    day, name = (action.review_date, "review_date") if standing else (action.due_date, "due_date")
    if day is None:
        raise ActionTextIncomplete("the action has no due date", pointer="/action/due_date")
    if day < meeting.starts_at.date():
        raise DueDateBeforeMeeting("the action falls due before the meeting", pointer=f"/action/{name}")


def _check_expected(action: ActionText, meeting: Meeting) -> None:
    owning = {owner.party for owner in action.owners}
    for place, one in enumerate(action.expected):
        here = f"/action/expected_evidence/{place}"
        if not 1 <= len(one.wording.strip()) <= LONGEST_EXPECTED:
            raise ExpectedEvidenceWrong(
                f"what is to be shown is said in at most {LONGEST_EXPECTED} characters",
                pointer=f"{here}/wording",
            )
        if one.party and one.party not in owning:
            raise ExpectedEvidenceWrong("an owning party shows it, or any of them", pointer=f"{here}/party")
        if one.due < meeting.starts_at.date():
            raise ExpectedEvidenceWrong("it is due before the meeting", pointer=f"{here}/due")


def _check_accountable(owners: Sequence[Owner]) -> None:
    if not owners:
        raise AccountableOwnerWrong("an action has an owner", pointer="/action/owners")
    if len({(owner.party, owner.organisation) for owner in owners}) != len(owners):
        raise AccountableOwnerWrong("an organisation owns an action once", pointer="/action/owners")
    for party in {owner.party for owner in owners}:
        if sum(owner.accountable for owner in owners if owner.party == party) != 1:
            raise AccountableOwnerWrong(
                "each responsible party has exactly one accountable organisation",
                pointer="/action/owners",
                party=party,
            )
