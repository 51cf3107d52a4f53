"""The conclusions of a meeting as one text: every outcome and the accepted minutes, signed once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from services.agenda.domain.items import TabledItem
from services.agenda.domain.meeting import Meeting
from services.agenda.domain.minutes import SectionText
from services.agenda.domain.outcome import Outcome
from services.agenda.domain.quorum import Quorum, Signatory, is_complete, require_seat
from services.agenda.domain.refusals import StaleContentHash
from services.agenda.domain.transitions import Table, step
from services.kernel.refusals import Refusal, RefusalKind


class OutcomesMissing(Refusal):
    """An item of the agreed agenda has no outcome yet."""

    kind = RefusalKind.CONFLICT
    reason = "OUTCOMES_MISSING"


class ConclusionsState(StrEnum):
    PUT = "PUT"
    AGREED = "AGREED"
    SUPERSEDED = "SUPERSEDED"


class ConclusionsCommand(StrEnum):
    AGREE = "AGREE"
    """One organisation agrees and others are still needed."""
    COMPLETE = "COMPLETE"
    """The last organisation needed agrees."""
    SUPERSEDE = "SUPERSEDE"
    """Another set is put to the parties."""


CONCLUSIONS_TRANSITIONS: Table[ConclusionsState, ConclusionsCommand] = {
    ConclusionsState.PUT: {
        ConclusionsCommand.AGREE: ConclusionsState.PUT,
        ConclusionsCommand.COMPLETE: ConclusionsState.AGREED,
        ConclusionsCommand.SUPERSEDE: ConclusionsState.SUPERSEDED,
    },
    ConclusionsState.AGREED: {
        ConclusionsCommand.AGREE: None,
        ConclusionsCommand.COMPLETE: None,
        ConclusionsCommand.SUPERSEDE: None,
    },
    ConclusionsState.SUPERSEDED: {
        ConclusionsCommand.AGREE: None,
        ConclusionsCommand.COMPLETE: None,
        ConclusionsCommand.SUPERSEDE: None,
    },
}


@dataclass(frozen=True, slots=True)
class ConclusionsContent:
    """What is put to the parties: the outcomes in the order of the agenda, and the minutes in theirs."""

    id: UUID
    version: int
    meeting: Meeting
    agenda_id: UUID
    outcomes: tuple[Outcome, ...]
    minutes: tuple[SectionText, ...]


@dataclass(frozen=True, slots=True)
class Conclusions:
    """`payload` is the canonical form that `content_hash` was made over; neither ever changes."""

    id: UUID
    meeting_id: UUID
    version: int
    state: ConclusionsState
    content_hash: str
    payload: bytes
    put_by: str
    put_at: datetime
    agreed: tuple[Signatory, ...]
    agreed_at: datetime | None
    aggregate_version: int

    def agree(
        self, signatory: Signatory, content_hash: str, standing_hash: str, quorum: Quorum, now: datetime
    ) -> "Conclusions":
        """With one more agreement; unchanged when it was given before.

        `standing_hash` is the hash of what would be put to the parties now: what was put before an outcome
        or the minutes changed cannot be agreed. Raises `NotInQuorum` or `StaleContentHash`.
        """
        require_seat(quorum, signatory)
        if self.state is ConclusionsState.SUPERSEDED or content_hash != self.content_hash:
            raise StaleContentHash("these are not the conclusions on the table", pointer="/content_hash")
        if signatory in self.agreed:
            return self
        if standing_hash != self.content_hash:
            raise StaleContentHash("an outcome or the minutes have changed since", pointer="/content_hash")
        agreed = (*self.agreed, signatory)
        complete = is_complete(quorum, agreed)
        command = ConclusionsCommand.COMPLETE if complete else ConclusionsCommand.AGREE
        return replace(
            self,
            state=step(CONCLUSIONS_TRANSITIONS, self.state, command),
            agreed=agreed,
            agreed_at=now if complete else None,
            aggregate_version=self.aggregate_version + 1,
        )

    def supersede(self) -> "Conclusions":
        """Another set is put to the parties: what was agreed of this one is void. Raises
        `IllegalTransition` once all have agreed.
        """
        state = step(CONCLUSIONS_TRANSITIONS, self.state, ConclusionsCommand.SUPERSEDE)
        return replace(self, state=state, agreed=(), aggregate_version=self.aggregate_version + 1)


def gather(items: Sequence[TabledItem], outcomes: Iterable[Outcome]) -> tuple[Outcome, ...]:
    """The outcomes in the order of the agenda. Raises `OutcomesMissing`."""
    by_item: dict[UUID, list[Outcome]] = {}
    for outcome in outcomes:
        by_item.setdefault(outcome.item_id, []).append(outcome)
    missing = [str(item.id) for item in items if item.id not in by_item]
    if missing:
        raise OutcomesMissing("an item has no outcome", item_ids=",".join(missing))
    return tuple(outcome for item in items for outcome in by_item[item.id])
