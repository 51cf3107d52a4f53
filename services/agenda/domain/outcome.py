"""An outcome: what a meeting made of one item, and the action that follows, if one does."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from services.agenda.domain.action_text import ActionPlan, ActionText, check_action
from services.agenda.domain.items import TabledItem
from services.agenda.domain.meeting import Meeting
from services.agenda.domain.outcome_kinds import OutcomeKind, OutcomePart, check_parts
from services.agenda.domain.protection import require_joint, require_protection
from services.agenda.domain.quorum import Quorum, Signatory, is_complete, require_seat
from services.agenda.domain.refusals import (
    AddresseeWrong,
    DeferredToThePast,
    NotAParty,
    OrganisationOfAnotherParty,
    StaleContentHash,
)
from services.agenda.domain.transitions import Table, step
from services.kernel.identifiers import action_id, action_ref, meeting_ref
from services.kernel.markings.banner import parse
from services.kernel.policy import Policy
from services.kernel.series import Series


class OutcomeState(StrEnum):
    PROPOSED = "PROPOSED"
    AGREED = "AGREED"


class OutcomeCommand(StrEnum):
    AGREE = "AGREE"
    """One organisation agrees and others are still needed."""
    COMPLETE = "COMPLETE"
    """The last organisation needed agrees."""
    REVISE = "REVISE"
    """Another wording is put to the parties."""


OUTCOME_TRANSITIONS: Table[OutcomeState, OutcomeCommand] = {
    OutcomeState.PROPOSED: {
        OutcomeCommand.AGREE: OutcomeState.PROPOSED,
        OutcomeCommand.COMPLETE: OutcomeState.AGREED,
        OutcomeCommand.REVISE: OutcomeState.PROPOSED,
    },
    OutcomeState.AGREED: {
        OutcomeCommand.AGREE: None,
        OutcomeCommand.COMPLETE: None,
        OutcomeCommand.REVISE: None,
    },
}


@dataclass(frozen=True, slots=True, order=True)
class Addressee:
    """An organisation that guidance is for."""

    party: str
    organisation: str


@dataclass(frozen=True, slots=True)
class OutcomeContent:
    """What a delegation puts to the parties. `deferred_to` is an edition, None where none is said."""

    kind: OutcomeKind
    conclusion: str
    marking: str
    action: ActionText | None = None
    reason: str = ""
    deferred_to: int | None = None
    addressees: tuple[Addressee, ...] = ()

    @property
    def parts(self) -> Collection[OutcomePart]:
        given = {
            OutcomePart.CONCLUSION: bool(self.conclusion.strip()),
            OutcomePart.ACTION: self.action is not None,
            OutcomePart.REASON: bool(self.reason.strip()),
            OutcomePart.DEFERRED_TO: self.deferred_to is not None,
            OutcomePart.ADDRESSEES: bool(self.addressees),
        }
        return {part for part, there in given.items() if there}


@dataclass(frozen=True, slots=True)
class Conclusion:
    """The agreed content, before it is put into its canonical form.

    `review_edition` is the edition at which guidance comes up for review, None for the other kinds.
    """

    id: UUID
    meeting_id: UUID
    agenda_id: UUID
    item_id: UUID
    series: str
    version: int
    content: OutcomeContent
    action: ActionPlan | None
    review_edition: int | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """`payload` is the canonical form of this version that `content_hash` was made over.

    `decision_reference` is given when a decision is agreed, so that no number is spent on what never is.
    `commitments` and `theme` are those of the item.
    """

    id: UUID
    meeting_id: UUID
    agenda_id: UUID
    item_id: UUID
    series: str
    version: int
    state: OutcomeState
    kind: OutcomeKind
    conclusion: str
    reason: str
    deferred_to: int | None
    review_edition: int | None
    commitments: tuple[str, ...]
    theme: str
    action_id: UUID | None
    action_reference: str | None
    decision_reference: str | None
    content_hash: str
    payload: bytes
    agreed: tuple[Signatory, ...]
    proposed_at: datetime
    agreed_at: datetime | None
    aggregate_version: int
    traceparent: str | None

    @property
    def label(self) -> str:
        """What it says in words, for lists; an item that was not reached may have none."""
        return self.conclusion or self.reason or self.kind.value

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

    def revise(self, conclusion: Conclusion, content_hash: str, payload: bytes, now: datetime) -> "Outcome":
        """With another wording, to which nobody has agreed yet. Raises `IllegalTransition`."""
        state = step(OUTCOME_TRANSITIONS, self.state, OutcomeCommand.REVISE)
        plan = conclusion.action
        return replace(
            self,
            version=conclusion.version,
            state=state,
            kind=conclusion.content.kind,
            conclusion=conclusion.content.conclusion,
            reason=conclusion.content.reason,
            deferred_to=conclusion.content.deferred_to,
            review_edition=conclusion.review_edition,
            action_id=plan.id if plan else None,
            action_reference=plan.reference if plan else None,
            content_hash=content_hash,
            payload=payload,
            agreed=(),
            proposed_at=now,
            aggregate_version=self.aggregate_version + 1,
        )

    def numbered(self, reference: str) -> "Outcome":
        """With the number that it has as a decision."""
        return replace(self, decision_reference=reference)


def conclude(
    *,
    id: UUID,  # noqa: A002
    version: int,
    meeting: Meeting,
    agenda_id: UUID,
    item: TabledItem,
    content: OutcomeContent,
    action_reference: str,
    series: Series,
    policy: Policy,
    at: datetime,
) -> Conclusion:
    """What is proposed for agreement; the action rests on what the item rests on.

    Raises `OutcomePartMissing`, `OutcomePartRefused`, `DeferredToThePast`, and the refusals of addressees,
    owners, dates, commitment and marking.
    """
    check_parts(content.kind, content.parts)
    whole = parse(content.marking)
    require_joint(whole, series, policy, "/marking", at=at, text=id)
    require_protection(whole, [parse(item.marking)], "the outcome", "/marking")
    if content.deferred_to is not None and content.deferred_to <= meeting.edition:
        raise DeferredToThePast("an item is deferred to a later edition", pointer="/deferred_to")
    _check_addressees(content.addressees, series, policy)
    plan = None
    if content.action is not None:
        check_action(content.action, meeting, series, policy)
        plan = ActionPlan(
            id=action_id(series.id, id, 1),
            reference=action_reference,
            content=content.action,
            source=f"{meeting_ref(series.id, meeting.edition)} item {item.position}",
            basis=item.references,
        )
    guidance = content.kind is OutcomeKind.GUIDANCE
    return Conclusion(
        id=id,
        meeting_id=meeting.id,
        agenda_id=agenda_id,
        item_id=item.id,
        series=series.id,
        version=version,
        content=content,
        action=plan,
        review_edition=next_edition(meeting.edition, series) if guidance else None,
    )


def numbered_action(series: Series, meeting: Meeting, number: int) -> str:
    """The reference of the action with that number in the year of the meeting."""
    return action_ref(series.id, meeting.edition, number)


def next_edition(edition: int, series: Series) -> int:
    """The year of the edition after this one, by the cadence of the series."""
    return edition + max(1, round(series.cadence_months / 12))


def _check_addressees(addressees: tuple[Addressee, ...], series: Series, policy: Policy) -> None:
    pointer = "/addressees"
    if len(set(addressees)) != len(addressees):
        raise AddresseeWrong("an organisation is addressed once", pointer=pointer)
    for addressee in addressees:
        if addressee.party not in series.parties:
            raise NotAParty("an addressee is of no party of the series", pointer=pointer)
        if policy.organisation(addressee.organisation).party != addressee.party:
            raise OrganisationOfAnotherParty("an addressee is of another party", pointer=pointer)
