"""A party's own proposal for a series: the backlog from which its drafts are made. It never crosses."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from services.agenda.domain.items import DraftItem, ItemContent
from services.agenda.domain.refusals import EditionInvalid, ProposalInDraft, StandingItemKept
from services.agenda.domain.transitions import Table, step
from services.kernel.series import ItemKind


class ProposalState(StrEnum):
    PROPOSED = "PROPOSED"
    PARKED = "PARKED"
    """Kept for later; no draft takes it."""
    TAKEN = "TAKEN"
    """It is an item of the party's draft."""
    WITHDRAWN = "WITHDRAWN"


class ProposalCommand(StrEnum):
    EDIT = "EDIT"
    PARK = "PARK"
    RESUME = "RESUME"
    """Back among the proposals, after it was parked or has left the draft."""
    TAKE = "TAKE"
    WITHDRAW = "WITHDRAW"
    FORWARD = "FORWARD"


def _row(
    state: ProposalState,
    *,
    park: bool = False,
    resume: bool = False,
    take: bool = False,
    open_: bool = False,
) -> Mapping[ProposalCommand, ProposalState | None]:
    return {
        ProposalCommand.EDIT: state if open_ else None,
        ProposalCommand.PARK: ProposalState.PARKED if park else None,
        ProposalCommand.RESUME: ProposalState.PROPOSED if resume else None,
        ProposalCommand.TAKE: ProposalState.TAKEN if take else None,
        ProposalCommand.WITHDRAW: ProposalState.WITHDRAWN if open_ else None,
        ProposalCommand.FORWARD: state if open_ else None,
    }


PROPOSAL_TRANSITIONS: Table[ProposalState, ProposalCommand] = {
    ProposalState.PROPOSED: _row(ProposalState.PROPOSED, park=True, take=True, open_=True),
    ProposalState.PARKED: _row(ProposalState.PARKED, resume=True, open_=True),
    ProposalState.TAKEN: _row(ProposalState.TAKEN, resume=True),
    ProposalState.WITHDRAWN: _row(ProposalState.WITHDRAWN),
}


@dataclass(frozen=True, slots=True)
class ProposalText:
    """What a secretariat writes. `rationale` is for its own side only; no edition means any."""

    content: ItemContent
    rationale: str
    edition: int | None


@dataclass(frozen=True, slots=True)
class Proposal:
    """`draft_id` and `item_id` name the item that was made of it, where it was taken. `meeting_id` is that of
    the working-level meeting that it is for.
    """

    id: UUID
    series: str
    party: str
    text: ProposalText
    state: ProposalState
    version: int
    proposed_by: str
    proposed_at: datetime
    draft_id: UUID | None = None
    item_id: UUID | None = None
    meeting_id: UUID | None = None

    @property
    def living(self) -> bool:
        """Whether it is still a proposal: neither an item of a draft by now nor withdrawn."""
        return self.state not in (ProposalState.TAKEN, ProposalState.WITHDRAWN)

    def after(self, command: ProposalCommand) -> "Proposal":
        """Raises `IllegalTransition`."""
        state = step(PROPOSAL_TRANSITIONS, self.state, command)
        return replace(self, state=state, version=self.version + 1)

    def edited(self, text: ProposalText) -> "Proposal":
        """Raises `IllegalTransition`."""
        return replace(self.after(ProposalCommand.EDIT), text=text)

    def resumed(self, *, in_draft: bool) -> "Proposal":
        """Raises `IllegalTransition`, or `ProposalInDraft` while the draft still holds its item."""
        resumed = self.after(ProposalCommand.RESUME)
        if in_draft:
            raise ProposalInDraft("the draft still holds the item that was made of it")
        return replace(resumed, draft_id=None, item_id=None)

    def taken(self, draft_id: UUID, item_id: UUID) -> "Proposal":
        """Raises `IllegalTransition`."""
        return replace(self.after(ProposalCommand.TAKE), draft_id=draft_id, item_id=item_id)

    def item(self, item_id: UUID, traceparent: str | None) -> DraftItem:
        """The line of a draft that is made of it; it came when the proposal did."""
        return DraftItem(item_id, self.text.content, (), self.proposed_at, traceparent)


def check_text(text: ProposalText) -> None:
    """Raises `StandingItemKept` or `EditionInvalid`. What the content names is `check_content`'s to check."""
    if text.content.kind is ItemKind.STANDING:
        raise StandingItemKept("standing items come from the series' template", pointer="/kind")
    if text.edition is not None and not 1000 <= text.edition <= 9999:
        raise EditionInvalid("an edition is a year of four digits", pointer="/edition")


def forwarded(content: ItemContent, *, commitments: tuple[str, ...], leads: Mapping[str, str]) -> ItemContent:
    """What of a proposal goes to another series of the same party: its subject, and nothing of where it comes
    from. Rationale and references stay; commitments and leads are of the other series, and given anew.
    """
    return replace(content, commitments=commitments, leads=leads, references=())
