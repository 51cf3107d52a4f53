"""An outcome: what a meeting concluded on one item, and the action that follows, if one does."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from services.agenda.domain.items import TabledItem, TabledReference
from services.agenda.domain.meeting import Meeting
from services.agenda.domain.protection import require_joint, require_protection
from services.agenda.domain.quorum import Quorum, Signatory, is_complete, require_seat
from services.agenda.domain.refusals import (
    AccountableOwnerWrong,
    DueDateBeforeMeeting,
    NotAParty,
    OrganisationOfAnotherParty,
    StaleContentHash,
)
from services.agenda.domain.transitions import Table, step
from services.kernel.identifiers import action_id, action_ref
from services.kernel.markings.banner import parse
from services.kernel.policy import Policy
from services.kernel.series import Series


class OutcomeState(StrEnum):
    PROPOSED = "PROPOSED"
    AGREED = "AGREED"


class OutcomeCommand(StrEnum):
    AGREE = "AGREE"
    COMPLETE = "COMPLETE"


OUTCOME_TRANSITIONS: Table[OutcomeState, OutcomeCommand] = {
    OutcomeState.PROPOSED: {
        OutcomeCommand.AGREE: OutcomeState.PROPOSED,
        OutcomeCommand.COMPLETE: OutcomeState.AGREED,
    },
    OutcomeState.AGREED: {OutcomeCommand.AGREE: None, OutcomeCommand.COMPLETE: None},
}


@dataclass(frozen=True, slots=True)
class Owner:
    party: str
    organisation: str
    accountable: bool


@dataclass(frozen=True, slots=True)
class ActionText:
    """What is asked for. `commitment` is empty where the action serves none."""

    text: str
    guidance: str
    owners: tuple[Owner, ...]
    due_date: date
    commitment: str


@dataclass(frozen=True, slots=True)
class ActionPlan:
    """The action with its identity and the texts it rests on."""

    id: UUID
    reference: str
    content: ActionText
    basis: tuple[TabledReference, ...]


@dataclass(frozen=True, slots=True)
class Conclusion:
    """The agreed content, before it is put into its canonical form."""

    id: UUID
    meeting_id: UUID
    agenda_id: UUID
    item_id: UUID
    series: str
    version: int
    conclusion: str
    marking: str
    action: ActionPlan | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """`payload` is the canonical form that `content_hash` was made over; neither ever changes."""

    id: UUID
    meeting_id: UUID
    agenda_id: UUID
    item_id: UUID
    series: str
    version: int
    state: OutcomeState
    conclusion: str
    action_id: UUID | None
    action_reference: str | None
    content_hash: str
    payload: bytes
    agreed: tuple[Signatory, ...]
    proposed_at: datetime
    agreed_at: datetime | None
    aggregate_version: int
    traceparent: str | None

    def agree(self, signatory: Signatory, content_hash: str, quorum: Quorum, now: datetime) -> "Outcome":
        """With one more agreement; unchanged when it was given before.

        Raises `NotInQuorum` or `StaleContentHash`.
        """
        require_seat(quorum, signatory)
        if content_hash != self.content_hash:
            raise StaleContentHash("this is not the text of the outcome", pointer="/content_hash")
        if signatory in self.agreed:
            return self
        agreed = (*self.agreed, signatory)
        complete = is_complete(quorum, agreed)
        command = OutcomeCommand.COMPLETE if complete else OutcomeCommand.AGREE
        return replace(
            self,
            state=step(OUTCOME_TRANSITIONS, self.state, command),
            agreed=agreed,
            agreed_at=now if complete else None,
            aggregate_version=self.aggregate_version + 1,
        )


def conclude(
    *,
    id: UUID,  # noqa: A002
    meeting: Meeting,
    agenda_id: UUID,
    item: TabledItem,
    conclusion: str,
    marking: str,
    action: ActionText | None,
    action_number: int,
    series: Series,
    policy: Policy,
    at: datetime,
) -> Conclusion:
    """What is proposed for agreement; the action rests on what the item rests on.

    Raises the refusals of owners, due date, commitment and marking.
    """
    whole = parse(marking)
    require_joint(whole, series, policy, "/marking", at=at, text=id)
    require_protection(whole, [parse(item.marking)], "the outcome", "/marking")
    plan = None
    if action is not None:
        check_action(action, meeting, series, policy)
        plan = ActionPlan(
            id=action_id(series.id, id, 1),
            reference=action_ref(series.id, meeting.edition, action_number),
            content=action,
            basis=item.references,
        )
    return Conclusion(
        id=id,
        meeting_id=meeting.id,
        agenda_id=agenda_id,
        item_id=item.id,
        series=series.id,
        version=1,
        conclusion=conclusion,
        marking=marking,
        action=plan,
    )


def check_action(action: ActionText, meeting: Meeting, series: Series, policy: Policy) -> None:
    """Raises `NotAParty`, `OrganisationOfAnotherParty`, `AccountableOwnerWrong`, `DueDateBeforeMeeting`,
    or the refusal of an organisation or commitment that does not exist.
    """
    for owner in action.owners:
        if owner.party not in series.parties:
            raise NotAParty("an owner is of no party of the series", pointer="/action/owners")
        if policy.organisation(owner.organisation).party != owner.party:
            raise OrganisationOfAnotherParty("an owner is of another party", pointer="/action/owners")
    _check_accountable(action.owners)
    if action.due_date < meeting.starts_at.date():
        raise DueDateBeforeMeeting("the action falls due before the meeting", pointer="/action/due_date")
    if action.commitment:
        policy.commitment(series.id, action.commitment)


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
